//! User management: adding users, granting and revoking roles, inviting again, disabling.
//!
//! Whether another admin is left is a fact about other users. Rows propose candidates; then the state of
//! each candidate is read, so that streams decide. Two admins who disable each other at the same instant
//! may both succeed: the directory's owner then creates a new admin.

use super::caller::Caller;
use super::link_delivery;
use super::passwords::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, refuse_weak};
use super::responses::board_at_head;
use super::secret::new_secret;
use crate::installation::Installation;
use domain::digest::SecretDigest;
use domain::external_address::{MAIL_BYTES_MAX, check_mail};
use domain::ids::{CampaignId, TeamId, UserId};
use domain::permission::{CampaignScope, Role};
use domain::personal::Personal;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position, StreamVersion};
use domain::time::Timestamp;
use domain::user::{INVITED_MS, Invitation, LinkDelivery, REASON_BYTES_MAX, UserCommand, UserScope};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Most campaigns that a request may name for a user or key. If it names none, all campaigns are meant.
pub(super) const CAMPAIGNS_MAX: usize = 1_000;

/// A request to add a user.
#[derive(Debug, ApiRequest, JsonSchema)]
pub struct NewUserRequest {
    /// The name to sign in with, lower case.
    #[schemars(example = &"wang", with = "UserId")]
    #[member(read = read_user_name)]
    pub name: String,
    #[schemars(length(min = 1))]
    #[member(read = roles)]
    pub roles: BTreeSet<Role>,
    /// Campaigns that the user may see. Default: all.
    #[serde(default)]
    #[member(read = campaigns)]
    pub campaigns: Option<Vec<CampaignId>>,
    #[serde(default)]
    #[member(parse)]
    pub team: Option<TeamId>,
    /// The password. Without one, a set-up link is sent or returned with which the user chooses one.
    #[serde(default)]
    #[schemars(length(min = PASSWORD_CHARS_MIN, max = PASSWORD_BYTES_MAX))]
    pub password: Option<String>,
    #[serde(default)]
    #[schemars(length(max = REASON_BYTES_MAX))]
    pub reason: Option<String>,
    /// Mail address for set-up links. Without one, or without a mail channel, the reply contains the link.
    #[serde(default)]
    #[schemars(length(max = MAIL_BYTES_MAX), example = &"wang@example.com")]
    #[member(read = mail_address)]
    pub mail: Option<String>,
    /// Makes the user a guest (auditor or viewer) with access until this time.
    #[serde(default)]
    #[member(parse)]
    pub until: Option<Timestamp>,
}

fn roles(body: &mut Members, name: &str) -> BTreeSet<Role> {
    let roles: BTreeSet<Role> = body.value(name).unwrap_or_default();
    if roles.is_empty() {
        body.wrong(name, "names at least one role");
    }
    roles
}

/// Reads `mail` of a body; `None` if absent. An invalid address is added to the body's errors.
fn mail_address(body: &mut Members, name: &str) -> Option<String> {
    let mail = body.short_text(name, MAIL_BYTES_MAX)?;
    match check_mail(&mail) {
        Ok(()) => Some(mail),
        Err(wrong) => {
            body.wrong(name, wrong);
            None
        }
    }
}

/// Reads the campaigns of a body; `None` if absent (all campaigns). An empty or too long list is added to the
/// body's errors.
pub(crate) fn campaigns(body: &mut Members, name: &str) -> Option<Vec<CampaignId>> {
    let named: Option<Vec<CampaignId>> = body.value(name);
    if named.as_ref().is_some_and(|named| named.len() > CAMPAIGNS_MAX) {
        body.wrong(name, format!("has more than {CAMPAIGNS_MAX} members"));
    }
    if named.as_ref().is_some_and(Vec::is_empty) {
        body.wrong(name, "names none; leave it out for all campaigns");
    }
    named
}

/// Reads a user name from a body member, which must be present, and converts it to lower case. An invalid
/// name is added to the body's errors.
pub(crate) fn read_user_name(body: &mut Members, member: &str) -> String {
    let typed = body.needed_text(member).unwrap_or_default();
    match UserId::typed(&typed) {
        Ok(name) => name.to_string(),
        Err(error) => {
            if !typed.is_empty() {
                body.wrong(member, error);
            }
            String::new()
        }
    }
}

