//! Decides if a callee who answered was attended to in time. The abandon rate is counted from this.
//!
//! The 2 seconds run from the answer, not from the end of the callee's greeting, and a notice counts from its
//! last frame, because neither the end of the greeting nor the beginning of the notice is an event. Both
//! choices are stricter than the rule (the metrics `abandon_ratio_*`).

use super::event::CallEvent;
use super::refusal::CallRefusal;
use super::state::CallState;
use crate::abandonment::AbandonmentCounts;
use crate::calling_plan::Preset;
use crate::time::Timestamp;
use values::disposition::Disposition;
use values::ids::UserId;

/// The longest time in milliseconds from an answer until an agent or robot attends to the callee (16 CFR
/// 310.4(b)(4)(ii)). Later counts as abandoned.
pub const ATTENDED_WITHIN_MS: u64 = 2_000;

/// When a robot and an agent first attended to the callee who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct AttendanceTimes {
    by_robot: Option<Timestamp>,
    by_agent: Option<Timestamp>,
}

impl AttendanceTimes {
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

/// Records the agent who took the answered call. No event for the same agent again; refused for another
/// agent and before the answer.
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

/// Returns true if a speaking robot counts as attendance under the preset: under all but `us-tsr` (FTC
/// rule).
pub const fn robot_attends(preset: Preset) -> bool {
    !matches!(preset, Preset::UsTsr)
}

impl CallState {
    /// Returns what this call adds to its campaign's abandonment account: one answer by a person, in time
    /// or abandoned. Zero before the end of the call, without an answer, and for machines, screening and
    /// calls hung up at once. Uses the disposition at the end: a later correction changes metrics, not the
    /// account.
    pub fn counted(&self, presets: &[Preset]) -> AbandonmentCounts {
        let by_person = self.ended().is_some_and(|ended| {
            !matches!(
                ended.disposition,
                Disposition::Machine | Disposition::Screened | Disposition::AnsweredShort
            )
        });
        if self.answered_at().is_none() || !by_person {
            return AbandonmentCounts::default();
        }
        let in_time = self.is_attended_in_time(presets);
        AbandonmentCounts {
            answers: 1,
            drops: u64::from(!in_time),
        }
    }

    /// Returns true if a robot or an agent attended to the callee within `ATTENDED_WITHIN_MS` of the
    /// answer. A robot counts only if it counts under each of the presets.
    pub fn is_attended_in_time(&self, presets: &[Preset]) -> bool {
        let robot_counts = presets.iter().copied().all(robot_attends);
        let by_robot = self.attended.by_robot.filter(|_| robot_counts);
        let first = [by_robot, self.attended.by_agent].into_iter().flatten().min();
        self.answered_at()
            .zip(first)
            .is_some_and(|(answered_at, at)| at.ms_since(answered_at) <= ATTENDED_WITHIN_MS)
    }
}
