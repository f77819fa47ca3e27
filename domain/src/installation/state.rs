//! The state of the installation, folded from its events: its fingerprint, whether dialing waits for a
//! confirmation, the last restore, and the last clock offsets.

use super::clock::ClockDoubt;
use super::event::{ClockOffset, InstallationEvent, RestoreFacts};
use super::keys::RestoredKeys;
use super::loss::LostHistory;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Most clock sources with a stored offset. A further source replaces the one that was recorded longest
/// ago.
const SOURCES_MAX: usize = 16;

/// The state of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstallationState {
    fingerprint: Option<String>,
    restored_keys: Option<RestoredKeys>,
    unconfirmed: Option<RestoreFacts>,
    unconfirmed_loss: Option<(LostHistory, Timestamp)>,
    /// Positions and roots of checkpoints that this log no longer continues: a handful at most.
    given_up: BTreeSet<(Position, Option<String>)>,
    origin_suffix: Option<String>,
    offsets: BTreeMap<String, (ClockOffset, Timestamp)>,
    doubt: Option<(ClockDoubt, Timestamp)>,
    shortened_at: Option<Timestamp>,
}

impl InstallationState {
    /// Returns the installation's fingerprint; `None` before it is recorded.
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// Returns the last restore of keys; `None` if there was none.
    pub const fn restored_keys(&self) -> Option<&RestoredKeys> {
        self.restored_keys.as_ref()
    }

    /// Returns the restore that no user has confirmed yet; `None` if there is none. While there is one,
    /// dialing is off.
    pub fn unconfirmed_restore(&self) -> Option<&RestoreFacts> {
        self.unconfirmed.as_ref()
    }

    /// Returns the lost history that no user has confirmed yet, and when it was found; `None` if there is
    /// none. While there is one, dialing is off.
    pub const fn unconfirmed_loss(&self) -> Option<&(LostHistory, Timestamp)> {
        self.unconfirmed_loss.as_ref()
    }

    pub const fn is_dialing_paused(&self) -> bool {
        self.unconfirmed.is_some() || self.unconfirmed_loss.is_some()
    }

    /// Returns when the log was last restored or found to have lost history; `None` if never. Readers may
    /// hold positions from before that no longer exist.
    pub const fn history_shortened_at(&self) -> Option<Timestamp> {
        self.shortened_at
    }

    /// Returns true if a recorded loss says that the log does not continue this checkpoint (position and
    /// Merkle root).
    pub fn has_given_up(&self, head: Position, root: Option<&str>) -> bool {
        self.given_up.contains(&(head, root.map(str::to_owned)))
    }

    /// Returns the suffix of the log's origin, under which it signs checkpoints; `None` if no signed
    /// history was lost.
    pub fn origin_suffix(&self) -> Option<&str> {
        self.origin_suffix.as_deref()
    }

    fn lose(&mut self, lost: &LostHistory, at: Timestamp) {
        self.shortened_at = Some(at);
        self.given_up.insert((lost.known_head, lost.known_root.clone()));
        if lost.origin_suffix.is_some() {
            self.origin_suffix.clone_from(&lost.origin_suffix);
        }
        self.unconfirmed_loss.get_or_insert_with(|| (lost.clone(), at));
    }

    /// Returns the open doubt about a process's clock, and when it was recorded; `None` if there is none.
    /// While there is one, dialing is off. A restart does not end it, because a clock that agrees with
    /// itself proves nothing.
    pub fn clock_doubt(&self) -> Option<(ClockDoubt, Timestamp)> {
        self.doubt
    }

    /// Returns the last recorded offset of a clock source, and its time; `None` for an unknown source.
    pub fn clock_offset(&self, source: &str) -> Option<(&ClockOffset, Timestamp)> {
        self.offsets.get(source).map(|(offset, at)| (offset, *at))
    }

    fn note(&mut self, offset: &ClockOffset, at: Timestamp) {
        self.offsets.insert(offset.source.clone(), (offset.clone(), at));
        if self.offsets.len() > SOURCES_MAX {
            let oldest = self.offsets.iter().min_by_key(|(_, (_, at))| *at);
            let oldest = oldest.map(|(source, _)| source.clone());
            self.offsets.retain(|source, _| Some(source) != oldest.as_ref());
        }
    }

    pub(super) fn apply(&mut self, event: &InstallationEvent, at: Timestamp) {
        match event {
            InstallationEvent::Restored { facts } => {
                self.unconfirmed = Some(facts.clone());
                self.shortened_at = Some(at);
            }
            InstallationEvent::Named { fingerprint } => self.fingerprint = Some(fingerprint.clone()),
            InstallationEvent::KeysRestored { keys } => self.restored_keys = Some(keys.clone()),
            InstallationEvent::HistoryLost { lost } => self.lose(lost, at),
            InstallationEvent::DialingConfirmed { .. } => {
                self.unconfirmed = None;
                self.unconfirmed_loss = None;
            }
            InstallationEvent::IndexRemade { .. } => {}
            InstallationEvent::ClockOffsetMeasured { offset } => self.note(offset, at),
            InstallationEvent::ClockDoubted { doubt } => self.doubt = Some((*doubt, at)),
            InstallationEvent::ClockTrusted { .. } => self.doubt = None,
        }
    }
}
