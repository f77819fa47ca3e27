//! Sends each published checkpoint to the witnesses and collects their cosignatures.

use crate::outbound::witness::{WitnessAnswer, WitnessClient, WitnessSpec};
use domain::ports::clock::Clock;
use std::collections::BTreeMap;
use store::proof::{ConsistencyProof, PublishResult, SignedCheckpoint, TileDir};

/// The most requests to one witness per checkpoint: the second starts at the size that the first response
/// named.
const ASKS_MAX: usize = 2;

/// The witnesses of a log, and the size that each has last seen.
pub(crate) struct WitnessCosigner {
    witnesses: Vec<WitnessSpec>,
    client: WitnessClient,
    seen: BTreeMap<String, u64>,
}

impl WitnessCosigner {
    pub(super) fn new(witnesses: Vec<WitnessSpec>) -> Self {
        Self {
            witnesses,
            client: WitnessClient::new(),
            seen: BTreeMap::new(),
        }
    }

    /// Returns the checkpoint with the cosignatures that could be collected; `None` if there is none to add.
    /// A witness that does not respond is logged and asked again with the next checkpoint.
    pub(super) async fn collect(
        &mut self,
        published: &PublishResult,
        tiles: &TileDir,
        clock: &dyn Clock,
    ) -> Option<SignedCheckpoint> {
        let mut checkpoint = published.checkpoint.clone();
        let mut has_new = false;
        for witness in &self.witnesses {
            if checkpoint.cosigned_by(&witness.key).is_some() {
                continue;
            }
            let seen = self.seen.entry(witness.to_string()).or_insert(0);
            match cosign(&self.client, witness, &mut checkpoint, seen, tiles, clock).await {
                Ok(()) => has_new = true,
                Err(why) => tracing::warn!(%witness, why, "no cosignature"),
            }
        }
        has_new.then_some(checkpoint)
    }
}

async fn cosign(
    client: &WitnessClient,
    witness: &WitnessSpec,
    checkpoint: &mut SignedCheckpoint,
    seen: &mut u64,
    tiles: &TileDir,
    clock: &dyn Clock,
) -> Result<(), String> {
    for _ in 0..ASKS_MAX {
        let newer = checkpoint.claimed();
        let hashes = tiles
            .consistency_from(*seen, newer)
            .map_err(|error| error.to_string())?;
        let body = ConsistencyProof {
            old_size: *seen,
            hashes,
            checkpoint: checkpoint.clone(),
        };
        match client.ask(witness, body.to_text(), clock).await? {
            WitnessAnswer::LastSeen(size) if size > newer.size => {
                return Err(format!(
                    "it has seen {size} events of this log, which has {}",
                    newer.size
                ));
            }
            WitnessAnswer::LastSeen(size) if size == *seen => {
                return Err(format!("it has seen another root over {size} events"));
            }
            WitnessAnswer::LastSeen(size) => *seen = size,
            WitnessAnswer::Cosigned(lines) => {
                let size = newer.size;
                let added = lines
                    .lines()
                    .any(|line| checkpoint.add_cosignature(line, &witness.key).is_ok());
                if !added {
                    return Err("its answer has no valid cosignature by its key".to_owned());
                }
                *seen = size;
                return Ok(());
            }
        }
    }
    Err("it responds with another size each time".to_owned())
}
