//! The account of a call: the state that sums of calls count, and what each step of the call changes in them.
//!
//! A sum changes by the difference between the call's account after a step and its account before. Every
//! board, snapshot and live figure adds these differences, so none has a rule of its own for a correction.
//! Each step but the correction comes once, and a correction states the finding before it. Therefore an
//! account is restored from what a board's row holds: whether the call was answered.

use super::event::CallEvent;
use super::finding::Finding;
use values::disposition::Outcome;

/// A step of a call that changes a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallStep {
    Dialed { leg: u8 },
    Answered,
    Ended { finding: Finding, talk_ms: u64 },
    Corrected { before: Finding, after: Finding },
}

impl CallStep {
    /// Returns the step that an event is; `None` for an event that changes no sum.
    pub const fn of(event: &CallEvent) -> Option<Self> {
        Some(match event {
            CallEvent::Dialing { leg, .. } => Self::Dialed { leg: *leg },
            CallEvent::Answered { .. } => Self::Answered,
            CallEvent::Ended {
                disposition,
                outcome,
                talk_ms,
                ..
            } => Self::Ended {
                finding: Finding {
                    disposition: *disposition,
                    outcome: *outcome,
                },
                talk_ms: *talk_ms,
            },
            CallEvent::Corrected { before, after, .. } => Self::Corrected {
                before: *before,
                after: *after,
            },
            CallEvent::Permitted { .. }
            | CallEvent::Ringing { .. }
            | CallEvent::LegFailed { .. }
            | CallEvent::NoticePlayed { .. }
            | CallEvent::NodeEntered { .. }
            | CallEvent::Keypressed { .. }
            | CallEvent::Heard(_)
            | CallEvent::Understood(_)
            | CallEvent::Decided(_)
            | CallEvent::Said(_)
            | CallEvent::BargedIn(_)
            | CallEvent::SilenceTimedOut(_)
            | CallEvent::SensitiveWordMatched(_)
            | CallEvent::EngineFailed(_)
            | CallEvent::AssistantAsked(_)
            | CallEvent::AssistantAnswered(_)
            | CallEvent::OfferChosen(_)
            | CallEvent::ModelChosen(_)
            | CallEvent::TransferRequested { .. }
            | CallEvent::AgentConnected { .. }
            | CallEvent::SellerMessagePlayed(_)
            | CallEvent::CancelRequested { .. }
            | CallEvent::HangupRequested { .. }
            | CallEvent::EndOrdered { .. }
            | CallEvent::LateAnswered { .. }
            | CallEvent::RecordingDisposed { .. }
            | CallEvent::TranscriptDisposed { .. } => return None,
        })
    }
}

/// The state of one call that sums count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallAccount {
    pub is_dialed: bool,
    pub is_answered: bool,
    /// The finding as last corrected; `None` before the end.
    pub finding: Option<Finding>,
    /// Talk time in milliseconds; 0 before the end.
    pub talk_ms: u64,
}

impl CallAccount {
    /// Returns the account before a step; of the steps before it only the answer is in question.
    const fn before(step: CallStep, is_answered: bool) -> Self {
        let (is_dialed, finding) = match step {
            CallStep::Dialed { leg } => (leg > 1, None),
            CallStep::Answered | CallStep::Ended { .. } => (true, None),
            CallStep::Corrected { before, .. } => (true, Some(before)),
        };
        Self {
            is_dialed,
            is_answered: is_answered && !matches!(step, CallStep::Answered),
            finding,
            talk_ms: 0,
        }
    }

    /// Applies a step.
    pub const fn apply(&mut self, step: CallStep) {
        match step {
            CallStep::Dialed { .. } => self.is_dialed = true,
            CallStep::Answered => self.is_answered = true,
            CallStep::Ended { finding, talk_ms } => {
                self.finding = Some(finding);
                self.talk_ms = talk_ms;
            }
            CallStep::Corrected { after, .. } => self.finding = Some(after),
        }
    }

    /// Returns what the call adds to sums.
    pub fn sums(&self) -> CallSums {
        let is_met = |condition: fn(Finding) -> bool| self.finding.is_some_and(condition);
        let is_success = is_met(|finding| finding.outcome == Some(Outcome::Success));
        let is_by_person = is_met(|finding| finding.disposition.is_by_person());
        CallSums {
            dialed: i64::from(self.is_dialed),
            answered: i64::from(self.is_answered),
            ended: i64::from(self.finding.is_some()),
            talked: i64::from(self.is_answered && self.finding.is_some()),
            talk_ms: i64::try_from(self.talk_ms).unwrap_or(i64::MAX),
            conversions: i64::from(is_success),
            person_answered: i64::from(self.is_answered && is_by_person),
        }
    }
}

