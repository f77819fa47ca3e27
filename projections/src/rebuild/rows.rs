//! The new rows of one view within a transaction: created, fed, compared, and put in place of the live rows.

use super::digest::{TableCheck, differences, digest, hashes};
use super::stored::{self, Comparison, Rebuild, RebuildState};
use crate::checkpoint::{Checkpoint, read_checkpoints, write_checkpoint};
use crate::database::{Dialect, Table, Tx};
use crate::error::ProjectionError;
use crate::runner::apply_view;
use crate::shadow::{ShadowTables, ShadowTx, next_name};
use crate::sql_views::{drop_sql_views, remake_sql_views};
use crate::view::{View, ViewEvent};
use domain::stored_event::{Position, UnreadableRecord};
use domain::time::Timestamp;
use std::cmp::Ordering;
use std::sync::Arc;

/// How long one try of a switch waits for current readers, in milliseconds. New readers wait behind it, so
/// it is short.
const GATE_WAIT_MS: u64 = 500;

/// Timeout of reading one table for the comparison, in milliseconds (30 min): tens of millions of rows, in
/// order.
const COMPARED_MS: u64 = 30 * 60 * 1_000;

/// The events after a position, read outside the transaction that applies them.
pub(super) struct Page {
    pub(super) after: Position,
    pub(super) events: Vec<Result<ViewEvent, UnreadableRecord>>,
}

/// What a transaction needs to know of the view.
#[derive(Clone)]
pub(super) struct ShadowRows {
    pub(super) view: Arc<dyn View>,
    pub(super) shadow: Arc<ShadowTables>,
    /// The names of the tables of all views, which the documented SQL views read.
    pub(super) tables: Arc<[&'static str]>,
}

/// The result of feeding a page to new rows.
pub(super) struct FeedResult {
    /// Whether the new rows are behind the live ones, at the same position, or ahead of them.
    pub(super) against_live: Ordering,
    /// The state of the rebuild; `None` if it is not fed any more.
    pub(super) state: Option<RebuildState>,
}

impl ShadowRows {
    pub(super) fn goes_on(&self, kept: &Rebuild) -> bool {
        kept.state.is_open() && kept.version == self.view.version()
    }

    pub(super) fn first_state(&self, generation: u64, now: Timestamp) -> Rebuild {
        Rebuild {
            view: self.view.name().to_owned(),
            version: self.view.version(),
            generation,
            state: RebuildState::Feeding,
            position: Position(0),
            recorded_at: None,
            why: None,
            begun_at: now,
            changed_at: now,
            fed_from: Position(0),
            fed_since: now,
            comparison: None,
        }
    }

    fn next(&self, table: &Table) -> Result<&'static Table, ProjectionError> {
        self.shadow.table(table.name)
    }

    pub(super) fn drop_next(&self, tx: &mut dyn Tx) -> Result<(), ProjectionError> {
        for table in self.view.tables() {
            tx.exec(&format!("drop table if exists {}", next_name(table.name)), &[])?;
        }
        Ok(())
    }

    pub(super) fn make(
        &self,
        tx: &mut dyn Tx,
        dialect: Dialect,
        generation: u64,
    ) -> Result<(), ProjectionError> {
        self.drop_next(tx)?;
        let tables = self.view.tables().iter();
        for statement in tables.flat_map(|table| table.statements(dialect)) {
            tx.exec(&self.shadow.ddl(&statement, generation), &[])?;
        }
        Ok(())
    }

    fn live(&self, tx: &mut dyn Tx) -> Result<Checkpoint, ProjectionError> {
        let (name, version) = (self.view.name(), self.view.version());
        let live = read_checkpoints(tx)?.into_iter();
        let mut mine = live.filter(|row| row.view == name && row.version == version);
        mine.next().ok_or_else(|| {
            ProjectionError::Unavailable(format!("view {name} has no rows of version {version} yet"))
        })
    }

