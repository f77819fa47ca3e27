//! The read side: views that are filled from the event log, and the queries over them.
//!
//! One runner reads the log in batches and passes each event to every view that handles its kind. Rows
//! and checkpoint change in one transaction, so a view is always complete up to a known position. A view
//! can be dropped at any time; it is rebuilt from the log when its version changes. No decision depends
//! on a view: deciders read their own streams. Views hold personal values in sealed form, with the id of
//! the event that sealed them, so that a permitted response can open them.
//!
//! A view is one file in `views/`: definition, `apply`, queries, tests. SQL works on both SQLite and
//! PostgreSQL. It occurs only in `database.rs` and `views/`.

pub mod alert_words;
pub mod ask;
mod borrowed_event;
mod cells;
mod checkpoint;
mod context;
mod database;
pub mod deviation;
mod divergent_history;
mod error;
pub mod forecast;
mod instant;
mod live;
pub mod live_figures;
mod lost_rows;
pub mod metrics;
mod origin;
mod own_checkpoints;
mod postgres;
mod progress;
mod ratio;
pub mod ratio_change;
mod read_ahead;
mod rebuild;
mod replay;
pub mod row_multiplier;
mod runner;
mod schema;
pub mod segments;
mod shadow;
mod spaced_pages;
pub mod sql_views;
mod sqlite;
mod statements;
mod status;
pub mod synthetic;
mod table;
#[cfg(test)]
mod test_call_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod threads;
mod tx;
mod unit_of_work;
mod value;
mod view;
pub mod views;
pub mod write_baseline;

pub use borrowed_event::{BorrowedEvent, InMemoryView};
pub use checkpoint::{Checkpoint, ViewCompleteness, checkpoints, read_completeness};
pub use context::ProjectionContext;
pub use database::{Dialect, ReadDb, RowAction, RowCallback, Table, Tx, TxWork, read_as, transact};
pub use divergent_history::{find_divergent_checkpoints, reset_divergent_views};
pub use error::ProjectionError;
pub use instant::position_at;
pub use live::Projections;
pub use origin::{Origin, bind_to_log, forget_origin, origin_of};
pub use own_checkpoints::{OtherBuild, find_incompatible_tables, rows_of_other_build};
pub use postgres::{PostgresQuestions, PostgresReadDb, idle_powers, missing_grant};
pub use progress::Progress;
pub use read_ahead::{BATCH_EVENTS_MAX, CATCH_UP_EVENTS_MAX};
pub use rebuild::{
    Comparison, DIFFERENCES_MAX, Difference, DifferenceKind, Rebuild, RebuildError, RebuildState, Rebuilds,
    ReplayProgress, SwitchResult, TableCheck, TableDigest, ViewCheck, rebuild, rebuild_views, verify,
    verify_views,
};
pub use replay::{
    EventSpan, FOLDED_EVENTS_MAX, FoldError, FoldedRows, InitialRows, Pages, SnapshotViews, fold, fold_onto,
    fold_with_snapshot,
};
pub use runner::InlineRunner;
pub use segments::{CustomerAttributes, CustomerChanges, SegmentRows};
pub use spaced_pages::GATHERING_MS;
pub use sqlite::SqliteReadDb;
pub use status::{ParkedAt, RebuildStatus, ViewState, ViewStatus, statuses};
pub use value::{Row, Val};
pub use view::{AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent};
pub use views::SqlWorklist;
