//! Records wrong passwords after the reply.
//!
//! The reply to a wrong password does not wait for the event that records it: otherwise an existing name
//! would answer later than an unknown one. The next attempt with the same name waits until the event is
//! stored, so that a lock cannot be bypassed.

use crate::installation::Installation;
use actors::AskError;
use domain::ids::UserId;
use domain::stored_event::Cause;
use domain::user::{SignInFault, UserCommand};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Attempts of one user that are recorded at once: one, because a lock counts each.
const AT_ONCE: usize = 1;

/// One turn per user at a time. A turn that no task holds or waits for is removed.
#[derive(Default)]
pub(crate) struct WrongPasswordTurns(Mutex<BTreeMap<UserId, Arc<Semaphore>>>);

impl WrongPasswordTurns {
    /// Waits for the turn of a user. Never returns `None`: the semaphore is not closed.
    async fn turn(&self, user: &UserId) -> Option<OwnedSemaphorePermit> {
        self.queue(user).acquire_owned().await.ok()
    }

    fn queue(&self, user: &UserId) -> Arc<Semaphore> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        let new = || Arc::new(Semaphore::new(AT_ONCE));
        Arc::clone(turns.entry(user.clone()).or_insert_with(new))
    }

    /// Waits until every earlier wrong password with this name is stored.
    pub(crate) async fn settled(&self, user: &UserId) {
        drop(self.turn(user).await);
    }
}

/// Starts a task that records a wrong attempt after the reply. The user's next attempt waits for it.
pub(crate) async fn record_refusal(
    installation: &Arc<Installation>,
    user: UserId,
    fault: SignInFault,
    from: Option<String>,
) {
    let turn = installation.access.recording.turn(&user).await;
    let recording = Arc::clone(installation);
    installation.tasks().spawn(
        "sign-in refused",
        Box::pin(async move {
            let command = UserCommand::RefuseSignIn { fault, from };
            let cause = Cause::outside(recording.new_command());
            match recording.entities.users.ask(&user, command, cause).await {
                // A lock that began meanwhile refuses this too; nothing more is to be recorded.
                Ok(_) | Err(AskError::Refused(_)) => {}
                Err(why) => tracing::warn!(%user, %why, "a refused sign-in is not recorded, and not counted"),
            }
            drop(turn);
        }),
    );
}
