//! Checks that live rows equal a replay: the rows are read in one snapshot, and the log is replayed into
//! memory up to their position.

use super::digest::{Hashes, TableCheck, TableDigest, differences, digest, hashes};
use super::{Views, feed_to};
use crate::checkpoint::read_checkpoints;
use crate::database::{ReadDb, Tx, read_as};
use crate::error::ProjectionError;
use crate::runner::InlineRunner;
use crate::sqlite::SqliteReadDb;
use crate::view::View;
use crate::views;
use domain::ports::event_store::EventStore;
use domain::stored_event::Position;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A callback for the progress of a replay. It receives the position reached and the last position.
pub type ReplayProgress<'a> = &'a mut (dyn FnMut(Position, Position) + Send);

/// The comparison of one view's live rows with a replay to the same position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViewCheck {
    pub view: String,
    pub version: u32,
    pub position: Position,
    /// Why the view is parked; `None` if it is not.
    pub parked: Option<String>,
    pub tables: Vec<TableCheck>,
}

impl ViewCheck {
    /// Returns true if the live rows equal the replay and the view is not parked.
    pub fn holds(&self) -> bool {
        self.parked.is_none() && self.agrees()
    }

    fn agrees(&self) -> bool {
        self.tables.iter().all(TableCheck::agrees)
    }
}

/// Compares every view's live rows with a replay of the log into memory, up to the view's position.
pub async fn verify(store: &dyn EventStore, db: Arc<dyn ReadDb>) -> Result<Vec<ViewCheck>, ProjectionError> {
    verify_views(store, db, views::all(), &mut |_, _| {}).await
}

/// Compares the given views only, as `verify` does. Works while a server runs: all rows are read in one
/// snapshot. A view that differs is read again, with the keys of its rows, in another snapshot.
pub async fn verify_views(
    store: &dyn EventStore,
    db: Arc<dyn ReadDb>,
    views: Views,
    progress: ReplayProgress<'_>,
) -> Result<Vec<ViewCheck>, ProjectionError> {
    let live = snapshot(db.as_ref(), views.clone(), SnapshotDetail::Digests).await?;
    let mut replays: BTreeMap<Position, Arc<dyn ReadDb>> = BTreeMap::new();
    // Most views are at the same position, so one replay serves them all.
    for position in live.iter().map(|view| view.position).collect::<BTreeSet<_>>() {
        let there = views
            .iter()
            .zip(&live)
            .filter(|(_, row)| row.position == position);
        let there = there.map(|(view, _)| Arc::clone(view)).collect();
        replays.insert(position, replay(store, there, position, progress).await?);
    }
    let mut checks = Vec::with_capacity(views.len());
    for (view, live) in views.into_iter().zip(live) {
        let replay = replays
            .get(&live.position)
            .ok_or_else(|| ProjectionError::Fault("a replay is missing".to_owned()))?;
        let mut check = compare(replay.as_ref(), &view, live).await?;
        if !check.agrees() {
            check = look_closer(store, db.as_ref(), view, progress).await?;
        }
        checks.push(check);
    }
    Ok(checks)
}

/// Compares a view that differs again, with the keys of its rows, at the position that it has reached by
/// then.
async fn look_closer(
    store: &dyn EventStore,
    db: &dyn ReadDb,
    view: Arc<dyn View>,
    progress: ReplayProgress<'_>,
) -> Result<ViewCheck, ProjectionError> {
    let mut live = snapshot(db, vec![Arc::clone(&view)], SnapshotDetail::Keys).await?;
    let live = live
        .pop()
        .ok_or_else(|| ProjectionError::Fault("a snapshot without its view".to_owned()))?;
    let replay = replay(store, vec![Arc::clone(&view)], live.position, progress).await?;
    compare(replay.as_ref(), &view, live).await
}

/// Replays the log up to `end` into a new in-memory database with the rows of `views`.
async fn replay(
    store: &dyn EventStore,
    views: Views,
    end: Position,
    progress: ReplayProgress<'_>,
) -> Result<Arc<dyn ReadDb>, ProjectionError> {
    let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline()?);
    let mut runner = InlineRunner::begin(Arc::clone(&db), views).await?;
    feed_to(&mut runner, store, end, progress).await?;
    Ok(db)
}

/// Whether a snapshot contains only digests, or also the keys of all rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SnapshotDetail {
    Digests,
    Keys,
}

/// One view's position, digests and keys in a snapshot.
struct ViewSnapshot {
    position: Position,
    parked: Option<String>,
    tables: Vec<(TableDigest, Hashes)>,
}

/// Reads the positions and digests of all views in one snapshot of the database.
async fn snapshot(
    db: &dyn ReadDb,
    views: Views,
    look: SnapshotDetail,
) -> Result<Vec<ViewSnapshot>, ProjectionError> {
    read_as(db, move |tx| {
        let stored = read_checkpoints(tx)?;
        let mut shown = Vec::with_capacity(views.len());
        for view in &views {
            let (name, version) = (view.name(), view.version());
            let row = stored
                .iter()
                .find(|row| row.view == name && row.version == version);
            let row = row.ok_or_else(|| {
                ProjectionError::Unavailable(format!("view {name} has no rows of version {version} yet"))
            })?;
            shown.push(ViewSnapshot {
                position: row.position,
                parked: row.parked.as_ref().map(|(_, why)| why.clone()),
                tables: looked_at(tx, view.as_ref(), look)?,
            });
        }
        Ok(shown)
    })
    .await
}

fn looked_at(
    tx: &mut dyn Tx,
    view: &dyn View,
    look: SnapshotDetail,
) -> Result<Vec<(TableDigest, Hashes)>, ProjectionError> {
    let tables = view.tables().iter();
    let looked = tables.map(|table| {
        let keys = match look {
            SnapshotDetail::Digests => Hashes::new(),
            SnapshotDetail::Keys => hashes(tx, table)?,
        };
        Ok((digest(tx, table)?, keys))
    });
    looked.collect()
}

async fn compare(
    replay_db: &dyn ReadDb,
    view: &Arc<dyn View>,
    live: ViewSnapshot,
) -> Result<ViewCheck, ProjectionError> {
    let mut check = ViewCheck {
        view: view.name().to_owned(),
        version: view.version(),
        position: live.position,
        parked: live.parked,
        tables: Vec::new(),
    };
    for (table, (live, keys)) in view.tables().iter().zip(live.tables) {
        let replay = read_as(replay_db, move |tx| digest(tx, table)).await?;
        let differences = if live == replay || keys.is_empty() && live.rows > 0 {
            Vec::new()
        } else {
            differences(keys, read_as(replay_db, move |tx| hashes(tx, table)).await?)
        };
        check.tables.push(TableCheck {
            table: table.name.to_owned(),
            live,
            replay,
            differences,
        });
    }
    Ok(check)
}
