//! Rows made anew from the first event, and the proof that live rows equal a replay.

use crate::database::{ReadDb, Table, Tx, each_row, read_as, read_checkpoints, remake_tables, transact};
use crate::error::ProjectionError;
use crate::runner::{BATCH_EVENTS_MAX, InlineRunner};
use crate::sqlite::SqliteReadDb;
use crate::value::Val;
use crate::view::View;
use crate::views;
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::{Position, StoredEvent};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most differing rows named per table; the digests cover all.
pub const DIFFERENCES_MAX: usize = 20;

/// Rows of one table that are compared one by one when its digests differ (some tens of megabytes).
const COMPARED_ROWS_MAX: usize = 200_000;

type Views = Vec<Arc<dyn View>>;

fn away(error: StoreError) -> ProjectionError {
    match error {
        StoreError::Damaged(why) => ProjectionError::Corrupt(why),
        other => ProjectionError::Unavailable(other.to_string()),
    }
}

/// Drops all rows and makes them anew; `progress` hears the position reached and the log's head. Killed in
/// between, the next start goes on where it stopped.
pub async fn rebuild(
    store: &dyn EventStore,
    db: Arc<dyn ReadDb>,
    progress: &mut (dyn FnMut(Position, Position) + Send),
) -> Result<Position, ProjectionError> {
    rebuild_views(store, db, views::all(), progress).await
}

/// As `rebuild`, for the given views only.
pub async fn rebuild_views(
    store: &dyn EventStore,
    db: Arc<dyn ReadDb>,
    views: Views,
    progress: &mut (dyn FnMut(Position, Position) + Send),
) -> Result<Position, ProjectionError> {
    // Tables and checkpoints must exist before they can be emptied.
    InlineRunner::begin(Arc::clone(&db), views.clone()).await?;
    let emptied = views.clone();
    transact(db.as_ref(), move |tx| {
        emptied
            .iter()
            .try_for_each(|view| remake_tables(tx, view.as_ref()))
    })
    .await?;
    let mut runner = InlineRunner::begin(db, views).await?;
    let head = store.head().await.map_err(away)?;
    feed_to(&mut runner, store, head, progress).await?;
    match parked(&runner) {
        Some(error) => Err(error),
        None => Ok(head),
    }
}

fn parked(runner: &InlineRunner) -> Option<ProjectionError> {
    let mut rows = runner.progress().checkpoints().into_iter();
    rows.find_map(|row| {
        let (position, why) = row.parked?;
        Some(ProjectionError::Parked {
            view: row.view,
            position,
            why,
        })
    })
}

/// Feeds events up to and including `end`.
async fn feed_to(
    runner: &mut InlineRunner,
    store: &dyn EventStore,
    end: Position,
    progress: &mut (dyn FnMut(Position, Position) + Send),
) -> Result<(), ProjectionError> {
    while let Some(after) = runner.after().filter(|after| *after < end) {
        let mut page = store.read_all(after, BATCH_EVENTS_MAX).await.map_err(away)?;
        page.retain(|event: &StoredEvent| event.position <= end);
        if page.is_empty() {
            return Ok(());
        }
        runner.apply_page(&page).await?;
        progress(runner.after().unwrap_or(end), end);
    }
    Ok(())
}

/// All rows of one table: how many, and SHA-256 over them in key order, lower hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableDigest {
    pub rows: u64,
    pub sha256: String,
}

/// One table, live beside replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableCheck {
    pub table: String,
    pub live: TableDigest,
    pub replay: TableDigest,
    /// Keys of rows that differ or are on one side only; at most `DIFFERENCES_MAX`.
    pub differences: Vec<Difference>,
}

/// A row that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub key: String,
    pub what: DifferenceKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    OnlyLive,
    OnlyReplay,
    Differs,
}

/// One view, live beside a replay to the same position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViewCheck {
    pub view: String,
    pub version: u32,
    pub position: Position,
    /// Why it is parked, where it is.
    pub parked: Option<String>,
    pub tables: Vec<TableCheck>,
}

impl ViewCheck {
    /// Live rows equal the replay, and nothing keeps the view from going on.
    pub fn holds(&self) -> bool {
        let same = |table: &TableCheck| table.live == table.replay;
        self.parked.is_none() && self.tables.iter().all(same)
    }
}

/// Compares every view's live rows with a replay of the log into memory, up to the view's own position.
pub async fn verify(store: &dyn EventStore, db: Arc<dyn ReadDb>) -> Result<Vec<ViewCheck>, ProjectionError> {
    verify_views(store, db, views::all()).await
}

/// As `verify`, for the given views only.
pub async fn verify_views(
    store: &dyn EventStore,
    db: Arc<dyn ReadDb>,
    views: Views,
) -> Result<Vec<ViewCheck>, ProjectionError> {
    let live = snapshot(db.as_ref(), views.clone()).await?;
    let mut replays: BTreeMap<Position, Arc<dyn ReadDb>> = BTreeMap::new();
    // Views mostly stand at one position: one replay serves them all.
    for position in live.iter().map(|view| view.position).collect::<BTreeSet<_>>() {
        let there = views
            .iter()
            .zip(&live)
            .filter(|(_, row)| row.position == position);
        let there = there.map(|(view, _)| Arc::clone(view)).collect();
        replays.insert(position, replay(store, there, position).await?);
    }
    let mut checks = Vec::with_capacity(views.len());
    for (view, live) in views.into_iter().zip(live) {
        let replay = replays
            .get(&live.position)
            .ok_or_else(|| ProjectionError::Fault("a replay is missing".to_owned()))?;
        checks.push(compare(db.as_ref(), replay.as_ref(), (view, live)).await?);
    }
    Ok(checks)
}