/// Parses a user name typed in any letter case. Fails with `user-invalid`.
pub(crate) fn parse_user_name(text: &str) -> Result<UserId, Problem> {
    UserId::typed(text).map_err(|error| Problem::invalid("user-invalid", error.to_string()))
}

/// A user after a change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UserChanged {
    pub name: UserId,
    pub roles: BTreeSet<Role>,
    /// The set-up link's secret part, after `#` of `/set-up`. Valid once and until `set_up_until`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"wang.0123456789abcdef")]
    pub set_up: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_up_until: Option<Timestamp>,
    /// How the link was delivered: `mailed` to the user's address, or `shown` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("enum" = ["mailed", "shown"]))]
    pub set_up_delivery: Option<LinkDelivery>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
    #[serde(skip)]
    #[schemars(skip)]
    pub version: StreamVersion,
    /// True if an event was stored, by this request or by an earlier identical one.
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) is_change: bool,
}

/// Adds a user, with the given password or with a set-up link to choose one. Fails if the name is taken or
/// the password is weak.
pub async fn add_user(
    installation: &Installation,
    order: NewUserRequest,
    cause: Cause,
) -> Result<UserChanged, Problem> {
    let name = parse_user_name(&order.name)?;
    let password = match order.password {
        Some(password) => Some(password_text(installation, &name, password).await?),
        None => None,
    };
    let link = password
        .is_none()
        .then(|| Link::new(installation, &name, order.mail.clone()));
    let command = UserCommand::Add {
        roles: order.roles,
        campaigns: CampaignScope::of(order.campaigns.unwrap_or_default()),
        team: order.team,
        password,
        invitation: link.as_ref().map(|link| link.invitation),
        reason: order.reason,
        until: order.until,
        mail: order.mail.map(Personal::open),
    };
    apply_user_command(installation, name, command, cause, link).await
}

/// A request to replace the whole data scope of a user.
#[derive(Debug, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "campaigns": ["TASK20261120"], "reason": "moves to the north" }]))]
pub struct UserScopeRequest {
    /// Campaigns that the user may see. Default: all.
    #[member(read = campaigns)]
    pub campaigns: Option<Vec<CampaignId>>,
    #[member(parse)]
    pub team: Option<TeamId>,
    /// New end of access, for a guest.
    #[member(parse)]
    pub until: Option<Timestamp>,
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    pub reason: String,
}

/// Replaces the data scope (campaigns, team, end of access) of a user and ends the user's sessions.
pub async fn change_scope(
    installation: &Installation,
    name: UserId,
    order: UserScopeRequest,
    cause: Cause,
) -> Result<UserChanged, Problem> {
    let command = UserCommand::ChangeScope {
        to: UserScope {
            campaigns: CampaignScope::of(order.campaigns.unwrap_or_default()),
            team: order.team,
            until: order.until,
        },
        reason: order.reason,
        has_other_admin: !others_who_are_admin(installation, &name).await?.is_empty(),
    };
    apply_user_command(installation, name, command, cause, None).await
}

/// Creates a new set-up link for a user who lost the previous one or forgot the password. The previous link
/// becomes void.
pub async fn invite_user(
    installation: &Installation,
    name: UserId,
    cause: Cause,
) -> Result<UserChanged, Problem> {
    let user = installation.entities.users.state(&name).await?.state;
    let mail = user.mail().and_then(Personal::value).cloned();
    let link = Link::new(installation, &name, mail);
    let command = UserCommand::Invite {
        invitation: link.invitation,
    };
    apply_user_command(installation, name, command, cause, Some(link)).await
}

/// A role to grant or revoke.
#[derive(Debug)]
pub struct RoleChange {
    pub role: Role,
    pub is_granted: bool,
    pub reason: String,
}

