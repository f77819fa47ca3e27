//! The driver lock: at most one process of a database runs drivers, watchdog and lines.
//!
//! It is a session advisory lock on a connection of its own: the server frees it when that connection ends.
//! The holder asks every few seconds whether the connection stands, and learns of its loss before the server
//! would give the lock to another (25 s of silence over TCP).

use super::connect::{self, Address, Driven, Link, Timeouts, drive};
use crate::error::OpenError;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use sha2::{Digest, Sha256};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, watch};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

/// How often the holder asks whether its connection still stands.
const CHECK_MS: u64 = 2_000;

/// How long that question may stay unanswered: with `CHECK_MS` well below the 25 s of the server.
const CHECK_ANSWER_MS: u64 = 5_000;

/// Holds a database's lock of one name. Dropping it frees the lock.
pub struct DriverLock {
    lost: watch::Receiver<bool>,
    /// Dropped with the lock, which tells its task to end.
    release: Option<oneshot::Sender<()>>,
}

impl DriverLock {
    /// Takes the lock, or answers `None` when another connection holds it. Names are apart from one another;
    /// `url` as for the store. `clock` paces the checks, `tasks` runs the one task that keeps it.
    pub async fn acquire(
        url: &str,
        name: &str,
        clock: Arc<dyn Clock>,
        tasks: &dyn Tasks,
    ) -> Result<Option<Self>, OpenError> {
        DriverLockAsker::new(url, name, clock)?.ask(tasks).await
    }

    /// Resolves when the lock is lost: its connection ended or does not answer. What only its holder may do
    /// must stop then. Resolves at once when it is lost already.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut lost = self.lost.clone();
        async move {
            // An error means that the task is gone, and the lock with it.
            drop(lost.wait_for(|lost| *lost).await);
        }
    }

    /// Whether it is lost now.
    pub fn is_lost(&self) -> bool {
        *self.lost.borrow() || self.lost.has_changed().is_err()
    }

    /// Frees the lock and waits until its connection has ended.
    pub async fn release(mut self) {
        drop(self.release.take());
        self.lost().await;
    }
}

/// Asks for one lock again and again over one connection: a stand-by asks every second, and a connection of
/// its own for each would cost the server a process each time.
pub struct DriverLockAsker {
    config: Address,
    key: i64,
    clock: Arc<dyn Clock>,
    /// The connection of the last ask, which did not get the lock.
    idle: Mutex<Option<(Client, Driven)>>,
}

impl DriverLockAsker {
    /// Names are apart from one another; `url` as for the store. Nothing is asked yet.
    pub fn new(url: &str, name: &str, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Ok(Self {
            config: connect::configure(url, &Timeouts::default())?,
            key: key(name),
            clock,
            idle: Mutex::new(None),
        })
    }

    /// Takes the lock, or answers `None` when another connection holds it. After an error the next ask
    /// connects anew. Cancel-safe: a lock that was given to an ask that ended is free again.
    pub async fn ask(&self, tasks: &dyn Tasks) -> Result<Option<DriverLock>, OpenError> {
        let idle = self.idle().take();
        let (client, mut connection) = match idle {
            Some(link) => link,
            None => self.connect().await?,
        };
        let asked = {
            let values: [&(dyn ToSql + Sync); 1] = [&self.key];
            let question = client.query_one("SELECT pg_try_advisory_lock($1)", &values);
            drive(&mut connection, self.clock.as_ref(), CHECK_ANSWER_MS, question).await
        };
        let row = asked
            .ok_or_else(|| connect::unavailable(&self.config, "the database does not answer"))?
            .map_err(|error| self.unavailable(&error))?;
        if row
            .try_get::<_, bool>(0)
            .map_err(|error| self.unavailable(&error))?
        {
            return Ok(Some(self.hold(client, connection, tasks)));
        }
        *self.idle() = Some((client, connection));
        Ok(None)
    }

    async fn connect(&self) -> Result<(Client, Driven), OpenError> {
        let link = Link::open(&self.config).await;
        link.map(Link::split).map_err(|error| self.unavailable(&error))
    }

    fn hold(&self, client: Client, connection: Driven, tasks: &dyn Tasks) -> DriverLock {
        let (lost_sender, lost) = watch::channel(false);
        let (release, released) = oneshot::channel();
        let keeper = Keeper {
            client,
            connection,
            clock: Arc::clone(&self.clock),
        };
        let keeping = async move {
            keeper.run(released).await;
            lost_sender.send_replace(true);
        };
        tasks.spawn("driver lock", Box::pin(keeping));
        DriverLock {
            lost,
            release: Some(release),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Option<(Client, Driven)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unavailable(&self, error: &tokio_postgres::Error) -> OpenError {
        connect::unavailable(&self.config, &connect::text(error))
    }
}

struct Keeper {
    client: Client,
    connection: Driven,
    clock: Arc<dyn Clock>,
}

impl Keeper {
    /// Until it is released, or the connection ends or stays silent.
    async fn run(mut self, mut released: oneshot::Receiver<()>) {
        loop {
            let tick = self.clock.wait_until(self.clock.now().plus_ms(CHECK_MS));
            tokio::select! {
                biased;
                _ = &mut released => return self.let_go().await,
                () = &mut self.connection => return,
                () = tick => {}
            }
            let question = self.client.batch_execute("");
            let answer = drive(&mut self.connection, &*self.clock, CHECK_ANSWER_MS, question).await;
            if !matches!(answer, Some(Ok(()))) {
                tracing::warn!("the driver lock is lost: its connection does not answer");
                return;
            }
        }
    }

    /// Frees the lock at once, rather than when the server notices that the connection is gone.
    async fn let_go(mut self) {
        let question = self.client.batch_execute("SELECT pg_advisory_unlock_all()");
        drop(drive(&mut self.connection, &*self.clock, CHECK_ANSWER_MS, question).await);
    }
}

/// The number of a lock: advisory locks are numbers, one space per database, shared with other programs.
fn key(name: &str) -> i64 {
    let digest = Sha256::digest(format!("ledgerline driver lock {name}"));
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(digest) {
        *to = from;
    }
    i64::from_be_bytes(first)
}
