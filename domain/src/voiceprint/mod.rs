//! The voiceprint aggregate: the voice template of one consenting customer, and comparisons with it.
//!
//! Guarantees: one stream per customer, with the customer's id as its name. The consent is separate, with
//! source, wording, evidence and end; enrolments and comparisons need a consent that is valid at that moment.
//! The result of a comparison is a hint that no rule, permit or flow reads. A template is sealed under two
//! keys, the customer's and its own: a deletion destroys its own, an erasure the customer's, and either makes
//! it unreadable.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;
mod take;

#[cfg(test)]
mod tests;

pub use command::VoiceprintCommand;
pub use decide::ConsentProof;
pub use event::{
    VoiceConsent, VoiceDeletedFor, VoiceLikeness, VoiceTemplate, VoiceprintComparison, VoiceprintEvent,
};
pub use refusal::VoiceprintRefusal;
pub use state::{HeldVoiceConsent, HeldVoiceprint, VoiceprintState};
pub use take::{NOISE_BELOW_DB_MIN, SPOKEN_MS_MIN, TakeFacts};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use uuid::Uuid;
use values::ids::{CustomerId, NAMESPACE};

/// Most events of one customer's voiceprint: some each day for years.
pub const EVENTS_MAX: u32 = 10_000;

/// Fewest utterances of a template. One alone does not show how the voice varies.
pub const TAKES_MIN: usize = 2;
/// Most utterances of a template. At six seconds each, the template fits into one record.
pub const TAKES_MAX: usize = 5;

/// Longest template as text, in bytes. Sealed, it stays below the limit of a record.
pub const TEMPLATE_BYTES_MAX: usize = 44 * 1024;

/// Longest source, wording, evidence or reason, in bytes.
pub const TEXT_BYTES_MAX: usize = 1_024;

/// Longest consent, in days: one year, after which the person is asked again.
pub const CONSENT_DAYS_MAX: u64 = 366;

/// Returns the name of an enrolment's own key. Like customer ids it has 32 hexadecimal digits, and it equals
/// no customer's id.
pub fn key_name(person: &CustomerId, enrolment: u32) -> CustomerId {
    let of = format!("voiceprint/{person}/{enrolment}");
    let digits = Uuid::new_v5(&NAMESPACE, of.as_bytes()).simple().to_string();
    digits
        .try_into()
        .expect("a UUID without hyphens has 32 lower-case hexadecimal digits")
}

/// The decider of the voiceprint aggregate.
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

    /// Returns the customer, and the campaign that requested a comparison.
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

    /// Returns the own key of a template; `None` for other events.
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
