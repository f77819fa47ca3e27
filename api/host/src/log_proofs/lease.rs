//! The lease to sign checkpoints of a log. One process holds it at a time: by the lock of the directory or of
//! the database.

use actors::Environment;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::time::Timestamp;
use std::sync::Arc;
use store::DriverLock;
use store::proof::ProofError;

/// The name of the database lock for signing; another one is for dialing.
const LOCK_NAME: &str = "proof signer";

/// Milliseconds between two requests for the lock while another process holds it.
const ASK_MS: u64 = 5_000;

/// The lease of this process: the right to sign checkpoints.
pub(crate) struct Lease {
    database: Option<DatabaseLease>,
    /// True if this process has published nothing since it got the lease.
    is_new: bool,
}

struct DatabaseLease {
    url: String,
    clock: Arc<dyn Clock>,
    tasks: Arc<dyn Tasks>,
    held: Option<DriverLock>,
    ask_again: Timestamp,
}

impl Lease {
    /// Returns the lease of a log in a directory: always held, because this process has locked the directory.
    pub(crate) const fn of_directory() -> Self {
        Self {
            database: None,
            is_new: true,
        }
    }

    pub(crate) fn of_database(url: &str, environment: &Environment) -> Self {
        Self {
            database: Some(DatabaseLease {
                url: url.to_owned(),
                clock: Arc::clone(&environment.clock),
                tasks: Arc::clone(&environment.tasks),
                held: None,
                ask_again: Timestamp::EPOCH,
            }),
            is_new: true,
        }
    }

    /// Returns true until this process has published since it got the lease: the previous holder's last
    /// checkpoint must be read first.
    pub(crate) const fn is_new_holder(&self) -> bool {
        self.is_new
    }

    /// Makes this process read the last checkpoint again, after a failure: a checkpoint may not have been
    /// published.
    pub(crate) const fn look_again(&mut self) {
        self.is_new = true;
    }

    /// Returns true if this process may sign now. Requests the lock if it is not held.
    pub(super) async fn is_held(&mut self) -> Result<bool, ProofError> {
        let held = match &mut self.database {
            None => true,
            Some(database) => database.is_held().await?,
        };
        self.is_new = !held;
        Ok(held)
    }
}

impl DatabaseLease {
    async fn is_held(&mut self) -> Result<bool, ProofError> {
        if self.held.as_ref().is_some_and(|lock| !lock.is_lost()) {
            return Ok(true);
        }
        self.held = None;
        let now = self.clock.now();
        if now < self.ask_again {
            return Ok(false);
        }
        self.ask_again = now.plus_ms(ASK_MS);
        let clock = Arc::clone(&self.clock);
        self.held = DriverLock::acquire(&self.url, LOCK_NAME, clock, self.tasks.as_ref())
            .await
            .map_err(|error| ProofError::Unavailable(error.to_string()))?;
        Ok(self.held.is_some())
    }
}
