//! A view with two tables that contain the same sum after every event, and what a reader sees of it.

use projections::{
    HandledKinds, ProjectionError, ReadDb, Row, Table, Tx, Val, View, ViewDefinition, ViewEvent, read_as,
};

pub(super) struct PairView;

const ONE: Table = Table {
    name: "pair_one",
    ddl: &[
        "create table pair_one (position bigint primary key, amount bigint not null)",
        "create index pair_one_amount on pair_one (amount)",
    ],
    key_columns: 1,
};

const SUM: Table = Table {
    name: "pair_sum",
    ddl: &["create table pair_sum (id bigint primary key, amount bigint not null, events bigint not null)"],
    key_columns: 1,
};

const TABLES: &[Table] = &[ONE, SUM];

/// Amounts repeat after so many events.
const AMOUNTS: u64 = 7;

impl View for PairView {
    fn definition(&self) -> ViewDefinition {
        ViewDefinition {
            name: "pair",
            version: 1,
            tables: TABLES,
            handles: HandledKinds::All,
        }
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let amount = event.position.0 % AMOUNTS;
        tx.append_row(&ONE, vec![Val::position(event.position), Val::count(amount)])?;
        let (mut sum, mut events) = (amount, 1);
        if let Some(row) = tx.row(&SUM, &[Val::Int(1)])? {
            let mut row = Row::new(row.into_iter().skip(1).collect());
            (sum, events) = (sum + row.count()?, events + row.count()?);
        }
        tx.put(&SUM, vec![Val::Int(1), Val::count(sum), Val::count(events)])?;
        Ok(())
    }
}

/// The contents of both tables in one snapshot.
#[derive(Debug, Default)]
pub(super) struct PairSnapshot {
    /// The position of the checkpoint; every event has a row of its own.
    position: u64,
    rows: u64,
    rows_amount: u64,
    events: u64,
    events_amount: u64,
    audited: u64,
}

impl PairSnapshot {
    /// Returns a violation if this is not possible after `before`: a mixture of tables, or a gap.
    pub(super) fn wrong_after(&self, before: &Self) -> Option<String> {
        let is_mixture =
            self.rows != self.events || self.rows_amount != self.events_amount || self.rows != self.position;
        let is_gap = self.events < before.events || self.audited < before.audited;
        (is_mixture || is_gap).then(|| format!("{self:?} after {before:?}"))
    }
}

/// Reads both views in one snapshot. The checkpoint and the other view are read first: a table that was read
/// keeps a switch away from it, and the proof must be able to fail.
pub(super) async fn read_snapshot(db: &dyn ReadDb) -> Result<PairSnapshot, ProjectionError> {
    read_as(db, |tx| {
        let mut seen = PairSnapshot::default();
        let query = "select position from checkpoint where view = 'pair'";
        for mut row in tx.query(query, &[])? {
            seen.position = row.count()?;
        }
        for mut row in tx.query("select count(*) from audit_trail", &[])? {
            seen.audited = row.count()?;
        }
        let rows = "select count(*), cast(coalesce(sum(amount), 0) as bigint) from pair_one";
        for mut row in tx.query(rows, &[])? {
            (seen.rows, seen.rows_amount) = (row.count()?, row.count()?);
        }
        for mut row in tx.query("select events, amount from pair_sum", &[])? {
            (seen.events, seen.events_amount) = (row.count()?, row.count()?);
        }
        Ok(seen)
    })
    .await
}
