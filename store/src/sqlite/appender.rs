//! One group commit: many batches in one transaction, one sync for all; a conflict concerns its batch alone.

use super::digest::digest;
use super::row::{signed, unsigned};
use crate::batch::{self, Found};
use crate::error::from_sqlite;
use crate::take_over::{End, TakenBatch};
use domain::ids::StreamId;
use domain::ports::clock::Clock;
use domain::ports::event_store::StoreError;
use domain::stored_event::{Position, Record, StreamVersion};
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Streams whose version is kept in memory: all that are live at once, at about 100 bytes each.
const HEADS_MAX: usize = 65_536;

const INSERT: &str = "INSERT INTO event (pos, stream, version, id, batch_index, batch_count, recorded_at,
    kind, campaign, customer, digest, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

/// Memory for pages of the file, in KiB: the inner pages of the indexes of some ten million events.
const CACHE_KIB: i64 = 32 * 1_024;

/// Pages of the write-ahead log after which a commit carries them over into the file: 16 MiB. A commit of 256
/// events dirties some 800, mostly the same ones as the commit before; with SQLite's 1,000 nearly each commit
/// of many askers carried over, which cost a third of their throughput. More makes small commits slower.
const CHECKPOINT_PAGES: i64 = 4_096;

/// How one batch of a group is appended.
type AppendOne = fn(&mut Appender, &Batch, Timestamp) -> rusqlite::Result<Answer>;

/// One batch, checked.
pub(super) struct Batch {
    pub(super) stream: StreamId,
    pub(super) expected: StreamVersion,
    pub(super) records: Vec<Record>,
}

impl Batch {
    /// Bytes of its records.
    pub(super) fn bytes(&self) -> usize {
        self.records.iter().map(|record| record.bytes().len()).sum()
    }
}

/// What one batch is answered once its group is durable.
pub(super) type Answer = Result<Position, StoreError>;

/// Owns the write connection. After an `Err` of `commit` it must not be used again.
pub(super) struct Appender {
    connection: Connection,
    clock: Arc<dyn Clock>,
    /// Only asked by key, so that its order is never seen.
    heads: HashMap<StreamId, StreamVersion>,
    last: Position,
    last_recorded_at: Option<Timestamp>,
}

