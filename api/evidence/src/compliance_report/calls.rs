//! Collects the figures of a compliance report from a call's events: permit, legs, notices and recording, and
//! finds violations.

use crate::compliance_report::fold::{EventContext, Fold, bump};
use crate::compliance_report::notices::{self, NoticeTiming, RecordingTimes};
use chrono::NaiveDate;
use domain::calendar::beijing;
use domain::call::event::{CallEvent, Notice};
use domain::compliance::{CustomerGrant, LEGS_MAX, NEXT_LEG_WITHIN_MS, NumberGrant, Verdict};
use domain::ids::{CallId, NumberId};
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Rules that must have a verdict before a dial, for the customer's side and the number's side.
const NEEDED: [(&str, &[&str]); 2] = [
    ("customer", &["calling_window", "consent", "frequency_cap"]),
    ("number", &["suppression", "frequency_cap"]),
];

/// A call that was permitted and has not ended.
pub(crate) struct OpenCall {
    number: NumberId,
    /// Log position of the number's grant.
    granted: Position,
    /// Last instant at which the first leg may be dialed.
    valid_until: Timestamp,
    legs: BTreeMap<u8, Leg>,
    /// Set when the recording notice ended; holds the length of the recording at that time, if known.
    noticed: Option<Option<u64>>,
}

/// A leg that was dialed.
struct Leg {
    at: Timestamp,
    sip_call_id: String,
    failed_definitely: bool,
}

impl OpenCall {
    /// Returns the code of the violation that dialing this leg now would be; `None` if it is allowed.
    fn breach(&self, leg: u8, sip_call_id: &str, at: Timestamp) -> Option<&'static str> {
        let Some((last, before)) = self.legs.last_key_value() else {
            return (at > self.valid_until).then_some("dialed_outside_grant");
        };
        let again = leg <= *last || self.legs.values().any(|one| one.sip_call_id == sip_call_id);
        if again || !before.failed_definitely {
            return Some("dialed_twice");
        }
        let first = self.legs.values().next().map_or(at, |first| first.at);
        let late = at > first.plus_ms(NEXT_LEG_WITHIN_MS);
        (late || leg > LEGS_MAX).then_some("dialed_outside_grant")
    }
}

impl Fold {
    pub(super) fn call(&mut self, call: CallId, event: &CallEvent, place: &EventContext<'_>) {
        match event {
            CallEvent::Permitted {
                customer_grant,
                number_grant,
                ..
            } => self.permitted(call, customer_grant, number_grant, place),
            CallEvent::Dialing { leg, sip_call_id, .. } => self.dialing(call, *leg, sip_call_id, place),
            CallEvent::LegFailed { leg, failure } => {
                let open = self.open.get_mut(&call);
                if let Some(failed) = open.and_then(|open| open.legs.get_mut(leg)) {
                    failed.failed_definitely = failure.definite;
                }
            }
            CallEvent::Answered { .. } if place.counts => self.dials.answered += 1,
            CallEvent::NoticePlayed {
                notice, recorded_ms, ..
            } => self.noticed(call, *notice, *recorded_ms, place),
            CallEvent::Ended {
                disposition,
                recording_sha256,
                recording_ms,
                callee_audio_from_ms,
                ..
            } => {
                let recorded = recording_sha256.is_some().then_some(RecordingTimes {
                    ms: *recording_ms,
                    callee_from_ms: *callee_audio_from_ms,
                });
                self.ended(call, disposition.code(), recorded, place);
            }
            CallEvent::Corrected { before, after, .. } if place.counts => {
                let moved = format!("{}>{}", before.code(), after.code());
                bump(&mut self.watch.corrections, &moved);
            }
            _ => {}
        }
    }

    fn permitted(
        &mut self,
        call: CallId,
        customer: &CustomerGrant,
        number: &NumberGrant,
        place: &EventContext<'_>,
    ) {
        let open = OpenCall {
            number: number.number.clone(),
            granted: self.granted.remove(&call).unwrap_or(place.position),
            valid_until: customer.valid_until.min(number.valid_until),
            legs: BTreeMap::new(),
            noticed: None,
        };
        if self.open.insert(call, open).is_some() {
            self.violate("permitted_twice", place);
        }
        if customer.call != call || number.call != call || customer.number != number.number {
            self.violate("permitted_by_other_grant", place);
        }
        if self.erased.contains(&customer.customer) {
            self.violate("permitted_after_erasure", place);
        }
        if place.counts {
            self.dials.permitted += 1;
            self.judged([&customer.verdicts, &number.verdicts], place);
        }
    }

