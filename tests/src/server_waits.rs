//! Waits for the state of a running server: its streams report each event, and when to read something again.

use super::history::member;
use super::passing_time::{COME_AGAIN, time_left};
use super::program::{deadline, fail};
use super::prove::quick_campaign;
use super::server::Server;
use domain::flow::FlowDefinition;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

/// The name of the note with which a stream reports that it has sent all existing events.
const CAUGHT_UP: &str = "caught-up";

impl Server {
    /// Waits until the campaign is complete. Returns false after `within`.
    pub fn is_completed(&self, campaign: &str, within: Duration) -> bool {
        let query = format!("campaign={campaign}&kind=campaign.completed");
        let board = format!("/api/v1/campaigns/{campaign}");
        self.is_so_after_events(&query, &board, within, |board| board["status"] == "completed")
    }

    /// Waits until the campaign is complete, or only waits for customers with a late answer: a leg that a
    /// kill left ringing was answered, and they are not due before their next local day. Returns false after
    /// `within`.
    pub fn is_done_for_the_day(&self, campaign: &str, within: Duration) -> bool {
        self.is_on_board(campaign, within, |board| {
            let count = |name: &str| board[name].as_u64().unwrap_or(0);
            let is_idle = count("open") == 0 && count("open_lists") == 0 && count("waiting") > 0;
            board["status"] == "completed"
                || (is_idle && self.late_answers_count(campaign) as u64 == count("waiting"))
        })
    }

    /// Returns every event that matches `query` (`kind=…&campaign=…`), page by page.
    pub fn events(&self, query: &str) -> Vec<Value> {
        let (mut all, mut after) = (Vec::new(), "0".to_owned());
        loop {
            let path = format!("/api/v1/events?after={after}&limit=1000&{query}");
            let page = self.get(&path).unwrap_or_else(|error| fail(&error));
            let items = member(&page.body, "/items").as_array();
            all.extend(items.into_iter().flatten().cloned());
            let next = member(&page.body, "/next")
                .as_str()
                .unwrap_or_default()
                .to_owned();
            if next == after {
                return all;
            }
            after = next;
        }
    }

    /// Returns the number of customers with a late answer and an enrolment that is not settled.
    fn late_answers_count(&self, campaign: &str) -> usize {
        let persons = |kind: &str| -> BTreeSet<String> {
            let events = self.events(&format!("campaign={campaign}&kind={kind}"));
            events.iter().map(|event| event["subject"].to_string()).collect()
        };
        let late = persons("customer.late_answered");
        late.difference(&persons("customer.enrolment_settled")).count()
    }

    /// Waits until so many customers are settled while others are in a call. Returns false after `within`.
    pub fn is_under_way(&self, campaign: &str, settled: u64, within: Duration) -> bool {
        self.is_on_board(campaign, within, |board| {
            let count = |name: &str| board[name].as_u64().unwrap_or(0);
            count("settled") >= settled && count("open") >= 1
        })
    }

    /// Waits until so many calls of a campaign have ended. Returns false after `within`.
    pub fn has_ended_calls(&self, campaign: &str, count: u32, within: Duration) -> bool {
        let board = format!("/api/v1/campaigns/{campaign}");
        let query = format!("campaign={campaign}&kind=call.ended");
        self.is_so_after_events(&query, &board, within, |board| {
            board["calls_ended"]
                .as_u64()
                .is_some_and(|ended| ended >= u64::from(count))
        })
    }

    /// Waits until `enough` accepts the campaign's board. Returns false after `within`.
    pub fn is_on_board(&self, campaign: &str, within: Duration, enough: impl FnMut(&Value) -> bool) -> bool {
        let board = format!("/api/v1/campaigns/{campaign}");
        self.is_so_after_events(&format!("campaign={campaign}"), &board, within, enough)
    }

    /// Waits until `enough` accepts the response at `path`, read after each event that matches `query` and
    /// with the views at that event. Returns false after `within`.
    pub fn is_so_after_events(
        &self,
        query: &str,
        path: &str,
        within: Duration,
        mut enough: impl FnMut(&Value) -> bool,
    ) -> bool {
        let sign = if path.contains('?') { '&' } else { '?' };
        let so = self.look_after_events(query, within, |position| {
            let reply = self.get(&format!("{path}{sign}after_position={position}")).ok()?;
            (reply.status == 200 && enough(&reply.body)).then_some(())
        });
        so.is_some()
    }

    /// Calls `look` with the position of each event that matches `query` until it returns something. Events
    /// that the log contains already lead to one call, at the last of them.
    pub fn look_after_events<T>(
        &self,
        query: &str,
        within: Duration,
        mut look: impl FnMut(&str) -> Option<T>,
    ) -> Option<T> {
        let mut is_caught_up = false;
        self.follow_all(query).until(within, |message| {
            is_caught_up |= message.name == CAUGHT_UP;
            if is_caught_up {
                look(message.position)
            } else {
                None
            }
        })
    }

    /// Returns the position of the last existing event that matches `query`.
    pub fn last_position(&self, query: &str, within: Duration) -> Option<u64> {
        self.look_after_events(query, within, |position| Some(position.parse().unwrap_or(0)))
    }

    /// Calls `wanted` with each existing and each new event that matches `query` (`kind=…&campaign=…`) until
    /// it returns something; `None` after `within`.
    pub fn follow_events<T>(
        &self,
        query: &str,
        within: Duration,
        mut wanted: impl FnMut(&Value) -> Option<T>,
    ) -> Option<T> {
        let following = self.follow_all(query);
        following.until(within, |message| match message.name {
            "" => wanted(message.data),
            _ => None,
        })
    }

