//! Signs and publishes checkpoints. The caller holds the signing lease.
//!
//! Before signing it reads the last published checkpoint and proves that the tree still begins with it. It
//! never signs a smaller size, nor two roots of the same size.

use super::checkpoint::{Checkpoint, SignedCheckpoint};
use super::checkpoint_store::CheckpointStore;
use super::error::ProofError;
use super::follower::ProofFollower;
use super::key::SigningKey;
use super::tiles::TileDir;
use domain::hex;
use domain::time::Timestamp;
use std::sync::Arc;

/// Signs and publishes the checkpoints of one log.
pub struct Publisher {
    key: SigningKey,
    shelf: Arc<dyn CheckpointStore>,
}

/// The result of publishing: the checkpoint that was published before, and the one that is published now.
#[derive(Debug, Clone)]
pub struct PublishResult {
    pub previous: Option<SignedCheckpoint>,
    pub checkpoint: SignedCheckpoint,
}

impl Publisher {
    /// Creates a publisher. It signs checkpoints with `key` and publishes them in the checkpoint store
    /// `shelf`.
    pub fn new(key: SigningKey, shelf: Arc<dyn CheckpointStore>) -> Self {
        Self { key, shelf }
    }

    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Signs and publishes a checkpoint of the follower's tree, which must have reached the head of the log.
    /// Without new events, returns the published checkpoint unchanged. Fails with `RolledBack` or `Forked` if
    /// the tree does not extend the published checkpoint.
    pub async fn publish(
        &self,
        follower: &mut ProofFollower,
        at: Timestamp,
    ) -> Result<PublishResult, ProofError> {
        let previous = self.shelf.published().await?;
        let next = follower.checkpoint(self.key.name())?;
        if let Some(signed) = &previous {
            let last = signed.verify(&self.key.verifier())?;
            hold_to(last, &next, follower.tiles())?;
            if last.size == next.size {
                return Ok(PublishResult {
                    checkpoint: signed.clone(),
                    previous,
                });
            }
        }
        let checkpoint = next.sign(&self.key)?;
        self.shelf.publish(previous.as_ref(), &checkpoint, at).await?;
        Ok(PublishResult { previous, checkpoint })
    }

    /// Replaces the published checkpoint by the same one with further cosignatures.
    pub async fn publish_cosigned(
        &self,
        cosigned: &SignedCheckpoint,
        at: Timestamp,
    ) -> Result<(), ProofError> {
        self.shelf.publish(Some(cosigned), cosigned, at).await
    }
}

/// Returns an error unless the tree of `next` begins with the published checkpoint `last`: fewer events are
/// `RolledBack`, other events `Forked`.
fn hold_to(last: &Checkpoint, next: &Checkpoint, tiles: &TileDir) -> Result<(), ProofError> {
    if next.size < last.size {
        return Err(ProofError::RolledBack {
            size: next.size,
            published: last.size,
        });
    }
    let actual = if next.size == last.size {
        next.root
    } else {
        // A damaged tile must not look like a changed log: first the tiles must have the root that is
        // in memory.
        let written = tiles.root(next.size)?;
        if written != next.root {
            return Err(tiles.damaged(format!("they do not have the root of size {}", next.size)));
        }
        tiles.root_or_empty(last.size)?
    };
    if actual != last.root {
        return Err(ProofError::Forked {
            size: last.size,
            actual: hex::encode(&actual),
            published: hex::encode(&last.root),
        });
    }
    tiles.consistency(last, next).map(drop)
}
