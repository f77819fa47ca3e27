//! Rows of the event table: number conversions, the digest that reveals a damaged row, and a group's columns
//! as the arrays of one statement.

use crate::batch::EventLocation;
use domain::ids::StreamId;
use domain::ports::event_store::StoreError;
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

/// The columns that `EventRow::read` expects, in its order.
pub(super) const COLUMNS: &str = "pos, recorded_at, digest, record, version";

/// A row as read; its digest is not checked yet.
pub(super) struct EventRow {
    position: Position,
    recorded_at: Timestamp,
    digest: i64,
    record: Arc<[u8]>,
    version: StreamVersion,
}

impl EventRow {
    pub(super) fn read(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            position: Position(unsigned(row.try_get(0)?)),
            recorded_at: Timestamp::from_micros(row.try_get(1)?),
            digest: row.try_get(2)?,
            record: Arc::from(row.try_get::<_, &[u8]>(3)?),
            version: StreamVersion(unsigned(row.try_get(4)?)),
        })
    }

    /// Checks the row's digest. Returns the event and its stream version, or `Damaged` with the position if
    /// record or time was changed.
    pub(super) fn trusted(self) -> Result<(StoredEvent, StreamVersion), StoreError> {
        if self.digest != digest(&self.record) ^ self.recorded_at.micros() {
            return Err(StoreError::Damaged(format!(
                "the record at position {} is not what was written",
                self.position
            )));
        }
        let event = StoredEvent::new(self.position, self.recorded_at, self.record);
        Ok((event, self.version))
    }
}

/// Returns the events if their positions follow one another from `after` on. Otherwise `Damaged`: a row is
/// missing.
pub(super) fn whole_log(after: Position, events: Vec<StoredEvent>) -> Result<Vec<StoredEvent>, StoreError> {
    for (event, position) in events.iter().zip(after.0.saturating_add(1)..) {
        if event.position.0 != position {
            return Err(missing(position));
        }
    }
    Ok(events)
}

/// Returns the error for a missing event: positions are dense, so a gap is damage.
pub(super) fn missing(position: u64) -> StoreError {
    StoreError::Damaged(format!("the event at position {position} is missing"))
}

/// Returns the events of a stream if their versions follow one another from `after` on. Otherwise
/// `Damaged`: a row is missing.
pub(super) fn whole_stream(
    stream: &StreamId,
    after: StreamVersion,
    rows: Vec<(StoredEvent, StreamVersion)>,
) -> Result<Vec<StoredEvent>, StoreError> {
    let mut events = Vec::with_capacity(rows.len());
    for ((event, found), version) in rows.into_iter().zip(after.0.saturating_add(1)..) {
        if found.0 != version {
            return Err(StoreError::Damaged(format!(
                "version {version} of {stream} is missing"
            )));
        }
        events.push(event);
    }
    Ok(events)
}

/// Converts a row with `id, pos, stream, version, batch_index, batch_count` to an event's id and location.
pub(super) fn found(row: &Row) -> Result<(Uuid, EventLocation), Error> {
    let count = |number: i32| usize::try_from(number).unwrap_or(0);
    let found = EventLocation {
        position: Position(unsigned(row.try_get(1)?)),
        stream: StreamId::from_stored(row.try_get(2)?),
        version: StreamVersion(unsigned(row.try_get(3)?)),
        batch_index: count(row.try_get(4)?),
        batch_count: count(row.try_get(5)?),
    };
    Ok((row.try_get(0)?, found))
}

/// Returns the first 8 bytes of SHA-256(record) as a number. A row stores it XOR `recorded_at`, so a change
/// of either is detected. The XOR is applied by the statement, because `recorded_at` is known only under the
/// head's lock.
pub(super) fn digest(record: &[u8]) -> i64 {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(Sha256::digest(record)) {
        *to = from;
    }
    i64::from_be_bytes(first)
}

/// Converts a number to PostgreSQL's signed type. Numbers above its limit, which ours never reach, become
/// the limit.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Converts a stored number. A negative one, which is damage, becomes 0; the checks of positions and
/// versions reject it.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The columns of a group's events as arrays with one entry per event, borrowed from the batches.
#[derive(Default)]
pub(super) struct Arrays<'a> {
    streams: Vec<&'a str>,
    versions: Vec<i64>,
    ids: Vec<Uuid>,
    indexes: Vec<i32>,
    counts: Vec<i32>,
    kinds: Vec<&'a str>,
    campaigns: Vec<Option<&'a str>>,
    customers: Vec<Option<&'a str>>,
    digests: Vec<i64>,
    records: Vec<&'a [u8]>,
    /// Streams and versions that must already exist, besides the group's own.
    check_streams: Vec<&'a str>,
    check_versions: Vec<i64>,
}

/// The columns of one event.
pub(super) struct Columns<'a> {
    pub(super) stream: &'a str,
    pub(super) version: u64,
    pub(super) id: Uuid,
    pub(super) kind: &'a str,
    pub(super) campaign: Option<&'a str>,
    pub(super) customer: Option<&'a str>,
    pub(super) digest: i64,
    pub(super) record: &'a [u8],
}

impl<'a> Columns<'a> {
    pub(super) fn of(stream: &'a StreamId, record: &'a Record, digest: i64) -> Self {
        Self {
            stream: stream.as_str(),
            version: record.stream_version.0,
            id: record.id.uuid(),
            kind: &record.kind,
            campaign: record.campaign.as_ref().map(domain::ids::CampaignId::as_str),
            customer: record.customer.as_ref().map(domain::ids::CustomerId::as_str),
            digest,
            record: record.bytes(),
        }
    }
}

impl<'a> Arrays<'a> {
    pub(super) fn push(&mut self, event: &Columns<'a>, index: usize, count: usize) {
        let small = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        self.streams.push(event.stream);
        self.versions.push(signed(event.version));
        self.ids.push(event.id);
        self.indexes.push(small(index));
        self.counts.push(small(count));
        self.kinds.push(event.kind);
        self.campaigns.push(event.campaign);
        self.customers.push(event.customer);
        self.digests.push(event.digest);
        self.records.push(event.record);
    }

    /// Returns the number of events.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Requires for the call that the stream has already reached this version; otherwise the call stores
    /// nothing.
    pub(super) fn demand(&mut self, stream: &'a str, version: u64) {
        self.check_streams.push(stream);
        self.check_versions.push(signed(version));
    }

    /// Returns all arrays, in the order of the parameters of the schema's two append functions.
    pub(super) fn values(&self) -> [&(dyn ToSql + Sync); 12] {
        [
            &self.check_streams,
            &self.check_versions,
            &self.streams,
            &self.versions,
            &self.ids,
            &self.indexes,
            &self.counts,
            &self.kinds,
            &self.campaigns,
            &self.customers,
            &self.digests,
            &self.records,
        ]
    }
}
