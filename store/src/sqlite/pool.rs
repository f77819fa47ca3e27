//! Reader threads: each with its own connection, taking queries from one bounded queue.
//!
//! A page is read in one short transaction, so that no reader keeps the write-ahead log from shrinking, and
//! no executor thread ever waits for the disk.

use super::row::{COLUMNS, EventRow, signed, trusted_log, trusted_stream};
use crate::error::from_sqlite;
use crate::subscription::{Pages, closed};
use async_trait::async_trait;
use domain::ids::StreamId;
use domain::ports::event_store::{PAGE_EVENTS_MAX, StoreError};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use rusqlite::{Connection, ToSql};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Most queries waiting for a reader; a read that finds the queue full is answered `Busy`.
const READ_QUEUE_MAX: usize = 4_096;

/// What can be asked of the log.
pub(super) enum Query {
    All {
        after: Position,
        limit: usize,
    },
    Stream {
        stream: StreamId,
        after: StreamVersion,
        limit: usize,
    },
    /// The last event, if there is one.
    Last,
}

type Rows = Result<Vec<StoredEvent>, StoreError>;

enum Request {
    Read(Query, oneshot::Sender<Rows>),
    /// One reader ends and drops this when its connection is closed.
    Close(oneshot::Sender<()>),
}

/// The asking side. Readers end when it is closed or dropped.
pub(super) struct Pool {
    requests: mpsc::Sender<Request>,
    readers_count: usize,
}

impl Pool {
    /// One thread per connection.
    pub(super) fn start(connections: Vec<Connection>, tasks: &dyn Tasks) -> Self {
        let (requests, receiver) = mpsc::channel(READ_QUEUE_MAX);
        let receiver = Arc::new(Mutex::new(receiver));
        let readers_count = connections.len();
        for connection in connections {
            let receiver = Arc::clone(&receiver);
            tasks.thread(
                "event store reader",
                Box::new(move || {
                    let closer = serve(&connection, &receiver);
                    // The connection is closed before whoever closed the store is told.
                    drop(connection);
                    drop(closer);
                }),
            );
        }
        Self {
            requests,
            readers_count,
        }
    }

    /// Asks at once or is told `Busy`.
    pub(super) async fn ask(&self, query: Query) -> Rows {
        let (answer, answered) = oneshot::channel();
        match self.requests.try_send(Request::Read(query, answer)) {
            Ok(()) => answered.await.unwrap_or_else(|_| Err(closed())),
            Err(mpsc::error::TrySendError::Full(_)) => Err(StoreError::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(closed()),
        }
    }

    /// Waits for its turn: for subscriptions, whose number is bounded.
    async fn ask_in_turn(&self, query: Query) -> Rows {
        let (answer, answered) = oneshot::channel();
        if self.requests.send(Request::Read(query, answer)).await.is_err() {
            return Err(closed());
        }
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Ends all readers, after what is queued before.
    pub(super) async fn close(&self) {
        for _ in 0..self.readers_count {
            let (closer, ended) = oneshot::channel();
            if self.requests.send(Request::Close(closer)).await.is_ok() {
                // An error is the answer: the reader dropped its side when it ended.
                drop(ended.await);
            }
        }
    }
}

#[async_trait]
impl Pages for Pool {
    async fn page(&self, after: Position, limit: usize) -> Rows {
        self.ask_in_turn(Query::All { after, limit }).await
    }
}

/// Answers until it is closed, by the sender it returns, or until nobody can ask any more.
fn serve(connection: &Connection, requests: &Mutex<mpsc::Receiver<Request>>) -> Option<oneshot::Sender<()>> {
    loop {
        // Whoever holds the lock waits for the next query; the others wait for the lock.
        let request = requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        match request {
            Some(Request::Read(query, answer)) => drop(answer.send(read(connection, query))),
            Some(Request::Close(closer)) => return Some(closer),
            None => return None,
        }
    }
}

fn read(connection: &Connection, query: Query) -> Rows {
    match query {
        Query::All { after, limit } => {
            let rows = rows(
                connection,
                &format!("SELECT {COLUMNS} FROM event WHERE pos > ?1 ORDER BY pos LIMIT ?2"),
                &[&signed(after.0), &limited(limit)],
            );
            trusted_log(after, rows.map_err(|error| damaged_after(after, &error))?)
        }
        Query::Stream { stream, after, limit } => {
            let rows = rows(
                connection,
                &format!(
                    "SELECT {COLUMNS} FROM event WHERE stream = ?1 AND version > ?2 ORDER BY version LIMIT ?3"
                ),
                &[&stream.as_str(), &signed(after.0), &limited(limit)],
            );
            trusted_stream(&stream, after, rows.map_err(|error| from_sqlite(&error))?)
        }
        Query::Last => {
            let rows = rows(
                connection,
                &format!("SELECT {COLUMNS} FROM event ORDER BY pos DESC LIMIT 1"),
                &[],
            );
            rows.map_err(|error| from_sqlite(&error))?
                .into_iter()
                .map(EventRow::trusted)
                .collect()
        }
    }
}

fn limited(limit: usize) -> i64 {
    signed(limit.min(PAGE_EVENTS_MAX) as u64)
}

fn rows(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<Vec<EventRow>> {
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map(values, EventRow::read)?.collect()
}

/// A page that SQLite itself cannot read names where reading began.
fn damaged_after(after: Position, error: &rusqlite::Error) -> StoreError {
    match from_sqlite(error) {
        StoreError::Damaged(why) => StoreError::Damaged(format!("after position {after}: {why}")),
        other => other,
    }
}
