//! The events of a subscriber. Stored kinds and versions never change; new ones are added. The envelope names
//! the actor.

use crate::event_filter::EventFilter;
use crate::stored_event::Position;
use serde::{Deserialize, Serialize};
use values::ids::{CampaignId, CustomerId};

/// The filter of a subscriber. Every given member must match; an empty filter matches every event.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[open(kinds, streams)]
pub struct SubscriberFilter {
    /// Event kinds; one match is enough. A kind that ends in a dot is a prefix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["call."]]))]
    pub kinds: Vec<String>,
    /// Streams; one match is enough. A name that ends in a dash is a prefix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["call-"]]))]
    pub streams: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
}

impl SubscriberFilter {
    /// Returns the normalized form of a filter: sorted, without duplicates.
    pub fn of(filter: &EventFilter) -> Self {
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort_unstable();
            names.dedup();
            names
        };
        Self {
            kinds: sorted(&filter.kinds),
            streams: sorted(&filter.streams),
            campaign: filter.campaign.clone(),
            customer: filter.customer.clone(),
        }
    }

    /// Returns the filter for reading the log.
    pub fn filter(&self) -> EventFilter {
        EventFilter {
            kinds: self.kinds.clone(),
            streams: self.streams.clone(),
            campaign: self.campaign.clone(),
            customer: self.customer.clone(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum SubscriberEvent {
    /// A subscriber was added, for the first time or again after its removal.
    #[serde(rename = "subscriber.added")]
    Added {
        #[serde(flatten)]
        follows: SubscriberFilter,
        /// Events after this position are delivered.
        after: Position,
    },
    /// The reader has processed every event up to this position.
    #[serde(rename = "subscriber.reached")]
    Reached { position: Position },
    /// The position was set by a user. Events after it are delivered, also those that were acknowledged.
    #[serde(rename = "subscriber.reset")]
    #[open(reason)]
    Reset {
        before: Position,
        after: Position,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The subscriber was removed. The name is free and the position is lost.
    #[serde(rename = "subscriber.removed")]
    #[open(reason)]
    Removed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}
