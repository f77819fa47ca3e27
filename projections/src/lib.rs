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

mod ahead;
pub mod alert_words;
pub mod ask;
mod cells;
mod checkpoint;
mod database;
pub mod deviation;
mod error;
mod folded;
pub mod forecast;
mod grounds;
mod in_place;
mod instant;
mod live;
pub mod live_figures;
mod lost_rows;
pub mod metrics;
pub mod multiplied;
mod origin;
mod own_checkpoints;
mod person_answered;
mod postgres;
mod progress;
mod read_ahead;
mod rebuild;
mod runner;
mod schema;
pub mod segments;
mod shadow;
mod spaced_pages;
pub mod sql_views;
mod sqlite;
mod statements;
mod status;
pub mod swing;
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
pub mod yardstick;

pub use ahead::{forget_rows_ahead, rows_ahead};
pub use checkpoint::{Checkpoint, Complete, checkpoints, complete_of};
pub use database::{Dialect, Edit, ReadDb, Table, TakesRow, Tx, TxWork, read_as, transact};
pub use error::ProjectionError;
pub use folded::{
    Begun, Copied, FOLDED_EVENTS_MAX, FoldError, Folded, Pages, Span, fold, fold_beside, fold_onto,
};
pub use grounds::Grounds;
pub use in_place::{InMemory, InPlace};
pub use instant::position_at;
pub use live::Projections;
pub use origin::{Origin, forget_origin, hold_to_log, origin_of};
pub use own_checkpoints::{OtherBuild, kept_by_other_build, rows_of_other_build};
pub use postgres::{PostgresQuestions, PostgresReadDb, idle_powers, missing_grant};
pub use progress::Progress;
pub use read_ahead::{BATCH_EVENTS_MAX, CATCH_UP_EVENTS_MAX};
pub use rebuild::{
    Comparison, DIFFERENCES_MAX, Difference, DifferenceKind, Hearing, Rebuild, RebuildError, RebuildState,
    Rebuilds, Switched, TableCheck, TableDigest, ViewCheck, rebuild, rebuild_views, verify, verify_views,
};
pub use runner::InlineRunner;
pub use segments::{KnownOf, OfPerson, SegmentRows};
pub use spaced_pages::GATHERING_MS;
pub use sqlite::SqliteReadDb;
pub use status::{ParkedAt, RebuildStatus, ViewState, ViewStatus, statuses};
pub use value::{Row, Val};
pub use view::{AnyEvent, Handles, View, ViewDefinition, ViewEvent};
pub use views::SqlWorklist;
