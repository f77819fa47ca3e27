//! Decides the commands of the installation: every restore is recorded, and a confirmation needs a restore
//! and a reason.

use super::clock::{ClockDoubt, ClockTrust};
use super::command::InstallationCommand;
use super::event::{ClockOffset, InstallationEvent};
use super::keys;
use super::loss;
use super::refusal::InstallationRefusal;
use super::state::InstallationState;
use crate::time::Timestamp;

/// Longest reason of a confirmation, in bytes; a longer one is refused. It is stored permanently and must
/// not contain personal data.
pub const REASON_BYTES_MAX: usize = 256;
/// Longest name of the confirming user, in bytes; a longer one is refused.
pub const USER_BYTES_MAX: usize = 64;

/// Longest stored description of an index fault, in bytes; a longer one is cut. One sentence of the
/// database.
pub(super) const WHY_BYTES_MAX: usize = 256;

/// Longest name of a clock source, in bytes; a longer one is refused. A host name (RFC 1035, 2.3.4) with
/// kind and port.
pub(super) const SOURCE_BYTES_MAX: usize = 270;

/// Largest clock offset that is accepted, in milliseconds; a larger one is wrong. Calling windows, caps and
/// the order of evidence depend on the clock.
pub const CLOCK_SKEW_MS_MAX: u64 = 2_000;
/// Milliseconds by which a clock offset must change to be recorded again. Clocks kept by NTP stay well
/// within it.
pub const CLOCK_CHANGE_MS: u64 = 250;
/// Milliseconds after which an unchanged clock offset is recorded again: once a day.
pub const CLOCK_NOTE_MS: u64 = 24 * 60 * 60 * 1_000;

pub(super) type DecideResult = Result<Vec<InstallationEvent>, InstallationRefusal>;

pub(super) fn decide(
    state: &InstallationState,
    command: InstallationCommand,
    now: Timestamp,
) -> DecideResult {
    match command {
        InstallationCommand::Restore(facts) => Ok(vec![InstallationEvent::Restored { facts }]),
        InstallationCommand::ConfirmDialing { by, reason } => confirm(state, by, reason),
        InstallationCommand::Name { fingerprint } => keys::name(state, fingerprint),
        InstallationCommand::NoteKeysRestored(keys) => Ok(vec![InstallationEvent::KeysRestored { keys }]),
        InstallationCommand::NoteHistoryLost(lost) => loss::note(state, lost),
        InstallationCommand::NoteIndexRemade { why } => Ok(vec![InstallationEvent::IndexRemade {
            why: cut(&why, WHY_BYTES_MAX),
        }]),
        InstallationCommand::NoteClockOffset(offset) => note_offset(state, offset, now),
        InstallationCommand::DoubtClock(doubt) => Ok(doubt_clock(state, doubt)),
        InstallationCommand::AgreeOnClock => Ok(trust_clock(state, ClockTrust::Agreed, None)),
        InstallationCommand::BelieveSource { source } => {
            within("source", &source, SOURCE_BYTES_MAX)?;
            Ok(trust_clock(state, ClockTrust::SourceAgreed, Some(source)))
        }
        InstallationCommand::ConfirmClock { by, reason } => confirm_clock(state, by, reason),
    }
}

/// Records the measured offset of a clock source: the first, a change, and an unchanged one after a day. No
/// event otherwise, so that the log does not fill.
fn note_offset(state: &InstallationState, offset: ClockOffset, now: Timestamp) -> DecideResult {
    within("source", &offset.source, SOURCE_BYTES_MAX)?;
    let is_wrong = |offset: &ClockOffset| offset.offset_ms.unsigned_abs() > CLOCK_SKEW_MS_MAX;
    let is_known = state.clock_offset(&offset.source).is_some_and(|(last, at)| {
        last.offset_ms.abs_diff(offset.offset_ms) < CLOCK_CHANGE_MS
            && is_wrong(last) == is_wrong(&offset)
            && now.ms_since(at) < CLOCK_NOTE_MS
    });
    if is_known {
        return Ok(Vec::new());
    }
    Ok(vec![InstallationEvent::ClockOffsetMeasured { offset }])
}

/// Records a doubt about the clock. No event if a doubt with the same cause is open, whatever its
/// difference.
fn doubt_clock(state: &InstallationState, doubt: ClockDoubt) -> Vec<InstallationEvent> {
    if state
        .clock_doubt()
        .is_some_and(|(open, _)| open.cause == doubt.cause)
    {
        return Vec::new();
    }
    vec![InstallationEvent::ClockDoubted { doubt }]
}

fn trust_clock(state: &InstallationState, how: ClockTrust, source: Option<String>) -> Vec<InstallationEvent> {
    if state.clock_doubt().is_none() {
        return Vec::new();
    }
    vec![InstallationEvent::ClockTrusted {
        how,
        source,
        by: None,
        reason: None,
    }]
}

fn confirm_clock(state: &InstallationState, by: Option<String>, reason: String) -> DecideResult {
    said_by(by.as_deref(), &reason)?;
    if state.clock_doubt().is_none() {
        return Err(InstallationRefusal::ClockNotDoubted);
    }
    Ok(vec![InstallationEvent::ClockTrusted {
        how: ClockTrust::Confirmed,
        source: None,
        by,
        reason: Some(reason),
    }])
}

/// Refuses a confirmation without a reason, and a reason or user name that is too long.
fn said_by(by: Option<&str>, reason: &str) -> Result<(), InstallationRefusal> {
    if reason.trim().is_empty() {
        return Err(InstallationRefusal::NoReason);
    }
    within("reason", reason, REASON_BYTES_MAX)?;
    within("user", by.unwrap_or(""), USER_BYTES_MAX)
}

fn confirm(state: &InstallationState, by: Option<String>, reason: String) -> DecideResult {
    said_by(by.as_deref(), &reason)?;
    if !state.is_dialing_paused() {
        return Err(InstallationRefusal::NotPaused);
    }
    Ok(vec![InstallationEvent::DialingConfirmed { by, reason }])
}

/// Returns the text cut to at most `bytes_max` bytes, at a character.
fn cut(text: &str, bytes_max: usize) -> String {
    text.char_indices()
        .take_while(|(at, one)| at + one.len_utf8() <= bytes_max)
        .map(|(_, one)| one)
        .collect()
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
