//! Ends event streams when their caller loses the right to follow: a revoked key, a revoked role, and a
//! session that ended or was idle too long.

use super::caller::{Caller, KnownUser};
use super::identification::idle_ms;
use crate::installation::Installation;
use async_trait::async_trait;
use domain::actor::SignInMethod;
use domain::ports::tasks::StopSignal;
use domain::problem::Problem;
use domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Interval between two checks of a stream's caller, in milliseconds. After its right is revoked, a stream
/// ends within this time.
const LOOK_MS: u64 = 2_000;

/// A stop signal for one stream. It fires when the process stops, or when its caller may no longer read it.
/// `is_stopping` returns true only if the process stops.
pub struct AccessStopSignal {
    process: Arc<dyn StopSignal>,
    installation: Arc<Installation>,
    caller: Caller,
    /// Time of the next check, in microseconds.
    look_at: AtomicI64,
}

impl AccessStopSignal {
    /// Creates the stop signal for a stream that `caller` opens now. The first check is `LOOK_MS` later.
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
            Caller::Unauthenticated => false,
            // If the store is unavailable nothing is known; the stream ends for that reason itself.
            Caller::User(known) => is_as_known(&self.installation, known).await.unwrap_or(true),
        }
    }
}

/// Returns true if the user's account is unchanged, and the key or session with which the caller was
/// identified is still valid.
async fn is_as_known(installation: &Installation, known: &KnownUser) -> Result<bool, Problem> {
    let user = installation.entities.users.state(&known.user).await?.state;
    let now = installation.now();
    if user.active_at(now) != Some(&known.account) {
        return Ok(false);
    }
    match known.way {
        SignInMethod::Key(key) => {
            let key = installation.entities.api_keys.state(&key).await?.state;
            let lives = key.facts().is_some_and(|facts| now < facts.expires_at);
            Ok(lives && !key.is_revoked())
        }
        SignInMethod::Session => {
            let Some(session) = known.session.filter(|session| user.holds_session(*session, now)) else {
                return Ok(false);
            };
            let idle_ms = idle_ms(installation).await?;
            Ok(!installation.access.idle.has_rested(session, idle_ms, now))
        }
        SignInMethod::Directory | SignInMethod::SetUp | SignInMethod::Other => Ok(false),
    }
}

#[async_trait]
impl StopSignal for AccessStopSignal {
    fn is_stopping(&self) -> bool {
        self.process.is_stopping()
    }

    /// Waits until the stream must end. Called again for each piece of a stream; the time of the next check
    /// is kept across the calls.
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