/// The rows of `views` after the events up to `end`, in memory.
async fn replay(
    store: &dyn EventStore,
    views: Views,
    end: Position,
) -> Result<Arc<dyn ReadDb>, ProjectionError> {
    let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline()?);
    let mut runner = InlineRunner::begin(Arc::clone(&db), views).await?;
    feed_to(&mut runner, store, end, &mut |_, _| {}).await?;
    Ok(db)
}

/// One view in a snapshot.
struct Shown {
    position: Position,
    parked: Option<String>,
    tables: Vec<TableDigest>,
}

/// All views at one moment.
async fn snapshot(db: &dyn ReadDb, views: Views) -> Result<Vec<Shown>, ProjectionError> {
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
            let tables = view.tables().iter().map(|table| digest(tx, table));
            shown.push(Shown {
                position: row.position,
                parked: row.parked.as_ref().map(|(_, why)| why.clone()),
                tables: tables.collect::<Result<_, _>>()?,
            });
        }
        Ok(shown)
    })
    .await
}

async fn compare(
    db: &dyn ReadDb,
    replay_db: &dyn ReadDb,
    (view, live): (Arc<dyn View>, Shown),
) -> Result<ViewCheck, ProjectionError> {
    let mut check = ViewCheck {
        view: view.name().to_owned(),
        version: view.version(),
        position: live.position,
        parked: live.parked,
        tables: Vec::new(),
    };
    for (table, live) in view.tables().iter().zip(live.tables) {
        let replay = read_as(replay_db, move |tx| digest(tx, table)).await?;
        let differences = if live == replay {
            Vec::new()
        } else {
            // Rows written since the snapshot are named too: of a running process, ask again when it is idle.
            differences(hashes(db, *table).await?, hashes(replay_db, *table).await?)
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

fn digest(tx: &mut dyn Tx, table: &Table) -> Result<TableDigest, ProjectionError> {
    let mut rows = 0;
    let mut all = Sha256::new();
    each_row(tx, table, &mut |row| {
        rows += 1;
        all.update(encoded(&row));
        Ok(())
    })?;
    let sha256 = all.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(TableDigest { rows, sha256 })
}

/// Type, length and bytes of every value: two rows are the same only when all of it is.
fn encoded(row: &[Val]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in row {
        let (kind, content) = match value {
            Val::Null => (b'n', Vec::new()),
            Val::Int(value) => (b'i', value.to_be_bytes().to_vec()),
            // A boolean column reads back as an integer from SQLite.
            Val::Bool(value) => (b'i', i64::from(*value).to_be_bytes().to_vec()),
            Val::Real(value) => (b'r', value.to_bits().to_be_bytes().to_vec()),
            Val::Text(value) => (b't', value.as_bytes().to_vec()),
            Val::Blob(value) => (b'b', value.clone()),
        };
        bytes.push(kind);
        bytes.extend(content.len().to_be_bytes());
        bytes.extend(content);
    }
    bytes
}

type Hashes = BTreeMap<String, Vec<u8>>;

/// Each row's hash by its key, of the first `COMPARED_ROWS_MAX` rows.
async fn hashes(db: &dyn ReadDb, table: Table) -> Result<Hashes, ProjectionError> {
    read_as(db, move |tx| {
        let mut hashes = BTreeMap::new();
        each_row(tx, &table, &mut |row| {
            if hashes.len() < COMPARED_ROWS_MAX {
                let hash = Sha256::digest(encoded(&row)).to_vec();
                hashes.insert(key_text(&row, table.key_columns), hash);
            }
            Ok(())
        })?;
        Ok(hashes)
    })
    .await
}

fn key_text(row: &[Val], key_columns: usize) -> String {
    let parts = row.iter().take(key_columns).map(|value| match value {
        Val::Null => "-".to_owned(),
        Val::Int(value) => value.to_string(),
        Val::Bool(value) => value.to_string(),
        Val::Real(value) => value.to_string(),
        Val::Text(value) => value.clone(),
        Val::Blob(value) => format!("{} bytes", value.len()),
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn differences(live: Hashes, replay: Hashes) -> Vec<Difference> {
    let only_replay = replay.keys().filter(|key| !live.contains_key(*key));
    let only_replay = only_replay.map(|key| (key, DifferenceKind::OnlyReplay));
    let of_live = live.iter().filter_map(|(key, hash)| match replay.get(key) {
        None => Some((key, DifferenceKind::OnlyLive)),
        Some(other) if other == hash => None,
        Some(_) => Some((key, DifferenceKind::Differs)),
    });
    let all = of_live.chain(only_replay).take(DIFFERENCES_MAX);
    all.map(|(key, what)| Difference {
        key: key.clone(),
        what,
    })
    .collect()
}
