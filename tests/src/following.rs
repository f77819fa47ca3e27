//! Waits for what a running server says: its stream of events tells when to look at a campaign again.

use super::program::{deadline, fail, instant, pause};
use super::prove::quick_campaign;
use super::server::Server;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

impl Server {
    /// True once the campaign is complete; false when it is not `within`.
    pub fn is_completed(&self, campaign: &str, within: Duration) -> bool {
        let watch = Watch::of(self, campaign, "campaign.completed");
        watch.until(within, |board| board["status"] == "completed")
    }

    /// True once so many customers are settled while others are on the phone.
    pub fn is_under_way(&self, campaign: &str, settled: u64, within: Duration) -> bool {
        self.is_on_board(campaign, within, |board| {
            let count = |name: &str| board[name].as_u64().unwrap_or(0);
            count("settled") >= settled && count("open") >= 1
        })
    }

    /// True once an event has made the board of a campaign so.
    pub fn is_on_board(&self, campaign: &str, within: Duration, enough: impl FnMut(&Value) -> bool) -> bool {
        Watch::of(self, campaign, "").until(within, enough)
    }

    /// Makes a campaign that finishes in a rehearsal, and takes these people in.
    pub fn enrol(&self, campaign: &str, records: &[Value]) {
        self.must_post("/api/v1/campaigns", &quick_campaign(campaign));
        let list = json!({"task_id": campaign, "records": records});
        self.must_post("/api/v1/tasks/data", &list);
    }

    /// The same, and begins to call them.
    pub fn call(&self, campaign: &str, records: &[Value]) {
        self.enrol(campaign, records);
        self.must_post(&format!("/api/v1/campaigns/{campaign}/start"), &json!({}));
    }

    /// The same until everybody is settled; the story ends if that does not come.
    pub fn call_to_the_end(&self, campaign: &str, records: &[Value], within: Duration) {
        self.call(campaign, records);
        if !self.is_completed(campaign, within) {
            fail(&format!("campaign {campaign} did not complete"));
        }
    }
}

/// The board of a campaign, looked at when an event has changed it.
struct Watch<'a> {
    server: &'a Server,
    board: String,
    /// Where its events are streamed from.
    stream: String,
    /// The last event that was looked at.
    after: String,
}

impl<'a> Watch<'a> {
    /// With each event of the kind, or with every one.
    fn of(server: &'a Server, campaign: &str, kind: &str) -> Self {
        let kind = match kind {
            "" => String::new(),
            kind => format!("&kind={kind}"),
        };
        Self {
            server,
            board: format!("/api/v1/campaigns/{campaign}"),
            stream: format!("{}/api/v1/events/stream?campaign={campaign}{kind}", server.url),
            after: "0".to_owned(),
        }
    }

    /// Until the board is enough. A server that went away is asked again, from where it was left.
    fn until(mut self, within: Duration, mut enough: impl FnMut(&Value) -> bool) -> bool {
        let until = deadline(within);
        loop {
            if self.follow(until, &mut enough).is_some() {
                return true;
            }
            if instant() >= until {
                return false;
            }
            pause();
        }
    }

    /// `None` when the stream ends, or the time.
    fn follow(&mut self, until: Instant, mut enough: impl FnMut(&Value) -> bool) -> Option<()> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(until.saturating_duration_since(instant())))
            .build()
            .into();
        let url = format!("{}&after={}", self.stream, self.after);
        let asked = agent.get(&url).header("authorization", self.server.bearer());
        let mut stream = asked.call().ok()?;
        for line in BufReader::new(stream.body_mut().as_reader()).lines() {
            let line = line.ok()?;
            let Some(position) = line.strip_prefix("id:") else {
                continue;
            };
            position.clone_into(&mut self.after);
            let path = format!("{}?after_position={position}", self.board);
            let reply = self.server.get(&path).ok()?;
            if reply.status == 200 && enough(&reply.body) {
                return Some(());
            }
        }
        None
    }
}
