//! Correction of a call's finding: the event names the event it corrects, and the findings before and after.
//!
//! Stored events do not change. What was known at an instant is the history up to it; what was true then is
//! the same history with later corrections applied to the events they correct. A correction changes the
//! record only: attempts, caps and due times that followed from the old finding stay as they were decided.

use super::event::CallEvent;
use super::finding::Finding;
use super::refusal::CallRefusal;
use super::state::CallState;
use values::disposition::Disposition;
use values::ids::EventId;

/// The most characters of a correction's reason; a longer one is refused.
pub const CORRECTION_REASON_CHARS_MAX: usize = 500;

/// A requested correction of a call's disposition or outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The event that was wrong: `call.ended`, or an earlier `call.corrected` of the same call.
    pub corrects: EventId,
    /// The finding that the requester takes to be recorded now. The correction is refused if another is
    /// recorded.
    pub before: Finding,
    pub after: Finding,
    /// The reason, for the auditor. It names no person.
    pub reason: String,
    /// The user who found the error, by the name of the account.
    pub by: Option<String>,
}

pub(super) fn correct(state: &CallState, correction: Correction) -> Result<Vec<CallEvent>, CallRefusal> {
    let found = state.finding().ok_or(CallRefusal::NotEnded)?;
    let reason = correction.reason.trim();
    if reason.is_empty() || reason.chars().count() > CORRECTION_REASON_CHARS_MAX {
        return Err(CallRefusal::NoReason {
            chars_max: CORRECTION_REASON_CHARS_MAX,
        });
    }
    if correction.after == found {
        return Ok(Vec::new());
    }
    if correction.before != found {
        return Err(CallRefusal::CorrectedMeanwhile { found });
    }
    if correction.after.outcome.is_some() && !talks(correction.after.disposition) {
        return Err(CallRefusal::OutcomeWithoutAnswer {
            disposition: correction.after.disposition,
        });
    }
    Ok(vec![CallEvent::Corrected {
        corrects: correction.corrects,
        before: correction.before,
        after: correction.after,
        reason: reason.to_owned(),
        by: correction.by,
    }])
}

/// Returns true for a disposition after which the callee and the robot talked; only then is there an
/// outcome.
const fn talks(disposition: Disposition) -> bool {
    matches!(disposition, Disposition::Answered | Disposition::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::super::command::CallCommand;
    use super::super::event::EndReason;
    use super::super::test_support::{and, check, dialing, ended, permitted, state_after, up_to_answer};
    use super::*;
    use values::disposition::Outcome;

    fn finding(disposition: Disposition, outcome: Option<Outcome>) -> Finding {
        Finding { disposition, outcome }
    }

    fn asked(before: Finding, after: Finding) -> Correction {
        Correction {
            corrects: EventId::new(uuid::Uuid::from_u128(7)),
            before,
            after,
            reason: " the recording says so ".to_owned(),
            by: Some("auditor-7".to_owned()),
        }
    }

    fn corrected(before: Finding, after: Finding) -> CallEvent {
        CallEvent::Corrected {
            corrects: EventId::new(uuid::Uuid::from_u128(7)),
            before,
            after,
            reason: "the recording says so".to_owned(),
            by: Some("auditor-7".to_owned()),
        }
    }

    const ANSWERED: Finding = Finding {
        disposition: Disposition::Answered,
        outcome: None,
    };

    #[test]
    fn a_correction_says_before_and_after_and_keeps_what_ended_said() {
        let given = and(up_to_answer(), ended(Disposition::Answered, EndReason::FlowEnded));
        let machine = finding(Disposition::Machine, None);
        check(
            &given,
            CallCommand::Correct(asked(ANSWERED, machine)),
            Ok(vec![corrected(ANSWERED, machine)]),
        );
        let state = state_after(&and(given, corrected(ANSWERED, machine)));
        assert_eq!(state.finding(), Some(machine));
        assert_eq!(state.ended().unwrap().disposition, Disposition::Answered);
    }

    #[test]
    fn a_second_correction_starts_from_the_first_and_the_same_again_writes_nothing() {
        let machine = finding(Disposition::Machine, None);
        let given = and(up_to_answer(), ended(Disposition::Answered, EndReason::FlowEnded));
        let given = and(given, corrected(ANSWERED, machine));
        check(
            &given,
            CallCommand::Correct(asked(ANSWERED, finding(Disposition::Screened, None))),
            Err(CallRefusal::CorrectedMeanwhile { found: machine }),
        );
        check(&given, CallCommand::Correct(asked(ANSWERED, machine)), Ok(vec![]));
        check(
            &given,
            CallCommand::Correct(asked(machine, ANSWERED)),
            Ok(vec![corrected(machine, ANSWERED)]),
        );
    }

    #[test]
    fn a_call_that_goes_on_and_an_outcome_without_a_conversation_are_refused() {
        let success = finding(Disposition::NoAnswer, Some(Outcome::Success));
        let open = [(0, permitted()), (0, dialing(1))];
        check(
            &open,
            CallCommand::Correct(asked(ANSWERED, success)),
            Err(CallRefusal::NotEnded),
        );
        let given = and(up_to_answer(), ended(Disposition::Answered, EndReason::FlowEnded));
        check(
            &given,
            CallCommand::Correct(asked(ANSWERED, success)),
            Err(CallRefusal::OutcomeWithoutAnswer {
                disposition: Disposition::NoAnswer,
            }),
        );
    }

    #[test]
    fn a_correction_needs_a_reason_of_bounded_length() {
        let given = and(up_to_answer(), ended(Disposition::Answered, EndReason::FlowEnded));
        let machine = finding(Disposition::Machine, None);
        let chars_max = CORRECTION_REASON_CHARS_MAX;
        for (length, allowed) in [(0, false), (1, true), (chars_max, true), (chars_max + 1, false)] {
            let correction = Correction {
                reason: "名".repeat(length),
                ..asked(ANSWERED, machine)
            };
            let decided = correct(&state_after(&given), correction);
            assert_eq!(decided.is_ok(), allowed, "{length}");
        }
    }
}
