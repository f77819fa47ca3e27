//! The driver lock: at most one process of a database runs drivers, watchdog and lines.
//!
//! It is a session advisory lock on a connection of its own: the server frees it when that connection ends.
//! The server ends the connection when it has received no statement for `LOCK_MS` (`idle_session_timeout`).
//! The holder sends one every `CHECK_MS`, so a stopped or hung process loses the lock even if its kernel
//! still answers keepalives. `LockTime` tells the holder, by its own clock, until when the lock is
//! certainly held.

use super::connect::{self, Address, ConnectionDriver, Link, Timeouts, drive};
use crate::error::OpenError;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::future::Future;
use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, watch};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error};

/// The interval of the heartbeats that the lock's holder sends, in milliseconds: five within `LOCK_MS`.
const CHECK_MS: u64 = 1_000;

/// The longest wait for the response to a heartbeat, in milliseconds.
const CHECK_ANSWER_MS: u64 = 5_000;

/// The holder's silence after which the server ends its session and frees the lock, in milliseconds. With the
/// second between two requests of a standby, and its start, another process dials within 10 s.
pub const LOCK_MS: u64 = 5_000;

/// The time until which this process certainly holds the lock, by its own clock.
#[derive(Default)]
pub struct LockTime {
    /// The time at which the last answered statement was sent, in microseconds since 1970; 0 if the lock is
    /// not held.
    confirmed: AtomicI64,
}

impl LockTime {
    /// Returns true if the lock is held and the server cannot have given it to another process yet.
    pub fn is_held(&self, now: Timestamp) -> bool {
        let confirmed = self.confirmed.load(Ordering::Acquire);
        confirmed != 0 && now.ms_since(Timestamp::from_micros(confirmed)) < LOCK_MS
    }

    fn confirm(&self, sent_at: Timestamp) {
        self.confirmed.store(sent_at.micros(), Ordering::Release);
    }

    fn forget(&self) {
        self.confirmed.store(0, Ordering::Release);
    }
}

/// The server's answer to a request for the driver lock.
pub enum LockAnswer {
    Held(DriverLock),
    /// Another process holds it.
    OfAnother,
    /// An earlier session of this process holds it: the server has not ended that session yet.
    OfEarlierSession,
}

/// The lock of one name in a database. Dropping it frees the lock.
pub struct DriverLock {
    lost: watch::Receiver<bool>,
    /// Dropped with the lock, which ends its task.
    release: Option<oneshot::Sender<()>>,
}

impl DriverLock {
    /// Acquires the lock. `None` if another connection holds it. Locks of different names are independent.
    /// `url` is as for the store; `clock` times the heartbeats; `tasks` runs the task that sends them.
    pub async fn acquire(
        url: &str,
        name: &str,
        clock: Arc<dyn Clock>,
        tasks: &dyn Tasks,
    ) -> Result<Option<Self>, OpenError> {
        match DriverLockClient::new(url, name, clock)?.ask(tasks).await? {
            LockAnswer::Held(lock) => Ok(Some(lock)),
            LockAnswer::OfAnother | LockAnswer::OfEarlierSession => Ok(None),
        }
    }

    /// Returns a future that completes when the lock is lost because its connection ended or does not
    /// respond; at once if it is lost already. Everything that only the holder may do must stop then.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut lost = self.lost.clone();
        async move {
            // An error means that the task has ended, and with it the lock.
            drop(lost.wait_for(|lost| *lost).await);
        }
    }

    /// Returns true if the lock is lost.
    pub fn is_lost(&self) -> bool {
        *self.lost.borrow() || self.lost.has_changed().is_err()
    }

    /// Frees the lock and waits until its connection has ended.
    pub async fn release(mut self) {
        drop(self.release.take());
        self.lost().await;
    }
}

/// Requests a driver lock repeatedly over one connection. A standby asks every second; a connection for
/// each request would cost the server a process each time.
pub struct DriverLockClient {
    config: Address,
    key: i64,
    clock: Arc<dyn Clock>,
    /// The connection of the last request, which did not get the lock.
    idle: Mutex<Option<(Client, ConnectionDriver)>>,
    time: Arc<LockTime>,
    /// The server's process id of the last session that held the lock; 0 if none did.
    held_by: AtomicI32,
}

impl DriverLockClient {
    /// Prepares requests for the lock `name`; nothing is sent yet. `url` is as for the store.
    pub fn new(url: &str, name: &str, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Ok(Self {
            config: connect::configure(url, &Timeouts::default())?,
            key: key(name),
            clock,
            idle: Mutex::new(None),
            time: Arc::default(),
            held_by: AtomicI32::new(0),
        })
    }

    /// Returns the time until which a lock acquired through this client is certainly held. It is updated by
    /// each heartbeat.
    pub fn time(&self) -> Arc<LockTime> {
        Arc::clone(&self.time)
    }

