//! Wrong passwords on their way to the record.
//!
//! The reply to a wrong password does not wait for the event that records it: a name that exists would
//! answer later than one that does not. The next attempt at the same name waits until the event is stored,
//! so that a lock is never passed.

use crate::installation::Installation;
use domain::ids::UserId;
use domain::stored_event::Cause;
use domain::user::{SignInFault, UserCommand};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Attempts of one user that are recorded at once: a lock counts each.
const AT_ONCE: usize = 1;

/// One turn per user at a time; users are few, and a turn that nobody holds is forgotten.
#[derive(Default)]
pub(crate) struct Recording(Mutex<BTreeMap<UserId, Arc<Semaphore>>>);

impl Recording {
    /// The turn of a user, once nobody else has it. A semaphore that is never closed gives one each time.
    async fn turn(&self, user: &UserId) -> Option<OwnedSemaphorePermit> {
        self.queue(user).acquire_owned().await.ok()
    }

    fn queue(&self, user: &UserId) -> Arc<Semaphore> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        let new = || Arc::new(Semaphore::new(AT_ONCE));
        Arc::clone(turns.entry(user.clone()).or_insert_with(new))
    }

    /// Returns when every earlier attempt at this name is stored.
    pub(crate) async fn settled(&self, user: &UserId) {
        drop(self.turn(user).await);
    }
}

/// Records a wrong attempt behind the reply.
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
            // A lock that came meanwhile refuses this too: nothing more to record.
            if let Err(why) = recording.entities.users.ask(&user, command, cause).await {
                tracing::debug!(%user, %why, "a refused sign-in is not recorded");
            }
            drop(turn);
        }),
    );
}