    /// Applies a page of events to the new rows. Before the comparison they never pass the live rows,
    /// because both must meet at one position.
    pub(super) fn feed(
        &self,
        tx: &mut dyn Tx,
        page: &Page,
        now: Timestamp,
    ) -> Result<FeedResult, ProjectionError> {
        // New rows of another build are not fed.
        let is_ours = |kept: &Rebuild| kept.state.is_fed() && kept.version == self.view.version();
        let kept = stored::read(tx, self.view.name())?.filter(is_ours);
        let Some(mut kept) = kept else {
            return Ok(FeedResult {
                against_live: Ordering::Less,
                state: None,
            });
        };
        let live = self.live(tx)?;
        if kept.position < page.after {
            // A database that crashed lost the last new rows, so this page does not follow them.
            return Ok(FeedResult {
                against_live: Ordering::Less,
                state: Some(kept.state),
            });
        }
        let mut checkpoint = Checkpoint {
            view: kept.view.clone(),
            version: kept.version,
            position: kept.position,
            recorded_at: kept.recorded_at,
            parked: None,
        };
        let end = (kept.state == RebuildState::Feeding).then_some(Position(live.position.0 + 1));
        let mut shadowed = ShadowTx::new(tx, &self.shadow);
        apply_view(
            &mut shadowed,
            self.view.as_ref(),
            &page.events,
            &mut checkpoint,
            end,
        )?;
        let state = Some(kept.state);
        if checkpoint.position != kept.position {
            (kept.position, kept.recorded_at) = (checkpoint.position, checkpoint.recorded_at);
            kept.changed_at = now;
            stored::write(tx, &kept)?;
        }
        Ok(FeedResult {
            against_live: checkpoint.position.cmp(&live.position),
            state,
        })
    }

    pub(super) fn compared(
        &self,
        tx: &mut dyn Tx,
        dialect: Dialect,
    ) -> Result<Option<Comparison>, ProjectionError> {
        if dialect == Dialect::Postgres {
            tx.exec(&format!("set local statement_timeout = {COMPARED_MS}"), &[])?;
        }
        let kept = stored::read(tx, self.view.name())?;
        let live = self.live(tx)?;
        let Some(kept) = kept.filter(|kept| kept.position == live.position) else {
            return Ok(None);
        };
        let mut tables = Vec::new();
        for table in self.view.tables() {
            let next = self.next(table)?;
            let mut check = TableCheck {
                table: table.name.to_owned(),
                live: digest(tx, table)?,
                replay: digest(tx, next)?,
                differences: Vec::new(),
            };
            if !check.agrees() {
                check.differences = differences(hashes(tx, table)?, hashes(tx, next)?);
            }
            tables.push(check);
        }
        let position = kept.position;
        Ok(Some(Comparison { position, tables }))
    }

    /// Puts the new rows in place of the live ones, in the transaction that has just fed them. Returns the
    /// position of the rows; `None` if the live rows are ahead.
    pub(super) fn switch_tables(
        &self,
        tx: &mut dyn Tx,
        reason: Option<String>,
        now: Timestamp,
        dialect: Dialect,
    ) -> Result<Option<Position>, ProjectionError> {
        let live = self.live(tx)?;
        let Some(mut kept) =
            stored::read(tx, self.view.name())?.filter(|kept| kept.position >= live.position)
        else {
            return Ok(None);
        };
        // On SQLite, a reader sees the snapshot that it began with, including the names of tables.
        if dialect == Dialect::Postgres {
            tx.exec(&format!("set local lock_timeout = {GATE_WAIT_MS}"), &[])?;
            tx.close_gate()?;
        }
        drop_sql_views(tx, dialect)?;
        for table in self.view.tables() {
            tx.exec(&format!("drop table {}", table.name), &[])?;
        }
        for table in self.view.tables() {
            let next = self.next(table)?.name;
            tx.exec(&format!("alter table {next} rename to {}", table.name), &[])?;
        }
        remake_sql_views(tx, dialect, &self.tables)?;
        write_checkpoint(
            tx,
            &Checkpoint {
                position: kept.position,
                recorded_at: kept.recorded_at,
                parked: None,
                ..live
            },
        )?;
        (kept.state, kept.why, kept.changed_at) = (RebuildState::Switched, reason, now);
        stored::write(tx, &kept)?;
        Ok(Some(kept.position))
    }
}
