//! Judges the emergency stops of a log by its events: which calls a stop ended, and which it missed.

use super::Form;
use crate::history::member;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The requirement: nothing is dialed, and nothing rings, later than this after the stop, in milliseconds.
const WITHIN_MS: u64 = 1_000;
/// The reason of the event that marks, in the short form, that all calls of a stop are over.
pub(super) const MARK: &str = "the calls of the stop are over";
/// The reason of a call that the server gave up after its ring timeout, and the disposition of a call that
/// the line gave up because it never rang.
const RING_TIMEOUT: &str = "ring_timeout";
const TRUNK_TIMEOUT: &str = "trunk_timeout";

/// One event, with the members needed here.
#[derive(Clone)]
pub(super) struct LoggedEvent {
    pub(super) kind: String,
    pub(super) stream: String,
    pub(super) ms: u64,
    pub(super) data: Value,
}

/// The state of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OpenCallState {
    Dialed,
    Answered,
    /// The server gave it up.
    Canceled,
}

/// What the log contains about all stops.
#[derive(Default)]
pub(super) struct StopResults {
    pub(super) stops: usize,
    /// The longest time after a stop, if the form judges it.
    within_ms: Option<u64>,
    pub(super) last_dial_ms: u64,
    pub(super) last_cancel_ms: u64,
    pub(super) last_hangup_ms: u64,
    pub(super) canceled: usize,
    pub(super) let_finish: usize,
    pub(super) hung_up: usize,
    pub(super) broken: Vec<String>,
}

/// An engaged stop: its time, and the calls that it has yet to end.
struct PendingStop {
    since_ms: u64,
    hang_up: bool,
    /// True after the mark: no call may be dialed any more.
    is_over: bool,
    /// The number of calls that it canceled.
    canceled: usize,
    to_cancel: BTreeSet<String>,
    to_hang_up: BTreeSet<String>,
    to_finish: BTreeSet<String>,
}

impl StopResults {
    /// Judges the events of a whole log, in their order.
    pub(super) fn read(events: Vec<LoggedEvent>, form: Form) -> Self {
        let mut found = Self {
            within_ms: form.judges_time().then_some(WITHIN_MS),
            ..Self::default()
        };
        let mut calls: BTreeMap<String, OpenCallState> = BTreeMap::new();
        let mut engaged: Option<PendingStop> = None;
        for event in events {
            found.judge(&event, &mut engaged);
            match event.kind.as_str() {
                "call.dialing" => drop(calls.insert(event.stream, OpenCallState::Dialed)),
                "call.answered" => drop(calls.insert(event.stream, OpenCallState::Answered)),
                "call.cancel_requested" => drop(calls.insert(event.stream, OpenCallState::Canceled)),
                "call.ended" => drop(calls.remove(&event.stream)),
                "stop.engaged" => {
                    found.stops += 1;
                    engaged = Some(PendingStop::of(&event, &calls));
                }
                "stop.lifted" => engaged = None,
                _ => {}
            }
        }
        if !calls.is_empty() {
            found.broken.push(format!("{} calls never ended", calls.len()));
        }
        found
    }

    fn judge(&mut self, event: &LoggedEvent, engaged: &mut Option<PendingStop>) {
        let reason = member(&event.data, "/reason").as_str().unwrap_or_default();
        let by_stop = reason == "emergency_stop";
        let is_timeout = reason == RING_TIMEOUT || member(&event.data, "/disposition") == TRUNK_TIMEOUT;
        let Some(stop) = engaged else {
            return;
        };
        let after_ms = event.ms.saturating_sub(stop.since_ms);
        let call = event.stream.as_str();
        match event.kind.as_str() {
            "number.suppressed" => stop.is_over |= reason == MARK,
            "call.dialing" if stop.is_over => {
                self.broken
                    .push(format!("{call} was dialed after the calls of the stop were over"));
            }
            "call.dialing" => {
                self.last_dial_ms = self.last_dial_ms.max(after_ms);
                self.in_time("dialed", call, after_ms);
                stop.to_cancel.insert(call.to_owned());
            }
            "call.cancel_requested" if by_stop && stop.to_cancel.remove(call) => {
                self.canceled += 1;
                stop.canceled += 1;
                self.last_cancel_ms = self.last_cancel_ms.max(after_ms);
                self.in_time("canceled", call, after_ms);
            }
            // It was answered before we could cancel it.
            "call.answered" if stop.to_cancel.remove(call) => {
                self.in_time("answered", call, after_ms);
                if stop.hang_up {
                    stop.to_hang_up.insert(call.to_owned());
                }
            }
            "call.hangup_requested" if by_stop && stop.to_hang_up.remove(call) => {
                self.hung_up += 1;
                self.last_hangup_ms = self.last_hangup_ms.max(after_ms);
                self.in_time("hung up", call, after_ms);
            }
            "call.hangup_requested" if by_stop => {
                self.broken
                    .push(format!("{call} was cut off by a stop that does not hang up"));
            }
            "call.cancel_requested" | "call.ended" if is_timeout && stop.to_cancel.remove(call) => {
                self.broken
                    .push(format!("{call} went on until its timeout under the stop"));
            }
            "call.ended" => {
                if stop.to_cancel.remove(call) {
                    self.in_time("ended by the carrier", call, after_ms);
                }
                stop.to_hang_up.remove(call);
                self.let_finish += usize::from(stop.to_finish.remove(call) && !by_stop);
            }
            "stop.lifted" => self.judge_lift(stop),
            _ => {}
        }
    }

