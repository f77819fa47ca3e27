//! What the events of a voiceprint add up to. The template is not part of it: whoever compares reads it from
//! the log, on record, so that no entity at rest holds anybody's voice. Never judges.

use super::event::{Compared, VoiceprintEvent};
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

/// What is enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldVoiceprint {
    pub enrolment: u32,
    pub form: String,
    pub takes: u32,
    pub enrolled_at: Timestamp,
    pub comparisons: u32,
    /// The last comparison with it.
    pub last: Option<(Compared, Timestamp)>,
}

/// State of one person's voiceprint.
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
    /// What voices are compared with now.
    pub const fn held(&self) -> Option<&HeldVoiceprint> {
        self.held.as_ref()
    }
    /// How often a voice was enrolled.
    pub const fn enrolments(&self) -> u32 {
        self.enrolments
    }
    /// When the last one was deleted, where none is there since.
    pub const fn deleted_at(&self) -> Option<Timestamp> {
        self.deleted_at
    }
    /// The name of the key that is to be destroyed: the last template's, where it is deleted.
    pub fn key_to_destroy(&self, person: &CustomerId) -> Option<CustomerId> {
        (self.held.is_none() && self.enrolments > 0).then(|| key_name(person, self.enrolments))
    }
    /// Whether the latest that was said under this id, of which `other` is another, is a withdrawal behind
    /// the consent of `other`: the person is one, and so is their word.
    pub fn withdrawn_behind(&self, other: &Self) -> bool {
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
