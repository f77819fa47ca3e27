//! Requests to one person's voiceprint, imperative: what a person or a command of ours asks of it.

use super::event::Compared;
use super::take::TakeFacts;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoiceprintCommand {
    /// Records the consent that is asked for separately.
    Consent {
        source: String,
        wording: String,
        evidence: String,
        until: Timestamp,
    },
    /// Keeps a template of the voice; one that is there has to be deleted first.
    Enrol {
        form: String,
        takes: Vec<TakeFacts>,
        template: String,
    },
    /// Records a comparison that was made, with what take.
    Compare { compared: Compared, take: TakeFacts },
    /// Ends the consent, and the voiceprint with it.
    Withdraw { source: String },
    /// Ends the voiceprint. Where there is none: answered without an event.
    Delete { reason: String },
    /// Ends a voiceprint whose consent is over.
    Expire,
    /// Ends the voiceprint of somebody who is erased. Where there is none: answered without an event.
    Erase,
}

impl VoiceprintCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Consent { .. } => "voiceprint.consent",
            Self::Enrol { .. } => "voiceprint.enrol",
            Self::Compare { .. } => "voiceprint.compare",
            Self::Withdraw { .. } => "voiceprint.withdraw",
            Self::Delete { .. } => "voiceprint.delete",
            Self::Expire => "voiceprint.expire",
            Self::Erase => "voiceprint.erase",
        }
    }
}
