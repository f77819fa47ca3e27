//! What an installation's events add up to: whether dialing waits for a person, and since which restore.

use super::event::{InstallationEvent, RestoreFacts};

/// State of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstallationState {
    unconfirmed: Option<RestoreFacts>,
}

impl InstallationState {
    /// The restore that a person has yet to confirm; while there is one, nothing may dial.
    pub fn unconfirmed_restore(&self) -> Option<&RestoreFacts> {
        self.unconfirmed.as_ref()
    }

    pub fn is_dialing_paused(&self) -> bool {
        self.unconfirmed.is_some()
    }

    pub(super) fn apply(&mut self, event: &InstallationEvent) {
        match event {
            InstallationEvent::Restored { facts } => self.unconfirmed = Some(facts.clone()),
            InstallationEvent::DialingConfirmed { .. } => self.unconfirmed = None,
        }
    }
}
