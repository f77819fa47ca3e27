//! The log as an auditor reads it, by `ledgerline events read --json`, and the queries of the proofs.

use super::program::{fail, run};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Every event of a log, in order.
pub struct History {
    pub events: Vec<Value>,
}

impl History {
    /// Reads every event of a data directory, in order.
    pub fn read(data: &Path) -> Self {
        Self::from(&["--data", &data.to_string_lossy()])
    }

    /// Reads every event of the log at a URL, in order.
    pub fn read_store(url: &str) -> Self {
        Self::from(&["--store", url])
    }

    fn from(place: &[&str]) -> Self {
        let output = run(&[&["events", "read", "--json"], place].concat());
        if !output.status.success() {
            fail(&format!(
                "events read: {}",
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let events = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("each line is one event"));
        Self {
            events: events.collect(),
        }
    }

    pub fn of(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.events
            .iter()
            .filter(move |event| member(event, "/type") == kind)
    }

    /// Returns the number of events that do not have the next position: 1, 2, 3 … on a store that numbers
    /// events itself.
    pub fn gaps(&self) -> usize {
        let wrong = |(index, event): &(usize, &Value)| {
            member(event, "/position")
                .as_str()
                .and_then(|text| text.parse().ok())
                != Some(index + 1)
        };
        self.events.iter().enumerate().filter(wrong).count()
    }

    /// Returns the events of each call's stream.
    pub fn calls(&self) -> BTreeMap<String, Vec<&Value>> {
        let mut calls: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        for event in &self.events {
            let subject = member(event, "/subject").as_str().unwrap_or("");
            if subject.starts_with("call-") {
                calls.entry(subject.to_owned()).or_default().push(event);
            }
        }
        calls
    }

    /// Returns the dialed calls that do not have exactly one `call.ended`.
    pub fn unfinished(&self) -> Vec<String> {
        let ended = |events: &[&Value]| {
            events
                .iter()
                .filter(|event| member(event, "/type") == "call.ended")
                .count()
        };
        let dialed = |events: &[&Value]| {
            events
                .iter()
                .any(|event| member(event, "/type") == "call.dialing")
        };
        self.calls()
            .into_iter()
            .filter(|(_, events)| dialed(events) && ended(events) != 1)
            .map(|(call, _)| call)
            .collect()
    }

    /// Returns the SIP Call-IDs that occur in more than one `call.dialing`.
    pub fn repeated_call_ids(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        self.of("call.dialing")
            .filter_map(|event| member(event, "/data/sip_call_id").as_str())
            .filter(|id| !seen.insert((*id).to_owned()))
            .map(str::to_owned)
            .collect()
    }

    /// Returns the calls with a leg n > 1 that was dialed without a stored definite failure of leg n − 1
    /// before it.
    pub fn unfounded_next_legs(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (call, events) in self.calls() {
            let mut failed = BTreeSet::new();
            for event in events {
                let leg = member(event, "/data/leg").as_u64().unwrap_or(0);
                if member(event, "/type") == "call.leg_failed" && member(event, "/data/definite") == true {
                    failed.insert(leg);
                }
                if member(event, "/type") == "call.dialing" && leg > 1 && !failed.contains(&(leg - 1)) {
                    wrong.push(call.clone());
                }
            }
        }
        wrong
    }

    /// Returns the number of calls that were answered and then interrupted by us.
    pub fn cut_off(&self) -> usize {
        let calls = self.calls();
        calls.values().filter(|events| was_cut_off(events)).count()
    }

    /// Returns the number of dials to an enrolment after one of its calls was cut off. It is 0 for a campaign
    /// that ends on the same day, because the customer is not due again before the next.
    pub fn dialed_again_after_answer(&self) -> usize {
        let calls = self.calls();
        let mut cut_off = BTreeSet::new();
        let mut dialed = 0;
        for event in &self.events {
            let call = member(event, "/subject").as_str().unwrap_or("");
            let Some((events, first)) = calls.get(call).and_then(|all| Some((all, *all.first()?))) else {
                continue;
            };
            let key = |pointer: &str| member(first, pointer).to_string();
            let enrolment = (
                key("/data/customer_grant/campaign"),
                key("/data/customer_grant/customer"),
            );
            match member(event, "/type").as_str() {
                Some("call.dialing") => dialed += usize::from(cut_off.contains(&enrolment)),
                Some("call.ended") if was_cut_off(events) => drop(cut_off.insert(enrolment)),
                Some(_) | None => {}
            }
        }
        dialed
    }

    /// Returns the number of enrolments without a settlement, except those that a late answer moved to
    /// another local day.
    pub fn unsettled(&self) -> usize {
        let key = |event: &Value| {
            (
                member(event, "/subject").to_string(),
                member(event, "/data/campaign").to_string(),
            )
        };
        let over = self
            .of("customer.enrolment_settled")
            .chain(self.of("customer.late_answered"));
        let over: BTreeSet<_> = over.map(key).collect();
        self.of("customer.enrolled")
            .map(key)
            .filter(|enrolment| !over.contains(enrolment))
            .count()
    }
}

/// Returns true if the call was answered, and a crash or a stop of ours ended it.
fn was_cut_off(events: &[&Value]) -> bool {
    let answered = |event: &&&Value| member(event, "/type") == "call.answered";
    let interrupted = |event: &&&Value| {
        member(event, "/type") == "call.ended" && member(event, "/data/disposition") == "interrupted"
    };
    events.iter().any(|event| answered(&event)) && events.iter().any(|event| interrupted(&event))
}

/// Returns the member at a JSON pointer; null if there is none.
pub fn member<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// The text of this member; empty where there is none.
pub fn text_of<'a>(value: &'a Value, pointer: &str) -> &'a str {
    member(value, pointer).as_str().unwrap_or_default()
}
