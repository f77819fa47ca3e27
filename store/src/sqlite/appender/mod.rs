//! Commits a group: many batches in one transaction with one sync. A conflict affects only its own batch.

mod event_lookup;
mod recovery;

#[cfg(test)]
mod recovery_tests;
#[cfg(test)]
mod tests;

pub(super) use recovery::RecoveryFailure;

use super::digest::digest;
use super::index::{Entry, Feeder, IndexLookup, Key};
use super::recent_events::RecentEvents;
use super::row::{signed, unsigned};
use crate::batch;
use crate::error::from_sqlite;
use crate::log_import::{ImportBatch, ImportHead};
use domain::ids::StreamId;
use domain::ports::clock::Clock;
use domain::ports::event_store::StoreError;
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most streams with a version in memory: all live ones, at about 100 bytes each. Few in unit tests, so
/// that streams are dropped.
const HEADS_MAX: usize = if cfg!(test) { 8 } else { 65_536 };

const INSERT: &str = "INSERT INTO event (pos, stream, version, id, batch_index, batch_count, recorded_at,
    kind, campaign, customer, digest, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

/// The number of pages in the write-ahead log after which a commit moves them into the database: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4_096;

/// The query for the last event of the log.
const LAST: &str = "SELECT pos, recorded_at, digest FROM event ORDER BY pos DESC LIMIT 1";

/// A batch that was checked.
pub(super) struct Batch {
    pub(super) stream: StreamId,
    pub(super) expected: StreamVersion,
    pub(super) records: Vec<Record>,
}

impl Batch {
    /// Returns the number of bytes of its records.
    pub(super) fn bytes(&self) -> usize {
        self.records.iter().map(|record| record.bytes().len()).sum()
    }
}

/// The answer to one batch, sent when its group is durable.
pub(super) type Answer = Result<Position, StoreError>;

/// Owns the write connection and the writer's part of the index. After an `Err` of `commit` it must not be
/// used until it has been recovered.
pub(super) struct Appender {
    dir: PathBuf,
    connection: Connection,
    clock: Arc<dyn Clock>,
    /// Only accessed by key, so that its order has no effect.
    heads: HashMap<StreamId, StreamVersion>,
    places: IndexLookup,
    feeder: Feeder,
    /// The entries of the current transaction, added to the index after the commit.
    added: Vec<Entry>,
    added_ids: HashSet<Key>,
    /// The events of the current transaction, passed to subscriptions after the commit.
    added_events: Vec<StoredEvent>,
    recent: Arc<RecentEvents>,
    last: Position,
    last_recorded_at: Option<Timestamp>,
    /// The last event that was acknowledged, and its row's digest: a file that is opened again must still
    /// contain it.
    acknowledged: Option<(Position, [u8; 8])>,
    /// The digest of the last row of the current transaction.
    added_digest: [u8; 8],
}

impl Appender {
    pub(super) fn new(
        connection: Connection,
        places: IndexLookup,
        feeder: Feeder,
        recent: Arc<RecentEvents>,
        clock: Arc<dyn Clock>,
    ) -> rusqlite::Result<Self> {
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        let last = connection.query_row(LAST, [], last_of).optional()?;
        let file = connection.path().map(PathBuf::from).unwrap_or_default();
        Ok(Self {
            dir: file.parent().unwrap_or(Path::new(".")).to_owned(),
            connection,
            clock,
            heads: HashMap::new(),
            places,
            feeder,
            added: Vec::new(),
            added_ids: HashSet::new(),
            added_events: Vec::new(),
            recent,
            last: Position(last.map_or(0, |(position, ..)| position)),
            last_recorded_at: last.map(|(_, recorded_at, _)| recorded_at),
            acknowledged: last.and_then(|(position, _, digest)| Some((Position(position), digest?))),
            added_digest: [0; 8],
        })
    }

    /// Waits until the index is written completely, and closes all files.
    pub(super) fn close(self) {
        let tail = Arc::clone(self.places.tail());
        // Lookups are closed first: only the last connection can remove a write-ahead log.
        drop(self.places);
        self.feeder.close(&tail);
        IndexLookup::remove_given_up(&tail, &self.dir);
    }

    pub(super) const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn last(&self) -> (Position, Option<Timestamp>) {
        (self.last, self.last_recorded_at)
    }

