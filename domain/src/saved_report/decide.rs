//! Decides commands to a saved report: whose it is, within its limits, and for each due time sent once.

use super::command::SavedReportCommand;
use super::event::{SavedReportEvent, Sending};
use super::plan::{CHANNELS_MAX, FIGURES_MAX, ReportPlan};
use super::refusal::SavedReportRefusal;
use super::state::SavedReportState;
use crate::time::Timestamp;
use values::ids::UserId;

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

fn send(
    state: &SavedReportState,
    sending: Box<Sending>,
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
