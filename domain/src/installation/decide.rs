//! Decides commands to the installation: every restore is noted, and a confirmation needs one and a reason.

use super::command::InstallationCommand;
use super::event::InstallationEvent;
use super::refusal::InstallationRefusal;
use super::state::InstallationState;

/// Longest reason kept: it is stored for ever and must hold nothing personal.
pub const REASON_BYTES_MAX: usize = 256;
/// Longest name of who confirmed.
pub const USER_BYTES_MAX: usize = 64;

type Decided = Result<Vec<InstallationEvent>, InstallationRefusal>;

pub(super) fn decide(state: &InstallationState, command: InstallationCommand) -> Decided {
    match command {
        InstallationCommand::Restore(facts) => Ok(vec![InstallationEvent::Restored { facts }]),
        InstallationCommand::ConfirmDialing { by, reason } => confirm(state, by, reason),
    }
}

fn confirm(state: &InstallationState, by: Option<String>, reason: String) -> Decided {
    if reason.trim().is_empty() {
        return Err(InstallationRefusal::NoReason);
    }
    within("reason", &reason, REASON_BYTES_MAX)?;
    within("user", by.as_deref().unwrap_or(""), USER_BYTES_MAX)?;
    if !state.is_dialing_paused() {
        return Err(InstallationRefusal::NotPaused);
    }
    Ok(vec![InstallationEvent::DialingConfirmed { by, reason }])
}

fn within(member: &'static str, text: &str, bytes_max: usize) -> Result<(), InstallationRefusal> {
    if text.len() <= bytes_max {
        return Ok(());
    }
    Err(InstallationRefusal::TooLong {
        member,
        bytes: text.len(),
        bytes_max,
    })
}
