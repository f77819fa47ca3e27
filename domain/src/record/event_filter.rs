//! Selects events by kind, stream, campaign or customer, read from the record alone.
//!
//! The same filter is used by the command line, the HTTP streams, webhooks and every store's index.

use crate::record::stored_event::{StoredEvent, UnreadableRecord};
use serde::Deserialize;
use std::borrow::Cow;
use values::ids::{CampaignId, CustomerId, EventId};

/// The most kinds, and the most streams, that a filter may name. The code that parses filters refuses more.
pub const FILTER_NAMES_MAX: usize = 64;

/// Selects events: all conditions must hold; an empty condition always does. The default filter selects
/// every event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// The kinds to select (`call.ended`), any of them; one that ends in a dot is a prefix (`call.`).
    pub kinds: Vec<String>,
    /// The streams to select (`call-0b0e…`), any of them; one that ends in a dash is a prefix (`call-`).
    pub streams: Vec<String>,
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
}

/// The members of an event's record that a filter compares, borrowed from the record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EventFacts<'a> {
    pub id: EventId,
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    #[serde(borrow)]
    pub stream: Cow<'a, str>,
    #[serde(borrow, default)]
    pub campaign: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub customer: Option<Cow<'a, str>>,
}

impl<'a> EventFacts<'a> {
    /// Reads the members from a stored record; an error names the event's position.
    pub fn of(event: &'a StoredEvent) -> Result<Self, UnreadableRecord> {
        serde_json::from_slice(&event.record).map_err(|error| UnreadableRecord {
            position: event.position,
            why: error.to_string(),
        })
    }
}

impl EventFilter {
    /// Returns a filter for the events of one campaign.
    pub fn of_campaign(campaign: CampaignId) -> Self {
        Self {
            campaign: Some(campaign),
            ..Self::default()
        }
    }

    /// Returns true if the filter selects every event.
    pub const fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.streams.is_empty() && self.campaign.is_none() && self.customer.is_none()
    }

    /// Returns true if the filter selects an event with these facts.
    pub fn wants(&self, facts: &EventFacts<'_>) -> bool {
        self.wants_kind(&facts.kind)
            && any_of(&self.streams, '-', &facts.stream)
            && is_of(
                self.campaign.as_ref().map(CampaignId::as_str),
                facts.campaign.as_deref(),
            )
            && is_of(
                self.customer.as_ref().map(CustomerId::as_str),
                facts.customer.as_deref(),
            )
    }

    /// Returns true if an event of this kind may match; the other conditions of the filter are not checked.
    pub fn wants_kind(&self, kind: &str) -> bool {
        any_of(&self.kinds, '.', kind)
    }

    /// Removes from a page the events that the filter does not select. Fails, naming the position, if a
    /// record cannot be read.
    pub fn retain(&self, page: &mut Vec<StoredEvent>) -> Result<(), UnreadableRecord> {
        if self.is_empty() {
            return Ok(());
        }
        let mut unreadable = None;
        page.retain(|event| match EventFacts::of(event) {
            Ok(facts) => self.wants(&facts),
            Err(error) => {
                unreadable.get_or_insert(error);
                false
            }
        });
        unreadable.map_or(Ok(()), Err)
    }
}

fn any_of(wanted: &[String], prefix_end: char, found: &str) -> bool {
    wanted.is_empty()
        || wanted.iter().any(|one| {
            if one.ends_with(prefix_end) {
                found.starts_with(one.as_str())
            } else {
                found == one
            }
        })
}

fn is_of(wanted: Option<&str>, found: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| found == Some(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts<'a>(kind: &'a str, stream: &'a str, campaign: Option<&'a str>) -> EventFacts<'a> {
        EventFacts {
            id: EventId::new(uuid::Uuid::nil()),
            kind: kind.into(),
            stream: stream.into(),
            campaign: campaign.map(Cow::from),
            customer: None,
        }
    }

    #[test]
    fn a_kind_that_ends_in_a_dot_and_a_stream_that_ends_in_a_dash_are_prefixes() {
        let filter = EventFilter {
            kinds: vec!["call.".to_owned(), "customer.erased".to_owned()],
            streams: vec!["call-".to_owned()],
            ..EventFilter::default()
        };
        assert!(filter.wants(&facts("call.ended", "call-1", None)));
        assert!(!filter.wants(&facts("call.ended", "callx-1", None)));
        assert!(!filter.wants(&facts("customer.erased", "customer-1", None)));
        assert!(!filter.wants(&facts("customer.erased.more", "call-1", None)));
    }

    #[test]
    fn a_wanted_campaign_excludes_events_of_another_and_of_none() {
        let filter = EventFilter {
            campaign: Some("T".parse().unwrap()),
            ..EventFilter::default()
        };
        assert!(filter.wants(&facts("call.ended", "call-1", Some("T"))));
        assert!(!filter.wants(&facts("call.ended", "call-1", Some("T2"))));
        assert!(!filter.wants(&facts("call.ended", "call-1", None)));
        assert!(EventFilter::default().wants(&facts("call.ended", "call-1", None)));
    }
}
