//! Compares the carrier's record with our log by Call-ID: each leg must be known to both sides.

use crate::demo::log::{CallBook, LoggedAnswer, LoggedCall, LoggedEnd, LoggedLeg};
use carrier::CallDetails;
use domain::call::progress::disposition_of_code;
use domain::disposition::Disposition;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Largest difference between both sides' length of a conversation, in milliseconds: BYE in transit, and the
/// rounding of two clocks.
const TALK_DIFFERENCE_MS_MAX: u64 = 500;

/// Most mismatches explained in a report; all are counted.
const REASONS_MAX: usize = 20;

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Reconciliation {
    pub(crate) matched: u64,
    pub(crate) mismatched: u64,
    /// Call-ID and difference of the first mismatches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) reasons: Vec<String>,
}

/// Parses the carrier's record. The last line of each Call-ID counts.
pub(crate) fn last_lines(text: &str) -> Result<BTreeMap<String, CallDetails>, String> {
    let mut last = BTreeMap::new();
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        match serde_json::from_str::<CallDetails>(line) {
            Ok(details) => {
                last.insert(details.call_id.clone(), details);
            }
            // A killed carrier may leave an incomplete line, at the end only.
            Err(_) if index + 1 == lines.len() && !text.ends_with('\n') => {}
            Err(error) => return Err(format!("line {}: {error}", index + 1)),
        }
    }
    Ok(last)
}

/// Compares the carrier's record with the calls of the log, leg by leg. Test calls are no calls to customers:
/// the carrier may have them.
pub(crate) fn reconcile(carrier: &BTreeMap<String, CallDetails>, book: &CallBook) -> Reconciliation {
    let mut found = Reconciliation::default();
    let mut known = BTreeMap::new();
    for call in book.calls.values() {
        for leg in &call.legs {
            known.insert(leg.sip_call_id.as_str(), (call, leg));
        }
    }
    for (call_id, (call, leg)) in &known {
        let difference = match carrier.get(*call_id) {
            Some(details) => compare(details, call, leg),
            None => unknown_to_carrier(call, leg),
        };
        found.count(call_id, difference);
    }
    let is_known = |id: &str| known.contains_key(id) || book.test_legs.contains(id);
    for call_id in carrier.keys().filter(|id| !is_known(id)) {
        found.count(
            call_id,
            Some("the carrier has it, the log has no call.dialing".to_owned()),
        );
    }
    found
}

impl Reconciliation {
    fn count(&mut self, call_id: &str, difference: Option<String>) {
        let Some(difference) = difference else {
            self.matched += 1;
            return;
        };
        self.mismatched += 1;
        if self.reasons.len() < REASONS_MAX {
            self.reasons.push(format!("{call_id}: {difference}"));
        }
    }
}

/// Returns a difference for a leg that the carrier does not know, unless the trunk was silent or a crash
/// interrupted the call.
fn unknown_to_carrier(call: &LoggedCall, leg: &LoggedLeg) -> Option<String> {
    let trunk_silent = matches!(
        leg.failed_as,
        Some(Disposition::TrunkTimeout | Disposition::TrunkUnreachable)
    );
    if trunk_silent || is_interrupted(call) {
        return None;
    }
    Some("in the log only".to_owned())
}

fn is_interrupted(call: &LoggedCall) -> bool {
    call.ended
        .as_ref()
        .is_some_and(|end| end.disposition == Disposition::Interrupted)
}

/// Returns the first difference between the carrier's record and the log about one leg; `None` if they
/// agree or a crash interrupted the call.
fn compare(details: &CallDetails, call: &LoggedCall, leg: &LoggedLeg) -> Option<String> {
    if details.invites > 1 {
        return Some(format!("{} INVITEs", details.invites));
    }
    if is_interrupted(call) {
        return None;
    }
    let answered = leg.answer == LoggedAnswer::InTime;
    let late = leg.answer == LoggedAnswer::Late || call.ended.as_ref().is_some_and(|end| end.late_answer);
    if details.answered_at.is_some() != answered && !late {
        return Some(format!(
            "answered for the carrier: {}, in the log: {}",
            details.answered_at.is_some(),
            answered
        ));
    }
    let Some(end) = &call.ended else {
        return Some("the log has no end of the call".to_owned());
    };
    if !late && let Some(difference) = compare_disposition(details, leg, end) {
        return Some(difference);
    }
    if answered {
        compare_talk(details, end)
    } else {
        None
    }
}

