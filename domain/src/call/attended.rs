//! Whether somebody attended to a person who answered, and in time: what the account of abandoned calls
//! counts.
//!
//! The 2 seconds run from the answer, and a notice counts by its last frame, since neither the greeting's end
//! nor the notice's beginning is an event: both are stricter (the metrics `abandon_ratio_*`).

use super::event::CallEvent;
use super::refusal::CallRefusal;
use super::state::CallState;
use crate::abandonment::Answered;
use crate::calling_plan::Preset;
use crate::planted::{Bug, planted};
use crate::time::Timestamp;
use values::disposition::Disposition;
use values::ids::UserId;

/// How long a person who answered may wait (16 CFR 310.4(b)(4)(ii)).
pub const ATTENDED_WITHIN_MS: u64 = 2_000;

/// When somebody first attended to the callee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Attended {
    by_robot: Option<Timestamp>,
    by_agent: Option<Timestamp>,
}

impl Attended {
    pub(super) fn note(&mut self, event: &CallEvent, at: Timestamp) {
        if matches!(
            event,
            CallEvent::NoticePlayed { .. } | CallEvent::NodeEntered { .. }
        ) {
            self.by_robot.get_or_insert(at);
        }
        if matches!(event, CallEvent::AgentConnected { .. }) {
            self.by_agent.get_or_insert(at);
        }
    }
}

/// The same agent again is answered without an event.
pub(super) fn connect_agent(
    state: &CallState,
    leg: u8,
    agent: UserId,
) -> Result<Vec<CallEvent>, CallRefusal> {
    if state.answered_at().is_none() {
        return Err(CallRefusal::NotAnswered);
    }
    match state.agent() {
        Some(connected) if *connected == agent => Ok(Vec::new()),
        Some(_) => Err(CallRefusal::AnotherAgent),
        None => Ok(vec![CallEvent::AgentConnected { leg, agent }]),
    }
}

/// Whether a robot that speaks counts as somebody: the FTC's rule says no.
pub const fn robot_attends(preset: Preset) -> bool {
    !matches!(preset, Preset::UsTsr)
}

impl CallState {
    /// What this call adds to the account of its campaign: one answer of a person, who found somebody in time
    /// or did not. Nothing before it has ended, and nothing of machines and of who was gone at once. By what
    /// was known at its end: a correction moves metrics, and no account.
    pub fn counted(&self, presets: &[Preset]) -> Answered {
        let by_person = self.ended().is_some_and(|ended| {
            !matches!(
                ended.disposition,
                Disposition::Machine | Disposition::Screened | Disposition::AnsweredShort
            )
        });
        if self.answered_at().is_none() || !by_person {
            return Answered::default();
        }
        let in_time = self.is_attended_in_time(presets);
        Answered {
            answers: 1,
            drops: u64::from(!in_time && !planted(Bug::AbandonedNotCounted)),
        }
    }

    /// Whether somebody attended to the callee so far, and within the limit.
    /// Under several presets a robot counts where it does under each.
    pub fn is_attended_in_time(&self, presets: &[Preset]) -> bool {
        let is_somebody = presets.iter().copied().all(robot_attends);
        let by_robot = self.attended.by_robot.filter(|_| is_somebody);
        let first = [by_robot, self.attended.by_agent].into_iter().flatten().min();
        self.answered_at()
            .zip(first)
            .is_some_and(|(answered_at, at)| at.ms_since(answered_at) <= ATTENDED_WITHIN_MS)
    }
}
