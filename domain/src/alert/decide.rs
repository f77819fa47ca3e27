//! Decides the commands of an alert: raised once, cleared once, acknowledged by a user, escalated in time,
//! muted with an end.

use super::command::AlertCommand;
use super::event::{AlertEvent, AlertFigure};
use super::refusal::AlertRefusal;
use super::state::AlertState;
use crate::time::Timestamp;

/// Longest note, reason, detail or subject of an alert, in bytes; a longer one is refused. They are stored
/// permanently and must not contain personal data.
pub const NOTE_BYTES_MAX: usize = 256;
/// Longest name of the acknowledging user, in bytes; a longer one is refused.
pub const USER_BYTES_MAX: usize = 64;
/// Milliseconds after which an alert without acknowledgement is escalated: a quarter of an hour.
pub const ESCALATE_AFTER_MS: u64 = 900_000;
/// Longest mute of an alert, in milliseconds; a longer one is refused. A week: for a longer time change the
/// limit instead of hiding the alert.
pub const MUTE_MS_MAX: u64 = 604_800_000;

type DecideResult = Result<Vec<AlertEvent>, AlertRefusal>;

pub(super) fn decide(state: &AlertState, command: AlertCommand, now: Timestamp) -> DecideResult {
    match command {
        AlertCommand::Raise { .. } => raise(state, command, now),
        AlertCommand::Clear { figure } => Ok(clear(state, figure, now)),
        AlertCommand::Acknowledge { by, note } => acknowledge(state, by, note),
        AlertCommand::Escalate {} => Ok(escalate(state, now)),
        AlertCommand::Mute { until, by, reason } => mute(until, by, reason, now),
    }
}

fn raise(state: &AlertState, command: AlertCommand, now: Timestamp) -> DecideResult {
    let AlertCommand::Raise {
        rule,
        subject,
        campaign,
        severity,
        figure,
        detail,
    } = command
    else {
        return Ok(Vec::new());
    };
    within("subject", &subject, NOTE_BYTES_MAX)?;
    within("detail", &detail, NOTE_BYTES_MAX)?;
    if state.standing().is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![AlertEvent::Raised {
        rule,
        subject,
        campaign,
        severity,
        figure,
        detail,
        muted_until: state.muted_at(now),
    }])
}

fn clear(state: &AlertState, figure: AlertFigure, now: Timestamp) -> Vec<AlertEvent> {
    let cleared = state.standing().map(|standing| AlertEvent::Cleared {
        figure,
        stood_ms: now.ms_since(standing.since),
    });
    cleared.into_iter().collect()
}

fn acknowledge(state: &AlertState, by: Option<String>, note: String) -> DecideResult {
    reason("note", &note)?;
    within("user", by.as_deref().unwrap_or(""), USER_BYTES_MAX)?;
    match state.standing() {
        None => Err(AlertRefusal::NotStanding),
        // Several users may acknowledge the alert; each is recorded.
        Some(_) => Ok(vec![AlertEvent::Acknowledged { by, note }]),
    }
}

fn escalate(state: &AlertState, now: Timestamp) -> Vec<AlertEvent> {
    let due = state.standing().filter(|standing| {
        let unseen = !standing.acknowledged && !standing.escalated;
        unseen && now.ms_since(standing.since) >= ESCALATE_AFTER_MS && state.muted_at(now).is_none()
    });
    let escalated = due.map(|standing| AlertEvent::Escalated {
        stood_ms: now.ms_since(standing.since),
    });
    escalated.into_iter().collect()
}

fn mute(until: Timestamp, by: Option<String>, why: String, now: Timestamp) -> DecideResult {
    reason("reason", &why)?;
    within("user", by.as_deref().unwrap_or(""), USER_BYTES_MAX)?;
    let latest = now.plus_ms(MUTE_MS_MAX);
    if until <= now || until > latest {
        return Err(AlertRefusal::MuteEnd { now, latest });
    }
    Ok(vec![AlertEvent::Muted {
        until,
        by,
        reason: why,
    }])
}

fn reason(member: &'static str, text: &str) -> Result<(), AlertRefusal> {
    if text.trim().is_empty() {
        return Err(AlertRefusal::NoReason);
    }
    within(member, text, NOTE_BYTES_MAX)
}

fn within(member: &'static str, text: &str, bytes_max: usize) -> Result<(), AlertRefusal> {
    if text.len() <= bytes_max {
        return Ok(());
    }
    Err(AlertRefusal::TooLong {
        member,
        bytes: text.len(),
        bytes_max,
    })
}
