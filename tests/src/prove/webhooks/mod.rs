//! Proof of webhooks to a receiver that refuses, is slow and restarts while calls end: each event arrives, in
//! order for each person, signed so that the public libraries verify it; the secret is rotated in between;
//! values in clear were recorded before they were sent; and after a replay the receiver has the same set.
//!
//! What must arrive is read from the log itself, after the server has ended.

mod delivery_check;
mod log;
mod python;
mod receiver;

use super::{Form, Proof, quick_campaign, records};
use crate::carrier::CarrierProcess;
use crate::history::member;
use crate::passing_time::time_left;
use crate::program::{deadline, fail, instant};
use crate::server::Server;
use python::MailServer;
use receiver::{AcceptedMessage, Receiver};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The campaign of the calls.
const CAMPAIGN: &str = "TOLD";
/// The carrier's seed.
const SEED: u64 = 11;
/// The path of the receiver that gets all events, in our own format.
const ALL: &str = "/all";
/// The paths of the receivers that get calls in the formats of INT-1 and INT-2.
const CALLS: &str = "/calls";
const CRM: &str = "/crm/customers";
/// The path of an alert channel.
const ALERTS: &str = "/alerts";
/// The bearer token that the CRM requires.
const BEARER: &str = "a token of the CRM";
/// The longest wait for calls, and for their deliveries.
const LONGEST: Duration = Duration::from_secs(600);
/// How long nothing must arrive for all to count as delivered.
const QUIET: Duration = Duration::from_secs(2);
/// The event kinds that `/all` gets.
const KINDS: [&str; 6] = [
    "call.ended",
    "customer.enrolment_settled",
    "number.opted_out",
    "campaign.started",
    "campaign.completed",
    "campaign.list_closed",
];