    fn follow_all(&self, query: &str) -> StreamFollower<'_> {
        StreamFollower::of(self, &format!("/api/v1/events/stream?{query}"))
    }

    /// Calls `wanted` with each snapshot of the live figures (one after each change and every 5 s) until it
    /// returns something; `None` after `within`.
    pub fn follow_figures<T>(
        &self,
        within: Duration,
        mut wanted: impl FnMut(&Value) -> Option<T>,
    ) -> Option<T> {
        StreamFollower::of(self, "/api/v1/live/stream").until(within, |message| wanted(message.data))
    }

    /// Creates a short campaign for a rehearsal and imports these customers.
    pub fn enrol(&self, campaign: &str, records: &[Value]) {
        self.enrol_in(campaign, &quick_campaign(campaign), records);
    }

    pub fn enrol_in(&self, campaign: &str, body: &Value, records: &[Value]) {
        self.must_post("/api/v1/campaigns", body);
        let list = json!({"task_id": campaign, "records": records});
        self.must_post("/api/v1/tasks/data", &list);
    }

    pub fn begin(&self, campaign: &str) {
        self.must_post(&format!("/api/v1/campaigns/{campaign}/start"), &json!({}));
    }

    /// As [`Self::enrol`], and starts the campaign.
    pub fn call(&self, campaign: &str, records: &[Value]) {
        self.enrol(campaign, records);
        self.begin(campaign);
    }

    /// As [`Self::call`], with a flow given as YAML instead of a text, and at most `at_once` concurrent
    /// calls.
    pub fn call_by_flow(&self, campaign: &str, flow: &str, records: &[Value], at_once: u32) {
        let flow = FlowDefinition::from_yaml(flow).unwrap_or_else(|error| fail(&error.to_string()));
        let mut body = quick_campaign(campaign);
        if let Some(members) = body.as_object_mut() {
            members.remove("script_template");
            members.insert("flow".to_owned(), flow.to_value());
        }
        if let Some(most) = body.pointer_mut("/schedule/max_concurrent") {
            *most = at_once.into();
        }
        self.enrol_in(campaign, &body, records);
        self.begin(campaign);
    }

    /// As [`Self::call`], and waits until every customer is settled. Fails the test after `within`.
    pub fn call_to_the_end(&self, campaign: &str, records: &[Value], within: Duration) {
        self.call(campaign, records);
        if !self.is_completed(campaign, within) {
            fail(&format!("campaign {campaign} did not complete"));
        }
    }
}

/// A reader of one server-sent event stream, which reconnects where it was.
struct StreamFollower<'a> {
    server: &'a Server,
    url: String,
    /// The id of the last event received; empty at first.
    after: String,
}

/// A message of a stream: an event, which has an empty name, or a note.
struct StreamMessage<'a> {
    name: &'a str,
    position: &'a str,
    data: &'a Value,
}

/// Why reading a stream ended.
enum FollowOutcome<T> {
    Found(T),
    /// The connection was lost, or the time is over.
    Lost,
}

impl<'a> StreamFollower<'a> {
    fn of(server: &'a Server, path: &str) -> Self {
        Self {
            server,
            url: format!("{}{path}", server.url),
            after: String::new(),
        }
    }

    /// Reads the stream until `wanted` returns something. Reconnects after a lost connection, from the last
    /// event received, as long as the server runs.
    fn until<T>(
        mut self,
        within: Duration,
        mut wanted: impl FnMut(&StreamMessage<'_>) -> Option<T>,
    ) -> Option<T> {
        let until = deadline(within);
        loop {
            if let FollowOutcome::Found(found) = self.follow(until, &mut wanted) {
                return Some(found);
            }
            let pause = time_left(until).min(COME_AGAIN);
            if pause.is_zero() || self.server.program.ends(pause).is_some() {
                return None;
            }
        }
    }

    fn follow<T>(
        &mut self,
        until: Instant,
        mut wanted: impl FnMut(&StreamMessage<'_>) -> Option<T>,
    ) -> FollowOutcome<T> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(time_left(until).max(Duration::from_millis(1))))
            .build()
            .into();
        let mut asked = agent.get(&self.url).header("authorization", self.server.bearer());
        if !self.after.is_empty() {
            asked = asked.header("last-event-id", &self.after);
        }
        let Ok(mut stream) = asked.call() else {
            return FollowOutcome::Lost;
        };
        let (mut name, mut data) = (String::new(), Value::Null);
        for line in BufReader::new(stream.body_mut().as_reader()).lines() {
            let Ok(line) = line else { break };
            match line.split_once(':') {
                Some(("event", said)) => said.trim().clone_into(&mut name),
                Some(("data", said)) => data = serde_json::from_str(said).unwrap_or_default(),
                Some(("id", said)) => said.trim().clone_into(&mut self.after),
                // An empty line ends a message.
                None if line.is_empty() && !data.is_null() => {
                    let message = StreamMessage {
                        name: &name,
                        position: &self.after,
                        data: &data,
                    };
                    if let Some(found) = wanted(&message) {
                        return FollowOutcome::Found(found);
                    }
                    (name, data) = (String::new(), Value::Null);
                }
                Some(_) | None => {}
            }
        }
        FollowOutcome::Lost
    }
}
