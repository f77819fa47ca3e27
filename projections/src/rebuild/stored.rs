//! What is kept of rebuilds: a row per view, moved in the transaction that moves its next rows.

use super::digest::TableCheck;
use crate::database::Tx;
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a rebuild stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RebuildState {
    /// Next rows are being made.
    Feeding,
    /// They have caught up, were compared with the live ones, and follow the log until the switch.
    Ready,
    /// They met an event they cannot take.
    Failed,
    /// They are the live ones now.
    Switched,
    /// They were dropped.
    Canceled,
}

impl RebuildState {
    /// Whether next rows exist.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Feeding | Self::Ready | Self::Failed)
    }

    /// Whether next rows go on.
    pub const fn is_fed(self) -> bool {
        matches!(self, Self::Feeding | Self::Ready)
    }

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

/// Live and next rows at one position, counted and digested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Comparison {
    pub position: Position,
    /// `replay` is what the next rows are.
    pub tables: Vec<TableCheck>,
}

impl Comparison {
    pub fn agrees(&self) -> bool {
        self.tables.iter().all(TableCheck::agrees)
    }
}

/// One view's rebuild, the present or the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Rebuild {
    pub view: String,
    pub version: u32,
    /// Counts the rebuilds of this view, from 1.
    pub generation: u64,
    pub state: RebuildState,
    /// The next rows are complete up to here.
    pub position: Position,
    /// When the event at `position` was recorded.
    pub recorded_at: Option<Timestamp>,
    /// Why it failed; after a switch, why differences were accepted.
    pub why: Option<String>,
    pub begun_at: Timestamp,
    pub changed_at: Timestamp,
    /// Where and when feeding began, or went on after a restart: what its speed is measured from.
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

/// Makes the table where it does not exist.
pub(crate) fn prepare(tx: &mut dyn Tx) -> Result<(), ProjectionError> {
    tx.exec(REBUILDS, &[]).map(drop)
}

/// Every view's present or last rebuild.
pub(crate) fn read_all(tx: &mut dyn Tx) -> Result<Vec<Rebuild>, ProjectionError> {
    let rows = tx.query(&format!("select {COLUMNS} from rebuild order by view"), &[])?;
    rows.into_iter().map(read_row).collect()
}

/// One view's present or last rebuild.
pub(crate) fn read(tx: &mut dyn Tx, view: &str) -> Result<Option<Rebuild>, ProjectionError> {
    let sql = format!("select {COLUMNS} from rebuild where view = $1");
    let rows = tx.query(&sql, &[Val::text(view)])?;
    rows.into_iter().next().map(read_row).transpose()
}

/// Keeps a rebuild as it is now.
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
