//! Signing in and out: a name and a password for a session, which a browser holds in a cookie.

use super::identify::session_text;
use super::secret::new_secret;
use crate::installation::Installation;
use domain::actor::{Actor, Way};
use domain::digest::SecretDigest;
use domain::ids::UserId;
use domain::personal::Personal;
use domain::problem::{Kind, Problem};
use domain::setting::SettingName;
use domain::stored_event::Cause;
use domain::time::Timestamp;
use domain::user::{SignInFault, UserCommand};

/// Milliseconds of an hour.
const HOUR_MS: u64 = 3_600_000;

/// A session that began.
#[derive(Debug)]
pub struct SignedIn {
    pub user: UserId,
    /// What the browser holds, and nobody else.
    pub session: String,
    pub csrf_token: String,
    pub until: Timestamp,
}

/// What a command of a session sends beside its cookie: no page of another origin can know it.
pub fn csrf_token(session: &str) -> String {
    SecretDigest::of(&format!("csrf:{session}")).to_string()
}

/// Begins a session. Who is unknown, who is disabled and who types a wrong password hear the same, as late.
pub async fn sign_in(
    installation: &Installation,
    name: &str,
    password: String,
    from: Option<String>,
) -> Result<SignedIn, Problem> {
    let Ok(user) = UserId::typed(name) else {
        return Err(not_let_in());
    };
    let loaded = installation.entities.users.state(&user).await?;
    let now = installation.now();
    let is_locked = loaded.state.locked_at(now).is_some();
    let is_active = loaded.state.active_at(now).is_some();
    let kept = loaded.state.password().and_then(Personal::value).cloned();
    let has_password = kept.is_some();
    let desk = &installation.access;
    let is_right = desk
        .passwords
        .is_right(installation.tasks(), password, kept)
        .await?;
    let cause = Cause::outside(installation.new_command());
    // Whoever is locked or disabled hears what a wrong name hears: nobody finds names by trying.
    if !is_active || is_locked {
        return Err(not_let_in());
    }
    if !is_right {
        let fault = if has_password {
            SignInFault::WrongPassword
        } else {
            SignInFault::NoPassword
        };
        let command = UserCommand::RefuseSignIn { fault, from };
        // A lock that came meanwhile refuses this too: nothing more to say.
        installation.entities.users.ask(&user, command, cause).await?;
        return Err(not_let_in());
    }
    let secret = new_secret(installation.environment.ids.as_ref());
    let hours = installation.setting(SettingName::SessionHoursMax).await?;
    let until = now.plus_ms(hours.saturating_mul(HOUR_MS));
    let command = UserCommand::SignIn {
        session: SecretDigest::of(&secret),
        until,
        from,
    };
    let cause = cause.asked_by(Some(Actor::new(user.as_str(), Way::Session)));
    installation.entities.users.ask(&user, command, cause).await?;
    let session = session_text(&user, &secret);
    Ok(SignedIn {
        csrf_token: csrf_token(&session),
        user,
        session,
        until,
    })
}

/// Ends the session; one that has ended is none.
pub async fn sign_out(installation: &Installation, session: &str, cause: Cause) -> Result<(), Problem> {
    let parts = session.rsplit_once('.');
    let Some((user, secret)) = parts.and_then(|(name, secret)| Some((name.parse().ok()?, secret))) else {
        return Ok(());
    };
    let command = UserCommand::SignOut {
        session: SecretDigest::of(secret),
    };
    installation.entities.users.ask(&user, command, cause).await?;
    Ok(())
}

fn not_let_in() -> Problem {
    let detail = "name and password do not belong together, or too many wrong ones were tried and some minutes must \
                  pass / 用户名或密码不正确，或错误次数过多须稍后再试";
    Problem::new(Kind::Unauthenticated, "sign-in-refused", detail)
}
