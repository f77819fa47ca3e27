//! Sign-in and sign-out: name, password and, if the user has a second factor, a code. The result is a
//! session, which a browser holds in a cookie.

use super::identification::session_text;
use super::second_factor::proof_of;
use super::secret::new_secret;
use super::wrong_password_log::record_refusal;
use crate::installation::Installation;
use actors::{AskError, EntityState};
use domain::actor::{Actor, SignInMethod};
use domain::digest::SecretDigest;
use domain::ids::UserId;
use domain::personal::Personal;
use domain::problem::{Problem, ProblemKind};
use domain::setting::SettingName;
use domain::stored_event::Cause;
use domain::time::Timestamp;
use domain::user::{SignInFault, SignInProof, User, UserCommand, UserRefusal, UserState};
use std::sync::Arc;

/// Milliseconds per hour.
const HOUR_MS: u64 = 3_600_000;

/// A new session, after a successful sign-in.
#[derive(Debug)]
pub struct SignedIn {
    pub user: UserId,
    /// The session's text, which only the browser holds.
    pub session: String,
    pub csrf_token: String,
    pub until: Timestamp,
}

/// What a user enters to sign in.
pub struct SignInCredentials {
    pub name: String,
    pub password: String,
    /// Code of the authenticator app, or a recovery code.
    pub code: Option<String>,
    /// Address of the client, as far as the connection shows it.
    pub from: Option<String>,
    /// The session that the same browser holds already. It ends when the new one begins.
    pub held: Option<String>,
}

/// Returns the CSRF token of a session, which its commands send in addition to the cookie. It is derived
/// from the session text, so a page of another origin cannot know it.
pub fn csrf_token(session: &str) -> String {
    SecretDigest::of(&format!("csrf:{session}")).to_string()
}

/// Signs a user in by name, password and code, and starts a session; the one that the browser held before
/// ends. Unknown user, disabled user, wrong password and wrong code get the same answer after the same
/// time. That a code is needed is revealed only after the right password.
pub async fn sign_in(
    installation: &Arc<Installation>,
    typed: SignInCredentials,
) -> Result<SignedIn, Problem> {
    let SignInCredentials {
        name,
        password,
        code,
        from,
        held,
    } = typed;
    let (user, loaded) = verify_password(installation, &name, password, from.clone()).await?;
    let has_one = loaded.state.second_factor().is_some();
    if !has_one && installation.access.demands_second_factor(&loaded.state) {
        return Err(factor_missing());
    }
    let proof = verify_second_factor(installation, &user, &loaded.state, code, from.clone()).await?;
    let is_by_code = proof != SignInProof::Password;
    let held_against = loaded.state.password().cloned();
    match begin(installation, &user, held_against, proof, from.clone()).await {
        // The same code was used a second time meanwhile. It is valid once.
        Err(problem) if is_by_code && problem.kind == ProblemKind::Refused => {
            refuse(installation, &user, SignInFault::WrongCode, from).await
        }
        Ok(begun) => {
            if let Some(held) = held {
                let cause = Cause::outside(installation.new_command());
                let cause = cause.asked_by(Some(Actor::new(user.as_str(), SignInMethod::Session)));
                end(installation, &held, cause).await?;
            }
            Ok(begun)
        }
        Err(problem) => Err(problem),
    }
}

/// Returns what the sign-in proves: the password alone, or a code if the user has a second factor. A
/// missing code is refused; a wrong one is refused and counted.
pub(super) async fn verify_second_factor(
    installation: &Arc<Installation>,
    user: &UserId,
    state: &UserState,
    code: Option<String>,
    from: Option<String>,
) -> Result<SignInProof, Problem> {
    let Some(factor) = state.second_factor() else {
        return Ok(SignInProof::Password);
    };
    let code = code.ok_or_else(code_needed)?;
    match proof_of(user, factor, &code, installation.now()) {
        Some(proof) => Ok(proof),
        None => refuse(installation, user, SignInFault::WrongCode, from).await,
    }
}

/// Returns the user with this name and password. A wrong password is counted. Unknown, disabled and locked
/// users get the same answer as a wrong password.
pub(super) async fn verify_password(
    installation: &Arc<Installation>,
    name: &str,
    password: String,
    from: Option<String>,
) -> Result<(UserId, EntityState<User>), Problem> {
    let passwords = &installation.access.passwords;
    let Ok(user) = UserId::typed(name) else {
        // Takes as long as for a name that could exist.
        passwords.is_right(installation.tasks(), password, None).await?;
        return Err(sign_in_problem());
    };
    installation.access.recording.settled(&user).await;
    let loaded = installation.entities.users.state(&user).await?;
    let now = installation.now();
    let is_locked = loaded.state.locked_at(from.as_deref(), now).is_some();
    let is_active = loaded.state.active_at(now).is_some();
    let kept = loaded.state.password().and_then(Personal::value).cloned();
    let has_password = kept.is_some();
    let is_right = passwords.is_right(installation.tasks(), password, kept).await?;
    // Locked and disabled users get the answer of a wrong name, so that names cannot be found by trial.
    if !is_active || is_locked {
        return Err(sign_in_problem());
    }
    if is_right {
        return Ok((user, loaded));
    }
    let fault = if has_password {
        SignInFault::WrongPassword
    } else {
        SignInFault::NoPassword
    };
    refuse(installation, &user, fault, from).await
}

