//! Compares a published checkpoint with the current log, and moves the proofs of a lost history aside:
//! nothing signed is ever deleted or overwritten.

use super::checkpoint::Checkpoint;
use super::checkpoint_store::CHECKPOINT_FILE;
use super::error::ProofError;
use super::fold::RootFold;
use super::leaf::{TreeHash, event_hash};
use super::tile_writer::read_trusted_tree;
use crate::data_lock::{create_private_dir, sync_dir};
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::stored_event::Position;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder, in the proof directory, with the proofs of histories that this log no longer continues; one
/// folder per origin.
pub const EARLIER_DIR: &str = "earlier";

/// The most folders of one origin. Usually there is one; each further copy of the directory that loses its
/// history adds one.
const ASIDE_MAX: u32 = 100;

/// The number and Merkle root of the log's first events, where they differ from a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogState {
    /// The checkpoint's number of events, or all events if the log has fewer.
    pub size: u64,
    /// The Merkle root over these events.
    pub root: TreeHash,
}

/// Compares the log's first events with a checkpoint. `None` if the log still begins with the events of the
/// checkpoint, otherwise its size and root there. Starts from the tiles in `dir` if they can be trusted;
/// writes nothing.
pub async fn compare(
    dir: &Path,
    store: &dyn EventStore,
    published: &Checkpoint,
) -> Result<Option<LogState>, ProofError> {
    let (fold, reached) = from_tiles(dir, store, published.size).await?;
    let found = root_over(fold, reached, store, published.size).await?;
    if is_same(&found, published) {
        return Ok(None);
    }
    // Before reporting a difference, the root is computed from the log alone: tiles can be damaged.
    let found = root_over(RootFold::new(), Position(0), store, published.size).await?;
    Ok((!is_same(&found, published)).then_some(found))
}

fn is_same(found: &LogState, published: &Checkpoint) -> bool {
    found.size == published.size && found.root == published.root
}

/// A tree over the first events, and the position of its last leaf.
type TreeStart = (RootFold, Position);

/// Returns the tree of the tiles if its last leaf is the log's own event at that position; that event
/// depends on all earlier ones of its stream, and none is ever recorded twice. Otherwise, or if positions
/// are not dense, an empty tree.
async fn from_tiles(dir: &Path, store: &dyn EventStore, size: u64) -> Result<TreeStart, ProofError> {
    let nothing = (RootFold::new(), Position(0));
    if !store.capabilities().dense {
        return Ok(nothing);
    }
    let (fold, last) = read_trusted_tree(dir, size);
    let (Some(last), Some(before)) = (last, fold.size().checked_sub(1)) else {
        return Ok(nothing);
    };
    let event = store.read_all(Position(before), 1).await?;
    let is_own = event.first().is_some_and(|event| event_hash(event) == last);
    let reached = Position(fold.size());
    Ok(if is_own { (fold, reached) } else { nothing })
}

async fn root_over(
    mut fold: RootFold,
    mut reached: Position,
    store: &dyn EventStore,
    size: u64,
) -> Result<LogState, ProofError> {
    while fold.size() < size {
        let limit = usize::try_from(size - fold.size()).unwrap_or(PAGE_EVENTS_MAX);
        let page = store.read_all(reached, limit.min(PAGE_EVENTS_MAX)).await?;
        let Some(last) = page.last() else { break };
        reached = last.position;
        for event in &page {
            fold.push(&event_hash(event));
        }
    }
    Ok(LogState {
        size: fold.size(),
        root: fold.root(),
    })
}

/// Moves all proof files in `dir` to a folder of their own below `earlier/`, named after the origin. The
/// checkpoint is moved last, so that an interrupted move is continued by the next call. Returns the folder.
pub fn put_aside(dir: &Path, origin: &str) -> Result<PathBuf, ProofError> {
    let folder = dir.join(EARLIER_DIR).join(folder_name(dir, origin));
    let disk = |error: io::Error| ProofError::disk(&folder, &error);
    create_private_dir(&folder).map_err(disk)?;
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(disk)? {
        let name = entry.map_err(disk)?.file_name();
        if name != EARLIER_DIR && name != CHECKPOINT_FILE {
            names.push(name);
        }
    }
    names.push(CHECKPOINT_FILE.into());
    for name in names {
        match fs::rename(dir.join(&name), folder.join(&name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk(error)),
            Ok(()) | Err(_) => {}
        }
        sync_dir(dir).map_err(disk)?;
    }
    sync_dir(&folder).map_err(disk)?;
    Ok(folder)
}

