//! Decides the commands of a complaint: opened once with its deadline, resolved once.

use super::command::{ComplaintCommand, NewComplaint};
use super::event::ComplaintEvent;
use super::refusal::ComplaintRefusal;
use super::state::{ComplaintState, OpenedComplaint};
use crate::case::{Deadline, check_required_text, check_text_length};
use crate::time::Timestamp;

type DecideResult = Result<Vec<ComplaintEvent>, ComplaintRefusal>;

/// The stored basis of a deadline that the complaint's source named itself.
const OWN_DAY: &str = "the day that the source set";

pub(super) fn decide(state: &ComplaintState, command: ComplaintCommand, now: Timestamp) -> DecideResult {
    match command {
        ComplaintCommand::Open(opening) => open(state, opening, now),
        ComplaintCommand::Assign { to } => assign(state, to),
        ComplaintCommand::Resolve { outcome, note } => {
            underway(state)?;
            check_required_text("note", &note)?;
            Ok(vec![ComplaintEvent::Resolved { outcome, note }])
        }
    }
}

/// Opens the complaint with its deadline. No event if it is open already. Refused without a text or
/// subject, if received in the future, or with a deadline before the receipt.
fn open(state: &ComplaintState, opening: NewComplaint, now: Timestamp) -> DecideResult {
    if state.opened().is_some() {
        return Ok(Vec::new());
    }
    check_required_text("what", &opening.what)?;
    check_text_length("reference", opening.reference.as_deref())?;
    check_text_length("owner", opening.owner.as_deref())?;
    if opening.about.is_empty() {
        return Err(ComplaintRefusal::NoSubject);
    }
    if opening.received_at > now {
        return Err(ComplaintRefusal::ReceivedLater);
    }
    let mut deadline = Deadline::after(opening.received_at, opening.source.deadline());
    if let Some(due_at) = opening.due_at {
        if due_at <= opening.received_at {
            return Err(ComplaintRefusal::DueBefore);
        }
        let days = due_at.duration_since(opening.received_at).as_secs() / 86_400;
        deadline = Deadline {
            due_at,
            days: u32::try_from(days).unwrap_or(u32::MAX),
            source: OWN_DAY.to_owned(),
        };
    }
    Ok(vec![ComplaintEvent::Opened {
        source: opening.source,
        about: opening.about,
        reference: opening.reference,
        what: opening.what,
        received_at: opening.received_at,
        deadline,
        owner: opening.owner,
    }])
}

fn assign(state: &ComplaintState, to: String) -> DecideResult {
    let opened = underway(state)?;
    check_required_text("to", &to)?;
    let before = opened.owner.clone();
    if before.as_ref() == Some(&to) {
        return Ok(Vec::new());
    }
    Ok(vec![ComplaintEvent::Assigned { to, before }])
}

fn underway(state: &ComplaintState) -> Result<&OpenedComplaint, ComplaintRefusal> {
    let opened = state.opened().ok_or(ComplaintRefusal::Unknown)?;
    match state.resolved() {
        Some(_) => Err(ComplaintRefusal::Resolved),
        None => Ok(opened),
    }
}