pub(crate) fn prove(form: Form) -> Proof {
    let people: u32 = match form {
        Form::Short => 200,
        Form::Long => 2_000,
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = brief_people(folder.path());
    let data = folder.path().join("data");
    let trunk = format!("{};legs-max=400;dials-per-second=100", carrier.trunk());
    let mut server = Server::start(&data, &trunk);
    let mut stage = WebhookRun::set(&server, form);
    stage.refusals(&server);
    let began = instant();
    let mut campaign = quick_campaign(CAMPAIGN);
    if let Some(concurrent) = campaign.pointer_mut("/schedule/max_concurrent") {
        *concurrent = json!(300);
    }
    server.must_post("/api/v1/campaigns", &campaign);
    let list = json!({"task_id": CAMPAIGN, "records": records(people, 1)});
    server.must_post("/api/v1/tasks/data", &list);
    server.must_post(&format!("/api/v1/campaigns/{CAMPAIGN}/start"), &json!({}));
    stage.disturb(&server, people as usize);
    stage.wait_until_all_delivered(&server);
    let took_ms = u64::try_from((instant() - began).as_millis()).unwrap_or(u64::MAX);
    let before_replay = stage.receiver.count_at(ALL);
    stage.verify_by_python();
    let replayed = stage.replay(&server);
    stage.verify_by_python();
    let mails = stage.mails(&server);
    if !server.drains() {
        stage.broken.push("the server did not end as asked".to_owned());
    }
    stage.judge(&data, before_replay);
    stage.finish(people, took_ms, before_replay, replayed, &mails)
}

/// Starts a carrier with short calls: most callees are busy, decline or do not answer, some hang up at once.
fn brief_people(folder: &Path) -> CarrierProcess {
    let profile = folder.join("people.json");
    let text = json!({
        "weights": {"busy": 30, "declines": 30, "vacant": 20, "answers_and_goes": 20},
        "ring_ms": {"min": 200, "max": 600},
    });
    std::fs::write(&profile, text.to_string()).expect("a profile can be written");
    CarrierProcess::start(folder, SEED, &["--profile", &profile.to_string_lossy()])
}

/// The webhooks of the proof, and what was wrong.
struct WebhookRun {
    receiver: Receiver,
    /// The ids of the webhooks of `/all`, `/calls` and the CRM.
    ids: BTreeMap<&'static str, String>,
    secrets: Vec<String>,
    python: Result<PathBuf, String>,
    by_python: usize,
    python_seen: usize,
    refused_urls: usize,
    restarts: usize,
    tested: usize,
    broken: Vec<String>,
}

impl WebhookRun {
    fn set(server: &Server, form: Form) -> Self {
        let receiver = Receiver::start();
        let mut stage = Self {
            receiver,
            ids: BTreeMap::new(),
            secrets: Vec::new(),
            python: python::python(),
            by_python: 0,
            python_seen: 0,
            refused_urls: 0,
            restarts: 0,
            tested: 0,
            broken: Vec::new(),
        };
        stage.add(server, ALL, json!({"events": KINDS}));
        stage.add(server, CALLS, json!({"format": "call_ended"}));
        stage.add(server, CRM, json!({"format": "crm", "bearer": BEARER}));
        stage.add(server, ALERTS, json!({}));
        // A receiver that does not exist must not delay the others.
        let unreachable = json!({"url": "http://127.0.0.1:9/", "allow_private": true});
        server.must_post("/api/v1/webhooks", &unreachable);
        if form == Form::Long {
            stage.test_all(server);
        }
        stage
    }

    fn add(&mut self, server: &Server, path: &'static str, mut order: Value) {
        if let Some(members) = order.as_object_mut() {
            members.insert("url".to_owned(), json!(self.receiver.url(path)));
            members.insert("allow_private".to_owned(), json!(true));
        }
        let list = if path == ALERTS {
            "/api/v1/alerts/channels"
        } else {
            "/api/v1/webhooks"
        };
        let reply = server.must_post(list, &order);
        let text = |name: &str| member(&reply.body, name).as_str().unwrap_or_default().to_owned();
        self.receiver.know(path, &text("/secret"));
        if path == ALL {
            self.secrets.push(text("/secret"));
        }
        self.ids.insert(path, text("/id"));
    }

    fn of(&self, path: &str, verb: &str) -> String {
        let id = self.ids.get(path).map_or("", String::as_str);
        format!("/api/v1/webhooks/{id}{verb}")
    }

    /// Sends the test message of each webhook. A receiver that refuses the first one reports it, and a second
    /// one arrives.
    fn test_all(&mut self, server: &Server) {
        for path in [ALL, CALLS, CRM] {
            let tried = (0..8).any(|_| {
                let reply = server.must_post(&self.of(path, "/test"), &json!({}));
                member(&reply.body, "/delivered") == &json!(true)
            });
            self.tested += usize::from(tried);
            if !tried {
                self.broken.push(format!("no test arrives at {path}"));
            }
        }
    }

    /// Checks that URLs are refused to which nothing may be sent.
    fn refusals(&mut self, server: &Server) {
        for url in [
            "http://example.com/",
            "https://127.0.0.1/",
            "https://localhost/",
            "https://[::1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://10.1.2.3/",
            "https://[::ffff:192.168.0.1]/",
            "ftp://example.com/",
            "nothing",
        ] {
            match server.post("/api/v1/webhooks", &json!({ "url": url })) {
                Ok(reply) if reply.status == 422 => self.refused_urls += 1,
                other => self.broken.push(format!("{url} is not refused: {other:?}")),
            }
        }
    }

    /// Restarts the receiver while calls end, and rotates its secret.
    fn disturb(&mut self, server: &Server, people: usize) {
        self.wait_until_delivered(people / 4);
        self.restart(server);
        self.wait_until_delivered(people / 2);
        self.verify_by_python();
        let reply = server.must_post(&self.of(ALL, "/rotate"), &json!({}));
        let secret = member(&reply.body, "/secret")
            .as_str()
            .unwrap_or_default()
            .to_owned();
        self.receiver.know(ALL, &secret);
        self.secrets.push(secret);
        self.wait_until_delivered(people * 3 / 4);
        self.restart(server);
    }

    fn wait_until_delivered(&mut self, count: usize) {
        if !self.receiver.has_taken(ALL, count, LONGEST) {
            fail(&format!("{} of {count} arrived", self.receiver.count_at(ALL)));
        }
    }

    /// Closes the receiver until a delivery has failed because it is unreachable, then opens it again.
    fn restart(&mut self, server: &Server) {
        let failed = "kind=webhook.delivery_failed";
        let before = server.last_position(failed, LONGEST).unwrap_or(0);
        self.receiver.close();
        let failed_delivery = server.follow_events(failed, LONGEST, |event| {
            let position: u64 = member(event, "/position").as_str()?.parse().ok()?;
            (position > before && member(event, "/data/fault") == "unreachable").then_some(())
        });
        if failed_delivery.is_none() {
            fail("no delivery found the receiver away");
        }
        self.receiver.reopen();
        self.restarts += 1;
    }

    /// Waits until the campaign is complete, and no delivery to a reachable receiver waits.
    fn wait_until_all_delivered(&mut self, server: &Server) {
        if !server.is_completed(CAMPAIGN, LONGEST) {
            fail("the campaign does not complete");
        }
        self.until_quiet(server);
    }

    /// Waits until no delivery waits, and nothing arrives for a while.
    fn until_quiet(&mut self, server: &Server) {
        let until = deadline(LONGEST);
        let mut before = None;
        while !time_left(until).is_zero() {
            let at_rest = server.look_after_events("kind=webhook.", time_left(until), |_| {
                let now = self.counts(server)?;
                now.iter().all(|(_, waiting)| *waiting == 0).then_some(now)
            });
            if self.receiver.is_quiet(QUIET) && at_rest.is_some() && at_rest == self.counts(server) {
                return;
            }
            before = at_rest;
        }
        self.broken.push(format!("the deliveries never end: {before:?}"));
    }

    fn counts(&self, server: &Server) -> Option<Vec<(u64, u64)>> {
        let of = |path: &str| {
            let reply = server.get(&self.of(path, "")).ok()?;
            let count = |name: &str| member(&reply.body, name).as_u64();
            Some((count("/delivered")?, count("/waiting")?))
        };
        [ALL, CALLS, CRM].into_iter().map(of).collect()
    }

    /// Requests a replay of everything. Returns how many messages arrived.
    fn replay(&mut self, server: &Server) -> usize {
        let before = self.receiver.count_at(ALL);
        // Test messages are not sent again, nor events that arrived twice because a restart lost the
        // response.
        let taken = self.receiver.taken_at(ALL);
        let events: BTreeSet<&String> = taken
            .iter()
            .map(|one| &one.id)
            .filter(|id| !is_test(id))
            .collect();
        let wanted = before + events.len();
        server.must_post(&self.of(ALL, "/replay"), &json!({"after": "0"}));
        if !self.receiver.has_taken(ALL, wanted, LONGEST) {
            self.broken
                .push("a replay does not send everything again".to_owned());
        }
        self.until_quiet(server);
        self.receiver.count_at(ALL) - before
    }

    /// Verifies the messages since the last check with the Python library.
    fn verify_by_python(&mut self) {
        let taken = self.receiver.taken_at(ALL);
        let fresh = taken.get(self.python_seen..).unwrap_or_default();
        let Ok(python) = &self.python else { return };
        match python::verify(python, fresh, &self.secrets) {
            Ok(said) => {
                let verified = member(&said, "/verified").as_u64().unwrap_or_default();
                self.by_python += usize::try_from(verified).unwrap_or_default();
                if member(&said, "/wrong") != &json!(0) || verified != fresh.len() as u64 {
                    self.broken
                        .push(format!("of {} messages Python says {said}", fresh.len()));
                }
            }
            Err(why) => self.broken.push(format!("Python does not verify: {why}")),
        }
        self.python_seen = taken.len();
    }

    /// Checks an alert channel by mail, with a Python mail server.
    fn mails(&mut self, server: &Server) -> Value {
        let python = match &self.python {
            Ok(python) => python.clone(),
            Err(why) => return json!({"skipped": format!("no mail server: {why}")}),
        };
        let Some(mut mails) = MailServer::start(&python) else {
            self.broken.push("the mail server does not start".to_owned());
            return json!({});
        };
        let order = json!({"format": "mail", "url": "ops@example.com", "smtp": format!("127.0.0.1:{}", mails.port),
            "allow_private": true});
        let reply = server.must_post("/api/v1/alerts/channels", &order);
        let id = member(&reply.body, "/id").as_str().unwrap_or_default().to_owned();
        let path = format!("/api/v1/alerts/channels/{id}/test");
        let tested = server.must_post(&path, &json!({}));
        let mail = mails.mail_to("ops@example.com");
        let arrived = mail.as_ref().is_some_and(|mail| mail.contains("测试消息"));
        if !arrived || member(&tested.body, "/delivered") != &json!(true) {
            self.broken
                .push(format!("no mail arrives: {}, {mail:?}", tested.body));
        }
        json!({"arrived": usize::from(arrived)})
    }

    fn finish(self, people: u32, took_ms: u64, first: usize, replayed: usize, mails: &Value) -> Proof {
        let by_new = |taken: &AcceptedMessage| taken.verified_by.contains(&1);
        let taken = self.receiver.taken_at(ALL);
        let python = match &self.python {
            Ok(_) => json!({"verified": self.by_python}),
            Err(why) => json!({"skipped": why}),
        };
        let line = json!({
            "proof": "webhooks",
            "calls_of": people,
            "arrived": first,
            "arrived_by_new_secret": taken.iter().filter(|one| by_new(one)).count(),
            "replayed": replayed,
            "calls_told": self.receiver.count_at(CALLS),
            "crm_told": self.receiver.count_at(CRM),
            "alerts_told": self.receiver.count_at(ALERTS),
            "refused_once": self.receiver.refused_count(),
            "slow": self.receiver.slow_count(),
            "restarts": self.restarts,
            "refused_urls": self.refused_urls,
            "tested": self.tested,
            "told_in_ms": took_ms,
            "python": python,
            "mails": mails,
            "broken": self.broken.iter().take(20).collect::<Vec<_>>(),
        });
        Proof {
            holds: self.broken.is_empty(),
            line,
        }
    }
}

/// Returns true for a test message, which is about no event.
fn is_test(id: &str) -> bool {
    id.starts_with("test_")
}
