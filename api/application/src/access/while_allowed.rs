//! Streams go on only while whoever follows them may: a key that is revoked, a role that is taken back or a
//! session that ends, or that nobody uses, also ends what was opened with it.

use super::caller::{Caller, KnownUser};
use super::identify::idle_ms;
use crate::installation::Installation;
use async_trait::async_trait;
use domain::actor::Way;
use domain::ports::tasks::StopSignal;
use domain::problem::Problem;
use domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Between two looks: what was taken back ends within it.
const LOOK_MS: u64 = 2_000;

/// Stops when the process does, or when its caller may follow no more; `is_stopping` tells of the process
/// alone.
pub struct WhileAllowed {
    process: Arc<dyn StopSignal>,
    installation: Arc<Installation>,
    caller: Caller,
    /// In microseconds.
    look_at: AtomicI64,
}

impl WhileAllowed {
    /// For what `caller` opens now.
    pub fn of(installation: &Arc<Installation>, caller: Caller) -> Arc<dyn StopSignal> {
        let look_at = installation.now().plus_ms(LOOK_MS);
        Arc::new(Self {
            process: installation.tasks().stop_signal(),
            installation: Arc::clone(installation),
            caller,
            look_at: AtomicI64::new(look_at.micros()),
        })
    }

    async fn is_allowed(&self) -> bool {
        match &self.caller {
            Caller::Directory { .. } => true,
            Caller::Nobody => false,
            // A store that is away says nothing; the stream ends by that itself.
            Caller::User(known) => is_as_known(&self.installation, known).await.unwrap_or(true),
        }
    }
}

/// Whether user, key and session are what they were.
async fn is_as_known(installation: &Installation, known: &KnownUser) -> Result<bool, Problem> {
    let user = installation.entities.users.state(&known.user).await?.state;
    let now = installation.now();
    if user.active_at(now) != Some(&known.account) {
        return Ok(false);
    }
    match known.way {
        Way::Key(key) => {
            let key = installation.entities.api_keys.state(&key).await?.state;
            let lives = key.facts().is_some_and(|facts| now < facts.expires_at);
            Ok(lives && !key.is_revoked())
        }
        Way::Session => {
            let Some(session) = known.session.filter(|session| user.holds_session(*session, now)) else {
                return Ok(false);
            };
            let idle_ms = idle_ms(installation).await?;
            Ok(!installation.access.idle.has_rested(session, idle_ms, now))
        }
        Way::Directory | Way::SetUp | Way::Other => Ok(false),
    }
}

#[async_trait]
impl StopSignal for WhileAllowed {
    fn is_stopping(&self) -> bool {
        self.process.is_stopping()
    }

    /// Asked anew for each piece of a stream: when it is looked at next outlives one asking.
    async fn stopping(&self) {
        let clock = &self.installation.environment.clock;
        loop {
            let look_at = Timestamp::from_micros(self.look_at.load(Ordering::Relaxed));
            tokio::select! {
                biased;
                () = self.process.stopping() => return,
                () = clock.wait_until(look_at) => {}
            }
            if !self.is_allowed().await {
                return;
            }
            let next = clock.now().plus_ms(LOOK_MS);
            self.look_at.store(next.micros(), Ordering::Relaxed);
        }
    }
}
