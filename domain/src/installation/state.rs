//! What an installation's events add up to: whose log it is, whether dialing waits for a person, since which
//! restore, and what clocks were last known to be off by.

use super::clock::ClockDoubt;
use super::event::{ClockOffset, InstallationEvent, RestoreFacts};
use super::keys::RestoredKeys;
use super::loss::LostHistory;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Sources whose last offset is remembered; one more forgets the one noted longest ago.
const SOURCES_MAX: usize = 16;

/// State of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstallationState {
    fingerprint: Option<String>,
    restored_keys: Option<RestoredKeys>,
    unconfirmed: Option<RestoreFacts>,
    unconfirmed_loss: Option<(LostHistory, Timestamp)>,
    /// Heads and roots of checkpoints that this log no longer continues. A handful in its life.
    given_up: BTreeSet<(Position, Option<String>)>,
    origin_suffix: Option<String>,
    offsets: BTreeMap<String, (ClockOffset, Timestamp)>,
    doubt: Option<(ClockDoubt, Timestamp)>,
    shortened_at: Option<Timestamp>,
}

impl InstallationState {
    /// Whose log it is; `None` before it was named.
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// The last restore of keys, with how many people it left unreadable.
    pub const fn restored_keys(&self) -> Option<&RestoredKeys> {
        self.restored_keys.as_ref()
    }

    /// The restore that a person has yet to confirm; while there is one, nothing may dial.
    pub fn unconfirmed_restore(&self) -> Option<&RestoreFacts> {
        self.unconfirmed.as_ref()
    }

    /// The lost history that a person has yet to confirm, and since when that is known.
    pub const fn unconfirmed_loss(&self) -> Option<&(LostHistory, Timestamp)> {
        self.unconfirmed_loss.as_ref()
    }

    pub const fn is_dialing_paused(&self) -> bool {
        self.unconfirmed.is_some() || self.unconfirmed_loss.is_some()
    }

    /// When the log was last restored, or found to have lost history: readers may hold positions that are
    /// gone.
    pub const fn history_shortened_at(&self) -> Option<Timestamp> {
        self.shortened_at
    }

    /// It is on record that the log does not continue this checkpoint.
    pub fn has_given_up(&self, head: Position, root: Option<&str>) -> bool {
        self.given_up.contains(&(head, root.map(str::to_owned)))
    }

    /// What the log's origin ends with; `None` while it never lost what was signed.
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

    /// The doubt about a process's clock that nothing has ended yet, and since when; while there is one,
    /// nobody is dialed. A start under it goes on doubting: that a clock agrees with itself says nothing.
    pub fn clock_doubt(&self) -> Option<(ClockDoubt, Timestamp)> {
        self.doubt
    }

    /// The last offset noted of a source, and when.
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
