//! Who may sign checkpoints of a log: one process at a time, by the directory's lock or the database's.

use actors::Environment;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::time::Timestamp;
use std::sync::Arc;
use store::DriverLock;
use store::proof::ProofError;

/// The name of the lock, beside the one for dialing.
const LOCK_NAME: &str = "proof signer";

/// Between two asks for a lock that another process holds.
const ASK_MS: u64 = 5_000;

/// The right to sign.
pub(crate) struct Lease {
    database: Option<DatabaseLease>,
    /// Nothing was published by this process since it got the lease.
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
    /// The data directory's lock is the lease, and is held.
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

    /// True until it was held once since it was last lost: what the holder before left is to be looked at.
    pub(crate) const fn is_new_holder(&self) -> bool {
        self.is_new
    }

    /// After a failure: what was to be published may not have been.
    pub(crate) const fn look_again(&mut self) {
        self.is_new = true;
    }

    /// Whether this process may sign now; asks for the lock when it has none.
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
