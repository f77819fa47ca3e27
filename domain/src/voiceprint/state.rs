//! The state of a voiceprint, folded from its events. It does not hold the template: a comparison reads it
//! from the log, which is recorded, so that no entity in memory holds a voice. It makes no decisions.

use super::event::{VoiceprintComparison, VoiceprintEvent};
use super::key_name;
use crate::time::Timestamp;
use values::ids::CustomerId;

/// The latest consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldVoiceConsent {
    pub consent: u32,
    pub source: String,
    pub wording: String,
    pub given_at: Timestamp,
    pub until: Timestamp,
    pub withdrawn_at: Option<Timestamp>,
}

/// The current voiceprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldVoiceprint {
    pub enrolment: u32,
    pub form: String,
    pub takes: u32,
    pub enrolled_at: Timestamp,
    pub comparisons: u32,
    /// The last comparison with it, and its time.
    pub last: Option<(VoiceprintComparison, Timestamp)>,
}

/// The state of one customer's voiceprint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VoiceprintState {
    consent: Option<HeldVoiceConsent>,
    held: Option<HeldVoiceprint>,
    enrolments: u32,
    deleted_at: Option<Timestamp>,
    events: u32,
}

impl VoiceprintState {
    pub const fn consent(&self) -> Option<&HeldVoiceConsent> {
        self.consent.as_ref()
    }
    /// Returns the customer's current voiceprint; `None` if there is none.
    pub const fn held(&self) -> Option<&HeldVoiceprint> {
        self.held.as_ref()
    }
    /// Returns how many times a voiceprint was enrolled.
    pub const fn enrolments(&self) -> u32 {
        self.enrolments
    }
    /// Returns when the last voiceprint was deleted; `None` if there is a current one or never was one.
    pub const fn deleted_at(&self) -> Option<Timestamp> {
        self.deleted_at
    }
    /// Returns the name of the key that must be destroyed, of the last template, if that is deleted;
    /// otherwise `None`.
    pub fn key_to_destroy(&self, person: &CustomerId) -> Option<CustomerId> {
        (self.held.is_none() && self.enrolments > 0).then(|| key_name(person, self.enrolments))
    }
    /// Returns true if consent was withdrawn under this id at or after the consent under the `other` id of
    /// the same person: the withdrawal then counts for both.
    pub fn has_later_withdrawal(&self, other: &Self) -> bool {
        let withdrawn_at = self.consent.as_ref().and_then(|held| held.withdrawn_at);
        let given_at = other.consent.as_ref().map(|held| held.given_at);
        withdrawn_at.is_some_and(|withdrawn| given_at.is_some_and(|given| withdrawn >= given))
    }
    pub(super) const fn events(&self) -> u32 {
        self.events
    }

    pub(super) fn apply(&mut self, event: &VoiceprintEvent, at: Timestamp) {
        self.events = self.events.saturating_add(1);
        match event {
            VoiceprintEvent::Consented(consented) => {
                self.consent = Some(HeldVoiceConsent {
                    consent: consented.consent,
                    source: consented.source.clone(),
                    wording: consented.wording.clone(),
                    given_at: at,
                    until: consented.until,
                    withdrawn_at: None,
                });
            }
            VoiceprintEvent::Withdrawn { .. } => {
                if let Some(consent) = &mut self.consent {
                    consent.withdrawn_at = Some(at);
                }
            }
            VoiceprintEvent::Enrolled(enrolled) => {
                self.enrolments = enrolled.enrolment;
                self.deleted_at = None;
                self.held = Some(HeldVoiceprint {
                    enrolment: enrolled.enrolment,
                    form: enrolled.form.clone(),
                    takes: enrolled.takes,
                    enrolled_at: at,
                    comparisons: 0,
                    last: None,
                });
            }
            VoiceprintEvent::Compared(compared) => {
                if let Some(held) = &mut self.held {
                    held.comparisons = held.comparisons.saturating_add(1);
                    held.last = Some((compared.clone(), at));
                }
            }
            VoiceprintEvent::Deleted { .. } => {
                self.held = None;
                self.deleted_at = Some(at);
            }
        }
    }
}