fn compare_disposition(details: &CallDetails, leg: &LoggedLeg, end: &LoggedEnd) -> Option<String> {
    if leg.answer == LoggedAnswer::InTime {
        // After an answer the disposition (machine, answered_short …) depends on the conversation, which only
        // we know.
        let code = details.code.unwrap_or(0);
        return (!(200..300).contains(&code)).then(|| format!("answered, the carrier says {code}"));
    }
    let ours = leg.failed_as.unwrap_or(end.disposition);
    let Some(code) = details.code else {
        return Some(format!("{}, the carrier has no final status", ours.code()));
    };
    let theirs = disposition_of_code(code, leg.rang);
    (theirs != ours).then(|| format!("{}, the carrier's {code} says {}", ours.code(), theirs.code()))
}

/// Compares the length of a conversation. The carrier counts from its 200 OK; we count from the stored
/// answer, before which no ACK is sent, so on a busy machine later. Our length must be between the carrier's
/// from 200 OK and from ACK.
fn compare_talk(details: &CallDetails, end: &LoggedEnd) -> Option<String> {
    let (Some(answered_at), Some(ended_at)) = (details.answered_at, details.ended_at) else {
        return Some("the carrier has no end of the conversation".to_owned());
    };
    let longest = ended_at.ms_since(answered_at);
    let shortest = details
        .acked_at
        .map_or(longest, |acked_at| ended_at.ms_since(acked_at));
    let bounds = shortest.saturating_sub(TALK_DIFFERENCE_MS_MAX)..=longest + TALK_DIFFERENCE_MS_MAX;
    (!bounds.contains(&end.talk_ms)).then(|| {
        format!(
            "talked {} ms, the carrier says {longest} ms from its 200 OK and {shortest} ms from our ACK",
            end.talk_ms
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::CallId;
    use domain::time::Timestamp;
    use uuid::Uuid;

    fn details(code: u16, answered_ms: Option<u64>) -> CallDetails {
        let began = Timestamp::from_millis(1_000);
        CallDetails {
            call_id: "a".to_owned(),
            caller: String::new(),
            callee: String::new(),
            invites: 1,
            invited_at: began,
            code: Some(code),
            answered_at: answered_ms.map(|_| began),
            acked_at: None,
            ended_at: Some(began.plus_ms(answered_ms.unwrap_or(0))),
            ended_by: None,
            digits: String::new(),
            rtp_received: 0,
            rtp_sent: 0,
            turns: None,
        }
    }

    fn call(disposition: Disposition, talk_ms: Option<u64>) -> LoggedCall {
        LoggedCall {
            legs: vec![LoggedLeg {
                sip_call_id: "a".to_owned(),
                rang: true,
                answer: if talk_ms.is_some() {
                    LoggedAnswer::InTime
                } else {
                    LoggedAnswer::None
                },
                failed_as: talk_ms.is_none().then_some(disposition),
            }],
            answered_at: talk_ms.map(|_| Timestamp::EPOCH),
            ended: Some(LoggedEnd {
                disposition,
                outcome: None,
                talk_ms: talk_ms.unwrap_or(0),
                late_answer: false,
                recording_sha256: None,
            }),
            ..LoggedCall::default()
        }
    }

    fn matches(details: Option<CallDetails>, call: Option<LoggedCall>) -> bool {
        let carrier = details
            .into_iter()
            .map(|one| (one.call_id.clone(), one))
            .collect();
        let mut book = CallBook::default();
        book.calls = call
            .into_iter()
            .map(|call| (CallId::new(Uuid::from_u128(1)), call))
            .collect();
        let found = reconcile(&carrier, &book);
        assert_eq!(found.matched + found.mismatched, 1);
        found.mismatched == 0
    }

    #[test]
    fn both_sides_agreeing_match() {
        assert!(matches(
            Some(details(200, Some(5_000))),
            Some(call(Disposition::Answered, Some(5_000)))
        ));
        assert!(matches(
            Some(details(486, None)),
            Some(call(Disposition::Busy, None))
        ));
    }

    #[test]
    fn a_test_call_that_the_carrier_has_is_no_mismatch() {
        let carrier = [("a".to_owned(), details(486, None))].into();
        let mut book = CallBook::default();
        assert_eq!(reconcile(&carrier, &book).mismatched, 1);
        book.test_legs.insert("a".to_owned());
        assert_eq!(reconcile(&carrier, &book), Reconciliation::default());
    }

    #[test]
    fn two_invites_of_one_call_id_never_match() {
        let mut twice = details(486, None);
        twice.invites = 2;
        assert!(!matches(Some(twice), Some(call(Disposition::Busy, None))));
    }

    #[test]
    fn one_side_alone_matches_only_where_the_trunk_was_silent_or_a_crash_came() {
        assert!(!matches(Some(details(486, None)), None));
        assert!(!matches(None, Some(call(Disposition::Busy, None))));
        assert!(matches(None, Some(call(Disposition::Interrupted, None))));
        assert!(matches(None, Some(call(Disposition::TrunkTimeout, None))));
        assert!(matches(None, Some(call(Disposition::TrunkUnreachable, None))));
    }

    #[test]
    fn answered_on_one_side_only_matches_when_late_or_interrupted() {
        let carrier_only = || Some(details(200, Some(100)));
        assert!(!matches(carrier_only(), Some(call(Disposition::NoAnswer, None))));
        assert!(matches(
            carrier_only(),
            Some(call(Disposition::Interrupted, None))
        ));
        let mut late = call(Disposition::NoAnswer, None);
        late.legs[0].answer = LoggedAnswer::Late;
        assert!(matches(carrier_only(), Some(late)));
        assert!(!matches(
            Some(details(486, None)),
            Some(call(Disposition::Answered, Some(1)))
        ));
    }

    #[test]
    fn a_code_that_means_something_else_does_not_match() {
        assert!(!matches(
            Some(details(486, None)),
            Some(call(Disposition::NoAnswer, None))
        ));
        assert!(!matches(
            Some(details(404, None)),
            Some(call(Disposition::Busy, None))
        ));
    }

    #[test]
    fn half_a_second_of_difference_is_the_last_that_matches() {
        let ours = |talk_ms| Some(call(Disposition::Answered, Some(talk_ms)));
        let theirs = || Some(details(200, Some(5_000)));
        assert!(matches(theirs(), ours(5_500)));
        assert!(matches(theirs(), ours(4_500)));
        assert!(!matches(theirs(), ours(5_501)));
        assert!(!matches(theirs(), ours(4_499)));
    }

    #[test]
    fn an_ack_that_a_busy_machine_sent_late_is_no_difference_in_talk() {
        let ours = |talk_ms| Some(call(Disposition::Answered, Some(talk_ms)));
        let theirs = || {
            let mut late = details(200, Some(5_000));
            late.acked_at = late.answered_at.map(|at| at.plus_ms(2_000));
            Some(late)
        };
        for (talk_ms, is_same) in [
            (2_499, false),
            (2_500, true),
            (3_000, true),
            (5_500, true),
            (5_501, false),
        ] {
            assert_eq!(matches(theirs(), ours(talk_ms)), is_same, "{talk_ms} ms");
        }
    }

    #[test]
    fn the_last_line_of_a_call_id_counts_and_a_torn_one_is_dropped() {
        let first = String::from_utf8(details(180, None).to_line()).unwrap();
        let last = String::from_utf8(details(486, None).to_line()).unwrap();
        let lines = last_lines(&format!("{first}{last}{{\"call_id\":\"b")).unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines["a"].code, Some(486));
        assert!(last_lines("broken\n").is_err());
    }
}
