//! The one connection that listens on behalf of all subscriptions of a store, and polls in addition.
//!
//! A notification only says that the log has grown; events are always read from the log. Lost notifications
//! and connections therefore cost time, never events.

use super::confirmation::{NOT_CONFIRMED, STANDBY_IS_AWAY};
use super::connect::{Address, BackOff, Connection, Link, text};
use super::peer_stores::{HERE, LISTENING_LOCK, PeerStores};
use super::reader::Reader;
use super::row::unsigned;
use super::write_status::WriteStatus;
use crate::subscription::{Head, PAGE_EVENTS};
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::event_store::{StoreError, Subscription};
use domain::stored_event::{Position, StoredEvent};
use futures_util::future::poll_fn;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_postgres::{AsyncMessage, Client, Statement};

/// The interval at which the head is read in addition to notifications, in milliseconds.
pub(super) const POLL_MS: u64 = 1_000;

/// The longest wait for the response to a poll, in milliseconds; after it the connection counts as lost.
const POLL_ANSWER_MS: u64 = 5_000;

/// Reads the head, the number of connections to this database that listen, and whether it refuses writes.
/// `pg_locks` shows a lock's number in two halves.
const HEAD: &str = "SELECT pos, (
       SELECT count(*) FROM pg_locks
       WHERE locktype = 'advisory' AND granted AND objsubid = 1
         AND (classid::bigint << 32) + objid::bigint = $1
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())),
       pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean
     FROM ledgerline.head";

/// Returns the SQL query whether a required synchronous standby is missing. It is sent with each poll.
fn standby_is_away() -> String {
    format!("SELECT {STANDBY_IS_AWAY}")
}

/// The reason that the readiness check gives for a database that is a standby or was set to read-only.
const READ_ONLY: &str =
    "the database is read-only: it stands by for another, or was set so / 数据库只读，无法写入";

/// The SQL that notifies the other processes of a position. A transaction that only notifies need not wait
/// for a disk.
const ANNOUNCE: &str = "SELECT pg_notify('ledgerline_events', $1)";

/// Listens in a task until the store is closed or dropped.
pub(super) struct Listener {
    pub(super) config: Address,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) head: Arc<watch::Sender<Head>>,
    pub(super) others: Arc<PeerStores>,
    pub(super) writable: Arc<WriteStatus>,
    pub(super) closing: watch::Receiver<bool>,
}

impl Listener {
    pub(super) async fn run(self) {
        let mut closing = self.closing.clone();
        tokio::select! {
            biased;
            // An error means that the store was dropped.
            _ = closing.wait_for(|closing| *closing) => {}
            () = self.listen_forever() => {}
        }
    }

    async fn listen_forever(&self) {
        let mut back_off = BackOff::default();
        loop {
            match self.listen(&mut back_off).await {
                Ok(()) => {
                    self.writable
                        .note_finding(Some("the database does not answer".to_owned()));
                    tracing::debug!("the listening connection ended");
                }
                Err(error) => {
                    self.writable.note_finding(Some(text(&error)));
                    tracing::debug!(error = %text(&error), "the listening connection failed");
                }
            }
            back_off.wait(&*self.clock).await;
        }
    }

    /// Listens and polls on one connection until it ends or does not respond. The caller reconnects.
    async fn listen(&self, back_off: &mut BackOff) -> Result<(), tokio_postgres::Error> {
        let Link {
            client,
            mut connection,
        } = Link::open(&self.config).await?;
        // The head is read after listening began, so no event between the two is missed.
        let mut announce = None;
        let begun = async {
            let listen = format!(
                "LISTEN ledgerline_events; SELECT pg_advisory_lock_shared({LISTENING_LOCK});
                 NOTIFY ledgerline_events, '{HERE}'"
            );
            client.batch_execute(&listen).await?;
            announce = Some(client.prepare(ANNOUNCE).await?);
            self.ask(&client).await
        };
        if !self.answered(&mut connection, begun).await {
            return Ok(());
        }
        let Some(announce) = announce else { return Ok(()) };
        back_off.reset();
        let mut unannounced = self.others.unannounced();
        let mut announced_to = Position(0);
        let next_poll = || self.clock.wait_until(self.clock.now().plus_ms(POLL_MS));
        let mut poll = next_poll();
        loop {
            let position = tokio::select! {
                biased;
                () = &mut poll => None,
                () = self.pump(&mut connection) => return Ok(()),
                // The sender is our own, so this is no error.
                Ok(position) = unannounced.wait_for(|position| *position > announced_to) => Some(*position),
            };
            let answered = if let Some(position) = position {
                announced_to = position;
                let announced = self.announce(&client, &announce, position);
                self.answered(&mut connection, announced).await
            } else {
                poll = next_poll();
                self.answered(&mut connection, self.ask(&client)).await
            };
            if !answered {
                return Ok(());
            }
        }
    }

