//! What every handler gets besides its input: the installation, the process, and the limits of requests.
//!
//! A server and a command on a directory differ only in values here; handlers do not distinguish them.

use crate::auth::AuthenticationMode;
use crate::comparisons::ComparisonLimits;
use crate::idempotency::InFlightKeys;
use crate::rate_limits::RateLimiter;
use crate::request_durations::RequestDurations;
use crate::response_cache::ResponseCache;
use crate::sign_in_limits::SignInLimiter;
use crate::signing::CheckpointSigning;
use application::access::Caller;
use application::engines::Engines;
use application::installation::Installation;
use domain::problem::Problem;
use domain::stored_event::Position;
use evidence::log_walk::Log;
use host::process::Process;
use std::sync::Arc;
use tls::Identity;
use tokio::sync::OnceCell;

/// Maximum wait of a read for a position (`?after_position=`), in milliseconds; views are usually behind by
/// milliseconds.
const POSITION_WAIT_MS: u64 = 5_000;

/// Callback for the progress of reading the whole log: current position and end.
pub type LogProgressCallback = dyn Fn(Position, Position) + Send + Sync;

/// Which state of the views an endpoint needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ViewFreshness {
    /// The views must have caught up with the log.
    OfTheLog,
    /// The endpoint reads no views, or shows how far they are.
    AsTheyAre,
}

/// What a handler gets besides its input.
pub struct Context {
    pub installation: Arc<Installation>,
    /// The state of this process, for requests about its health and its clock.
    pub process: Arc<Process>,
    /// How requests are authenticated.
    pub door: AuthenticationMode,
    /// Rate limits of comparisons with sealed values, per address and user.
    pub comparisons: ComparisonLimits,
    /// Rate limits of requests, per user and key.
    pub rates: RateLimiter,
    /// Cached responses, valid while the log position is unchanged.
    pub kept_replies: ResponseCache,
    /// Rate limits of failed sign-ins, per address.
    pub sign_ins: SignInLimiter,
    /// The speech and understanding engines of the calls, as this API offers them to other systems.
    pub engines: Engines,
    /// Requests with an `Idempotency-Key` that are in progress.
    pub in_flight: InFlightKeys,
    /// Durations of requests by endpoint, for monitoring.
    pub(crate) request_durations: RequestDurations,
    /// The certificate of the listeners; `None` without TLS.
    pub identity: Option<Arc<Identity>>,
    /// Signs checkpoints of the log.
    pub signing: CheckpointSigning,
    /// Maximum time that reads wait until the views have caught up with the log, in milliseconds. `None` on a
    /// server, where a client that wants to read its own write sends the position.
    pub rows_within_ms: Option<u64>,
    /// The context of requests with a sandbox key; made with the first of them.
    pub(crate) sandbox: OnceCell<Ctx>,
    /// Called with the progress of a request that reads the whole log. With it, reading the log has no time
    /// limit; `None` on a server, where it has one.
    pub hears: Option<Box<LogProgressCallback>>,
}

impl Context {
    /// Returns the context of a server's requests.
    pub(crate) fn of_server(
        installation: &Arc<Installation>,
        process: &Arc<Process>,
        door: AuthenticationMode,
        engines: Engines,
    ) -> Self {
        Self {
            installation: Arc::clone(installation),
            process: Arc::clone(process),
            door,
            comparisons: ComparisonLimits::default(),
            rates: RateLimiter::default(),
            kept_replies: ResponseCache::default(),
            sign_ins: SignInLimiter::default(),
            engines,
            in_flight: InFlightKeys::default(),
            request_durations: RequestDurations::default(),
            identity: None,
            signing: CheckpointSigning::EachSecond,
            rows_within_ms: None,
            sandbox: OnceCell::new(),
            hears: None,
        }
    }

    /// Returns the context in which the caller's requests work: this one, or that of the sandbox for a
    /// sandbox key. This is the only place where a request is given to a realm.
    pub(crate) async fn for_caller(self: &Arc<Self>, caller: &Caller) -> Result<Ctx, Problem> {
        if caller.realm() == self.installation.store().realm() {
            return Ok(Arc::clone(self));
        }
        let making = self.sandbox.get_or_try_init(|| async {
            let sandbox = self.process.sandbox.open(&self.process).await?;
            let door = self.door.clone();
            let ctx = Self::of_server(&sandbox, &self.process, door, Engines::new(None));
            Ok(Arc::new(ctx))
        });
        making.await.cloned()
    }

    /// Returns the log for a handler that reads all of it: without a time limit and with the progress
    /// callback in a command, with a time limit on a server.
    pub(crate) fn whole_log(&self) -> Log<'_> {
        let store = self.installation.store();
        match &self.hears {
            Some(hears) => Log::heard(store, hears.as_ref()),
            None => Log::limited(store, self.installation.environment.clock.as_ref()),
        }
    }

    /// Waits until the views are as the request needs them. With `?after_position=` it waits until the views
    /// have that position (read your writes).
    pub(crate) async fn rows_for(
        &self,
        rows: ViewFreshness,
        behind: Option<Position>,
    ) -> Result<(), Problem> {
        if let Some(position) = behind {
            self.installation.rows_at(position, POSITION_WAIT_MS).await?;
        }
        match self.rows_within_ms {
            Some(within_ms) if rows == ViewFreshness::OfTheLog => {
                let head = self.installation.store().head().await?;
                self.installation.rows_at(head, within_ms).await
            }
            Some(_) | None => Ok(()),
        }
    }
}

pub(crate) type Ctx = Arc<Context>;