/// Returns a folder name for the origin: its letters, digits and dots, and a number if a folder with a
/// checkpoint already has that name.
fn folder_name(dir: &Path, origin: &str) -> String {
    let plain = |one: char| {
        if one.is_ascii_alphanumeric() || one == '.' {
            one
        } else {
            '-'
        }
    };
    let name: String = origin.chars().map(plain).collect();
    let is_taken = |name: &str| dir.join(EARLIER_DIR).join(name).join(CHECKPOINT_FILE).exists();
    let numbered = (2..ASIDE_MAX).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{follow, grow, key, log, publish};
    use super::*;
    use crate::MemoryEventStore;
    use crate::proof::{FileCheckpointStore, ProofFollower, SignedCheckpoint, SigningKey};
    use crate::test_ports::HashIds;
    use std::os::unix::fs::PermissionsExt;

    /// Makes a log of `kept` events that has grown to `size`, with tiles and checkpoint as a stopped server
    /// leaves them.
    async fn published(dir: &Path, kept: u64, size: u64) -> (MemoryEventStore, SignedCheckpoint) {
        let store = log(kept).await;
        grow(&store, size).await;
        let signed = publish(dir, &store).await.unwrap();
        follow(dir, &store).await.mark().unwrap();
        (store, signed)
    }

    #[tokio::test]
    async fn a_shorter_and_a_forked_log_are_distinguished_from_one_that_went_on() {
        for (kept, size) in [(1, 2), (255, 256), (300, 512), (600, 700)] {
            let dir = tempfile::tempdir().unwrap();
            let (store, signed) = published(dir.path(), kept, size).await;
            let claimed = signed.claimed();
            let same = compare(dir.path(), &store, claimed).await.unwrap();
            assert_eq!(same, None, "{size}");
            grow(&store, size + 300).await;
            assert_eq!(
                compare(dir.path(), &store, claimed).await.unwrap(),
                None,
                "{size}"
            );
            // The same log without its last events: tiles that reach further are not trusted.
            let older = log(kept).await;
            let found = compare(dir.path(), &older, claimed).await.unwrap().unwrap();
            assert_eq!(found.size, kept, "{size}");
            assert_ne!(found.root, claimed.root, "{size}");
            // It grew again, with other events, to more than was signed.
            grow(&older, size + 400).await;
            let found = compare(dir.path(), &older, claimed).await.unwrap().unwrap();
            assert_eq!(found.size, size);
            assert_ne!(found.root, claimed.root, "{size}");
        }
    }

    #[tokio::test]
    async fn torn_tiles_accuse_no_log() {
        let dir = tempfile::tempdir().unwrap();
        let (store, signed) = published(dir.path(), 600, 700).await;
        let tile = dir.path().join("tile/0/000");
        let mut bytes = fs::read(&tile).unwrap();
        bytes[5] ^= 1;
        fs::write(&tile, bytes).unwrap();
        assert_eq!(compare(dir.path(), &store, signed.claimed()).await.unwrap(), None);
    }

    #[tokio::test]
    async fn tiles_of_a_lost_tail_are_not_gone_on_with() {
        let dir = tempfile::tempdir().unwrap();
        published(dir.path(), 300, 700).await;
        let older = log(300).await;
        let mut follower = ProofFollower::open(dir.path(), true).unwrap();
        assert_eq!(follower.size(), 512, "the size according to the tiles");
        follower.hold_to_log(&older).await.unwrap();
        follower.catch_up(&older).await.unwrap();
        assert_eq!(follower.size(), 300);
    }

    #[tokio::test]
    async fn what_was_signed_of_a_lost_history_is_kept_and_the_next_origin_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let (_, signed) = published(dir.path(), 300, 700).await;
        let (ids, file) = (HashIds::new(1), dir.path().join("keys/log-signing.key"));
        let before = key(dir.path());
        fs::create_dir_all(dir.path().join("keys")).unwrap();
        fs::copy(dir.path().join("log-signing.key"), &file).unwrap();
        let proof = dir.path().join("p");
        fs::create_dir_all(&proof).unwrap();
        for name in ["tile", "checkpoint", "checkpoints"] {
            fs::rename(dir.path().join(name), proof.join(name)).unwrap();
        }
        let folder = put_aside(&proof, before.name()).unwrap();
        assert_eq!(FileCheckpointStore::new(&folder).read().unwrap(), Some(signed));
        assert!(folder.join("tile/0/000").exists() && !proof.join("tile").exists());

        let named = SigningKey::of_origin(&file, Some("5f0c"), &ids).unwrap();
        assert_eq!(named.name(), format!("{}/5f0c", before.name()));
        let again = SigningKey::of_origin(&file, Some("5f0c"), &ids).unwrap();
        assert_eq!(again.verifier(), named.verifier());
        let third = SigningKey::of_origin(&file, Some("77aa"), &ids).unwrap();
        assert_eq!(third.name(), format!("{}/77aa", before.name()));
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // A smaller tree is signed under the new origin; the earlier checkpoints are kept aside.
        let mut follower = follow(&proof, &log(300).await).await;
        let publisher =
            crate::proof::Publisher::new(third, std::sync::Arc::new(FileCheckpointStore::new(&proof)));
        let next = publisher
            .publish(&mut follower, domain::time::Timestamp::EPOCH)
            .await
            .unwrap();
        assert_eq!(next.checkpoint.claimed().size, 300);
    }
}
