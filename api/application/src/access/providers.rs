//! The link between a user and the user's account at an identity provider, made by an admin with the
//! provider's subject id.
//!
//! The subject is stored as a keyed hash together with its provider: the log states that a user is linked,
//! but not with which account.

use super::responses::board_at_head;
use super::user_management::{UserChanged, apply_user_command};
use crate::installation::Installation;
use domain::ids::UserId;
use domain::personal::LookupHash;
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::user::second_factor::ISSUER_BYTES_MAX;
use domain::user::{REASON_BYTES_MAX, UserCommand};
use intake::members::ApiRequest;
use schemars::JsonSchema;

/// Longest subject in bytes (OpenID Connect Core 1.0, 2: at most 255 ASCII characters).
const SUBJECT_BYTES_MAX: usize = 255;

/// A request to link a user with an account at an identity provider.
#[derive(Debug, ApiRequest, JsonSchema)]
pub struct ProviderLinkRequest {
    /// The provider's URL, as its tokens name it. Default: that of `serve --oidc-issuer`.
    #[schemars(example = &"https://login.example.com", length(max = ISSUER_BYTES_MAX))]
    pub issuer: Option<String>,
    /// The claim `sub` of the user's tokens.
    #[schemars(example = &"248289761001", length(min = 1, max = SUBJECT_BYTES_MAX))]
    pub subject: String,
    #[schemars(length(max = REASON_BYTES_MAX))]
    pub reason: Option<String>,
}

/// Links a user with an account (subject) at an identity provider. Fails if the subject is linked with
/// another user.
pub async fn link_provider(
    installation: &Installation,
    user: UserId,
    order: ProviderLinkRequest,
    cause: Cause,
) -> Result<UserChanged, Problem> {
    let own = installation.access.provider.issuer().map(str::to_owned);
    let Some(issuer) = order.issuer.or(own) else {
        return Err(Problem::refused(
            "issuer-needed",
            "give the identity provider: this server was started without --oidc-issuer",
        ));
    };
    let subject = hash_subject(installation, &issuer, &order.subject);
    if let Some(other) = find_linked_user(installation, &subject).await?
        && other != user
    {
        let detail = format!("this account of the identity provider is linked to the user {other}");
        return Err(Problem::refused("subject-linked", detail));
    }
    let command = UserCommand::LinkProvider {
        issuer,
        subject,
        reason: order.reason,
    };
    apply_user_command(installation, user, command, cause, None).await
}

/// Removes a user's link with an identity provider and ends the user's sessions.
pub async fn unlink_provider(
    installation: &Installation,
    user: UserId,
    reason: String,
    cause: Cause,
) -> Result<UserChanged, Problem> {
    let command = UserCommand::UnlinkProvider { reason };
    apply_user_command(installation, user, command, cause, None).await
}

/// Returns the stored form of a subject, a keyed hash.
pub(super) fn hash_subject(installation: &Installation, issuer: &str, subject: &str) -> LookupHash {
    // A URL contains no line break, so issuer and subject cannot be confused.
    installation
        .vault()
        .hash(&format!("provider:{issuer}\n{subject}"))
}

/// Returns the user who is linked with this hashed subject; `None` if there is none. Rows propose
/// candidates; each candidate's own stream decides.
pub(super) async fn find_linked_user(
    installation: &Installation,
    subject: &LookupHash,
) -> Result<Option<UserId>, Problem> {
    for row in board_at_head(installation).await? {
        if row.provider_subject.as_deref() != Some(subject.0.as_str()) {
            continue;
        }
        let loaded = installation.entities.users.state(&row.name).await?;
        if loaded.state.provider_subject() == Some(subject) {
            return Ok(Some(row.name));
        }
    }
    Ok(None)
}
