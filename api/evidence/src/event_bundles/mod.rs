//! Event bundles: selects the events that belong to a subject and writes the file that proves them to a third
//! party.
//!
//! The events come from the log and the proofs from its tree, under a signed checkpoint. Nothing sealed is
//! opened.

mod selection;

pub use selection::Selection;

use domain::event_filter::EventFilter;
use domain::ids::{CallId, CampaignId, CustomerId, EventId, StreamId};
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::fmt;
use std::path::{Path, PathBuf};
use store::proof::bundle::{
    Attachments, BundleContent, BundleSubject, ProvedEvent, write_bundle, write_stamped_bundle,
};
use store::proof::{
    FileCheckpointStore, PROOF_DIR, SignedCheckpoint, SigningKey, StampedCheckpoint, TileDir, TimeStampStore,
    VerifierKey, leaf_of,
};

/// What a proof is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// All events of one call, both grants, and their causes.
    Call(CallId),
    /// All events that name one customer, as far as the checkpoint covers them.
    Customer(CustomerId),
    /// One event and its causes.
    Event(EventId),
    /// All events of one campaign, as far as the checkpoint covers them. Its reports are computed from these.
    Report(CampaignId),
}

impl Subject {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Call(_) => "call",
            Self::Customer(_) => "customer",
            Self::Event(_) => "event",
            Self::Report(_) => "report",
        }
    }

    /// Returns what happens with events that the checkpoint does not cover: refused for a call or an event,
    /// which are proved completely; left out for a customer or a campaign, which have a history that
    /// continues.
    pub const fn later(&self) -> LaterEventPolicy {
        match self {
            Self::Call(_) | Self::Event(_) => LaterEventPolicy::Refused,
            Self::Customer(_) | Self::Report(_) => LaterEventPolicy::LeftOut,
        }
    }

    /// Selects the subject's events and their causes. Fails above `BUNDLE_EVENTS_MAX`.
    pub async fn select(&self, store: &dyn EventStore) -> Result<Selection, Problem> {
        let mut selection = Selection::default();
        let whole = EventFilter::default();
        match self {
            Self::Call(call) => {
                let streams = vec![StreamId::new("call", call).as_str().to_owned()];
                let filter = EventFilter { streams, ..whole };
                selection.add_matching(store, filter).await?;
                selection.add_grants(store, &call.to_string()).await?;
                selection.add_causes(store).await?;
            }
            Self::Event(event) => {
                selection.add_event(store, *event).await?;
                selection.add_causes(store).await?;
            }
            Self::Customer(customer) => {
                let customer = Some(customer.clone());
                let filter = EventFilter { customer, ..whole };
                selection.add_matching(store, filter).await?;
            }
            Self::Report(campaign) => {
                let campaign = Some(campaign.clone());
                let filter = EventFilter { campaign, ..whole };
                selection.add_matching(store, filter).await?;
            }
        }
        Ok(selection)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(id) => id.fmt(f),
            Self::Customer(id) => id.fmt(f),
            Self::Event(id) => id.fmt(f),
            Self::Report(id) => id.fmt(f),
        }
    }
}

/// What happens with selected events that the checkpoint does not cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaterEventPolicy {
    Refused,
    LeftOut,
}

/// Events with their leaves in the tree, and the number of events left out because the checkpoint does not
/// cover them.
#[derive(Debug)]
pub struct EventProofs {
    pub events: Vec<ProvedEvent>,
    pub later_count: usize,
}

/// A bundle and its checkpoint.
#[derive(Debug)]
pub struct EvidenceBundleFile {
    pub bytes: Vec<u8>,
    /// Events in the bundle, each with its proof.
    pub events: u64,
    /// Events that the checkpoint covers.
    pub size: u64,
    /// When an authority stamped the checkpoint, if one did.
    pub stamped_at: Option<Timestamp>,
}

/// Makes bundles from the tree next to a log, signed with the log's key.
pub struct Prover {
    dir: PathBuf,
    key: SigningKey,
    dense: bool,
}

impl Prover {
    /// Opens the tree in `directory` with the signing key in `key_file`. `dense`: the log's positions have
    /// no gaps.
    pub fn of(directory: &Path, key_file: &Path, dense: bool) -> Result<Self, Problem> {
        Ok(Self {
            dir: directory.join(PROOF_DIR),
            key: SigningKey::read(key_file)?,
            dense,
        })
    }

    /// Returns the key with which readers verify these bundles.
    pub fn key(&self) -> VerifierKey {
        self.key.verifier()
    }

    /// Returns the last checkpoint that this installation published; `None` if there is none.
    pub fn checkpoint(&self) -> Result<Option<SignedCheckpoint>, Problem> {
        Ok(FileCheckpointStore::new(&self.dir).read()?)
    }

