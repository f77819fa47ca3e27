//! Restores a backup into an empty store: the events byte for byte, up to the end or to a position.

use super::chunks::{BatchMark, Chunks};
use super::error::BackupError;
use super::reader::BackupReader;
use crate::proof::{RootFold, TreeHash, event_hash};
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::{Position, UnreadableRecord};

/// The result of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoreResult {
    /// The number of events loaded.
    pub size: u64,
    /// The Merkle root over these events.
    pub root: TreeHash,
    /// The store's head after the restore.
    pub head: Position,
}

/// Returns an error if a restore cannot end at `position`: the backup has no event there, or the next event
/// belongs to the same command.
pub fn check_cut(reader: &BackupReader, position: u64) -> Result<(), BackupError> {
    let size = reader.manifest().size;
    if position == 0 || position > size {
        return Err(BackupError::NoSuchPosition { position, size });
    }
    let (mut first, mut last) = (1, None);
    let mut mark: Option<BatchMark> = None;
    for facts in &reader.manifest().segments {
        for event in reader.segment(facts)? {
            let found = Some(BatchMark::of(&event).map_err(unreadable)?);
            if found != mark {
                if last.is_some() {
                    return judge_cut(position, first, last);
                }
                first = event.position.0;
                mark = found;
            }
            if event.position.0 >= position {
                last = Some(event.position.0);
            }
        }
    }
    judge_cut(position, first, last)
}

fn judge_cut(position: u64, first: u64, last: Option<u64>) -> Result<(), BackupError> {
    match last {
        Some(last) if last > position => Err(BackupError::SplitsBatch {
            position,
            first,
            last,
        }),
        Some(_) | None => Ok(()),
    }
}

/// Loads the backup's events up to position `to` into an empty store; fails if the store is not empty.
/// Calls `progress` after each segment with the number of events loaded and the total.
pub async fn load_into(
    reader: &BackupReader,
    to: u64,
    store: &dyn EventStore,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<RestoreResult, BackupError> {
    let head = store.head().await?;
    if head != Position(0) {
        return Err(StoreError::Invalid(format!("the store is not empty: its head is {head}")).into());
    }
    let mut loaded = RestoreResult {
        size: 0,
        root: RootFold::new().root(),
        head,
    };
    let mut fold = RootFold::new();
    let mut chunks = Chunks::default();
    let wanted = reader
        .manifest()
        .segments
        .iter()
        .filter(|facts| facts.first <= to);
    for facts in wanted {
        for event in reader.segment(facts)? {
            if event.position.0 > to {
                break;
            }
            fold.push(&event_hash(&event));
            if let Some(full) = chunks.push(event).map_err(unreadable)? {
                loaded.head = store.load(full).await?;
            }
        }
        progress(fold.size(), to);
    }
    let rest = chunks.take();
    if !rest.is_empty() {
        loaded.head = store.load(rest).await?;
    }
    loaded.size = fold.size();
    loaded.root = fold.root();
    Ok(loaded)
}

fn unreadable(error: UnreadableRecord) -> BackupError {
    BackupError::Store(StoreError::Damaged(error.to_string()))
}
