//! The voiceprint aggregate: how one consenting person's voice sounds, and how others compared with it.
//!
//! Promises: one stream a person, whose id is its name; a consent of its own, with source, wording, evidence
//! and end, and nothing enrolled or compared where it does not count at that moment; what comes of a
//! comparison is a hint that no rule, permit or flow reads. A template is sealed under two keys, the person's
//! and its own: a deletion destroys the one, an erasure the other, and either alone makes it noise.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;
mod take;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::VoiceprintCommand;
pub use decide::Consented;
pub use event::{Compared, VoiceConsented, VoiceDeletedFor, VoiceEnrolled, VoiceLikeness, VoiceprintEvent};
pub use refusal::VoiceprintRefusal;
pub use state::{HeldVoiceConsent, HeldVoiceprint, VoiceprintState};
pub use take::{NOISE_BELOW_DB_MIN, SPOKEN_MS_MIN, TakeFacts};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use uuid::Uuid;
use values::ids::{CustomerId, NAMESPACE};

/// Enrolments and comparisons of one person: some each day for years.
pub const EVENTS_MAX: u32 = 10_000;

/// Utterances that a template is made of: one alone says little of how somebody varies.
pub const TAKES_MIN: usize = 2;
/// With six seconds each it fits into one record.
pub const TAKES_MAX: usize = 5;

/// Longest template as text: sealed it stays below what a record holds.
pub const TEMPLATE_BYTES_MAX: usize = 44 * 1024;

/// Longest source, wording, evidence and reason.
pub const TEXT_BYTES_MAX: usize = 1_024;

/// Longest consent: a year, after which the person is asked again.
pub const CONSENT_DAYS_MAX: u64 = 366;

/// The name of the key that one enrolment has to itself. Keys are named as persons are, by 32 hexadecimal
/// digits; nobody's are these.
pub fn key_name(person: &CustomerId, enrolment: u32) -> CustomerId {
    let of = format!("voiceprint/{person}/{enrolment}");
    let digits = Uuid::new_v5(&NAMESPACE, of.as_bytes()).simple().to_string();
    digits
        .try_into()
        .expect("a UUID without hyphens has 32 lower-case hexadecimal digits")
}

/// The decider of voiceprints.
#[derive(Debug)]
pub struct Voiceprint;

impl Decider for Voiceprint {
    type Id = CustomerId;
    type Command = VoiceprintCommand;
    type Event = VoiceprintEvent;
    type State = VoiceprintState;
    type Refusal = VoiceprintRefusal;

    const AGGREGATE: &'static str = "voiceprint";

    fn command_kind(command: &VoiceprintCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &VoiceprintState,
        command: VoiceprintCommand,
        context: Context,
    ) -> Result<Vec<VoiceprintEvent>, VoiceprintRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut VoiceprintState, event: &VoiceprintEvent, at: Timestamp) {
        state.apply(event, at);
    }

    fn is_underway(_: &VoiceprintState) -> bool {
        false
    }

    /// The person, and the campaign that asked for a comparison.
    fn scope(person: &CustomerId, _: &VoiceprintState, event: &VoiceprintEvent) -> Scope {
        let campaign = match event {
            VoiceprintEvent::Compared(compared) => compared.campaign.clone(),
            VoiceprintEvent::Consented(_)
            | VoiceprintEvent::Enrolled(_)
            | VoiceprintEvent::Withdrawn { .. }
            | VoiceprintEvent::Deleted { .. } => None,
        };
        Scope {
            campaign,
            customer: Some(person.clone()),
        }
    }

    /// A template has a key to itself.
    fn own_key(person: &CustomerId, event: &VoiceprintEvent) -> Option<CustomerId> {
        match event {
            VoiceprintEvent::Enrolled(enrolled) => Some(key_name(person, enrolled.enrolment)),
            VoiceprintEvent::Consented(_)
            | VoiceprintEvent::Compared(_)
            | VoiceprintEvent::Withdrawn { .. }
            | VoiceprintEvent::Deleted { .. } => None,
        }
    }
}
