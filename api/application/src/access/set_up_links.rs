//! Set-up links (设置链接): the link with which a new installation gets its first admin, and the links with
//! which users choose a password.

use super::responses::board_at_head;
use super::secret::new_secret;
use super::user_management::{others_who_are_admin, parse_user_name, password_text};
use crate::installation::Installation;
use domain::actor::{Actor, SignInMethod};
use domain::digest::SecretDigest;
use domain::ids::UserId;
use domain::permission::{CampaignScope, Role};
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Cause;
use domain::time::Timestamp;
use domain::user::UserCommand;
use std::sync::{Mutex, PoisonError};

/// Validity of the first admin's link after a start, in milliseconds.
const FIRST_MS: u64 = 3_600_000;

/// Prefix of the first admin's link. A user's link begins with the user's name.
const FIRST: &str = "first";

/// The link with which the first admin is created. It exists in memory only, so each start of the process
/// has its own.
#[derive(Default)]
pub struct FirstSetUp(Mutex<Option<FirstLink>>);

#[derive(Clone)]
struct FirstLink {
    secret: String,
    until: Timestamp,
}

impl FirstSetUp {
    /// Returns the link to show to the operator; `None` if there is an admin already. A repeated call
    /// returns the same link until it expires.
    pub async fn offer(&self, installation: &Installation) -> Result<Option<String>, Problem> {
        if has_admin(installation).await? {
            return Ok(None);
        }
        let now = installation.now();
        let mut link = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A repeated call returns the same link, so that showing it again does not make it void.
        let link = match link.take_if(|link| now >= link.until) {
            Some(_) => link.insert(FirstLink::new(installation, now)),
            None => link.get_or_insert_with(|| FirstLink::new(installation, now)),
        };
        Ok(Some(format!("{FIRST}.{}", link.secret)))
    }

    /// Takes the link if the secret matches and it has not expired; it is then gone. `None` otherwise.
    fn take(&self, secret: &str, now: Timestamp) -> Option<FirstLink> {
        let mut link = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        link.take_if(|link| now < link.until && SecretDigest::of(&link.secret).is_of(secret))
    }

    fn put_back(&self, taken: FirstLink) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
    }
}

impl FirstLink {
    fn new(installation: &Installation, now: Timestamp) -> Self {
        Self {
            secret: new_secret(installation.environment.ids.as_ref()),
            until: now.plus_ms(FIRST_MS),
        }
    }
}

/// Sets a user's password with the user's set-up link. With the first admin's link, creates the admin with
/// the user name `name`, which is then required. A link works once; a void or expired one is refused.
pub async fn choose_password(
    installation: &Installation,
    link: &str,
    name: Option<&str>,
    password: String,
    cause: Cause,
) -> Result<UserId, Problem> {
    let (owner, secret) = link.rsplit_once('.').ok_or_else(void)?;
    if owner == FIRST {
        let name = name.ok_or_else(|| {
            Problem::refused("name-needed", "choose the user name of the first administrator")
        })?;
        let name = parse_user_name(name)?;
        return first_admin(installation, name, secret, password, cause).await;
    }
    let Ok(user) = owner.parse::<UserId>() else {
        return Err(void());
    };
    let state = installation.entities.users.state(&user).await?.state;
    if state.active().is_none() {
        return Err(void());
    }
    let command = UserCommand::ChoosePassword {
        password: password_text(installation, &user, password).await?,
        link: SecretDigest::of(secret),
    };
    let cause = cause.asked_by(Some(Actor::new(user.as_str(), SignInMethod::SetUp)));
    installation.entities.users.ask(&user, command, cause).await?;
    Ok(user)
}

async fn first_admin(
    installation: &Installation,
    name: UserId,
    secret: &str,
    password: String,
    cause: Cause,
) -> Result<UserId, Problem> {
    let desk = &installation.access;
    let taken = desk.first.take(secret, installation.now()).ok_or_else(void)?;
    if has_admin(installation).await? {
        return Err(void());
    }
    let made = async {
        let command = UserCommand::Add {
            roles: [Role::Admin].into(),
            campaigns: CampaignScope::All,
            team: None,
            password: Some(password_text(installation, &name, password).await?),
            invitation: None,
            reason: Some("first set-up".to_owned()),
            until: None,
            mail: None,
        };
        let cause = cause.asked_by(Some(Actor::new(name.as_str(), SignInMethod::SetUp)));
        Ok(installation.entities.users.ask(&name, command, cause).await?)
    };
    let made: Result<_, Problem> = made.await;
    match made {
        Ok(_) => Ok(name),
        Err(problem) => {
            // After a weak password or a name that is taken, the link stays valid.
            desk.first.put_back(taken);
            Err(problem)
        }
    }
}

async fn has_admin(installation: &Installation) -> Result<bool, Problem> {
    let rows = board_at_head(installation).await?;
    let Some(one) = rows
        .into_iter()
        .find(|row| row.roles.contains(&Role::Admin) && !row.disabled)
    else {
        return Ok(false);
    };
    let loaded = installation.entities.users.state(&one.name).await?;
    let is_admin = loaded
        .state
        .active()
        .is_some_and(|account| account.roles.contains(&Role::Admin));
    Ok(is_admin || !others_who_are_admin(installation, &one.name).await?.is_empty())
}

fn void() -> Problem {
    Problem::new(
        ProblemKind::Unauthenticated,
        "link-void",
        "the link is not valid: it was used, replaced or has expired / 链接已失效",
    )
}
