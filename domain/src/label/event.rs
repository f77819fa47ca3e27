//! The events of a label. Stored kinds and versions never change; new ones are added. They contain no words
//! of the turn.

use super::turn_id::TurnId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::disposition::{InterestLevel, labelled};
use values::ids::{CampaignId, CustomerId};

/// A turn to be labeled, with its campaign and customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
pub struct LabeledTurn {
    pub turn: TurnId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
}

labelled! {
    /// Why a turn needs labels.
    #[derive(derive::EventMembers)]
    LabelWhy {
        Misheard => "misheard", "听错", "it was not heard rightly";
        Misunderstood => "misunderstood", "理解错", "it was not understood rightly";
    }
}

labelled! {
    /// The kind of meaning that a label states.
    #[derive(derive::EventMembers)]
    Meaning {
        Intent => "intent", "意图", "it means this intent";
        Foreign => "foreign", "不属任何意图", "it means none of the intents";
        Misheard => "misheard", "听错", "its words are not what was said: nothing is learned from it";
    }
}

labelled! {
    /// The sentiment of the utterance (情绪倾向).
    #[derive(derive::EventMembers)]
    Sentiment {
        Negative => "negative", "负面", "negative";
        Neutral => "neutral", "中性", "neutral";
        Positive => "positive", "正面", "positive";
    }
}

labelled! {
    /// How a turn was settled.
    #[derive(derive::EventMembers)]
    SettledBy {
        Alone => "alone", "一人标注", "one person was asked";
        Agreed => "agreed", "两人一致", "two agreed";
        Third => "third", "第三人裁定", "two differed, and a third was asked";
    }
}

/// A user's label of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(intent)]
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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum LabelEvent {
    /// A user requested labels for the turn.
    #[serde(rename = "label.requested")]
    #[open(by)]
    Requested {
        #[serde(flatten)]
        turn: LabeledTurn,
        why: LabelWhy,
        by: String,
    },
    /// The turn was locked for a user.
    #[serde(rename = "label.opened")]
    #[open(by)]
    Opened {
        #[serde(flatten)]
        turn: LabeledTurn,
        by: String,
        /// End of the lock. From then on other users may open the turn.
        until: Timestamp,
    },
    /// A user labeled the turn.
    #[serde(rename = "label.added")]
    #[open(by)]
    Added {
        #[serde(flatten)]
        turn: LabeledTurn,
        by: String,
        #[serde(flatten)]
        says: LabelValue,
    },
    /// The meaning of the turn is settled. It occurs once per turn.
    #[serde(rename = "label.settled")]
    #[open(people)]
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

impl LabelEvent {
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
