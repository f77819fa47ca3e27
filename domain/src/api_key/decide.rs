//! Decides the commands of an API key: created once with an expiry, revoked once with a reason.

use super::command::ApiKeyCommand;
use super::event::{ApiKeyEvent, KeyFacts};
use super::refusal::ApiKeyRefusal;
use super::state::ApiKeyState;
use crate::time::Timestamp;

/// Longest validity of an API key, in milliseconds; a longer one is refused. Two years: for longer use,
/// create a second key and change over.
pub const KEY_MS_MAX: u64 = 731 * 86_400_000;
/// Longest label of an API key, and longest reason to revoke it, in bytes; longer ones are refused. They
/// are stored permanently and must not contain personal data.
pub const LABEL_BYTES_MAX: usize = 256;

type DecideResult = Result<Vec<ApiKeyEvent>, ApiKeyRefusal>;

pub(super) fn decide(state: &ApiKeyState, command: ApiKeyCommand, now: Timestamp) -> DecideResult {
    match command {
        ApiKeyCommand::Create { facts } => create(state, facts, now),
        ApiKeyCommand::Revoke { reason } => revoke(state, reason),
    }
}

fn create(state: &ApiKeyState, facts: KeyFacts, now: Timestamp) -> DecideResult {
    if state.facts().is_some() {
        return Err(ApiKeyRefusal::Exists);
    }
    if facts.scopes.as_ref().is_some_and(|scopes| scopes.is_empty()) {
        return Err(ApiKeyRefusal::NoScope);
    }
    let latest = now.plus_ms(KEY_MS_MAX);
    if facts.expires_at <= now || facts.expires_at > latest {
        return Err(ApiKeyRefusal::Expiry { now, latest });
    }
    within("label", facts.label.as_deref().unwrap_or(""))?;
    Ok(vec![ApiKeyEvent::Created { facts }])
}

fn revoke(state: &ApiKeyState, reason: String) -> DecideResult {
    if state.facts().is_none() {
        return Err(ApiKeyRefusal::Unknown);
    }
    if reason.trim().is_empty() {
        return Err(ApiKeyRefusal::NoReason);
    }
    within("reason", &reason)?;
    if state.is_revoked() {
        return Ok(Vec::new());
    }
    Ok(vec![ApiKeyEvent::Revoked { reason }])
}

const fn within(member: &'static str, text: &str) -> Result<(), ApiKeyRefusal> {
    if text.len() <= LABEL_BYTES_MAX {
        return Ok(());
    }
    Err(ApiKeyRefusal::TooLong {
        member,
        bytes: text.len(),
        bytes_max: LABEL_BYTES_MAX,
    })
}
