//! The batches of one group: their columns for one call, and the answer of each according to what is stored.

use super::row::{Arrays, Columns, digest};
use crate::batch::{self, EventLocation};
use domain::ids::StreamId;
use domain::ports::event_store::StoreError;
use domain::stored_event::{Position, Record, StreamVersion};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// A checked batch of an append, with the digest of each record.
pub(super) struct Batch {
    pub(super) stream: StreamId,
    pub(super) expected: StreamVersion,
    pub(super) records: Vec<Record>,
    digests: Vec<i64>,
}

impl Batch {
    /// Makes a batch and computes its records' digests. Called in the task that appends, which relieves the
    /// writer's task.
    pub(super) fn new(stream: StreamId, expected: StreamVersion, records: Vec<Record>) -> Self {
        let digests = records.iter().map(|record| digest(record.bytes())).collect();
        Self {
            stream,
            expected,
            records,
            digests,
        }
    }

    /// Returns the number of bytes of the batch's records.
    pub(super) fn bytes(&self) -> usize {
        self.records.iter().map(|record| record.bytes().len()).sum()
    }

    /// Returns the columns of the batch's event if it has exactly one; otherwise `None`.
    pub(super) fn only(&self) -> Option<Columns<'_>> {
        let ([record], [digest]) = (self.records.as_slice(), self.digests.as_slice()) else {
            return None;
        };
        Some(Columns::of(&self.stream, record, *digest))
    }

    pub(super) fn version_after(&self) -> u64 {
        self.expected.0 + self.records.len() as u64
    }
}

/// The answer to one batch, sent when its group is durable.
pub(super) type Answer = Result<Position, StoreError>;

/// Returns the answer to a batch that is a repeat, a conflict, or expects another version, given the version
/// of its stream and the stored events with its ids. `None` if the batch is to be written.
pub(super) fn judge(batch: &Batch, version: u64, stored: &BTreeMap<Uuid, EventLocation>) -> Option<Answer> {
    let found: Vec<_> = batch
        .records
        .iter()
        .map(|record| stored.get(&record.id.uuid()).cloned())
        .collect();
    match batch::repeat(&batch.stream, &found) {
        Ok(Some(position)) => Some(Ok(position)),
        Err(conflict) => Some(Err(conflict)),
        Ok(None) if version == batch.expected.0 => None,
        Ok(None) => Some(Err(StoreError::WrongVersion {
            stream: batch.stream.clone(),
            expected: batch.expected,
            actual: StreamVersion(version),
        })),
    }
}

/// Returns the columns of the batches at the indexes `called`, for one call. If the expected version of a
/// stream is not known to exist, the call checks it: UNIQUE (stream, version) alone would allow a gap
/// before the batch.
pub(super) fn arrays<'a>(group: &'a [Batch], called: &[usize], known: &HashMap<StreamId, u64>) -> Arrays<'a> {
    let mut arrays = Arrays::default();
    let mut after: HashMap<&str, u64> = HashMap::new();
    for batch in called.iter().filter_map(|index| group.get(*index)) {
        let stream = batch.stream.as_str();
        let expected = batch.expected.0;
        let follows = after.insert(stream, batch.version_after()) == Some(expected);
        if !follows && known.get(&batch.stream).copied().unwrap_or(0) < expected {
            arrays.demand(stream, expected);
        }
        for ((record, digest), index) in batch.records.iter().zip(&batch.digests).zip(0..) {
            let columns = Columns::of(&batch.stream, record, *digest);
            arrays.push(&columns, index, batch.records.len());
        }
    }
    arrays
}

pub(super) fn unanswered(answers: &[Option<Answer>]) -> Vec<usize> {
    let open = answers.iter().enumerate().filter(|(_, answer)| answer.is_none());
    open.map(|(index, _)| index).collect()
}

/// Iterates over the batches and answers at these indexes, which must ascend.
pub(super) fn select_batches<'a>(
    group: &'a [Batch],
    answers: &'a mut [Option<Answer>],
    indexes: &[usize],
) -> impl Iterator<Item = (&'a Batch, &'a mut Option<Answer>)> {
    let mut wanted = indexes.iter().copied().peekable();
    group
        .iter()
        .zip(answers)
        .enumerate()
        .filter_map(move |(index, pair)| wanted.next_if_eq(&index).map(|_| pair))
}

pub(super) fn refuse(called: &[usize], answers: &mut [Option<Answer>], error: &StoreError) {
    for index in called {
        if let Some(answer) = answers.get_mut(*index) {
            *answer = Some(Err(error.clone()));
        }
    }
}
