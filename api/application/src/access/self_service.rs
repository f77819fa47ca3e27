//! What users do for themselves: change the password, list and end their sessions.

use super::caller::{Caller, KnownUser};
use super::identification::idle_ms;
use super::password_sign_in::{refuse, sign_in_problem, verify_password, verify_second_factor};
use super::user_management::password_text;
use crate::installation::Installation;
use actors::AskError;
use domain::actor::{Actor, SignInMethod};
use domain::digest::SecretDigest;
use domain::ids::UserId;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Cause;
use domain::time::Timestamp;
use domain::user::{Session, SignInFault, SignInProof, UserCommand, UserRefusal};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// Length of a session's id: hexadecimal digits of the stored digest. The id gives no access.
const SESSION_ID_CHARS: usize = 16;

/// A request to change the own password.
pub struct PasswordChange {
    pub name: String,
    /// The user's current password, to confirm the change.
    pub password: String,
    /// Code of the authenticator app, or a recovery code. Needed if the user has a second factor.
    pub code: Option<String>,
    pub new_password: String,
    /// Address of the client, as far as the connection shows it.
    pub from: Option<String>,
}

/// Changes the user's password and ends all sessions of the user. Checks the current password and, if
/// needed, the code; a wrong one is counted and can lock the account, as at sign-in. Fails if the new
/// password is weak.
pub async fn change_password(
    installation: &Arc<Installation>,
    change: PasswordChange,
) -> Result<UserId, Problem> {
    let PasswordChange {
        name,
        password,
        code,
        new_password,
        from,
    } = change;
    let (user, loaded) = verify_password(installation, &name, password, from.clone()).await?;
    let proof = verify_second_factor(installation, &user, &loaded.state, code, from.clone()).await?;
    let is_by_code = proof != SignInProof::Password;
    let held_against = loaded.state.password().cloned().ok_or_else(sign_in_problem)?;
    let command = UserCommand::ChangePassword {
        password: password_text(installation, &user, new_password).await?,
        held_against,
        proof,
    };
    let cause = Cause::outside(installation.new_command());
    let cause = cause.asked_by(Some(Actor::new(user.as_str(), SignInMethod::Session)));
    match installation.entities.users.ask(&user, command, cause).await {
        Ok(_) => Ok(user),
        // Of two changes at once one wins. The other one's current password is then outdated.
        Err(AskError::Refused(
            UserRefusal::PasswordChanged
            | UserRefusal::Locked { .. }
            | UserRefusal::Disabled
            | UserRefusal::GuestIsOver,
        )) => Err(sign_in_problem()),
        // The same code was used a second time meanwhile. It is valid once, and the second use counts as a
        // wrong code at sign-in.
        Err(AskError::Refused(_)) if is_by_code => {
            refuse(installation, &user, SignInFault::WrongCode, from).await
        }
        Err(error) => Err(error.into()),
    }
}

/// One session of the calling user.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionResponse {
    #[schemars(example = &"9f86d081884c7d65")]
    pub id: String,
    pub begun_at: Timestamp,
    /// Latest end of the session. It ends earlier after a long idle time.
    pub until: Timestamp,
    /// Address of the client at sign-in, as far as the connection showed it.
    #[schemars(example = &"192.0.2.7")]
    pub from: Option<String>,
    /// True for the session that made this request.
    pub current: bool,
}

/// The sessions of the calling user, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionList {
    pub items: Vec<SessionResponse>,
}

/// The sessions that were ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionsEnded {
    pub ended: Vec<SessionResponse>,
}

/// Returns the open sessions of the calling user, oldest first, without those that were idle too long.
/// Fails if the caller uses no session.
pub async fn own_sessions(installation: &Installation, caller: &Caller) -> Result<SessionList, Problem> {
    let items = open(installation, by_session(caller)?).await?;
    Ok(SessionList {
        items: items.into_iter().map(|(_, shown)| shown).collect(),
    })
}

/// Ends the session with this id; without an id, all sessions of the calling user except the calling one.
/// Returns the ended ones. Fails if the caller uses no session, or has no session with this id.
pub async fn end_sessions(
    installation: &Installation,
    caller: &Caller,
    id: Option<&str>,
    cause: Cause,
) -> Result<SessionsEnded, Problem> {
    let known = by_session(caller)?;
    let mut sessions = open(installation, known).await?;
    match id {
        Some(id) => {
            sessions.retain(|(_, shown)| shown.id == id);
            if sessions.is_empty() {
                return Err(Problem::missing("this session of yours"));
            }
        }
        None => sessions.retain(|(_, shown)| !shown.current),
    }
    let mut ended = Vec::new();
    for (session, shown) in sessions {
        let command = UserCommand::SignOut { session };
        // Each is a command of its own, so that a repeated request finds those that are left.
        let cause = Cause {
            command: installation.new_command(),
            ..cause
        };
        installation
            .entities
            .users
            .ask(&known.user, command, cause)
            .await?;
        ended.push(shown);
    }
    Ok(SessionsEnded { ended })
}

/// Returns the user if the caller uses a session. API keys and the directory's owner have none and are
/// refused.
fn by_session(caller: &Caller) -> Result<&KnownUser, Problem> {
    let known = caller.user().filter(|known| known.session.is_some());
    known.ok_or_else(|| {
        Problem::new(
            ProblemKind::Forbidden,
            "session-needed",
            "a session is required: sign in with name and password and send the session cookie",
        )
    })
}

async fn open(
    installation: &Installation,
    known: &KnownUser,
) -> Result<Vec<(SecretDigest, SessionResponse)>, Problem> {
    let state = installation.entities.users.state(&known.user).await?.state;
    let shown = |session: &Session| SessionResponse {
        id: session
            .digest
            .to_string()
            .chars()
            .take(SESSION_ID_CHARS)
            .collect(),
        begun_at: session.begun_at,
        until: session.until,
        from: session.from.clone(),
        current: known.session == Some(session.digest),
    };
    let now = installation.now();
    let idle_ms = idle_ms(installation).await?;
    let rested = |session: &Session| installation.access.idle.has_rested(session.digest, idle_ms, now);
    let open = state.sessions_at(now).filter(|session| !rested(session));
    Ok(open.map(|session| (session.digest, shown(session))).collect())
}
