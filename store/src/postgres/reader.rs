//! Reads on a pool of connections of its own, so that a read never waits for the writer.
//!
//! If the server has ended a connection, the read is repeated, at most once for each pooled connection. While
//! the server is unreachable, a read waits as long as an append does, so a restart interrupts no caller;
//! after that it fails at once. Subscriptions continue to wait.

use super::PostgresOptions;
use super::connect::{ANSWER_GRACE_MS, Address, BackOff, from_postgres, is_lost, text};
use super::filter_query;
use super::row::{COLUMNS, EventRow, missing, signed, unsigned, whole_log, whole_stream};
use super::runtime_connector::RuntimeConnector;
use crate::subscription::closed;
use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod};
use domain::event_filter::EventFilter;
use domain::ids::{EventId, StreamId};
use domain::ports::clock::Clock;
use domain::ports::event_store::{MatchingPage, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use futures_util::TryStreamExt;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

/// The most reads that wait for a connection; a further one is answered `Busy`.
pub(super) const READS_WAITING_MAX: usize = 4_096;

/// The number of rows after which a read yields to other tasks: some tenths of a millisecond.
const READ_AT_ONCE_MAX: usize = 256;

/// Runs reads on a pool of connections.
pub(super) struct Reader {
    pool: Pool,
    clock: Arc<dyn Clock>,
    connections_max: usize,
    statement_ms: u64,
    away_ms: u64,
    /// The highest head position that was read.
    seen: AtomicU64,
    /// The time since which no read has reached the server; `None` if the last one did.
    away_since: Mutex<Option<Timestamp>>,
}

/// A parameter of a query.
pub(super) type Value<'a> = &'a (dyn ToSql + Sync);

impl Reader {
    pub(super) fn new(
        address: Address,
        clock: Arc<dyn Clock>,
        options: &PostgresOptions,
    ) -> Result<Self, StoreError> {
        let connections_max = options.read_connections_max.max(1);
        let recycling_method = RecyclingMethod::Fast;
        let connect = RuntimeConnector::current(address.connector);
        let config = ManagerConfig { recycling_method };
        let manager = Manager::from_connect(address.config, connect, config);
        let pool = Pool::builder(manager)
            .max_size(connections_max)
            .build()
            .map_err(|error| StoreError::Invalid(error.to_string()))?;
        Ok(Self {
            pool,
            clock,
            connections_max,
            statement_ms: options.timeouts.statement_ms,
            away_ms: options.away_ms,
            seen: AtomicU64::new(0),
            away_since: Mutex::new(None),
        })
    }

    pub(super) const fn connections_max(&self) -> usize {
        self.connections_max
    }

    /// Closes each connection when it becomes free. Later reads fail because the store is closed.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// Returns a free connection of the pool. While the server is unreachable, waits for it up to
    /// `away_ms`. Returns `Busy` if too many reads wait.
    pub(super) async fn connection(&self) -> Result<Client, StoreError> {
        let mut back_off = BackOff::default();
        loop {
            if self.pool.status().waiting >= READS_WAITING_MAX {
                return Err(StoreError::Busy);
            }
            let error = match self.pool.get().await {
                Ok(client) => {
                    self.note_reached();
                    return Ok(client);
                }
                Err(PoolError::Backend(error)) => error,
                Err(PoolError::Closed) => return Err(closed()),
                Err(error) => return Err(StoreError::Unavailable(error.to_string())),
            };
            if !is_lost(&error) || self.is_long_away() {
                return Err(from_postgres(&error));
            }
            tracing::debug!(error = %text(&error), "a read waits for the database");
            back_off.wait(self.clock.as_ref()).await;
        }
    }

    /// Returns true if the server has been unreachable for `away_ms`. The first call of an outage stores
    /// its start, so call it only after a failure.
    fn is_long_away(&self) -> bool {
        let now = self.clock.now();
        let mut since = self.away_since.lock().unwrap_or_else(PoisonError::into_inner);
        now.ms_since(*since.get_or_insert(now)) >= self.away_ms
    }

    fn note_reached(&self) {
        *self.away_since.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Runs one query, prepared once per connection, and converts each row as it arrives. A read on a
    /// connection that the server has ended is repeated on another one. `Unavailable` if there is no
    /// response in time.
    pub(super) async fn each<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        // All pooled connections end with their server. Each failure is noticed once; then a new connection
        // is made.
        let mut left = self.connections_max;
        loop {
            let client = self.connection().await?;
            let late = self.clock.now().plus_ms(self.statement_ms + ANSWER_GRACE_MS);
            let answer = tokio::select! {
                biased;
                () = self.clock.wait_until(late) => {
                    // The next message on this connection would be the response to this query.
                    drop(deadpool_postgres::Object::take(client));
                    return Err(StoreError::Unavailable("the database does not answer".to_owned()));
                }
                answer = arriving(&client, sql, values, &read) => answer,
            };
            match answer {
                Ok(rows) => return rows,
                Err(error) if is_lost(&error) && left > 0 => {
                    tracing::debug!(error = %text(&error), "a read is asked again");
                    drop(deadpool_postgres::Object::take(client));
                    left -= 1;
                }
                Err(error) => return Err(from_postgres(&error)),
            }
        }
    }

    pub(super) async fn log(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM ledgerline.event WHERE pos > $1 ORDER BY pos LIMIT $2");
        let values: [Value<'_>; 2] = [&signed(after.0), &limited(limit)];
        whole_log(after, self.each(&sql, &values, trusted).await?)
    }

    pub(super) async fn stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM ledgerline.event WHERE stream = $1 AND version > $2 ORDER BY version LIMIT $3"
        );
        let values: [Value<'_>; 3] = [&stream.as_str(), &signed(after.0), &limited(limit)];
        whole_stream(stream, after, self.each(&sql, &values, versioned).await?)
    }

    pub(super) async fn find(&self, id: EventId) -> Result<Option<StoredEvent>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM ledgerline.event WHERE id = $1");
        let rows = self.each(&sql, &[&id.uuid()], trusted).await?;
        Ok(rows.into_iter().next())
    }

    /// Returns the position and `recorded_at` of the log's last event, from the head's row.
    pub(super) async fn last(&self) -> Result<(Position, Option<Timestamp>), StoreError> {
        let read = |row: &Row| {
            let read = || Ok((unsigned(row.try_get(0)?), Timestamp::from_micros(row.try_get(1)?)));
            read().map_err(|error| from_postgres(&error))
        };
        let sql = "SELECT pos, recorded_at FROM ledgerline.head";
        let rows = self.each(sql, &[], read).await?;
        let (position, recorded_at) = rows
            .first()
            .copied()
            .ok_or_else(|| StoreError::Damaged("the head row is missing".to_owned()))?;
        self.seen.fetch_max(position, Ordering::Relaxed);
        Ok((Position(position), (position > 0).then_some(recorded_at)))
    }

    /// Returns where a read ends: `until`, or the log's end if that is smaller. A position up to the
    /// highest known head needs no query.
    async fn end(&self, until: Position) -> Result<Position, StoreError> {
        if until.0 <= self.seen.load(Ordering::Relaxed) {
            return Ok(until);
        }
        let (head, _) = self.last().await?;
        Ok(head.min(until))
    }

    /// Returns one page of the events that match a filter, up to `until` at most, and the position reached.
    /// Indexes serve filters by campaign, customer and complete stream names.
    pub(super) async fn matching(
        &self,
        filter: &EventFilter,
        after: Position,
        until: Position,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        let until = filter_query::until(filter, after, self.end(until).await?);
        if limit == 0 || until <= after {
            return Ok(MatchingPage {
                events: Vec::new(),
                reached: after,
            });
        }
        let query = filter_query::Query::of(filter);
        let (from, to, most) = (signed(after.0), signed(until.0), limited(limit));
        let mut values: Vec<Value<'_>> = vec![&from, &to, &most];
        values.extend(query.values());
        let events = self.each(&query.sql(), &values, trusted).await?;
        let reached = match events.last() {
            Some(last) if events.len() >= limit.min(PAGE_EVENTS_MAX) => last.position,
            Some(_) | None => until,
        };
        Ok(MatchingPage { events, reached })
    }

    /// Returns the next page of the log for a subscription, which knows that an event follows. If there is
    /// none, the log is damaged: returns `Damaged`.
    pub(super) async fn page(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let events = self.log(after, limit).await?;
        if events.is_empty() {
            return Err(missing(after.0.saturating_add(1)));
        }
        Ok(events)
    }
}

fn limited(limit: usize) -> i64 {
    signed(limit.min(PAGE_EVENTS_MAX) as u64)
}

/// Runs a query and converts each row as it arrives. The outer error is the connection's or the server's,
/// the inner one a row's.
async fn arriving<T>(
    client: &Client,
    sql: &str,
    values: &[Value<'_>],
    read: &impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Result<Vec<T>, StoreError>, Error> {
    let statement = client.prepare_cached(sql).await?;
    let values = values.iter().map(|value| *value as &dyn ToSql);
    let mut rows = pin!(client.query_raw(&statement, values).await?);
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await? {
        match read(&row) {
            Ok(one) => found.push(one),
            Err(error) => return Ok(Err(error)),
        }
        if found.len() % READ_AT_ONCE_MAX == 0 {
            tokio::task::yield_now().await;
        }
    }
    Ok(Ok(found))
}

fn trusted(row: &Row) -> Result<StoredEvent, StoreError> {
    versioned(row).map(|(event, _)| event)
}

fn versioned(row: &Row) -> Result<(StoredEvent, StreamVersion), StoreError> {
    EventRow::read(row)
        .map_err(|error| from_postgres(&error))?
        .trusted()
}
