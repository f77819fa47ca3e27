//! Compares the log with its tree: each event with the events before it, the tiles and the checkpoints.

use super::event_facts::{Leaf, RecordedPlace};
use super::state::{self, State};
use super::{LogFault, LogReport, VerifyPlan};
use crate::proof::checkpoint::Checkpoint;
use crate::proof::error::ProofError;
use crate::proof::leaf::{HASH_BYTES, TreeHash, event_hash};
use crate::proof::tiles::{TILE_HASHES, TileDir};
use domain::hex;
use domain::ports::event_store::EventStore;
use domain::stored_event::{Position, StoredEvent};
use std::path::PathBuf;

/// The most event ids that are kept to find duplicates: 300 MB at most. Events beyond it are not checked for
/// duplicates.
const IDS_MAX: usize = 16 * 1024 * 1024;

/// The number of events after which the state is saved, so that an interrupted check can resume.
const STATE_EVENTS: u64 = 2_000_000;

/// The state of a comparison of a log with its tree and checkpoints.
pub(super) struct Comparison {
    dir: PathBuf,
    dense: bool,
    tiles: TileDir,
    /// The checkpoints to compare with, the smallest first.
    checkpoints: Vec<Checkpoint>,
    state: State,
    resumed_from: u64,
    held: u64,
    tile: Vec<u8>,
    /// The first event with a leaf that differs from its tile, where the tile's leaf could not be proved
    /// either.
    doubted: Option<LogFault>,
}

impl Comparison {
    /// Starts at the first event, or where an interrupted check ended if the plan resumes and its state
    /// belongs to this log.
    pub(super) async fn begin(plan: &VerifyPlan, store: &dyn EventStore) -> Result<Self, ProofError> {
        let mut checkpoints = plan.checkpoints.clone();
        checkpoints.sort_by_key(|checkpoint| checkpoint.size);
        let resumed = if plan.resume {
            resumable(plan, store).await?
        } else {
            None
        };
        let state = resumed.unwrap_or_default();
        let resumed_from = state.fold.size();
        let held = checkpoints.iter().filter(|at| at.size <= resumed_from).count();
        let mut comparison = Self {
            dir: plan.dir.clone(),
            dense: plan.dense,
            tiles: TileDir::new(&plan.dir),
            checkpoints,
            state,
            resumed_from,
            held: u64::try_from(held).unwrap_or(u64::MAX),
            tile: Vec::new(),
            doubted: None,
        };
        comparison.load_tile();
        Ok(comparison)
    }

    pub(super) const fn events(&self) -> u64 {
        self.state.fold.size()
    }

    pub(super) const fn reached(&self) -> Position {
        self.state.reached
    }

    /// Compares the next events with the log before them, the tiles and the checkpoints. Returns the first
    /// fault found.
    pub(super) fn take(
        &mut self,
        events: &[StoredEvent],
        leaves: &[Leaf],
    ) -> Result<Option<LogFault>, ProofError> {
        for (event, leaf) in events.iter().zip(leaves) {
            if let Some(what) = self.look_at(event, leaf) {
                return Ok(Some(LogFault {
                    position: Some(event.position),
                    what,
                }));
            }
            self.state.fold.push(&leaf.hash);
            self.state.reached = event.position;
            self.state.recorded = event.recorded_at.micros();
            self.state.last_leaf = leaf.hash;
            if let Some(finding) = self.compare_root() {
                return Ok(Some(finding));
            }
            if self.events().is_multiple_of(STATE_EVENTS) {
                self.save()?;
            }
        }
        Ok(None)
    }

    /// Saves the state from which an interrupted check resumes.
    pub(super) fn save(&self) -> Result<(), ProofError> {
        state::write(&self.dir, &self.state)
    }

    /// Ends the comparison at the end of the log and returns its report. A fault is a checkpoint that
    /// covers more events, or tiles that contradict the log.
    pub(super) fn finish(mut self) -> Result<LogReport, ProofError> {
        state::forget(&self.dir)?;
        let short = self.checkpoints.last().filter(|at| at.size > self.events());
        let wrong = match short {
            Some(at) => Some(LogFault {
                position: Some(self.state.reached),
                what: format!(
                    "the log ends after {} events, but a checkpoint covers {}: {} are missing at its end",
                    self.events(),
                    at.size,
                    at.size - self.events()
                ),
            }),
            None => self.doubted.take().map(|doubted| LogFault {
                position: doubted.position,
                what: format!(
                    "the events have the signed roots, but the tree's own tiles are damaged: {}; remove {} and \
                     they are made again",
                    doubted.what,
                    self.dir.join("tile").display()
                ),
            }),
        };
        Ok(self.report(wrong))
    }

    pub(super) fn report(&self, wrong: Option<LogFault>) -> LogReport {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        LogReport {
            events: self.events(),
            resumed_from: self.resumed_from,
            streams: count(self.state.streams.len()),
            checkpoints: self.held,
            covered: self.checkpoints.last().map_or(0, |at| at.size.min(self.events())),
            ids: count(self.state.ids.len()),
            causes_missing: self.state.causes_missing,
            first_cause_missing: self.state.first_cause_missing,
            wrong,
        }
    }

