//! Decides the commands of a saved report: only its owner changes it, it stays within its limits, and it is
//! sent once for each due time.

use super::command::SavedReportCommand;
use super::event::{ReportSending, SavedReportEvent};
use super::plan::{CHANNELS_MAX, FIGURES_MAX, ReportPlan};
use super::refusal::SavedReportRefusal;
use super::state::SavedReportState;
use crate::time::Timestamp;
use values::ids::UserId;

/// Longest reason of a change of owner, in bytes; a longer one is refused. It is stored permanently and
/// must not contain personal data.
pub const REASON_BYTES_MAX: usize = 256;

pub(super) fn decide(
    state: &SavedReportState,
    command: SavedReportCommand,
    now: Timestamp,
) -> Result<Vec<SavedReportEvent>, SavedReportRefusal> {
    match command {
        SavedReportCommand::Save { is_new: true, .. } if state.saved().is_some() => {
            Err(SavedReportRefusal::Taken)
        }
        SavedReportCommand::Save { plan, owner, .. } => save(state, plan, owner, now),
        SavedReportCommand::Send { sending } => send(state, sending, now),
        SavedReportCommand::TakeOver { owner, reason } => take_over(state, owner, reason),
        SavedReportCommand::Remove => match state.saved() {
            Some(_) => Ok(vec![SavedReportEvent::Removed {}]),
            None => Ok(Vec::new()),
        },
    }
}

fn save(
    state: &SavedReportState,
    plan: Box<ReportPlan>,
    owner: Option<UserId>,
    now: Timestamp,
) -> Result<Vec<SavedReportEvent>, SavedReportRefusal> {
    plan.check(now).map_err(SavedReportRefusal::Plan)?;
    if let Some(saved) = state.saved() {
        if saved.owner != owner {
            return Err(SavedReportRefusal::NotTheirs);
        }
        if saved.plan == plan {
            return Ok(Vec::new());
        }
    }
    Ok(vec![SavedReportEvent::Saved { plan, owner }])
}

/// Gives a saved report to another owner. No event if the owner is the same and has not lost the
/// permission. The caller checks before that the previous owner lost the permission and the new one has it.
fn take_over(
    state: &SavedReportState,
    owner: Option<UserId>,
    reason: String,
) -> Result<Vec<SavedReportEvent>, SavedReportRefusal> {
    let saved = state.saved().ok_or(SavedReportRefusal::Nothing)?;
    if reason.trim().is_empty() {
        return Err(SavedReportRefusal::NoReason);
    }
    if reason.len() > REASON_BYTES_MAX {
        return Err(SavedReportRefusal::ReasonTooLong {
            bytes: reason.len(),
            bytes_max: REASON_BYTES_MAX,
        });
    }
    if saved.owner == owner && !state.is_owner_lost() {
        return Ok(Vec::new());
    }
    Ok(vec![SavedReportEvent::TakenOver { owner, reason }])
}

fn send(
    state: &SavedReportState,
    sending: Box<ReportSending>,
    now: Timestamp,
) -> Result<Vec<SavedReportEvent>, SavedReportRefusal> {
    let saved = state.saved().ok_or(SavedReportRefusal::Nothing)?;
    if sending.figures.len() > FIGURES_MAX || sending.channels.len() > CHANNELS_MAX {
        return Err(SavedReportRefusal::TooMuch);
    }
    if let Some(due) = sending.due {
        if state.is_sent_for(due) {
            return Err(SavedReportRefusal::SentAlready { due });
        }
        if due <= saved.since || saved.plan.last_due(now) != Some(due) {
            return Err(SavedReportRefusal::NotDue { due });
        }
    }
    Ok(vec![SavedReportEvent::Sent { sending }])
}
