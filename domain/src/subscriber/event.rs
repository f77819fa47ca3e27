//! Facts about one subscriber. Stored kinds and versions; never changed, only added to. Who acted stands in
//! the envelope.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::event_filter::EventFilter;
use crate::personal::Personal;
use crate::stored_event::Position;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::{CampaignId, CustomerId};

/// Which events a subscriber follows; everything given must hold, and nothing given is every event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Subscribed {
    /// Any of these kinds; one that ends in a dot is a prefix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["call."]]))]
    pub kinds: Vec<String>,
    /// Any of these streams; one that ends in a dash is a prefix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["call-"]]))]
    pub streams: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
}

impl Subscribed {
    /// As it was asked for; what is said twice counts once, in no order.
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

    /// For reading the log.
    pub fn filter(&self) -> EventFilter {
        EventFilter {
            kinds: self.kinds.clone(),
            streams: self.streams.clone(),
            campaign: self.campaign.clone(),
            customer: self.customer.clone(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum SubscriberEvent {
    /// Somebody follows under this name, for the first time or again after it was removed.
    #[serde(rename = "subscriber.added")]
    Added {
        #[serde(flatten)]
        follows: Subscribed,
        /// It is told of events after this position.
        after: Position,
    },
    /// The reader has everything up to here.
    #[serde(rename = "subscriber.reached")]
    Reached { position: Position },
    /// It is told what comes after a position, whatever it had.
    #[serde(rename = "subscriber.reset")]
    Reset {
        before: Position,
        after: Position,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The name is free; its position is forgotten.
    #[serde(rename = "subscriber.removed")]
    Removed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// Stored kinds, each named for its variant. They never change.
impl SubscriberEvent {
    pub const ADDED: &'static str = "subscriber.added";
    pub const REACHED: &'static str = "subscriber.reached";
    pub const RESET: &'static str = "subscriber.reset";
    pub const REMOVED: &'static str = "subscriber.removed";
}

impl EventData for SubscriberEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Added { .. } => Self::ADDED,
            Self::Reached { .. } => Self::REACHED,
            Self::Reset { .. } => Self::RESET,
            Self::Removed { .. } => Self::REMOVED,
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
