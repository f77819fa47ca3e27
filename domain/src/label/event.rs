//! The events of a label. Stored kinds and versions never change; new ones are added. They contain no words
//! of the turn.

use super::turn_id::TurnId;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::disposition::{InterestLevel, labelled};
use values::ids::{CampaignId, CustomerId};

/// A turn to be labeled, with its campaign and customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LabeledTurn {
    pub turn: TurnId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
}

labelled! {
    /// Why a turn needs labels.
    LabelWhy {
        Misheard => "misheard", "听错", "it was not heard rightly";
        Misunderstood => "misunderstood", "理解错", "it was not understood rightly";
    }
}

labelled! {
    /// The kind of meaning that a label states.
    Meaning {
        Intent => "intent", "意图", "it means this intent";
        Foreign => "foreign", "不属任何意图", "it means none of the intents";
        Misheard => "misheard", "听错", "its words are not what was said: nothing is learned from it";
    }
}

labelled! {
    /// The sentiment of the utterance (情绪倾向).
    Sentiment {
        Negative => "negative", "负面", "negative";
        Neutral => "neutral", "中性", "neutral";
        Positive => "positive", "正面", "positive";
    }
}

labelled! {
    /// How a turn was settled.
    SettledBy {
        Alone => "alone", "一人标注", "one person was asked";
        Agreed => "agreed", "两人一致", "two agreed";
        Third => "third", "第三人裁定", "two differed, and a third was asked";
    }
}

/// A user's label of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LabelValue {
    pub meaning: Meaning,
    /// The intent. Absent unless `meaning` is `intent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"ask_fee")]
    pub intent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Sentiment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<InterestLevel>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum LabelEvent {
    /// A user requested labels for the turn.
    #[serde(rename = "label.requested")]
    Requested {
        #[serde(flatten)]
        turn: LabeledTurn,
        why: LabelWhy,
        by: String,
    },
    /// The turn was locked for a user.
    #[serde(rename = "label.opened")]
    Opened {
        #[serde(flatten)]
        turn: LabeledTurn,
        by: String,
        /// End of the lock. From then on other users may open the turn.
        until: Timestamp,
    },
    /// A user labeled the turn.
    #[serde(rename = "label.added")]
    Added {
        #[serde(flatten)]
        turn: LabeledTurn,
        by: String,
        #[serde(flatten)]
        says: LabelValue,
    },
    /// The meaning of the turn is settled. It occurs once per turn.
    #[serde(rename = "label.settled")]
    Settled {
        #[serde(flatten)]
        turn: LabeledTurn,
        #[serde(flatten)]
        says: LabelValue,
        settled_by: SettledBy,
        /// Number of users who labeled the turn.
        people: u64,
    },
}

/// Event kinds as stored, one per variant. They never change.
impl LabelEvent {
    pub const REQUESTED: &'static str = "label.requested";
    pub const OPENED: &'static str = "label.opened";
    pub const ADDED: &'static str = "label.added";
    pub const SETTLED: &'static str = "label.settled";

    /// Returns the turn of this event.
    pub const fn turn(&self) -> &LabeledTurn {
        match self {
            Self::Requested { turn, .. }
            | Self::Opened { turn, .. }
            | Self::Added { turn, .. }
            | Self::Settled { turn, .. } => turn,
        }
    }
}

impl EventData for LabelEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Requested { .. } => Self::REQUESTED,
            Self::Opened { .. } => Self::OPENED,
            Self::Added { .. } => Self::ADDED,
            Self::Settled { .. } => Self::SETTLED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        Vec::new()
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
