//! The stored state of rebuilds: one row per view, changed in the transaction that changes the new rows.

use super::digest::TableCheck;
use crate::database::Tx;
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The state of a shadow rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RebuildState {
    /// New rows are being made.
    Feeding,
    /// The new rows have caught up, were compared with the live ones, and follow the log until the switch.
    Ready,
    /// The new rows met an event that the view cannot apply.
    Failed,
    /// The new rows are the live ones now.
    Switched,
    /// The new rows were dropped.
    Canceled,
}

impl RebuildState {
    /// Returns true if the rebuild has new rows.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Feeding | Self::Ready | Self::Failed)
    }

    /// Returns true if events are still applied to the new rows.
    pub const fn is_fed(self) -> bool {
        matches!(self, Self::Feeding | Self::Ready)
    }

    /// Returns the name under which the state is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Feeding => "feeding",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Switched => "switched",
            Self::Canceled => "canceled",
        }
    }
}

/// The comparison of live and new rows at one position, by number of rows and digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Comparison {
    pub position: Position,
    /// The compared tables; `replay` is the digest of the new rows.
    pub tables: Vec<TableCheck>,
}

impl Comparison {
    /// Returns true if the live and the new rows of all tables are equal.
    pub fn agrees(&self) -> bool {
        self.tables.iter().all(TableCheck::agrees)
    }
}

/// The current or last shadow rebuild of one view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Rebuild {
    pub view: String,
    pub version: u32,
    /// The number of this rebuild among those of the view, from 1.
    pub generation: u64,
    pub state: RebuildState,
    /// The position up to which the new rows are complete.
    pub position: Position,
    /// When the event at `position` was recorded.
    pub recorded_at: Option<Timestamp>,
    /// The reason of a failure; after a switch, the reason for which differences were accepted.
    pub why: Option<String>,
    pub begun_at: Timestamp,
    pub changed_at: Timestamp,
    /// The position and time at which feeding started or resumed; the speed is measured from there.
    pub fed_from: Position,
    pub fed_since: Timestamp,
    pub comparison: Option<Comparison>,
}

const REBUILDS: &str = "create table if not exists rebuild (
    view text primary key, version bigint not null, generation bigint not null, state text not null,
    position bigint not null, recorded_at bigint, why text, begun_at bigint not null,
    changed_at bigint not null, fed_from bigint not null, fed_since bigint not null, comparison text)";

const COLUMNS: &str = "view, version, generation, state, position, recorded_at, why, begun_at, changed_at,
    fed_from, fed_since, comparison";

/// Creates the table if it does not exist.
pub(crate) fn prepare(tx: &mut dyn Tx) -> Result<(), ProjectionError> {
    tx.exec(REBUILDS, &[]).map(drop)
}

/// Reads every view's current or last rebuild, by name of view.
pub(crate) fn read_all(tx: &mut dyn Tx) -> Result<Vec<Rebuild>, ProjectionError> {
    let rows = tx.query(&format!("select {COLUMNS} from rebuild order by view"), &[])?;
    rows.into_iter().map(read_row).collect()
}

/// Reads one view's current or last rebuild; `None` if there never was one.
pub(crate) fn read(tx: &mut dyn Tx, view: &str) -> Result<Option<Rebuild>, ProjectionError> {
    let sql = format!("select {COLUMNS} from rebuild where view = $1");
    let rows = tx.query(&sql, &[Val::text(view)])?;
    rows.into_iter().next().map(read_row).transpose()
}

/// Stores a rebuild and overwrites the former state.
pub(crate) fn write(tx: &mut dyn Tx, rebuild: &Rebuild) -> Result<(), ProjectionError> {
    let comparison = rebuild.comparison.as_ref().map(serde_json::to_string);
    let comparison = comparison
        .transpose()
        .map_err(|error| ProjectionError::Fault(error.to_string()))?;
    tx.exec(
        &format!(
            "insert into rebuild ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             on conflict (view) do update set version = excluded.version, generation = excluded.generation,
             state = excluded.state, position = excluded.position, recorded_at = excluded.recorded_at,
             why = excluded.why, begun_at = excluded.begun_at, changed_at = excluded.changed_at,
             fed_from = excluded.fed_from, fed_since = excluded.fed_since, comparison = excluded.comparison"
        ),
        &[
            Val::text(&rebuild.view),
            Val::count(rebuild.version),
            Val::count(rebuild.generation),
            Val::text(rebuild.state.code()),
            Val::position(rebuild.position),
            Val::maybe_at(rebuild.recorded_at),
            Val::maybe_text(rebuild.why.as_ref()),
            Val::at(rebuild.begun_at),
            Val::at(rebuild.changed_at),
            Val::position(rebuild.fed_from),
            Val::at(rebuild.fed_since),
            Val::maybe_text(comparison),
        ],
    )?;
    Ok(())
}

fn read_row(mut row: Row) -> Result<Rebuild, ProjectionError> {
    let unreadable = |error: serde_json::Error| ProjectionError::Fault(format!("a stored rebuild: {error}"));
    Ok(Rebuild {
        view: row.text()?,
        version: u32::try_from(row.int()?).unwrap_or(0),
        generation: row.count()?,
        state: serde_json::from_value(serde_json::Value::String(row.text()?)).map_err(unreadable)?,
        position: row.position()?,
        recorded_at: row.maybe_at()?,
        why: row.maybe_text()?,
        begun_at: row.at()?,
        changed_at: row.at()?,
        fed_from: row.position()?,
        fed_since: row.at()?,
        comparison: row
            .maybe_text()?
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(unreadable)?,
    })
}