impl Appender {
    pub(super) fn new(connection: Connection, clock: Arc<dyn Clock>) -> rusqlite::Result<Self> {
        // Negative: KiB instead of pages.
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        let last = connection
            .query_row(
                "SELECT pos, recorded_at FROM event ORDER BY pos DESC LIMIT 1",
                [],
                |row| Ok((unsigned(row.get(0)?), Timestamp::from_micros(row.get(1)?))),
            )
            .optional()?;
        Ok(Self {
            connection,
            clock,
            heads: HashMap::new(),
            last: Position(last.map_or(0, |(position, _)| position)),
            last_recorded_at: last.map(|(_, recorded_at)| recorded_at),
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn last(&self) -> (Position, Option<Timestamp>) {
        (self.last, self.last_recorded_at)
    }

    /// Appends all batches; a conflict concerns its own batch only. `Ok` means durable, `Err` that nothing
    /// of the group is to be acknowledged, nor anything after it.
    pub(super) fn commit(&mut self, group: &[Batch]) -> Result<Vec<Answer>, StoreError> {
        match self.transact(group) {
            Ok(answers) => Ok(answers),
            Err(error) => {
                let failed = from_sqlite(&error);
                if let Err(error) = self.run("ROLLBACK") {
                    tracing::warn!(%error, "the failed commit could not be rolled back");
                }
                Err(failed)
            }
        }
    }

    /// Batches stand under savepoints of their own only when a first try meets an id or version that is
    /// stored already, which is rare: SQLite copies every page before a savepoint changes it.
    fn transact(&mut self, group: &[Batch]) -> rusqlite::Result<Vec<Answer>> {
        let before = self.last;
        match self.attempt(group, Self::append) {
            Err(error) if violates(&error) => {
                self.run("ROLLBACK")?;
                self.last = before;
                self.heads.clear();
                self.attempt(group, Self::append_apart)
            }
            done => done,
        }
    }

    fn attempt(&mut self, group: &[Batch], append: AppendOne) -> rusqlite::Result<Vec<Answer>> {
        let recorded_at = self
            .clock
            .now()
            .max(self.last_recorded_at.unwrap_or(Timestamp::EPOCH));
        let before = self.last;
        self.run("BEGIN IMMEDIATE")?;
        let mut answers = Vec::with_capacity(group.len());
        for batch in group {
            answers.push(append(self, batch, recorded_at)?);
        }
        self.run("COMMIT")?;
        if self.last > before {
            self.last_recorded_at = Some(recorded_at);
        }
        Ok(answers)
    }

    /// A stream not known here is taken to be new when the batch says so: its first version is the guard.
    fn append(&mut self, batch: &Batch, recorded_at: Timestamp) -> rusqlite::Result<Answer> {
        let known = self.heads.get(&batch.stream).copied();
        let actual = match known {
            Some(version) => version,
            None if batch.expected.0 == 0 => StreamVersion(0),
            None => self.version(&batch.stream)?,
        };
        if actual != batch.expected {
            return self.conflict(batch, actual);
        }
        self.insert(batch, recorded_at)?;
        Ok(Ok(self.moved_behind(batch)))
    }

    /// What one batch violates concerns it alone.
    fn append_apart(&mut self, batch: &Batch, recorded_at: Timestamp) -> rusqlite::Result<Answer> {
        let actual = self.version(&batch.stream)?;
        if actual != batch.expected {
            return self.conflict(batch, actual);
        }
        self.run("SAVEPOINT batch")?;
        match self.insert(batch, recorded_at) {
            Ok(()) => {
                self.run("RELEASE batch")?;
                Ok(Ok(self.moved_behind(batch)))
            }
            Err(error) if violates(&error) => {
                self.run("ROLLBACK TO batch")?;
                self.run("RELEASE batch")?;
                // The version was right, so an id was there already, or the file is not what it was.
                let damaged = StoreError::Damaged(format!("stream {} has a hole: {error}", batch.stream));
                self.repeat_or(batch, damaged)
            }
            Err(error) => Err(error),
        }
    }

    /// The log and the stream now end with this batch.
    fn moved_behind(&mut self, batch: &Batch) -> Position {
        let count = batch.records.len() as u64;
        self.last.0 += count;
        self.remember(&batch.stream, StreamVersion(batch.expected.0 + count));
        self.last
    }

    fn conflict(&self, batch: &Batch, actual: StreamVersion) -> rusqlite::Result<Answer> {
        let conflict = StoreError::WrongVersion {
            stream: batch.stream.clone(),
            expected: batch.expected,
            actual,
        };
        self.repeat_or(batch, conflict)
    }

    /// Takes over batches of another log in one transaction. The inner error is the caller's mistake and
    /// leaves everything as it was; the outer one means, as for `commit`, that this must not be used again.
    pub(super) fn load(&mut self, batches: &[TakenBatch]) -> Result<Answer, StoreError> {
        let loaded = self.begin_load(batches);
        match loaded {
            Ok(Ok(())) => {}
            Ok(Err(refused)) => {
                return self
                    .run("ROLLBACK")
                    .map(|()| Err(refused))
                    .map_err(|error| from_sqlite(&error));
            }
            Err(error) => {
                // Nothing can be done about a rollback that fails too: the file is not used again.
                drop(self.run("ROLLBACK"));
                return Err(from_sqlite(&error));
            }
        }
        for batch in batches {
            self.remember(&batch.stream, batch.last_version());
            self.last = batch.last_position();
            self.last_recorded_at = Some(batch.recorded_at);
        }
        Ok(Ok(self.last))
    }

    fn begin_load(&self, batches: &[TakenBatch]) -> rusqlite::Result<Result<(), StoreError>> {
        self.run("BEGIN IMMEDIATE")?;
        let mut end = End {
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
            if let Err(error) = self.insert_taken(batch) {
                if violates(&error) {
                    return Ok(Err(batch.stored_already()));
                }
                return Err(error);
            }
        }
        self.run("COMMIT")?;
        Ok(Ok(()))
    }

    fn insert_taken(&self, batch: &TakenBatch) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(INSERT)?;
        let count = batch.events.len() as u64;
        for (event, index) in batch.events.iter().zip(0_u64..) {
            statement.execute(params![
                signed(batch.first_position.0 + index),
                batch.stream.as_str(),
                signed(batch.first_version.0 + index),
                event.id.uuid().as_bytes().as_slice(),
                signed(index),
                signed(count),
                batch.recorded_at.micros(),
                event.kind,
                event.campaign,
                event.customer,
                digest(batch.recorded_at, &event.record),
                &*event.record,
            ])?;
        }
        Ok(())
    }

    fn repeat_or(&self, batch: &Batch, otherwise: StoreError) -> rusqlite::Result<Answer> {
        let mut found = Vec::with_capacity(batch.records.len());
        for record in &batch.records {
            found.push(self.find(record)?);
        }
        Ok(batch::repeat(&batch.stream, &found).and_then(|position| position.ok_or(otherwise)))
    }

    fn find(&self, record: &Record) -> rusqlite::Result<Option<Found>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT pos, stream, version, batch_index, batch_count FROM event WHERE id = ?1",
        )?;
        statement
            .query_row([record.id.uuid().as_bytes().as_slice()], |row| {
                Ok(Found {
                    position: Position(unsigned(row.get(0)?)),
                    stream: StreamId::from_stored(row.get(1)?),
                    version: StreamVersion(unsigned(row.get(2)?)),
                    batch_index: row.get::<_, u32>(3)? as usize,
                    batch_count: row.get::<_, u32>(4)? as usize,
                })
            })
            .optional()
    }

