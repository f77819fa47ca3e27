//! Commits a single event with one statement of plain values, without the arrays and the function of a group.
//!
//! It gives the same guarantees as a group's call: the head is locked until the commit, so positions are
//! dense and in commit order, and a version or id that is taken rolls it back. It sends no notification,
//! because that would add a lock shared by all notifiers to every commit; other processes are notified
//! afterwards (`peer_stores`).

use super::group::Batch;
use super::row::{Columns, signed};
use domain::ids::StreamId;
use std::collections::HashMap;
use tokio_postgres::types::ToSql;

/// The statement. The outer part reads what the inner one returns, so the head is locked before the insert.
/// It returns the position before the event, as `append_many` does.
pub(super) const APPEND_ONE: &str = "WITH head AS (
       UPDATE ledgerline.head SET pos = pos + 1, recorded_at = greatest(recorded_at, $1::bigint)
       RETURNING pos, recorded_at)
     INSERT INTO ledgerline.event (pos, recorded_at, version, digest, batch_index, batch_count,
       id, stream, kind, campaign, customer, record)
     SELECT head.pos, head.recorded_at, $2::bigint, $3::bigint # head.recorded_at, 0, 1,
       $4::uuid, $5::text, $6::text, $7::text, $8::text, $9::bytea
     FROM head
     RETURNING pos - 1";

/// The parameters of `APPEND_ONE`.
pub(super) struct SingleEvent<'a> {
    clock_at: i64,
    version: i64,
    columns: Columns<'a>,
}

impl<'a> SingleEvent<'a> {
    /// Returns the parameters if exactly one event is to be written and its stream is known to have reached
    /// the expected version. Otherwise `None`: only a group's call checks whether that version exists.
    pub(super) fn of(
        group: &'a [Batch],
        called: &[usize],
        known: &HashMap<StreamId, u64>,
        clock_at: i64,
    ) -> Option<Self> {
        let [index] = called else { return None };
        let batch = group.get(*index)?;
        let columns = batch.only()?;
        if known.get(&batch.stream).copied().unwrap_or(0) < batch.expected.0 {
            return None;
        }
        Some(Self {
            clock_at,
            version: signed(columns.version),
            columns,
        })
    }

    pub(super) fn values(&self) -> [&(dyn ToSql + Sync); 9] {
        let columns = &self.columns;
        [
            &self.clock_at,
            &self.version,
            &columns.digest,
            &columns.id,
            &columns.stream,
            &columns.kind,
            &columns.campaign,
            &columns.customer,
            &columns.record,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_records::{make_batch, stream};
    use domain::stored_event::StreamVersion;

    #[test]
    fn one_event_of_a_stream_that_is_known_so_far_goes_alone() {
        let batch = |expected: u64, count: u64| {
            let records = make_batch(&stream("a"), expected, "command", count);
            Batch::new(stream("a"), StreamVersion(expected), records)
        };
        let known = HashMap::from([(stream("a"), 4)]);
        let alone = |group: &[Batch], called: &[usize]| SingleEvent::of(group, called, &known, 1).is_some();
        assert!(alone(&[batch(4, 1)], &[0]));
        assert!(alone(&[batch(4, 1), batch(5, 1)], &[0]), "one of two is called");
        assert!(!alone(&[batch(5, 1)], &[0]), "version 5 may be missing");
        assert!(!alone(&[batch(4, 2)], &[0]), "two events");
        assert!(!alone(&[batch(4, 1), batch(5, 1)], &[0, 1]), "two batches");
        assert!(!alone(&[], &[]));
    }
}