    /// Requests the lock without waiting for it. Returns the lock, or which session holds it. After an
    /// error the next request opens a new connection. Cancel-safe: if a cancelled request got the lock, it
    /// is free again.
    pub async fn ask(&self, tasks: &dyn Tasks) -> Result<LockAnswer, OpenError> {
        let idle = self.idle().take();
        let (client, mut connection) = match idle {
            Some(link) => link,
            None => self.connect().await?,
        };
        let sent_at = self.clock.now();
        let asked = drive(
            &mut connection,
            self.clock.as_ref(),
            CHECK_ANSWER_MS,
            take(&client, self.key),
        )
        .await;
        let (is_held, session) = asked
            .ok_or_else(|| connect::unavailable(&self.config, "the database does not answer"))?
            .map_err(|error| self.unavailable(&error))?;
        if is_held {
            self.held_by.store(session.unwrap_or_default(), Ordering::Relaxed);
            self.time.confirm(sent_at);
            return Ok(LockAnswer::Held(self.hold(client, connection, tasks)));
        }
        *self.idle() = Some((client, connection));
        let own = self.held_by.load(Ordering::Relaxed);
        Ok(match session {
            Some(session) if session == own => LockAnswer::OfEarlierSession,
            Some(_) => LockAnswer::OfAnother,
            // The lock was freed between the two queries: the next request decides.
            None => LockAnswer::OfEarlierSession,
        })
    }

    async fn connect(&self) -> Result<(Client, ConnectionDriver), OpenError> {
        let link = Link::open(&self.config).await;
        link.map(Link::split).map_err(|error| self.unavailable(&error))
    }

    fn hold(&self, client: Client, connection: ConnectionDriver, tasks: &dyn Tasks) -> DriverLock {
        let (lost_sender, lost) = watch::channel(false);
        let (release, released) = oneshot::channel();
        let keeper = Keeper {
            client,
            connection,
            clock: Arc::clone(&self.clock),
            time: Arc::clone(&self.time),
        };
        let time = Arc::clone(&self.time);
        let keeping = async move {
            keeper.run(released).await;
            time.forget();
            lost_sender.send_replace(true);
        };
        tasks.spawn("driver lock", Box::pin(keeping));
        DriverLock {
            lost,
            release: Some(release),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Option<(Client, ConnectionDriver)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unavailable(&self, error: &Error) -> OpenError {
        connect::unavailable(&self.config, &connect::text(error))
    }
}

struct Keeper {
    client: Client,
    connection: ConnectionDriver,
    clock: Arc<dyn Clock>,
    time: Arc<LockTime>,
}

impl Keeper {
    /// Sends heartbeats until the lock is released, or until the connection ends or does not respond; the
    /// lock is lost then.
    async fn run(mut self, mut released: oneshot::Receiver<()>) {
        loop {
            let tick = self.clock.wait_until(self.clock.now().plus_ms(CHECK_MS));
            tokio::select! {
                biased;
                _ = &mut released => return self.let_go().await,
                () = &mut self.connection => return,
                () = tick => {}
            }
            let sent_at = self.clock.now();
            let question = self.client.batch_execute("SELECT 1");
            let answer = drive(&mut self.connection, &*self.clock, CHECK_ANSWER_MS, question).await;
            if !matches!(answer, Some(Ok(()))) {
                tracing::warn!("the driver lock is lost: its connection does not answer");
                return;
            }
            self.time.confirm(sent_at);
        }
    }

    /// Frees the lock and ends. If the server cannot be reached, it frees the lock when it notices the end
    /// of the connection.
    async fn let_go(mut self) {
        let question = self.client.batch_execute("SELECT pg_advisory_unlock_all()");
        drop(drive(&mut self.connection, &*self.clock, CHECK_ANSWER_MS, question).await);
    }
}

/// Tries to take the lock; if that succeeds, sets the session's idle timeout. Returns whether the lock is
/// held now, and the server's process id of the session that holds it, if there is one.
async fn take(client: &Client, key: i64) -> Result<(bool, Option<i32>), Error> {
    let values: [&(dyn ToSql + Sync); 1] = [&key];
    let row = client
        .query_one("SELECT pg_try_advisory_lock($1), pg_backend_pid()", &values)
        .await?;
    if row.try_get(0)? {
        let limit = format!("SET idle_session_timeout = {LOCK_MS}");
        match client.batch_execute(&limit).await {
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_OBJECT) => {
                tracing::warn!("PostgreSQL before 14 never frees the driver lock of a stopped process");
            }
            set => set?,
        }
        return Ok((true, Some(row.try_get(1)?)));
    }
    let holder = client.query_opt(HOLDER, &values).await?;
    Ok((false, holder.map(|row| row.try_get(0)).transpose()?))
}

/// A query for the process id of the session that holds an advisory lock in this database.
const HOLDER: &str = "SELECT pid FROM pg_locks
     WHERE locktype = 'advisory' AND granted AND objsubid = 1
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (classid::bigint << 32) | objid::bigint = $1";

/// Returns the advisory lock number of a named lock. PostgreSQL names advisory locks by numbers, which all
/// programs on a database share.
fn key(name: &str) -> i64 {
    let digest = Sha256::digest(format!("ledgerline driver lock {name}"));
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(digest) {
        *to = from;
    }
    i64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_certain_for_five_seconds_after_the_last_answered_statement_was_sent() {
        let at = |ms: i64| Timestamp::from_micros(ms * 1_000);
        let time = LockTime::default();
        assert!(!time.is_held(at(1)), "it was never held");
        time.confirm(at(1_000));
        assert!(time.is_held(at(5_999)));
        assert!(!time.is_held(at(6_000)), "the server may have ended the session");
        time.confirm(at(7_000));
        assert!(time.is_held(at(7_000)));
        time.forget();
        assert!(!time.is_held(at(7_001)), "its connection ended");
    }
}