    fn look_at(&mut self, event: &StoredEvent, leaf: &Leaf) -> Option<String> {
        let next = self.events() + 1;
        if self.dense && event.position != Position(next) {
            return Some(format!(
                "position {next} is missing: position {} comes instead",
                event.position
            ));
        }
        if event.position <= self.state.reached {
            return Some(format!("it comes after position {}", self.state.reached));
        }
        if let Some(what) = self.compare_leaf(event, leaf) {
            return Some(what);
        }
        if event.recorded_at.micros() < self.state.recorded {
            return Some("it was recorded before the event in front of it".to_owned());
        }
        match &leaf.place {
            Err(why) => Some(format!("its record cannot be read: {why}")),
            Ok(place) => self.place(event.position, place),
        }
    }

    /// Compares an event's stream version, id and cause with the events before it. Returns what is wrong
    /// with it, or `None`.
    fn place(&mut self, position: Position, place: &RecordedPlace) -> Option<String> {
        let version = self.state.streams.entry(place.stream).or_insert(0);
        if place.version != *version + 1 {
            return Some(format!(
                "it is version {} of its stream, which is at version {version}",
                place.version
            ));
        }
        *version = place.version;
        if self.state.ids.len() < IDS_MAX {
            if !self.state.ids.insert(place.id) {
                return Some("its id occurs before it".to_owned());
            }
            let known = |cause: u64| self.state.ids.contains(&cause);
            if place.cause.is_some_and(|cause| !known(cause)) {
                self.state.causes_missing += 1;
                self.state.first_cause_missing.get_or_insert(position);
            }
        }
        None
    }

    /// Compares an event's leaf with the one in its tile. If they differ and the tile's leaf can be proved,
    /// the event was changed: returns that. If it cannot, the difference is stored as a doubt.
    fn compare_leaf(&mut self, event: &StoredEvent, leaf: &Leaf) -> Option<String> {
        let index = self.events();
        if index.is_multiple_of(TILE_HASHES) {
            self.load_tile();
        }
        let within = usize::try_from(index % TILE_HASHES).unwrap_or(usize::MAX);
        let held: TreeHash = *self.tile.as_chunks::<HASH_BYTES>().0.get(within)?;
        if held == leaf.hash {
            return None;
        }
        let at = self.checkpoints.iter().find(|at| at.size > index)?;
        if self.tiles.inclusion(at, index, &held).is_ok() {
            return Some(format!(
                "it is not what was signed: its leaf is {}, the tree of size {} has {}",
                hex::encode(&leaf.hash),
                at.size,
                hex::encode(&held)
            ));
        }
        self.doubted.get_or_insert(LogFault {
            position: Some(event.position),
            what: format!("tile {} of level 0 has another leaf", index / TILE_HASHES),
        });
        None
    }

    /// Reads the tile with the leaves of the next events, as far as checkpoints cover them.
    fn load_tile(&mut self) {
        let index = self.events() / TILE_HASHES;
        let covered = self.checkpoints.last().map_or(0, |at| at.size);
        let width = covered.saturating_sub(index * TILE_HASHES).min(TILE_HASHES);
        self.tile.clear();
        if width == 0 {
            return;
        }
        match self.tiles.read(0, index, width) {
            Ok(hashes) => self.tile = hashes,
            Err(error) => {
                self.doubted.get_or_insert(LogFault {
                    position: None,
                    what: error.to_string(),
                });
            }
        }
    }

    /// Compares the root with the checkpoints over exactly the events so far. Returns a fault if one
    /// differs.
    fn compare_root(&mut self) -> Option<LogFault> {
        let size = self.events();
        let from = self.checkpoints.partition_point(|at| at.size < size);
        let to = self.checkpoints.partition_point(|at| at.size <= size);
        if from == to {
            return None;
        }
        let root = self.state.fold.root();
        for at in self.checkpoints.get(from..to)? {
            if at.root != root {
                let position = self.doubted.as_ref().and_then(|doubted| doubted.position);
                return Some(LogFault {
                    position,
                    what: format!(
                        "the first {size} events have the root {}, the checkpoint of that size has {}",
                        hex::encode(&root),
                        hex::encode(&at.root)
                    ),
                });
            }
            self.held += 1;
        }
        None
    }
}

/// Reads the state of an interrupted check. `None` if there is none, or if the log no longer has the event
/// at which it ended.
async fn resumable(plan: &VerifyPlan, store: &dyn EventStore) -> Result<Option<State>, ProofError> {
    let Some(state) = state::read(&plan.dir) else {
        return Ok(None);
    };
    let before = Position(state.reached.0.saturating_sub(1));
    let last = store.read_all(before, 1).await?;
    let same = last
        .first()
        .is_some_and(|event| event.position == state.reached && event_hash(event) == state.last_leaf);
    Ok(same.then_some(state))
}
