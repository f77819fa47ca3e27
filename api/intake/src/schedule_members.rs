//! Members of a campaign's body about its start and end, and its further rounds.

use crate::members::Members;
use domain::running_plan::RunningPlan;
use domain::time::Timestamp;

/// Reads the campaign's end from `ends_at`, or takes `stop_at` from the schedule. Notes an error if both
/// are given.
pub(crate) fn ends_at(body: &mut Members, stop_at: Option<Timestamp>) -> Option<Timestamp> {
    let ends_at = body.parsed::<Timestamp>("ends_at");
    if ends_at.is_some() && stop_at.is_some() {
        body.wrong("ends_at", "cannot be combined with schedule.stop_at");
    }
    ends_at.or(stop_at)
}

/// Reads `running`: start, further rounds and share of lines. Takes `start_at` from the schedule if it
/// names no start; notes an error if both do. `None` if there is nothing.
pub(crate) fn running(body: &mut Members, start_at: Option<Timestamp>) -> Option<RunningPlan> {
    let mut running = body.value::<RunningPlan>("running").unwrap_or_default();
    if running.starts_at.is_some() && start_at.is_some() {
        body.wrong("running", "starts_at cannot be combined with schedule.start_at");
    }
    running.starts_at = running.starts_at.or(start_at);
    (!running.is_empty()).then_some(running)
}
