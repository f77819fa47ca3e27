//! The status of every view: lag in events and time, the event that stopped it, and its rebuild.

use crate::checkpoint::{Checkpoint, read_checkpoints};
use crate::database::{ReadDb, read_as};
use crate::error::ProjectionError;
use crate::read_ahead::BATCH_EVENTS_MAX;
use crate::rebuild::stored::{Rebuild, RebuildState, read_all};
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde::Serialize;

/// Lag in events from which a view counts as catching up: more than some batches, because it is being
/// rebuilt or the server was down.
const CATCHING_UP_EVENTS_MIN: u64 = 4 * BATCH_EVENTS_MAX as u64;

/// The state of a view: following the log, catching up, parked, or ahead of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViewState {
    /// The view follows the log.
    Live,
    /// The view is far behind the log; its responses are complete only up to its position.
    CatchingUp,
    /// The view stopped before an event that it cannot apply.
    Parked,
    /// The view's rows contain events that the log does not have; the next start rebuilds them.
    Ahead,
}

/// The event that a view stopped before, and why it cannot apply it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ParkedAt {
    pub position: Position,
    pub why: String,
}

/// A shadow rebuild of a view, with its speed and remaining time.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct RebuildStatus {
    #[serde(flatten)]
    pub rebuild: Rebuild,
    /// True if the live and the new rows were equal when they were compared; `None` before the comparison.
    pub agrees: Option<bool>,
    /// Mean number of events per second since the rebuild was started or resumed.
    pub events_per_second: f64,
    /// Time until the new rows reach the log's head at this speed; `None` while it is unknown.
    pub remaining_ms: Option<u64>,
}

/// The status of one view.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ViewStatus {
    pub view: String,
    pub version: u32,
    pub state: ViewState,
    /// The position up to which the rows are complete.
    pub position: Position,
    /// When the newest event in the rows was recorded; the rows show the state at that time.
    pub recorded_at: Option<Timestamp>,
    /// The last position in the log.
    pub head: Position,
    /// Number of positions behind the head. Gaps in the log's positions count too.
    pub lag_events: u64,
    /// Age of the oldest event that is not in the rows; 0 if all are.
    pub lag_ms: u64,
    pub parked: Option<ParkedAt>,
    pub rebuild: Option<RebuildStatus>,
}

/// Reads the status of every view from the database and the log. Works in any process, not only the one
/// that feeds the views.
pub async fn statuses(
    store: &dyn EventStore,
    db: &dyn ReadDb,
    now: Timestamp,
) -> Result<Vec<ViewStatus>, ProjectionError> {
    let away = |error: StoreError| ProjectionError::Unavailable(error.to_string());
    let (checkpoints, rebuilds) = read_as(db, |tx| Ok((read_checkpoints(tx)?, read_all(tx)?))).await?;
    let head = store.head().await.map_err(away)?;
    let mut statuses = Vec::with_capacity(checkpoints.len());
    for checkpoint in checkpoints {
        let mut status = of(&checkpoint, &rebuilds, head, now);
        if status.lag_events > 0 {
            let first = store.read_all(checkpoint.position, 1).await.map_err(away)?;
            status.lag_ms = first
                .first()
                .map_or(0, |event| ms_between(event.recorded_at, now));
        }
        statuses.push(status);
    }
    Ok(statuses)
}

fn ms_between(from: Timestamp, until: Timestamp) -> u64 {
    u64::try_from(until.micros().saturating_sub(from.micros()) / 1_000).unwrap_or(0)
}

fn of(checkpoint: &Checkpoint, rebuilds: &[Rebuild], head: Position, now: Timestamp) -> ViewStatus {
    let lag_events = head.0.saturating_sub(checkpoint.position.0);
    let state = match &checkpoint.parked {
        Some(_) => ViewState::Parked,
        None if checkpoint.position > head => ViewState::Ahead,
        None if lag_events >= CATCHING_UP_EVENTS_MIN => ViewState::CatchingUp,
        None => ViewState::Live,
    };
    let rebuild = rebuilds.iter().find(|rebuild| rebuild.view == checkpoint.view);
    ViewStatus {
        view: checkpoint.view.clone(),
        version: checkpoint.version,
        state,
        position: checkpoint.position,
        recorded_at: checkpoint.recorded_at,
        head,
        lag_events,
        lag_ms: 0,
        parked: checkpoint
            .parked
            .clone()
            .map(|(position, why)| ParkedAt { position, why }),
        rebuild: rebuild.map(|rebuild| rebuild_status(rebuild, head, now)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a speed for people")]
fn rebuild_status(rebuild: &Rebuild, head: Position, now: Timestamp) -> RebuildStatus {
    // The speed of a rebuild that does not run is measured up to its last change.
    let until = match rebuild.state {
        RebuildState::Feeding => now,
        _ => rebuild.changed_at,
    };
    let fed = rebuild.position.0.saturating_sub(rebuild.fed_from.0);
    let took_ms = ms_between(rebuild.fed_since, until);
    let left = head.0.saturating_sub(rebuild.position.0);
    // Without elapsed time there is no speed: a rehearsal, for example, starts the rebuild by its
    // server's clock.
    let has_speed = took_ms > 0 && fed > 0;
    let is_fed = rebuild.state == RebuildState::Feeding && has_speed;
    RebuildStatus {
        agrees: rebuild
            .comparison
            .as_ref()
            .map(crate::rebuild::stored::Comparison::agrees),
        events_per_second: match has_speed {
            true => (fed as f64 * 1_000.0 / took_ms as f64).round(),
            false => 0.0,
        },
        remaining_ms: is_fed.then(|| left.saturating_mul(took_ms) / fed),
        rebuild: rebuild.clone(),
    }
}
