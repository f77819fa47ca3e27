//! API keys: creation, which shows the secret once, and revocation.

use super::caller::Caller;
use super::identification::KEY_PREFIX;
use super::secret::new_secret;
use super::user_management::{campaigns, parse_user_name};
use crate::installation::Installation;
use domain::actor::SignInMethod;
use domain::api_key::{ApiKeyCommand, KeyFacts, LABEL_BYTES_MAX};
use domain::digest::SecretDigest;
use domain::ids::{CampaignId, KeyId, UserId};
use domain::permission::{CampaignScope, Permission};
use domain::problem::{Problem, ProblemKind};
use domain::realm::RealmName;
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Default lifetime of a key, in days: a quarter of a year.
const DEFAULT_DAYS: u32 = 90;
/// Longest lifetime of a key, in days: two years.
const DAYS_MAX: u32 = 730;
/// Milliseconds per day.
const DAY_MS: u64 = 86_400_000;

/// A request to create an API key.
#[derive(Debug, ApiRequest, JsonSchema)]
pub struct ApiKeyRequest {
    /// The user of the key: the caller. Only the directory's owner creates a key for another user.
    #[schemars(example = &"wang", with = "Option<UserId>")]
    pub user: Option<String>,
    /// Permissions of the key. Default: all that the user has.
    pub scopes: Option<BTreeSet<Permission>>,
    /// Campaigns of the key, among those of the user. Default: all of them.
    #[member(read = campaigns)]
    pub campaigns: Option<Vec<CampaignId>>,
    /// Lifetime in days. Default 90.
    #[schemars(range(min = 1, max = DAYS_MAX))]
    pub expires_days: Option<u32>,
    /// True for a key of the sandbox: it sees and changes only what sandbox keys made, and reaches no real
    /// person. Its events stay in the log. Default false.
    pub sandbox: Option<bool>,
    /// Purpose of the key, as text.
    #[schemars(length(max = LABEL_BYTES_MAX))]
    pub label: Option<String>,
}

/// A new API key with its secret, which is shown only once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewApiKeyResponse {
    pub id: KeyId,
    pub user: UserId,
    /// The key with its secret. Shown once: a repeated request gets null.
    #[schemars(example = &"ll_0123456789abcdef_secret")]
    pub key: Option<String>,
    pub expires_at: Timestamp,
    /// True for a key of the sandbox.
    pub sandbox: bool,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// Creates an API key and returns its secret. Users create keys only for themselves, in a session: a key
/// for another user would let its creator act as that user. A repeated request returns the key without its
/// secret.
pub async fn create_key(
    installation: &Installation,
    order: ApiKeyRequest,
    caller: &Caller,
    cause: Cause,
) -> Result<NewApiKeyResponse, Problem> {
    let asked = order.user.as_deref().map(parse_user_name).transpose()?;
    let name = key_user(asked, caller)?;
    let user = installation.entities.users.state(&name).await?;
    if user.state.active().is_none() {
        return Err(Problem::missing("this user"));
    }
    let id = KeyId::derive(cause.command);
    let secret = new_secret(installation.environment.ids.as_ref());
    let lives_ms = u64::from(order.expires_days.unwrap_or(DEFAULT_DAYS)) * DAY_MS;
    let facts = KeyFacts {
        user: name,
        sha256: SecretDigest::of(&secret),
        scopes: order.scopes,
        campaigns: CampaignScope::of(order.campaigns.unwrap_or_default()),
        expires_at: installation.now().plus_ms(lives_ms),
        realm: match order.sandbox {
            Some(true) => RealmName::Sandbox,
            Some(false) | None => RealmName::Real,
        },
        label: order.label,
    };
    let command = ApiKeyCommand::Create { facts };
    let answer = installation.entities.api_keys.ask(&id, command, cause).await?;
    let made = answer.state.facts();
    let made = made.ok_or_else(|| Problem::fault("a key that was made has no facts"))?;
    Ok(NewApiKeyResponse {
        id,
        user: made.user.clone(),
        key: (!answer.repeated).then(|| format!("{KEY_PREFIX}{}_{secret}", id.uuid().simple())),
        expires_at: made.expires_at,
        sandbox: made.realm.is_sandbox(),
        position: answer.position,
    })
}

/// Returns the user of the new key. Fails if the caller has no session, or names another user; the
/// directory's owner must name one.
fn key_user(asked: Option<UserId>, caller: &Caller) -> Result<UserId, Problem> {
    let Some(known) = caller.user() else {
        return asked.ok_or_else(|| Problem::invalid("user-missing", "user must name the user of the key"));
    };
    if known.way != SignInMethod::Session {
        return Err(Problem::new(
            ProblemKind::Forbidden,
            "key-needs-session",
            "a key can be created only in a session of its user: sign in first",
        ));
    }
    match asked {
        Some(asked) if asked != known.user => Err(Problem::new(
            ProblemKind::Forbidden,
            "key-of-another-user",
            format!(
                "{asked} must create this key in their own session; you can create keys for {}",
                known.user
            ),
        )),
        Some(_) | None => Ok(known.user.clone()),
    }
}

/// Revokes a key; it is refused from the next request on. Users revoke their own keys; another user's key
/// requires `UsersWrite`.
pub async fn revoke_key(
    installation: &Installation,
    id: KeyId,
    reason: String,
    caller: &Caller,
    cause: Cause,
) -> Result<Position, Problem> {
    let state = installation.entities.api_keys.state(&id).await?.state;
    let is_own = caller
        .user()
        .is_some_and(|known| state.facts().is_some_and(|facts| facts.user == known.user));
    if !is_own {
        caller.scope_for(Permission::UsersWrite)?;
    }
    let command = ApiKeyCommand::Revoke { reason };
    let answer = installation.entities.api_keys.ask(&id, command, cause).await?;
    Ok(answer.position)
}