    /// Counts the verdicts of a permit, and a violation if a required one is missing or one forbids the
    /// dial: at most one violation of each kind per permit.
    fn judged(&mut self, sides: [&Vec<Verdict>; 2], place: &EventContext<'_>) {
        let (mut lacks, mut refuses) = (false, false);
        for ((side, needed), verdicts) in NEEDED.into_iter().zip(sides) {
            self.verdicts(side, verdicts);
            let said = |rule: &&str| verdicts.iter().any(|one| one.rule == **rule);
            lacks |= !needed.iter().all(said);
            refuses |= verdicts.iter().any(|verdict| !verdict.allows());
        }
        if lacks {
            self.violate("permitted_without_verdict", place);
        }
        if refuses {
            self.violate("permitted_against_verdict", place);
        }
    }

    fn dialing(&mut self, call: CallId, leg: u8, sip_call_id: &str, place: &EventContext<'_>) {
        let Some(open) = self.open.get_mut(&call) else {
            return self.violate("dialed_without_permit", place);
        };
        let breach = open.breach(leg, sip_call_id, place.at);
        let first = open.legs.is_empty();
        let dialed = Leg {
            at: place.at,
            sip_call_id: sip_call_id.to_owned(),
            failed_definitely: false,
        };
        open.legs.insert(leg, dialed);
        let (number, granted) = (open.number.clone(), open.granted);
        if let Some(breach) = breach {
            self.violate(breach, place);
        }
        if !place.counts {
            return;
        }
        self.dials.legs += 1;
        self.dialed_against(&number, granted, place);
        if !first {
            return;
        }
        let local = beijing(place.at);
        self.dials.dialed += 1;
        bump(&mut self.dials.hours, &local.format("%H").to_string());
        *self.per_day.entry((local.date_naive(), number)).or_default() += 1;
        self.close_days(local.date_naive());
    }

    /// Counts a dial to a number that was opted out or suppressed: as a violation if the number granted the
    /// call after that.
    fn dialed_against(&mut self, number: &NumberId, granted: Position, place: &EventContext<'_>) {
        if let Some(since) = self.opted_out.get(number).copied() {
            if granted > since {
                self.opt_outs.dialed_after += 1;
                self.violate("dialed_after_opt_out", place);
            } else {
                self.opt_outs.dialed_in_flight += 1;
            }
        }
        let binds = |(since, until): &(Position, Option<Timestamp>)| {
            granted > *since && until.is_none_or(|until| place.at < until)
        };
        if self
            .suppressed
            .get(number)
            .is_some_and(|all| all.iter().any(binds))
        {
            self.violate("dialed_while_suppressed", place);
        }
    }

    /// Adds the calls per number of all days before yesterday to the counts and forgets them: events of
    /// concurrent calls are almost in order.
    pub(crate) fn close_days(&mut self, today: NaiveDate) {
        let kept = today.pred_opt().unwrap_or(today);
        while let Some(entry) = self.per_day.first_entry() {
            if entry.key().0 >= kept {
                return;
            }
            let calls = entry.remove();
            *self.dials.calls_per_number_and_day.entry(calls).or_default() += 1;
        }
    }

    fn noticed(&mut self, call: CallId, notice: Notice, recorded_ms: Option<u64>, place: &EventContext<'_>) {
        if notice == Notice::Recording
            && let Some(open) = self.open.get_mut(&call)
        {
            open.noticed = Some(recorded_ms);
        }
        if place.counts {
            match notice {
                Notice::Recording => self.notices.recording_notices += 1,
                Notice::Ai => self.notices.robot_notices += 1,
            }
        }
    }

    fn ended(
        &mut self,
        call: CallId,
        disposition: &str,
        recorded: Option<RecordingTimes>,
        place: &EventContext<'_>,
    ) {
        let open = self.open.remove(&call);
        if !place.counts {
            return;
        }
        self.dials.ended += 1;
        bump(&mut self.dials.dispositions, disposition);
        if open.is_none() {
            self.violate("ended_without_permit", place);
        }
        let Some(recorded) = recorded else {
            return;
        };
        let noticed = open.and_then(|open| open.noticed);
        let standing = notices::classify_recording(self.format, noticed, recorded);
        notices::count(&mut self.notices, standing);
        if standing == NoticeTiming::WithoutNotice {
            self.violate("recorded_without_notice", place);
        }
    }
}