/// The account of a call before and after one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountChange {
    pub before: CallAccount,
    pub after: CallAccount,
}

impl AccountChange {
    /// Returns the change that a step makes; `is_answered`: whether an earlier step answered the call.
    pub const fn new(step: CallStep, is_answered: bool) -> Self {
        let before = CallAccount::before(step, is_answered);
        let mut after = before;
        after.apply(step);
        Self { before, after }
    }

    /// Returns what the step adds to sums; negative where a correction takes the call out of one.
    pub fn sums(&self) -> CallSums {
        let (before, mut change) = (self.before.sums(), self.after.sums());
        change.add(&before, -1);
        change
    }
}

/// Counts of calls and their talk time: those of one call, the change by one step, or sums over calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallSums {
    pub dialed: i64,
    pub answered: i64,
    /// Calls that were dialed and have ended.
    pub ended: i64,
    /// Calls that were answered and have ended.
    pub talked: i64,
    /// Talk time in milliseconds.
    pub talk_ms: i64,
    /// Calls with outcome `success`.
    pub conversions: i64,
    /// Calls that a person answered and that have ended: no machine or screening assistant answered, and the
    /// callee did not hang up at once. The metrics' term `person_answered_calls`.
    pub person_answered: i64,
}

impl CallSums {
    /// Adds other sums; with the sign -1, subtracts them.
    pub const fn add(&mut self, other: &Self, sign: i64) {
        self.dialed += sign * other.dialed;
        self.answered += sign * other.answered;
        self.ended += sign * other.ended;
        self.talked += sign * other.talked;
        self.talk_ms = self.talk_ms.saturating_add(sign * other.talk_ms);
        self.conversions += sign * other.conversions;
        self.person_answered += sign * other.person_answered;
    }

    /// Returns the sums in the order in which all tables have them.
    pub const fn values(&self) -> [i64; 7] {
        [
            self.dialed,
            self.answered,
            self.ended,
            self.talked,
            self.talk_ms,
            self.conversions,
            self.person_answered,
        ]
    }

    /// Returns the sums of which `values` are given.
    pub const fn from_values(values: [i64; 7]) -> Self {
        let [
            dialed,
            answered,
            ended,
            talked,
            talk_ms,
            conversions,
            person_answered,
        ] = values;
        Self {
            dialed,
            answered,
            ended,
            talked,
            talk_ms,
            conversions,
            person_answered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::disposition::Disposition;

    const fn finding(disposition: Disposition, outcome: Option<Outcome>) -> Finding {
        Finding { disposition, outcome }
    }

    const SUCCESS: Finding = finding(Disposition::Answered, Some(Outcome::Success));
    const MACHINE: Finding = finding(Disposition::Machine, None);

    #[test]
    fn the_changes_of_all_steps_are_the_account_at_the_end() {
        let ended = CallStep::Ended {
            finding: SUCCESS,
            talk_ms: 4_000,
        };
        let corrected = |before, after| CallStep::Corrected { before, after };
        let steps = [
            CallStep::Dialed { leg: 1 },
            CallStep::Dialed { leg: 2 },
            CallStep::Answered,
            ended,
            corrected(SUCCESS, MACHINE),
            corrected(MACHINE, SUCCESS),
        ];
        let (mut sums, mut account) = (CallSums::default(), CallAccount::default());
        for step in steps {
            sums.add(&AccountChange::new(step, account.is_answered).sums(), 1);
            account.apply(step);
            assert_eq!(sums, account.sums(), "{step:?}");
        }
        assert_eq!(sums.values(), [1, 1, 1, 1, 4_000, 1, 1]);
        assert_eq!(CallSums::from_values(sums.values()), sums);
    }

    #[test]
    fn a_correction_moves_conversions_and_people_and_nothing_that_the_network_measured() {
        let (before, after) = (SUCCESS, MACHINE);
        let step = CallStep::Corrected { before, after };
        let values = |is_answered| AccountChange::new(step, is_answered).sums().values();
        assert_eq!(values(true), [0, 0, 0, 0, 0, -1, -1]);
        assert_eq!(
            values(false),
            [0, 0, 0, 0, 0, -1, 0],
            "no person without an answer"
        );
    }
}
