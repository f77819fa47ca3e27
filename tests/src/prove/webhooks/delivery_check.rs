//! Compares the messages that arrived with the log: each event, in order, disclosed before it left.

use super::log::DeliveryLog;
use super::receiver::AcceptedMessage;
use super::{ALERTS, ALL, BEARER, CALLS, CAMPAIGN, CRM, KINDS, WebhookRun, is_test};
use crate::history::member;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

impl WebhookRun {
    /// Compares the messages that arrived with the log.
    pub(super) fn judge(&mut self, data: &Path, before_replay: usize) {
        let log = DeliveryLog::read(data, &KINDS, CAMPAIGN);
        let taken = self.receiver.taken_at(ALL);
        let (first, again) = taken.split_at(before_replay.min(taken.len()));
        let ids = |taken: &[AcceptedMessage]| taken.iter().map(|one| one.id.clone()).collect::<BTreeSet<_>>();
        let wanted: BTreeSet<String> = log.wanted.keys().cloned().collect();
        let lost = wanted.difference(&ids(first)).count();
        let lost_again = wanted.difference(&ids(again)).count();
        let strange = ids(&taken).difference(&wanted).filter(|id| !is_test(id)).count();
        for (what, count) in [
            ("events never arrived", lost),
            ("events are missing after the replay", lost_again),
            ("messages are of no event", strange),
            (
                "messages came before one that was earlier of the same person",
                out_of_order(first, &log),
            ),
            (
                "messages are out of order in the replay",
                out_of_order(again, &log),
            ),
        ] {
            if count > 0 {
                self.broken.push(format!("{count} {what}"));
            }
        }
        self.broken.extend(self.receiver.unverified().into_iter().take(5));
        self.broken.extend(log.broken.iter().cloned());
        self.judge_calls(&log);
        let delivered: BTreeSet<String> = self
            .receiver
            .taken_at(ALERTS)
            .into_iter()
            .map(|one| one.id)
            .collect();
        let missing = log.alerts.difference(&delivered).count();
        if missing > 0 {
            self.broken
                .push(format!("the channel did not get {missing} alerts"));
        }
        if self.receiver.refused_count() == 0 || self.receiver.slow_count() == 0 {
            self.broken
                .push("the receiver never failed, or was never slow".to_owned());
        }
    }

    /// Checks the literal bodies, and that each was disclosed before it left.
    fn judge_calls(&mut self, log: &DeliveryLog) {
        let calls: BTreeSet<String> = self
            .receiver
            .taken_at(CALLS)
            .into_iter()
            .map(|one| one.id)
            .collect();
        for path in [CALLS, CRM] {
            let taken = self.receiver.taken_at(path);
            let wrong = taken
                .iter()
                .filter(|one| !is_test(&one.id) && !is_literal(one))
                .count();
            if wrong > 0 {
                self.broken
                    .push(format!("{wrong} bodies at {path} are not as required"));
            }
            let ids: BTreeSet<&String> = taken.iter().map(|one| &one.id).collect();
            let lost = log.ended.iter().filter(|id| !ids.contains(id)).count();
            if lost > 0 {
                self.broken.push(format!("{lost} calls never arrived at {path}"));
            }
            let id = self.ids.get(path).map_or("", String::as_str);
            let undisclosed = log.undisclosed(id);
            if undisclosed > 0 {
                self.broken.push(format!(
                    "{undisclosed} deliveries to {path} were not recorded before"
                ));
            }
        }
        if calls.is_empty() {
            self.broken.push("no call arrived".to_owned());
        }
    }
}

/// Returns how many messages first arrived after a later one about the same person.
fn out_of_order(taken: &[AcceptedMessage], log: &DeliveryLog) -> usize {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    let mut wrong = 0;
    for one in taken {
        let Some(event) = log.wanted.get(&one.id) else {
            continue;
        };
        if !seen.insert(&one.id) {
            continue;
        }
        let before = last.insert(&event.lane, event.position);
        wrong += usize::from(before.is_some_and(|before| before > event.position));
    }
    wrong
}

/// Returns true if a body is as INT-1 or INT-2 requires, with the customer's own id in clear.
fn is_literal(taken: &AcceptedMessage) -> bool {
    let body: Value = serde_json::from_str(&taken.body).unwrap_or_default();
    let is_own = |id: &Value| id.as_str().is_some_and(|id| id.starts_with("C1-"));
    if taken.path == CRM {
        let bearer = format!("Bearer {BEARER}");
        return is_own(member(&body, "/customerId"))
            && member(&body, "/callStatus").is_string()
            && taken.bearer.as_deref() == Some(bearer.as_str());
    }
    member(&body, "/event") == &json!("call_ended")
        && member(&body, "/data/task_id") == &json!(CAMPAIGN)
        && is_own(member(&body, "/data/customer_id"))
        && member(&body, "/data/duration").is_u64()
        && member(&body, "/data/outcome").is_string()
}