/// Starts a session of an identified user and returns it. It ends after `SessionHoursMax` hours at the
/// latest.
pub(super) async fn begin(
    installation: &Installation,
    user: &UserId,
    held_against: Option<Personal<String>>,
    proof: SignInProof,
    from: Option<String>,
) -> Result<SignedIn, Problem> {
    let secret = new_secret(installation.environment.ids.as_ref());
    let hours = installation.setting(SettingName::SessionHoursMax).await?;
    let until = installation.now().plus_ms(hours.saturating_mul(HOUR_MS));
    let command = UserCommand::SignIn {
        session: SecretDigest::of(&secret),
        until,
        from,
        held_against,
        proof,
    };
    let cause = Cause::outside(installation.new_command());
    let cause = cause.asked_by(Some(Actor::new(user.as_str(), SignInMethod::Session)));
    match installation.entities.users.ask(user, command, cause).await {
        Ok(_) => {}
        // The password was changed meanwhile, or the user was locked, disabled or removed: one answer for
        // all cases.
        Err(AskError::Refused(
            UserRefusal::PasswordChanged
            | UserRefusal::Locked { .. }
            | UserRefusal::Disabled
            | UserRefusal::GuestIsOver
            | UserRefusal::Unknown,
        )) => return Err(sign_in_problem()),
        Err(error) => return Err(error.into()),
    }
    let session = session_text(user, &secret);
    Ok(SignedIn {
        csrf_token: csrf_token(&session),
        user: user.clone(),
        session,
        until,
    })
}

/// Counts a failed sign-in of the user (which can lock the account) and returns the refusal that all failed
/// sign-ins get.
pub(super) async fn refuse<T>(
    installation: &Arc<Installation>,
    user: &UserId,
    fault: SignInFault,
    from: Option<String>,
) -> Result<T, Problem> {
    record_refusal(installation, user.clone(), fault, from).await;
    Err(sign_in_problem())
}

/// Ends the session; does nothing if it has ended already. If an identity provider signed the user in,
/// returns the URL for signing out there, if the provider publishes one.
pub async fn sign_out(
    installation: &Installation,
    session: &str,
    cause: Cause,
) -> Result<Option<String>, Problem> {
    if !end(installation, session, cause).await? {
        return Ok(None);
    }
    let asked = installation.access.provider.asked();
    let Ok(asked) = asked else {
        // The provider was configured when the session began, and is not any more.
        return Ok(None);
    };
    match asked.provider.sign_out_address().await {
        Ok(address) => Ok(address),
        Err(fault) => {
            tracing::warn!(%fault, "where the identity provider signs out is not known");
            Ok(None)
        }
    }
}

/// Ends the session. Returns true if an identity provider signed its user in, false also for a malformed
/// session text.
async fn end(installation: &Installation, session: &str, cause: Cause) -> Result<bool, Problem> {
    let parts = session.rsplit_once('.');
    let Some((user, secret)) = parts.and_then(|(name, secret)| Some((name.parse().ok()?, secret))) else {
        return Ok(false);
    };
    let session = SecretDigest::of(secret);
    let users = &installation.entities.users;
    let by_provider = users.state(&user).await?.state.by_provider(session);
    users.ask(&user, UserCommand::SignOut { session }, cause).await?;
    Ok(by_provider)
}

/// Returns the refusal of a failed sign-in. It does not say what was wrong.
pub(super) fn sign_in_problem() -> Problem {
    let detail = "user name or password is incorrect, or there were too many failed attempts: wait some minutes / \
                  用户名或密码不正确，或错误次数过多须稍后再试";
    Problem::new(ProblemKind::Unauthenticated, "sign-in-refused", detail)
}

fn code_needed() -> Problem {
    let detail = "send the code of your authenticator app, or a recovery code, as `code` too / \
                  请同时提供验证器动态码或恢复码";
    Problem::new(ProblemKind::Unauthenticated, "second-factor-needed", detail)
}

/// Returns the refusal of a sign-in for a user with a role that requires a second factor, but without one.
pub(super) fn factor_missing() -> Problem {
    let detail = "your role requires a second factor: set one up first (POST /api/v1/second-factor/offer, or \
                  `ledgerline user totp NAME`) / 该角色须启用双因素认证，请先绑定验证器";
    Problem::new(ProblemKind::Unauthenticated, "second-factor-missing", detail)
}