    async fn ask(&self, client: &Client) -> Result<(), tokio_postgres::Error> {
        let came_before = self.others.came_count();
        let row = client.query_one(HEAD, &[&LISTENING_LOCK]).await?;
        self.moved_to(unsigned(row.try_get(0)?));
        self.others.counted(row.try_get(1)?, came_before);
        let refuses: bool = row.try_get(2)?;
        let is_unconfirmed = client.query_one(&standby_is_away(), &[]).await?.try_get(0)?;
        let why = match (refuses, is_unconfirmed) {
            (true, _) => Some(READ_ONLY),
            (false, true) => Some(NOT_CONFIRMED),
            (false, false) => None,
        };
        self.writable.note_finding(why.map(str::to_owned));
        Ok(())
    }

    /// Notifies the other processes that the log has reached a position. Positions written while this waits
    /// are part of the next notification.
    async fn announce(
        &self,
        client: &Client,
        statement: &Statement,
        position: Position,
    ) -> Result<(), tokio_postgres::Error> {
        let payload = position.0.to_string();
        client.execute(statement, &[&payload]).await.map(drop)
    }

    /// Returns true if the query succeeded within `POLL_ANSWER_MS`. Notifications that arrive meanwhile are
    /// processed.
    async fn answered(
        &self,
        connection: &mut Connection,
        question: impl Future<Output = Result<(), tokio_postgres::Error>>,
    ) -> bool {
        tokio::select! {
            biased;
            () = self.clock.wait_until(self.clock.now().plus_ms(POLL_ANSWER_MS)) => false,
            answer = question => answer.is_ok(),
            () = self.pump(connection) => false,
        }
    }

    /// Processes the notifications of a connection until it ends: positions move the head, announcements of
    /// new listeners are recorded.
    async fn pump(&self, connection: &mut Connection) {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            let AsyncMessage::Notification(said) = message else {
                continue;
            };
            if said.payload() == HERE {
                self.others.came(self.head.borrow().position);
            } else if let Ok(position) = said.payload().parse() {
                self.moved_to(position);
            }
        }
    }

    fn moved_to(&self, position: u64) {
        self.head.send_if_modified(|head| {
            let moved = head.position.0 < position;
            head.position = head.position.max(Position(position));
            moved
        });
    }
}

/// A subscription after a position: it waits until the head moves and then reads pages. While the server is
/// unreachable, it waits and continues afterwards.
pub(super) struct LogSubscription {
    pub(super) reader: Arc<Reader>,
    pub(super) after: Position,
    pub(super) head: watch::Receiver<Head>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) _place: OwnedSemaphorePermit,
}

#[async_trait]
impl Subscription for LogSubscription {
    async fn next(&mut self) -> Result<Vec<StoredEvent>, StoreError> {
        let mut back_off = BackOff::default();
        loop {
            let (position, failed) = {
                let head = self.head.borrow_and_update();
                (head.position, head.failed.clone())
            };
            if position > self.after {
                match self.reader.page(self.after, PAGE_EVENTS).await {
                    Ok(events) => {
                        self.after = events.last().map_or(self.after, |last| last.position);
                        return Ok(events);
                    }
                    // The server is unreachable: the next attempt continues after the last event returned.
                    Err(StoreError::Unavailable(_) | StoreError::Busy) if failed.is_none() => {
                        back_off.wait(&*self.clock).await;
                        continue;
                    }
                    Err(StoreError::Unavailable(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            if let Some(failed) = failed {
                return Err(failed);
            }
            if self.head.changed().await.is_err() {
                return Err(crate::subscription::closed());
            }
        }
    }
}
