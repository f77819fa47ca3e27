//! The events of a customer's voiceprint. Stored kinds and versions never change; new ones are added. The
//! stream's name has the customer, the envelope the actor.

use super::key_name;
use crate::decider::EventData;
use crate::personal::Personal;
use crate::record::stored_event::Envelope;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::disposition::labelled;
use values::ids::{CampaignId, CustomerId};

/// A consent to a voiceprint only, separate from other consents (PIPL, article 29).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(consent, source, wording)]
pub struct VoiceConsent {
    /// Number of the consent, starting at 1.
    pub consent: u32,
    /// The channel of the consent, such as `counter`. It names no person.
    #[schemars(example = &"counter")]
    pub source: String,
    /// The text that the person agreed to. It names no person.
    #[schemars(example = &"我同意将本人语音用于来电比对提示，可随时撤回并删除。")]
    pub wording: String,
    pub until: Timestamp,
    /// Evidence of the consent: the name of a recording, the number of a document.
    pub evidence: Personal<String>,
}

/// A template of a customer's voice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(enrolment, consent, form, takes)]
pub struct VoiceTemplate {
    /// Number of the enrolment, starting at 1. The template's own key is named after it.
    pub enrolment: u32,
    /// Number of the consent.
    pub consent: u32,
    /// The algorithm and version of the template.
    #[schemars(example = &"mfcc12-dtw/1")]
    pub form: String,
    /// Number of utterances that the template is made of.
    pub takes: u32,
    /// The template, sealed under the customer's key and a key of its own.
    pub template: Personal<String>,
}

labelled! {
    /// The result of a comparison. It is a hint; no decision uses it.
    #[derive(derive::EventMembers)]
    VoiceLikeness {
        Alike => "alike", "相似", "as near as the threshold or nearer";
        Unlike => "unlike", "不相似", "farther than the threshold";
    }
}

labelled! {
    /// Why a voiceprint was deleted.
    #[derive(derive::EventMembers)]
    VoiceDeletedFor {
        Asked => "asked", "要求删除", "somebody asked for it";
        Withdrawn => "withdrawn", "撤回同意", "the consent was withdrawn";
        Expired => "expired", "同意到期", "the consent ended";
        Erased => "erased", "删除个人信息", "the person was erased";
    }
}

/// One comparison of an utterance with the template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(enrolment, distance_milli, threshold_milli)]
pub struct VoiceprintComparison {
    /// Number of the enrolment.
    pub enrolment: u32,
    /// The campaign that requested the comparison, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// The distance in thousandths. Smaller is more alike.
    pub distance_milli: u32,
    /// Largest distance in thousandths that counts as alike.
    pub threshold_milli: u32,
    pub likeness: VoiceLikeness,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum VoiceprintEvent {
    /// The customer consented to a voiceprint.
    #[serde(rename = "voiceprint.consented")]
    Consented(Box<VoiceConsent>),
    /// A template of the customer's voice was stored.
    #[serde(rename = "voiceprint.enrolled")]
    Enrolled(Box<VoiceTemplate>),
    /// An utterance was compared with the template.
    #[serde(rename = "voiceprint.compared")]
    Compared(VoiceprintComparison),
    /// The consent was withdrawn.
    #[serde(rename = "voiceprint.withdrawn")]
    #[open(consent, source)]
    Withdrawn {
        consent: u32,
        /// The channel of the withdrawal. It names no person.
        source: String,
    },
    /// The voiceprint was deleted. Its own key is destroyed afterwards.
    #[serde(rename = "voiceprint.deleted")]
    #[open(enrolment, reason)]
    Deleted {
        enrolment: u32,
        deleted_for: VoiceDeletedFor,
        /// The reason of a requested deletion. It names no person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

impl VoiceprintEvent {
    /// Returns the key that a deletion event destroys; `None` for other events.
    pub fn key_destroyed_by(envelope: &Envelope) -> Option<CustomerId> {
        if envelope.kind != Self::DELETED {
            return None;
        }
        let person: CustomerId = envelope.stream.id().parse().ok()?;
        match Self::read(&envelope.kind, envelope.version, &envelope.data).ok()? {
            Self::Deleted { enrolment, .. } => Some(key_name(&person, enrolment)),
            Self::Consented(_) | Self::Enrolled(_) | Self::Compared(_) | Self::Withdrawn { .. } => None,
        }
    }
}
