//! Managing users: added, given and taken roles, invited again, disabled.
//!
//! Whether another admin is left is a fact about other users. Rows propose who that could be; each is asked
//! itself, so that what decides are streams. Two admins who disable each other in the same instant may both
//! succeed: the directory's owner then makes a new one.

use super::caller::Caller;
use super::link_delivery;
use super::passwords::refuse_weak;
use super::secret::new_secret;
use super::shown::board_at_head;
use crate::installation::Installation;
use domain::digest::SecretDigest;
use domain::ids::{CampaignId, TeamId, UserId};
use domain::outside_address::{MAIL_BYTES_MAX, check_mail};
use domain::permission::{CampaignScope, Role};
use domain::personal::Personal;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position, StreamVersion};
use domain::time::Timestamp;
use domain::user::{INVITED_MS, Invitation, LinkDelivery, REASON_BYTES_MAX, UserCommand, UserScope};
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Most campaigns a user or key names: more are all of them.
pub(super) const CAMPAIGNS_MAX: usize = 1_000;

/// A user to be added.
#[derive(Debug, JsonSchema)]
pub struct UserOrder {
    /// The name to sign in with; lower case.
    #[schemars(example = &"wang", with = "UserId")]
    pub name: String,
    #[schemars(length(min = 1))]
    pub roles: BTreeSet<Role>,
    /// Only these campaigns; without them, all.
    #[serde(default)]
    pub campaigns: Option<Vec<CampaignId>>,
    #[serde(default)]
    pub team: Option<TeamId>,
    /// Without one, the reply holds a link by which the user chooses one.
    #[serde(default)]
    #[schemars(length(min = 12, max = 256))]
    pub password: Option<String>,
    #[serde(default)]
    #[schemars(length(max = REASON_BYTES_MAX))]
    pub reason: Option<String>,
    /// Where set-up links go. Without one, or without a mail channel, the reply shows the link.
    #[serde(default)]
    #[schemars(length(max = MAIL_BYTES_MAX), example = &"wang@example.com")]
    pub mail: Option<String>,
    /// Makes it a guest, auditor or viewer, for whom nothing opens from then on.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl Order for UserOrder {
    fn read(body: &mut Members) -> Self {
        let name = user_named(body, "name");
        let roles: Option<BTreeSet<Role>> = body.value("roles");
        if roles.as_ref().is_none_or(BTreeSet::is_empty) {
            body.wrong("roles", "names at least one role");
        }
        Self {
            name,
            roles: roles.unwrap_or_default(),
            campaigns: campaigns(body),
            team: body.parsed("team"),
            password: body.text("password"),
            reason: body.short_text("reason", REASON_BYTES_MAX),
            mail: mail_address(body),
            until: body.parsed("until"),
        }
    }
}

/// The mail address of a body; what is none is noted.
fn mail_address(body: &mut Members) -> Option<String> {
    let mail = body.short_text("mail", MAIL_BYTES_MAX)?;
    match check_mail(&mail) {
        Ok(()) => Some(mail),
        Err(wrong) => {
            body.wrong("mail", wrong);
            None
        }
    }
}

/// The campaigns that a body names.
pub(crate) fn campaigns(body: &mut Members) -> Option<Vec<CampaignId>> {
    let named: Option<Vec<CampaignId>> = body.value("campaigns");
    if named.as_ref().is_some_and(|named| named.len() > CAMPAIGNS_MAX) {
        body.wrong("campaigns", format!("has more than {CAMPAIGNS_MAX} members"));
    }
    if named.as_ref().is_some_and(Vec::is_empty) {
        body.wrong("campaigns", "names none; leave it out for all campaigns");
    }
    named
}

/// The user that a member names, in any case; what is no name is noted.
pub(crate) fn user_named(body: &mut Members, member: &str) -> String {
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

/// The user of a name that was typed.
pub(crate) fn named(text: &str) -> Result<UserId, Problem> {
    UserId::typed(text).map_err(|error| Problem::invalid("user-invalid", error.to_string()))
}

/// What was written of a user.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UserChanged {
    pub name: UserId,
    pub roles: BTreeSet<Role>,
    /// Where the user chooses a password: behind `#` of `/set-up`, valid once and until `set_up_until`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"wang.0123456789abcdef")]
    pub set_up: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_up_until: Option<Timestamp>,
    /// How the link left: `mailed` to the user's address, or `shown` here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("enum" = ["mailed", "shown"]))]
    pub set_up_delivery: Option<LinkDelivery>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
    #[serde(skip)]
    #[schemars(skip)]
    pub version: StreamVersion,
    /// Something was stored, now or by the same request before.
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) is_change: bool,
}

/// Adds a user, with a password or a link to choose one.
pub async fn add_user(
    installation: &Installation,
    order: UserOrder,
    cause: Cause,
) -> Result<UserChanged, Problem> {
    let name = named(&order.name)?;
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
    changed(installation, name, command, cause, link).await
}

/// Whose data a user is to see from now on: all of it is replaced.
#[derive(Debug, JsonSchema)]
#[schemars(extend("examples" = [{ "campaigns": ["TASK20261120"], "reason": "moves to the north" }]))]
pub struct ScopeOrder {
    /// Only these campaigns; without them, all.
    pub campaigns: Option<Vec<CampaignId>>,
    pub team: Option<TeamId>,
    /// Of a guest, who has one: until when.
    pub until: Option<Timestamp>,
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    pub reason: String,
}

impl Order for ScopeOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            campaigns: campaigns(body),
            team: body.parsed("team"),
            until: body.parsed("until"),
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

/// Gives a user another scope; their sessions end.
pub async fn change_scope(
    installation: &Installation,
    name: UserId,
    order: ScopeOrder,
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
    changed(installation, name, command, cause, None).await
}

/// A new link for a user who lost theirs or forgot the password.
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
    changed(installation, name, command, cause, Some(link)).await
}

/// A role to be given or taken.
#[derive(Debug)]
pub struct RoleChange {
    pub role: Role,
    pub is_granted: bool,
    pub reason: String,
}

/// Gives or takes a role.
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
    changed(installation, name, command, cause, None).await
}

/// Ends a user's sessions and keys for good.
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
    changed(installation, name, command, cause, None).await
}

/// The admins there are besides one user; one who is held to campaigns manages nobody.
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

/// A link to choose a password, and what is kept of it.
pub(super) struct Link {
    text: String,
    invitation: Invitation,
    /// The address to which it goes.
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

/// A password as it is kept, unless it would be guessed.
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

pub(super) async fn changed(
    installation: &Installation,
    name: UserId,
    command: UserCommand,
    cause: Cause,
    link: Option<Link>,
) -> Result<UserChanged, Problem> {
    let answer = installation.entities.users.ask(&name, command, cause).await?;
    // A repeat is answered as the first time, but for the link: it was shown once, and is kept nowhere.
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