/// Grants or revokes a role of a user. A role that the user has already changes nothing; revoking one that
/// the user does not have, the user's only role, or the last admin's admin role is refused.
pub async fn change_role(
    installation: &Installation,
    name: UserId,
    change: RoleChange,
    caller: &Caller,
    cause: Cause,
) -> Result<UserChanged, Problem> {
    let RoleChange {
        role,
        is_granted,
        reason,
    } = change;
    let has_other_admin = !others_who_are_admin(installation, &name).await?.is_empty();
    let is_owner = matches!(caller, Caller::Directory { .. });
    let command = if is_granted {
        UserCommand::GrantRole {
            role,
            reason,
            others_could_revoke: is_owner || has_other_admin,
        }
    } else {
        UserCommand::RevokeRole {
            role,
            reason,
            has_other_admin,
        }
    };
    apply_user_command(installation, name, command, cause, None).await
}

/// Disables a user permanently and ends the user's sessions and keys. The last admin cannot be disabled; a
/// disabled user stays as is.
pub async fn disable_user(
    installation: &Installation,
    name: UserId,
    reason: String,
    cause: Cause,
) -> Result<UserChanged, Problem> {
    let has_other_admin = !others_who_are_admin(installation, &name).await?.is_empty();
    let command = UserCommand::Disable {
        reason,
        has_other_admin,
    };
    apply_user_command(installation, name, command, cause, None).await
}

/// Returns the active admins other than the user `but`. An admin with a scope limited to certain campaigns
/// cannot manage users and does not count.
pub async fn others_who_are_admin(installation: &Installation, but: &UserId) -> Result<Vec<UserId>, Problem> {
    let mut admins = Vec::new();
    for row in board_at_head(installation).await? {
        if row.name == *but {
            continue;
        }
        let loaded = installation.entities.users.state(&row.name).await?;
        let account = loaded.state.active();
        if account.is_some_and(|account| account.roles.contains(&Role::Admin) && account.campaigns.is_all()) {
            admins.push(row.name);
        }
    }
    Ok(admins)
}

/// A set-up link, and what is stored of it.
pub(super) struct Link {
    text: String,
    invitation: Invitation,
    /// The address to which the link is mailed, if it is.
    mail: Option<String>,
}

impl Link {
    fn new(installation: &Installation, user: &UserId, mail: Option<String>) -> Self {
        let delivery = link_delivery::delivery(installation, mail.as_deref());
        let secret = new_secret(installation.environment.ids.as_ref());
        Self {
            invitation: Invitation {
                sha256: SecretDigest::of(&secret),
                until: installation.now().plus_ms(INVITED_MS),
                delivery: Some(delivery),
            },
            text: format!("{user}.{secret}"),
            mail: mail.filter(|_| delivery == LinkDelivery::Mailed),
        }
    }
}

/// Returns the stored form of a new password (argon2id). Fails with `password-weak` if it is weak.
pub(crate) async fn password_text(
    installation: &Installation,
    name: &UserId,
    password: String,
) -> Result<Personal<String>, Problem> {
    refuse_weak(name.as_str(), &password)?;
    let (tasks, ids) = (installation.tasks(), installation.environment.ids.as_ref());
    let text = installation.access.passwords.hash(tasks, ids, password).await?;
    Ok(Personal::open(text))
}

/// Applies a command to a user and returns the user after it. A set-up link is mailed or returned; a
/// repeated request does not get the link again.
pub(super) async fn apply_user_command(
    installation: &Installation,
    name: UserId,
    command: UserCommand,
    cause: Cause,
    link: Option<Link>,
) -> Result<UserChanged, Problem> {
    let answer = installation.entities.users.ask(&name, command, cause).await?;
    // A repeated request gets the first answer without the link: it was shown once and is stored nowhere.
    let link = link.filter(|_| !answer.repeated);
    if let Some(Link {
        text,
        mail: Some(mail),
        ..
    }) = &link
    {
        link_delivery::send(installation, mail, text).await?;
    }
    let roles = answer.state.account().map(|account| account.roles.clone());
    Ok(UserChanged {
        name,
        roles: roles.unwrap_or_default(),
        set_up_until: link.as_ref().map(|link| link.invitation.until),
        set_up_delivery: link.as_ref().and_then(|link| link.invitation.delivery),
        set_up: link.filter(|link| link.mail.is_none()).map(|link| link.text),
        position: answer.position,
        version: answer.version,
        is_change: answer.repeated || !answer.events.is_empty(),
    })
}