    /// Returns true if this installation's key signed the checkpoint.
    pub fn has_signed(&self, checkpoint: &SignedCheckpoint) -> bool {
        checkpoint.verify(&self.key()).is_ok()
    }

    /// Returns true if the checkpoint covers the event at a position.
    pub fn covers(&self, checkpoint: &SignedCheckpoint, position: Position) -> Result<bool, Problem> {
        let leaf = leaf_of(&self.dir, position, self.dense)?;
        Ok(leaf.is_some_and(|leaf| leaf < checkpoint.claimed().size))
    }

    /// Returns the selected events with their leaves. Events that the checkpoint does not cover are refused
    /// or left out, as `later` says.
    pub fn proved(
        &self,
        selection: Selection,
        later: LaterEventPolicy,
        checkpoint: &SignedCheckpoint,
    ) -> Result<EventProofs, Problem> {
        let size = checkpoint.claimed().size;
        let mut events = Vec::with_capacity(selection.events.len());
        let mut later_count = 0_usize;
        for (position, (reason, event)) in selection.events {
            match (leaf_of(&self.dir, position, self.dense)?, later) {
                (Some(index), _) if index < size => events.push(ProvedEvent { index, reason, event }),
                (Some(_) | None, LaterEventPolicy::LeftOut) => later_count += 1,
                (Some(_) | None, LaterEventPolicy::Refused) => {
                    return Err(Problem::unavailable(format!(
                        "position {position} is not covered by the latest log checkpoint; publish one with \
                         `ledgerline audit checkpoint`"
                    )));
                }
            }
        }
        if later_count > 0 && events.is_empty() {
            return Err(Problem::unavailable(format!(
                "none of its {later_count} events is covered by the latest log checkpoint; publish one with \
                 `ledgerline audit checkpoint`"
            )));
        }
        Ok(EventProofs { events, later_count })
    }

    /// Makes the bundle file of these events, under the earliest stamped checkpoint that covers them,
    /// otherwise under `checkpoint`.
    pub fn bundle(
        &self,
        subject: BundleSubject,
        events: Vec<ProvedEvent>,
        attached: Attachments,
        checkpoint: &SignedCheckpoint,
    ) -> Result<EvidenceBundleFile, Problem> {
        let stamped = self.stamped_over(checkpoint, &events)?;
        let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
        let content = BundleContent {
            subject,
            events,
            attached,
        };
        let tiles = TileDir::new(&self.dir);
        let bytes = match &stamped {
            Some(stamped) => write_stamped_bundle(content, &tiles, stamped, &self.key)?,
            None => write_bundle(content, &tiles, checkpoint, &self.key)?,
        };
        let under = stamped.as_ref().map_or(checkpoint, |stamped| &stamped.checkpoint);
        Ok(EvidenceBundleFile {
            bytes,
            events: count,
            size: under.claimed().size,
            stamped_at: stamped.map(|stamped| stamped.stamp.at),
        })
    }

    /// Returns the earliest stamped checkpoint that covers all these events, which bounds their age most
    /// closely; `None` if there is none. A checkpoint with fewer signatures than the last one is skipped,
    /// because a verifier may require a witness.
    fn stamped_over(
        &self,
        last: &SignedCheckpoint,
        events: &[ProvedEvent],
    ) -> Result<Option<StampedCheckpoint>, Problem> {
        let needed = events.iter().map(|event| event.index).max();
        let signers: Vec<&str> = last.signers().collect();
        let kept = TimeStampStore::new(&self.dir).kept()?;
        Ok(kept.into_iter().find(|stamped| {
            let of = &stamped.checkpoint;
            let covers = needed.is_some_and(|index| index < of.claimed().size);
            covers && signers.iter().all(|name| of.signers().any(|has| has == *name))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::proof::{Checkpoint, KeyKind};
    use store::test_ports::HashIds;

    #[test]
    fn the_keys_of_another_installation_signed_no_checkpoint_here() {
        let dir = tempfile::tempdir().unwrap();
        let [own, foreign] = ["own", "foreign"].map(|name| dir.path().join(name));
        let key = SigningKey::create(&own, "ledgerline/1", KeyKind::Log, &HashIds::new(1)).unwrap();
        SigningKey::create(&foreign, "ledgerline/1", KeyKind::Log, &HashIds::new(2)).unwrap();
        let checkpoint = Checkpoint {
            origin: "ledgerline/1".to_owned(),
            size: 7,
            root: [9; 32],
        };
        let signed = checkpoint.sign(&key).unwrap();
        let has_signed = |file: &Path| Prover::of(dir.path(), file, true).unwrap().has_signed(&signed);
        assert_eq!((has_signed(&own), has_signed(&foreign)), (true, false));
    }
}