    /// Appends all batches; a conflict affects only its own batch. `Ok` means durable. `Err` means that
    /// nothing of this group, nor anything after it, may be acknowledged.
    pub(super) fn commit(&mut self, group: &[Batch]) -> Result<Vec<Answer>, StoreError> {
        match self.transact(group) {
            Ok(answers) => {
                self.acknowledge();
                self.tell_index()?;
                Ok(answers)
            }
            Err(error) => {
                let failed = self.failed(&error);
                if let Err(error) = self.roll_back() {
                    tracing::warn!(%error, "the failed commit could not be rolled back");
                }
                Err(failed)
            }
        }
    }

    fn transact(&mut self, group: &[Batch]) -> rusqlite::Result<Vec<Answer>> {
        let recorded_at = self
            .clock
            .now()
            .max(self.last_recorded_at.unwrap_or(Timestamp::EPOCH));
        let before = self.last;
        self.begin()?;
        let mut answers = Vec::with_capacity(group.len());
        for batch in group {
            answers.push(self.append(batch, recorded_at)?);
        }
        self.places.rest()?;
        self.run("COMMIT")?;
        if self.last > before {
            self.last_recorded_at = Some(recorded_at);
        }
        Ok(answers)
    }

    fn begin(&mut self) -> rusqlite::Result<()> {
        self.added.clear();
        self.added_ids.clear();
        self.added_events.clear();
        // Dropping all entries is rare and costs one lookup per stream. It must not happen within a
        // transaction: until the index is updated, only this map knows the new versions of its streams.
        if self.heads.len() >= HEADS_MAX {
            self.heads.clear();
        }
        self.run("BEGIN IMMEDIATE")
    }

    /// Appends one batch within the transaction. Writes nothing unless version and ids are free.
    fn append(&mut self, batch: &Batch, recorded_at: Timestamp) -> rusqlite::Result<Answer> {
        let actual = self.version(&batch.stream)?;
        if actual == batch.expected && !self.has_any(batch)? {
            self.insert(batch, recorded_at)?;
            return Ok(Ok(self.moved_behind(batch)));
        }
        let found = batch.records.iter().map(|record| self.find(record.id));
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let conflict = StoreError::WrongVersion {
            stream: batch.stream.clone(),
            expected: batch.expected,
            actual,
        };
        Ok(batch::repeat(&batch.stream, &found).and_then(|position| position.ok_or(conflict)))
    }

    /// Records the batch as the new end of the log and of its stream. Returns the log's last position.
    fn moved_behind(&mut self, batch: &Batch) -> Position {
        let count = batch.records.len() as u64;
        self.last.0 += count;
        self.remember(&batch.stream, StreamVersion(batch.expected.0 + count));
        self.last
    }

    /// Copies batches of another log in one transaction. The inner error is a mistake of the caller and
    /// changes nothing; after the outer one, as for `commit`, the appender must not be used again.
    pub(super) fn load(&mut self, batches: &[ImportBatch]) -> Result<Answer, StoreError> {
        let loaded = self.begin().and_then(|()| self.take_over(batches));
        match loaded {
            Ok(Ok(())) => {}
            Ok(Err(refused)) => {
                return self
                    .roll_back()
                    .map(|()| Err(refused))
                    .map_err(|error| from_sqlite(&error));
            }
            Err(error) => {
                // If the rollback fails too, nothing more can be done: the file is not used again.
                drop(self.roll_back());
                return Err(self.failed(&error));
            }
        }
        for batch in batches {
            self.remember(&batch.stream, batch.last_version());
            self.last = batch.last_position();
            self.last_recorded_at = Some(batch.recorded_at);
        }
        self.acknowledge();
        self.tell_index()?;
        Ok(Ok(self.last))
    }

    /// Remembers the last committed event as acknowledged.
    fn acknowledge(&mut self) {
        if let Some(last) = self.added.last() {
            self.acknowledged = Some((last.position, self.added_digest));
        }
    }

    /// Makes the committed events visible to lookups and subscriptions. Callers are answered after this.
    fn tell_index(&mut self) -> Result<(), StoreError> {
        let filled = self.places.tail().add(&self.added);
        self.added.clear();
        self.recent.add(&mut self.added_events);
        self.feeder.feed(filled)
    }