    /// Checks what a stop has left undone when it is lifted.
    fn judge_lift(&mut self, stop: &PendingStop) {
        self.let_finish += stop.to_finish.len();
        if stop.canceled == 0 {
            self.broken.push("a stop canceled no call".to_owned());
        }
        let left = stop.to_cancel.iter().chain(&stop.to_hang_up);
        self.broken
            .extend(left.map(|call| format!("{call} was neither canceled nor hung up")));
    }

    fn in_time(&mut self, what: &str, call: &str, after_ms: u64) {
        if self.within_ms.is_some_and(|most| after_ms > most) {
            self.broken
                .push(format!("{call} was {what} {after_ms} ms after the stop"));
        }
    }
}

impl PendingStop {
    fn of(event: &LoggedEvent, calls: &BTreeMap<String, OpenCallState>) -> Self {
        let at = |wanted: OpenCallState| {
            let all = calls.iter().filter(move |(_, place)| **place == wanted);
            all.map(|(call, _)| call.clone()).collect::<BTreeSet<_>>()
        };
        let hang_up = member(&event.data, "/hang_up") == true;
        let talking = at(OpenCallState::Answered);
        Self {
            since_ms: event.ms,
            hang_up,
            is_over: false,
            canceled: 0,
            to_cancel: at(OpenCallState::Dialed),
            to_hang_up: if hang_up { talking.clone() } else { BTreeSet::new() },
            to_finish: if hang_up { BTreeSet::new() } else { talking },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str, stream: &str, data: &Value) -> LoggedEvent {
        LoggedEvent {
            kind: kind.to_owned(),
            stream: stream.to_owned(),
            ms: 0,
            data: data.clone(),
        }
    }

    fn of(events: &[(&str, &str, &str)]) -> Vec<LoggedEvent> {
        let events = events.iter();
        events
            .map(|(kind, call, reason)| event(kind, call, &json!({ "reason": reason })))
            .collect()
    }

    fn broken_by(under: &[(&str, &str, &str)]) -> Vec<String> {
        broken_in(of(under))
    }

    /// Returns the violations of a stop while two calls ring; `under` are the events until the lift.
    fn broken_in(under: Vec<LoggedEvent>) -> Vec<String> {
        let dialed = ["one", "two"].map(|call| event("call.dialing", call, &Value::Null));
        let engaged = event("stop.engaged", "stop", &json!({"hang_up": false}));
        let mark = event("number.suppressed", "number", &json!({ "reason": MARK }));
        let lifted = event("stop.lifted", "stop", &Value::Null);
        let events = dialed.into_iter().chain([engaged]).chain(under);
        StopResults::read(events.chain([mark, lifted]).collect(), Form::Short).broken
    }

    const CANCELED: [(&str, &str, &str); 2] = [
        ("call.cancel_requested", "one", "emergency_stop"),
        ("call.ended", "one", "emergency_stop"),
    ];

    #[test]
    fn a_stop_that_cancels_every_call_is_right() {
        let also = CANCELED.map(|(kind, _, reason)| (kind, "two", reason));
        assert_eq!(broken_by(&[CANCELED, also].concat()), [""; 0]);
        let refused = [("call.ended", "two", "network")];
        assert_eq!(broken_by(&[&CANCELED[..], &refused].concat()), [""; 0]);
    }

    #[test]
    fn a_stop_that_cancels_nothing_is_noticed() {
        let timed_out = |call| {
            [
                ("call.cancel_requested", call, RING_TIMEOUT),
                ("call.ended", call, RING_TIMEOUT),
            ]
        };
        let all = [timed_out("one"), timed_out("two")].concat();
        assert_eq!(broken_by(&all).len(), 3);
        let other = [CANCELED, timed_out("two")].concat();
        assert_eq!(
            broken_by(&other),
            ["two went on until its timeout under the stop"]
        );
        let never_rang = event(
            "call.ended",
            "two",
            &json!({ "disposition": TRUNK_TIMEOUT, "reason": "network" }),
        );
        assert_eq!(
            broken_in([of(&CANCELED), vec![never_rang]].concat()),
            ["two went on until its timeout under the stop"]
        );
        let refused = [("call.ended", "one", "network"), ("call.ended", "two", "network")];
        assert_eq!(broken_by(&refused), ["a stop canceled no call"]);
    }
}
