//! Caps and preferred times of one person, as the state of the customer keeps them.

use super::event::CustomerEvent;
use crate::preferred_times::PreferredTime;
use values::call_caps::CallCap;

/// The caps and preferred times of a person, as last set.
#[derive(Debug, Clone, Default)]
pub(super) struct OwnRules {
    pub(super) caps: Vec<CallCap>,
    pub(super) preferred: Vec<PreferredTime>,
}

impl OwnRules {
    pub(super) fn evolve(&mut self, event: &CustomerEvent) {
        if let CustomerEvent::CapsSet { caps, .. } = event {
            self.caps.clone_from(caps);
        }
        if let CustomerEvent::PreferredTimesSet { times, .. } = event {
            self.preferred.clone_from(times);
        }
    }
}