    fn take_over(&mut self, batches: &[ImportBatch]) -> rusqlite::Result<Result<(), StoreError>> {
        let mut end = ImportHead {
            position: self.last,
            recorded_at: self.last_recorded_at.unwrap_or(Timestamp::EPOCH),
        };
        let mut versions = BTreeMap::new();
        for batch in batches {
            let known = versions.get(&batch.stream).copied();
            let version = match known {
                Some(version) => version,
                None => self.version(&batch.stream)?,
            };
            if let Err(refused) = batch.follow(&mut end, version) {
                return Ok(Err(refused));
            }
            versions.insert(&batch.stream, batch.last_version());
            for event in &batch.events {
                if self.find(event.id)?.is_some() {
                    return Ok(Err(batch.stored_already()));
                }
            }
            self.insert_taken(batch)?;
        }
        self.places.rest()?;
        self.run("COMMIT")?;
        Ok(Ok(()))
    }

    fn insert_taken(&mut self, batch: &ImportBatch) -> rusqlite::Result<()> {
        let stream = Key::of(batch.stream.as_str());
        let count = batch.events.len() as u64;
        for (event, index) in batch.events.iter().zip(0_u64..) {
            let (position, version) = (batch.first_position.0 + index, batch.first_version.0 + index);
            self.added_digest = digest(batch.recorded_at, &event.record);
            self.connection.prepare_cached(INSERT)?.execute(params![
                signed(position),
                batch.stream.as_str(),
                signed(version),
                event.id.uuid().as_bytes().as_slice(),
                signed(index),
                signed(count),
                batch.recorded_at.micros(),
                event.kind,
                event.campaign,
                event.customer,
                self.added_digest,
                &*event.record,
            ])?;
            self.add(Entry {
                position: Position(position),
                version,
                stream,
                id: Key::of_id(event.id),
                campaign: event.campaign.as_deref().map(Key::of),
                customer: event.customer.as_deref().map(Key::of),
            });
        }
        Ok(())
    }

    fn insert(&mut self, batch: &Batch, recorded_at: Timestamp) -> rusqlite::Result<()> {
        let stream = Key::of(batch.stream.as_str());
        let count = batch.records.len() as u64;
        for (record, index) in batch.records.iter().zip(0_u64..) {
            let position = self.last.0 + 1 + index;
            self.added_digest = digest(recorded_at, record.bytes());
            let campaign = record.campaign.as_ref().map(domain::ids::CampaignId::as_str);
            let customer = record.customer.as_ref().map(domain::ids::CustomerId::as_str);
            self.connection.prepare_cached(INSERT)?.execute(params![
                signed(position),
                batch.stream.as_str(),
                signed(record.stream_version.0),
                record.id.uuid().as_bytes().as_slice(),
                signed(index),
                signed(count),
                recorded_at.micros(),
                record.kind,
                campaign,
                customer,
                self.added_digest,
                &**record.bytes(),
            ])?;
            self.added_events.push(StoredEvent::shared(
                Position(position),
                recorded_at,
                Arc::clone(record.bytes()),
            ));
            self.add(Entry {
                position: Position(position),
                version: record.stream_version.0,
                stream,
                id: Key::of_id(record.id),
                campaign: campaign.map(Key::of),
                customer: customer.map(Key::of),
            });
        }
        Ok(())
    }

    fn add(&mut self, entry: Entry) {
        self.added.push(entry);
        self.added_ids.insert(entry.id);
    }

    fn remember(&mut self, stream: &StreamId, version: StreamVersion) {
        if let Some(head) = self.heads.get_mut(stream) {
            *head = version;
            return;
        }
        self.heads.insert(stream.clone(), version);
    }

    fn failed(&self, error: &rusqlite::Error) -> StoreError {
        let of_index = self.places.why_given_up(error);
        of_index.unwrap_or_else(|| from_sqlite(error))
    }

    /// Rolls the transaction back and ends that of the index.
    fn roll_back(&self) -> rusqlite::Result<()> {
        let rested = self.places.rest();
        self.run("ROLLBACK").and(rested)
    }

    fn run(&self, statement: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(statement)?.execute([]).map(|_| ())
    }
}

/// Reads a row of `LAST`. The digest is `None` if it does not have 8 bytes.
fn last_of(row: &Row<'_>) -> rusqlite::Result<(u64, Timestamp, Option<[u8; 8]>)> {
    let digest = row.get_ref(2)?.as_blob()?.try_into().ok();
    Ok((unsigned(row.get(0)?), Timestamp::from_micros(row.get(1)?), digest))
}