    fn insert(&self, batch: &Batch, recorded_at: Timestamp) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(INSERT)?;
        let count = batch.records.len() as u64;
        for (record, index) in batch.records.iter().zip(0_u64..) {
            statement.execute(params![
                signed(self.last.0 + 1 + index),
                batch.stream.as_str(),
                signed(record.stream_version.0),
                record.id.uuid().as_bytes().as_slice(),
                signed(index),
                signed(count),
                recorded_at.micros(),
                record.kind,
                record.campaign.as_ref().map(domain::ids::CampaignId::as_str),
                record.customer.as_ref().map(domain::ids::CustomerId::as_str),
                digest(recorded_at, record.bytes()),
                &**record.bytes(),
            ])?;
        }
        Ok(())
    }

    fn version(&self, stream: &StreamId) -> rusqlite::Result<StreamVersion> {
        if let Some(version) = self.heads.get(stream) {
            return Ok(*version);
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT max(version) FROM event WHERE stream = ?1")?;
        let version: Option<i64> = statement.query_row([stream.as_str()], |row| row.get(0))?;
        Ok(StreamVersion(unsigned(version.unwrap_or(0))))
    }

    fn remember(&mut self, stream: &StreamId, version: StreamVersion) {
        if let Some(head) = self.heads.get_mut(stream) {
            *head = version;
            return;
        }
        // Dropping all is rare and costs one lookup per stream; UNIQUE (stream, version) stays the guard.
        if self.heads.len() >= HEADS_MAX {
            self.heads.clear();
        }
        self.heads.insert(stream.clone(), version);
    }

    fn run(&self, statement: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(statement)?.execute([]).map(|_| ())
    }
}

/// An id, or a version of a stream, is there already.
fn violates(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}
