//! Bundles of events: which events belong to what is to be proved, and the file that proves them to a
//! stranger.
//!
//! The events come from the log and the proofs from its tree, under a checkpoint that was signed; nothing
//! sealed is opened.

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
    Attached, BundleContent, BundleSubject, ProvedEvent, write_bundle, write_stamped_bundle,
};
use store::proof::{
    FileShelf, PROOF_DIR, SignedCheckpoint, SigningKey, StampShelf, Stamped, TileDir, VerifierKey, leaf_of,
};

/// What is to be proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// All events of one call, both grants, and what led to them.
    Call(CallId),
    /// All events that name one customer, as far as the checkpoint goes.
    Customer(CustomerId),
    /// One event, and what led to it.
    Event(EventId),
    /// All events of one campaign, as far as the checkpoint goes: what its reports are computed from.
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

    /// A call or an event is proved whole; of a customer and a campaign, whose history goes on, what the
    /// checkpoint does not cover is left out.
    pub const fn later(&self) -> Later {
        match self {
            Self::Call(_) | Self::Event(_) => Later::Refused,
            Self::Customer(_) | Self::Report(_) => Later::LeftOut,
        }
    }

    /// Its events, and what led to them.
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

/// What becomes of events behind the checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    Refused,
    LeftOut,
}

/// Events with their leaves, and how many the checkpoint does not cover.
#[derive(Debug)]
pub struct Proved {
    pub events: Vec<ProvedEvent>,
    pub later_count: usize,
}

/// A bundle, and what it stands under.
#[derive(Debug)]
pub struct Made {
    pub bytes: Vec<u8>,
    /// Events that are in it, each with its proof.
    pub events: u64,
    /// Events that the checkpoint covers.
    pub size: u64,
    /// When an authority stamped the checkpoint, where one did.
    pub stamped_at: Option<Timestamp>,
}

/// Makes bundles from the tree beside a log, signed with the log's key.
pub struct Prover {
    dir: PathBuf,
    key: SigningKey,
    dense: bool,
}

impl Prover {
    /// Of the tree in `directory`, with the key in `key_file`.
    pub fn of(directory: &Path, key_file: &Path, dense: bool) -> Result<Self, Problem> {
        Ok(Self {
            dir: directory.join(PROOF_DIR),
            key: SigningKey::read(key_file)?,
            dense,
        })
    }

    /// Who checks what is made here checks with this key.
    pub fn key(&self) -> VerifierKey {
        self.key.verifier()
    }

    /// The last checkpoint that was published here.
    pub fn checkpoint(&self) -> Result<Option<SignedCheckpoint>, Problem> {
        Ok(FileShelf::new(&self.dir).read()?)
    }

    /// Whether the key here signed a checkpoint; the key of another installation did not.
    pub fn has_signed(&self, checkpoint: &SignedCheckpoint) -> bool {
        checkpoint.verify(&self.key()).is_ok()
    }

    /// Whether a checkpoint covers the event at a position.
    pub fn covers(&self, checkpoint: &SignedCheckpoint, position: Position) -> Result<bool, Problem> {
        let leaf = leaf_of(&self.dir, position, self.dense)?;
        Ok(leaf.is_some_and(|leaf| leaf < checkpoint.claimed().size))
    }

    /// Each event with its leaf, where the checkpoint covers it.
    pub fn proved(
        &self,
        selection: Selection,
        later: Later,
        checkpoint: &SignedCheckpoint,
    ) -> Result<Proved, Problem> {
        let size = checkpoint.claimed().size;
        let mut events = Vec::with_capacity(selection.events.len());
        let mut later_count = 0_usize;
        for (position, (reason, event)) in selection.events {
            match (leaf_of(&self.dir, position, self.dense)?, later) {
                (Some(index), _) if index < size => events.push(ProvedEvent { index, reason, event }),
                (Some(_) | None, Later::LeftOut) => later_count += 1,
                (Some(_) | None, Later::Refused) => {
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
        Ok(Proved { events, later_count })
    }

    /// The bundle of what is proved, under the earliest stamped checkpoint over it, else under this one.
    pub fn bundle(
        &self,
        subject: BundleSubject,
        events: Vec<ProvedEvent>,
        attached: Attached,
        checkpoint: &SignedCheckpoint,
    ) -> Result<Made, Problem> {
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
        Ok(Made {
            bytes,
            events: count,
            size: under.claimed().size,
            stamped_at: stamped.map(|stamped| stamped.stamp.at),
        })
    }

    /// The earliest stamped checkpoint over all these events: it bounds their age the closest. One that fewer
    /// have signed than the last is passed over, since who checks may demand a witness.
    fn stamped_over(
        &self,
        last: &SignedCheckpoint,
        events: &[ProvedEvent],
    ) -> Result<Option<Stamped>, Problem> {
        let needed = events.iter().map(|event| event.index).max();
        let signers: Vec<&str> = last.signers().collect();
        let kept = StampShelf::new(&self.dir).kept()?;
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
