//! What users do for themselves: another password, and which sessions of theirs are open.

use super::caller::{Caller, KnownUser};
use super::identify::idle_ms;
use super::managing::password_text;
use super::signing_in::{known_by_password, not_let_in, proved, refuse};
use crate::installation::Installation;
use actors::AskError;
use domain::actor::{Actor, Way};
use domain::digest::SecretDigest;
use domain::ids::UserId;
use domain::problem::{Kind, Problem};
use domain::stored_event::Cause;
use domain::time::Timestamp;
use domain::user::{Session, SignInFault, SignInProof, UserCommand, UserRefusal};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// Hexadecimal digits by which a session is named: of the digest that is kept, which opens nothing.
const SESSION_ID_CHARS: usize = 16;

/// Who wants another password, and which.
pub struct PasswordChange {
    pub name: String,
    /// The one that is good until now.
    pub password: String,
    /// Of the authenticator app, or a recovery code, of whoever has a second factor.
    pub code: Option<String>,
    pub new_password: String,
    /// Where from, as far as the connection says.
    pub from: Option<String>,
}

/// Another password from now on; every session ends. Whoever does not know the one before is counted and
/// locked as at a sign-in.
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
    let (user, loaded) = known_by_password(installation, &name, password, from.clone()).await?;
    let proof = proved(installation, &user, &loaded.state, code, from.clone()).await?;
    let is_by_code = proof != SignInProof::Password;
    let held_against = loaded.state.password().cloned().ok_or_else(not_let_in)?;
    let command = UserCommand::ChangePassword {
        password: password_text(installation, &user, new_password).await?,
        held_against,
        proof,
    };
    let cause = Cause::outside(installation.new_command());
    let cause = cause.asked_by(Some(Actor::new(user.as_str(), Way::Session)));
    match installation.entities.users.ask(&user, command, cause).await {
        Ok(_) => Ok(user),
        // Of two changes at once one wins; the other one's password is the old one by now.
        Err(AskError::Refused(
            UserRefusal::PasswordChanged
            | UserRefusal::Locked { .. }
            | UserRefusal::Disabled
            | UserRefusal::GuestIsOver,
        )) => Err(not_let_in()),
        // The same code came a second time meanwhile: it is good once, and counted as at a sign-in.
        Err(AskError::Refused(_)) if is_by_code => {
            refuse(installation, &user, SignInFault::WrongCode, from).await
        }
        Err(error) => Err(error.into()),
    }
}

/// One session of the user who asks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionShown {
    #[schemars(example = &"9f86d081884c7d65")]
    pub id: String,
    pub begun_at: Timestamp,
    /// It ends then at the latest, and earlier when nothing is asked for long.
    pub until: Timestamp,
    /// Where from, as far as the connection said.
    #[schemars(example = &"192.0.2.7")]
    pub from: Option<String>,
    /// It is the one that asks.
    pub current: bool,
}

/// The sessions of the user who asks, in the order in which they began.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionList {
    pub items: Vec<SessionShown>,
}

/// Which sessions ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionsEnded {
    pub ended: Vec<SessionShown>,
}

/// The open sessions of the user who asks by one of them: one that has rested too long opens nothing more.
pub async fn own_sessions(installation: &Installation, caller: &Caller) -> Result<SessionList, Problem> {
    let items = open(installation, by_session(caller)?).await?;
    Ok(SessionList {
        items: items.into_iter().map(|(_, shown)| shown).collect(),
    })
}

/// Ends one session of the user who asks, or all but the one that asks.
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
        // Each is an order of its own: a repeat of the whole finds those that are left.
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

/// Who asks by a session: keys and the directory have none.
fn by_session(caller: &Caller) -> Result<&KnownUser, Problem> {
    let known = caller.user().filter(|known| known.session.is_some());
    known.ok_or_else(|| {
        Problem::new(
            Kind::Forbidden,
            "session-needed",
            "a session is required: sign in with name and password and send the session cookie",
        )
    })
}

async fn open(
    installation: &Installation,
    known: &KnownUser,
) -> Result<Vec<(SecretDigest, SessionShown)>, Problem> {
    let state = installation.entities.users.state(&known.user).await?.state;
    let shown = |session: &Session| SessionShown {
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
