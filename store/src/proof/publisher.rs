//! Signs and publishes checkpoints. Whoever calls it holds the signing lease.
//!
//! Before it signs it reads what was published last, and proves that the tree still begins with it. It
//! never signs a smaller size, nor two roots of one size.

use super::checkpoint::{Checkpoint, SignedCheckpoint};
use super::error::ProofError;
use super::follower::ProofFollower;
use super::key::SigningKey;
use super::leaf::hex;
use super::shelf::CheckpointShelf;
use super::tiles::TileDir;
use domain::time::Timestamp;
use std::sync::Arc;

/// Signs the checkpoints of one log.
pub struct Publisher {
    key: SigningKey,
    shelf: Arc<dyn CheckpointShelf>,
}

/// What was there before, and what is published now.
#[derive(Debug, Clone)]
pub struct Published {
    pub previous: Option<SignedCheckpoint>,
    pub checkpoint: SignedCheckpoint,
}

impl Publisher {
    pub fn new(key: SigningKey, shelf: Arc<dyn CheckpointShelf>) -> Self {
        Self { key, shelf }
    }

    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Publishes the state of a tree that has reached the log's head. When nothing is new, what is
    /// published is answered as it is.
    pub async fn publish(
        &self,
        follower: &mut ProofFollower,
        at: Timestamp,
    ) -> Result<Published, ProofError> {
        let previous = self.shelf.published().await?;
        let next = follower.checkpoint(self.key.name())?;
        if let Some(signed) = &previous {
            let last = signed.verify(&self.key.verifier())?;
            hold_to(last, &next, follower.tiles())?;
            if last.size == next.size {
                return Ok(Published {
                    checkpoint: signed.clone(),
                    previous,
                });
            }
        }
        let checkpoint = next.sign(&self.key)?;
        self.shelf.publish(previous.as_ref(), &checkpoint, at).await?;
        Ok(Published { previous, checkpoint })
    }

    /// Puts a published checkpoint with more cosignatures in its place.
    pub async fn publish_cosigned(
        &self,
        cosigned: &SignedCheckpoint,
        at: Timestamp,
    ) -> Result<(), ProofError> {
        self.shelf.publish(Some(cosigned), cosigned, at).await
    }
}

/// Refuses a tree that does not begin with what is published.
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
        // A damaged tile must not look like a changed log: first the tiles must lead to the root in memory.
        let written = tiles.root(next.size)?;
        if written != next.root {
            return Err(tiles.damaged(format!("they do not have the root of size {}", next.size)));
        }
        tiles.root_or_empty(last.size)?
    };
    if actual != last.root {
        return Err(ProofError::Forked {
            size: last.size,
            actual: hex(&actual),
            published: hex(&last.root),
        });
    }
    tiles.consistency(last, next).map(drop)
}
