//! The commands of a customer's voiceprint: consent, enrolment, comparison, withdrawal and deletion.

use super::event::VoiceprintComparison;
use super::take::TakeFacts;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "voiceprint")]
pub enum VoiceprintCommand {
    /// Records the separate consent to a voiceprint.
    Consent {
        source: String,
        wording: String,
        evidence: String,
        until: Timestamp,
    },
    /// Stores a template of the voice. An existing one must be deleted first.
    Enrol {
        form: String,
        takes: Vec<TakeFacts>,
        template: String,
    },
    /// Records a comparison, with the utterance that was compared.
    Compare {
        compared: VoiceprintComparison,
        take: TakeFacts,
    },
    /// Withdraws the consent and deletes the voiceprint.
    Withdraw { source: String },
    /// Deletes the voiceprint. If there is none, no event is stored.
    Delete { reason: String },
    /// Deletes a voiceprint because its consent has ended.
    Expire,
    /// Deletes the voiceprint of an erased customer. If there is none, no event is stored.
    Erase,
}
