//! Identifies the caller of a request by the secret of an API key or of a session.

use super::caller::{Caller, KnownUser};
use super::idle_sessions::RequestTrigger;
use crate::installation::Installation;
use domain::actor::SignInMethod;
use domain::digest::SecretDigest;
use domain::ids::{KeyId, UserId};
use domain::permission::CampaignScope;
use domain::problem::{Problem, ProblemKind};
use domain::realm::RealmName;
use domain::setting::SettingName;

/// Prefix of every API key, so that secret scanners find a leaked one.
pub const KEY_PREFIX: &str = "ll_";

/// Milliseconds per minute.
const MINUTE_MS: u64 = 60_000;

/// The credentials of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// An API key: `ll_<id>_<secret>`.
    Key(&'a str),
    /// The session text of a browser, `<user>.<secret>`, and if a person is active at the page.
    Session(&'a str, RequestTrigger),
}

/// Returns the session text that a browser holds in its cookie: `<user>.<secret>`.
pub fn session_text(user: &UserId, secret: &str) -> String {
    format!("{user}.{secret}")
}

/// Returns the caller of a request by its credentials. Unknown, expired and revoked credentials fail with
/// the same kind of answer, which does not say what they would have given access to.
pub async fn identify(installation: &Installation, given: Credentials<'_>) -> Result<Caller, Problem> {
    match given {
        Credentials::Key(text) => by_key(installation, text).await,
        Credentials::Session(text, asked) => by_session(installation, text, asked).await,
    }
}

/// Splits the text of an API key into its id and secret; `None` if it does not have the form
/// `ll_<id>_<secret>`.
pub(crate) fn key_parts(text: &str) -> Option<(KeyId, &str)> {
    let (id, secret) = text.strip_prefix(KEY_PREFIX)?.split_once('_')?;
    Some((id.parse().ok()?, secret))
}

async fn by_key(installation: &Installation, text: &str) -> Result<Caller, Problem> {
    let (id, secret) = key_parts(text).ok_or_else(unknown_key)?;
    let key = installation.entities.api_keys.state(&id).await?;
    let now = installation.now();
    let facts = key.state.facts().ok_or_else(unknown_key)?;
    if !facts.sha256.is_of(secret) {
        return Err(unknown_key());
    }
    if key.state.is_revoked() {
        return Err(refused(
            "key-revoked",
            "this API key was revoked: ask for a new one",
        ));
    }
    if facts.expires_at <= now {
        let detail = format!("this API key expired at {}: ask for a new one", facts.expires_at);
        return Err(refused("key-expired", detail));
    }
    let user = installation.entities.users.state(&facts.user).await?;
    let Some(account) = user.state.active_at(now) else {
        return Err(refused(
            "user-disabled",
            "the user of this API key is disabled or an expired guest",
        ));
    };
    Ok(Caller::User(Box::new(KnownUser {
        user: facts.user.clone(),
        account: account.clone(),
        way: SignInMethod::Key(id),
        session: None,
        scopes: facts.scopes.clone(),
        campaigns: facts.campaigns.clone(),
        realm: facts.realm,
    })))
}

async fn by_session(
    installation: &Installation,
    text: &str,
    asked: RequestTrigger,
) -> Result<Caller, Problem> {
    let ended = || refused("session-ended", "this session has ended: sign in again");
    let (name, secret) = text.rsplit_once('.').ok_or_else(ended)?;
    let Ok(name) = name.parse::<UserId>() else {
        return Err(ended());
    };
    let user = installation.entities.users.state(&name).await?;
    let now = installation.now();
    let account = user.state.active_at(now).ok_or_else(ended)?;
    if !user.state.has_session(secret, now) {
        return Err(ended());
    }
    if installation.access.demands_second_factor(&user.state)
        && !user.state.used_second_factor(SecretDigest::of(secret))
    {
        return Err(ended());
    }
    let idle_ms = idle_ms(installation).await?;
    if !installation
        .access
        .idle
        .uses(SecretDigest::of(secret), asked, idle_ms, now)
    {
        return Err(ended());
    }
    Ok(Caller::User(Box::new(KnownUser {
        user: name,
        account: account.clone(),
        way: SignInMethod::Session,
        session: Some(SecretDigest::of(secret)),
        scopes: None,
        campaigns: CampaignScope::All,
        realm: RealmName::Real,
    })))
}

/// Returns the longest idle time of a session in milliseconds, from the setting `SessionIdleMinutesMax`.
pub(super) async fn idle_ms(installation: &Installation) -> Result<u64, Problem> {
    let minutes = installation.setting(SettingName::SessionIdleMinutesMax).await?;
    Ok(minutes.saturating_mul(MINUTE_MS))
}

fn unknown_key() -> Problem {
    refused(
        "key-unknown",
        "this API key is not valid here: does it belong to another installation?",
    )
}

fn refused(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::Unauthenticated, code, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::CommandId;

    #[test]
    fn a_key_s_secret_may_hold_what_parts_it() {
        let id = KeyId::derive(CommandId::derive_from_text("key"));
        let text = format!("ll_{}_a_b-c", id.uuid().simple());
        assert_eq!(key_parts(&text), Some((id, "a_b-c")));
        for wrong in [
            "",
            "ll_",
            "ll_x_y",
            "sk_1_2",
            "ll_00000000000000000000000000000007",
        ] {
            assert_eq!(key_parts(wrong), None, "{wrong}");
        }
    }
}
