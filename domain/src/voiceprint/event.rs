//! Facts about one person's voiceprint. Stored kinds and versions; never changed, only added to. Whose it is
//! stands in the stream's name, who acted in the envelope.

use super::key_name;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::record::stored_event::Envelope;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::disposition::labelled;
use values::ids::{CampaignId, CustomerId};

/// A consent to a voiceprint and to nothing else (PIPL, article 29).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VoiceConsented {
    /// From 1, one more each time.
    pub consent: u32,
    /// By which way it came; names nobody.
    #[schemars(example = &"counter")]
    pub source: String,
    /// What the person was told and agreed to; names nobody.
    #[schemars(example = &"我同意将本人语音用于来电比对提示，可随时撤回并删除。")]
    pub wording: String,
    pub until: Timestamp,
    /// What shows it: a recording's name, a document's number.
    pub evidence: Personal<String>,
}

/// A template of somebody's voice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VoiceEnrolled {
    /// From 1, one more each time; its own key is named for it.
    pub enrolment: u32,
    /// Under which consent.
    pub consent: u32,
    /// How the voice is described.
    #[schemars(example = &"mfcc12-dtw/1")]
    pub form: String,
    /// How many utterances it is made of.
    pub takes: u32,
    /// What others are compared with: sealed under the person's key and one of its own.
    pub template: Personal<String>,
}

labelled! {
    /// What comes of a comparison: a hint, by which nothing is decided.
    VoiceLikeness {
        Alike => "alike", "相似", "as near as the threshold or nearer";
        Unlike => "unlike", "不相似", "farther than the threshold";
    }
}

labelled! {
    /// Why a voiceprint is no more.
    VoiceDeletedFor {
        Asked => "asked", "要求删除", "somebody asked for it";
        Withdrawn => "withdrawn", "撤回同意", "the consent was withdrawn";
        Expired => "expired", "同意到期", "the consent ended";
        Erased => "erased", "删除个人信息", "the person was erased";
    }
}

/// One comparison of a voice with the template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Compared {
    /// Against which enrolment.
    pub enrolment: u32,
    /// The campaign that asked, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// The distance, in thousandths: the smaller, the more alike.
    pub distance_milli: u32,
    /// Up to which distance it is alike.
    pub threshold_milli: u32,
    pub likeness: VoiceLikeness,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum VoiceprintEvent {
    /// The person consented.
    #[serde(rename = "voiceprint.consented")]
    Consented(Box<VoiceConsented>),
    /// The person's voice is described.
    #[serde(rename = "voiceprint.enrolled")]
    Enrolled(Box<VoiceEnrolled>),
    /// A voice was compared with it.
    #[serde(rename = "voiceprint.compared")]
    Compared(Compared),
    /// The consent counts no more.
    #[serde(rename = "voiceprint.withdrawn")]
    Withdrawn {
        consent: u32,
        /// By which way it came; names nobody.
        source: String,
    },
    /// It is compared no more: its own key is destroyed after this.
    #[serde(rename = "voiceprint.deleted")]
    Deleted {
        enrolment: u32,
        deleted_for: VoiceDeletedFor,
        /// Where somebody asked; names nobody.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// Stored kinds, each named for its variant. They never change.
impl VoiceprintEvent {
    pub const CONSENTED: &'static str = "voiceprint.consented";
    pub const ENROLLED: &'static str = "voiceprint.enrolled";
    pub const COMPARED: &'static str = "voiceprint.compared";
    pub const WITHDRAWN: &'static str = "voiceprint.withdrawn";
    pub const DELETED: &'static str = "voiceprint.deleted";

    /// The key that is destroyed where a deletion stands.
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

impl EventData for VoiceprintEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Consented(_) => Self::CONSENTED,
            Self::Enrolled(_) => Self::ENROLLED,
            Self::Compared(_) => Self::COMPARED,
            Self::Withdrawn { .. } => Self::WITHDRAWN,
            Self::Deleted { .. } => Self::DELETED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        match self {
            Self::Consented(consented) => vec![("/evidence".to_owned(), &mut consented.evidence)],
            Self::Enrolled(enrolled) => vec![("/template".to_owned(), &mut enrolled.template)],
            Self::Compared(_) | Self::Withdrawn { .. } | Self::Deleted { .. } => Vec::new(),
        }
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
