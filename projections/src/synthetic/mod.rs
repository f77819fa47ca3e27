//! A generated log for measurements and proofs: complete calls of one campaign after another, or of several
//! in parallel, thirty-two calls at a time, as a store would return them. The log is the same in every run
//! and contains only events that a decider would produce.

mod person;

use domain::calling_plan::{CallingPlan, CallingWindow, FlowRef, RetryPolicy};
use domain::campaign::event::CampaignEvent;
use domain::decider::EventData;
use domain::ids::{CampaignId, CommandId, CustomerId, EventId, FlowId, InvalidId, ListId, StreamId};
use domain::stored_event::{Position, StoredEvent};
use domain::time::{TimeOfDay, Timestamp};
use person::Person;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// Number of calls in the generated log that run at the same time.
const CALLS_AT_ONCE: u64 = 32;

/// Default number of customers of a generated campaign; a multiple of a round.
const CAMPAIGN_CUSTOMERS: u64 = 312 * CALLS_AT_ONCE;

/// Monday, 2 March 2026, 10:00 in Beijing.
const BEGIN: Timestamp = Timestamp::from_micros(1_772_416_800_000_000);

/// The reason why the log could not be generated: a fault in this file.
#[derive(Debug, thiserror::Error)]
#[error("an event of the synthetic log cannot be made: {0}")]
pub struct SyntheticLogError(String);

impl From<SyntheticLogError> for domain::problem::Problem {
    fn from(error: SyntheticLogError) -> Self {
        Self::fault(error.to_string())
    }
}

impl From<InvalidId> for SyntheticLogError {
    fn from(error: InvalidId) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for SyntheticLogError {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// A generated event that is to be appended: its stream, the envelope members that vary, and its data.
struct SyntheticEvent {
    stream: StreamId,
    campaign: CampaignId,
    customer: Option<CustomerId>,
    kind: &'static str,
    data: Value,
}

/// The size of the campaigns: `customers` each, and `at_once` campaigns in parallel, of which the customers
/// are called in turn.
#[derive(Debug, Clone, Copy)]
struct CampaignLayout {
    at_once: u64,
    customers: u64,
}

impl CampaignLayout {
    /// Returns the campaign of a customer, both counted from 0.
    const fn of(self, customer: u64) -> u64 {
        customer % self.at_once + self.at_once * (customer / (self.at_once * self.customers))
    }

    /// Returns the first customer of the campaigns that begin after those of `customer` have ended.
    const fn end_after(self, customer: u64) -> u64 {
        let together = self.at_once * self.customers;
        (customer / together + 1) * together
    }
}

/// Generates the log; it returns pages without end.
pub struct SyntheticLog {
    campaigns: CampaignLayout,
    position: u64,
    customers_count: u64,
    /// The next events, in order.
    ahead: VecDeque<SyntheticEvent>,
    /// Versions of streams that continue; streams of finished calls are removed.
    versions: BTreeMap<String, u64>,
}

impl Default for SyntheticLog {
    fn default() -> Self {
        Self::side_by_side(1, CAMPAIGN_CUSTOMERS)
    }
}

impl SyntheticLog {
    /// Microseconds between two events.
    pub const STEP_MICROS: u64 = 20_000;

    /// Makes a log with `customers` per campaign and `at_once` campaigns in parallel; both are at least 1.
    pub fn side_by_side(at_once: u64, customers: u64) -> Self {
        Self {
            campaigns: CampaignLayout {
                at_once: at_once.max(1),
                customers: customers.max(1),
            },
            position: 0,
            customers_count: 0,
            ahead: VecDeque::new(),
            versions: BTreeMap::new(),
        }
    }

    /// Returns the id of a campaign, counted from 0.
    pub fn campaign(number: u64) -> Result<CampaignId, SyntheticLogError> {
        campaign_of(number)
    }

    /// Returns the id of a customer, counted from 0. Among the first campaigns, the n-th customer of campaign
    /// c has the index `c + n × at_once`.
    pub fn customer(index: u64) -> Result<CustomerId, SyntheticLogError> {
        Person::customer_of(index)
    }

    /// Returns the next `count` events of the log.
    pub fn page(&mut self, count: usize) -> Result<Vec<StoredEvent>, SyntheticLogError> {
        let mut page = Vec::with_capacity(count);
        while page.len() < count {
            match self.ahead.pop_front() {
                Some(event) => page.push(self.stored(event)?),
                None => self.next_round()?,
            }
        }
        Ok(page)
    }

    /// Returns the next events as `page` does, but only of the first campaigns; empty after their last.
    pub fn page_of_first(&mut self, count: usize) -> Result<Vec<StoredEvent>, SyntheticLogError> {
        let mut page = Vec::with_capacity(count);
        let together = self.campaigns.at_once * self.campaigns.customers;
        while page.len() < count {
            match self.ahead.pop_front() {
                Some(event) => page.push(self.stored(event)?),
                None if self.customers_count >= together => break,
                None => self.next_round()?,
            }
        }
        Ok(page)
    }

    fn at(&self) -> Timestamp {
        let micros = i64::try_from(self.position.saturating_mul(Self::STEP_MICROS)).unwrap_or(i64::MAX);
        Timestamp::from_micros(BEGIN.micros().saturating_add(micros))
    }

    fn stored(&mut self, event: SyntheticEvent) -> Result<StoredEvent, SyntheticLogError> {
        self.position += 1;
        let version = self.versions.entry(event.stream.as_str().to_owned()).or_default();
        *version += 1;
        let version = *version;
        let command = CommandId::derive_from_text(&format!("synthetic {}", self.position));
        let mut envelope = json!({
            "id": EventId::derive(command, 0), "kind": event.kind, "version": 1, "stream": event.stream,
            "stream_version": version, "at": self.at(), "campaign": event.campaign,
        });
        if let (Some(customer), Some(members)) = (&event.customer, envelope.as_object_mut()) {
            members.insert("customer".to_owned(), json!(customer));
        }
        if let Some(members) = envelope.as_object_mut() {
            members.insert("command".to_owned(), json!(command));
            members.insert("data".to_owned(), event.data);
        }
        Ok(StoredEvent::new(
            Position(self.position),
            self.at(),
            serde_json::to_vec(&envelope)?.into(),
        ))
    }

    /// Adds the events of the next thirty-two customers: the first event of each, then the second of each,
    /// and so on.
    fn next_round(&mut self) -> Result<(), SyntheticLogError> {
        self.versions.retain(|stream, _| stream.starts_with("campaign-"));
        let (first, campaigns) = (self.customers_count, self.campaigns);
        let together = campaigns.at_once * campaigns.customers;
        if first.is_multiple_of(together) {
            for number in campaigns.of(first)..campaigns.of(first) + campaigns.at_once {
                self.ahead.extend(campaign_events(number, campaigns.customers)?);
            }
        }
        let last = (first + CALLS_AT_ONCE).min(campaigns.end_after(first));
        self.customers_count = last;
        let mut stories = Vec::new();
        for customer in first..last {
            let person = Person::of(customer, campaigns.of(customer))?;
            stories.push(VecDeque::from(person.story(self.at())?));
        }
        while stories.iter().any(|story| !story.is_empty()) {
            self.ahead
                .extend(stories.iter_mut().filter_map(VecDeque::pop_front));
        }
        Ok(())
    }
}

fn campaign_of(number: u64) -> Result<CampaignId, SyntheticLogError> {
    Ok(format!("SYNTHETIC-{number}").parse()?)
}

fn flow() -> Result<FlowRef, SyntheticLogError> {
    Ok(FlowRef {
        flow: "greeting".parse::<FlowId>()?,
        version: 1,
        content_hash: "00".repeat(32),
    })
}

fn data<E: EventData>(event: &E) -> Result<(&'static str, Value), SyntheticLogError> {
    let mut value = serde_json::to_value(event)?;
    let data = value.get_mut("data").map(Value::take);
    Ok((event.kind(), data.unwrap_or_default()))
}

/// Returns the calling plan of a campaign: three retries, calls from 9:00 to 21:00.
pub(crate) fn plan() -> Result<CallingPlan, SyntheticLogError> {
    let minutes = |minutes| {
        TimeOfDay::from_minutes(minutes).ok_or_else(|| SyntheticLogError("a time of day".to_owned()))
    };
    Ok(CallingPlan {
        max_concurrent: 50,
        retry_policy: RetryPolicy {
            retries_max: 3,
            uncharged_max: 3,
            calls_max: None,
            interrupted_after_answer: None,
            rules: BTreeMap::new(),
        },
        ..CallingPlan::within(CallingWindow {
            start: minutes(540)?,
            end: minutes(1_260)?,
            rests: Vec::new(),
        })
    })
}

fn campaign_events(number: u64, customers: u64) -> Result<Vec<SyntheticEvent>, SyntheticLogError> {
    let campaign = campaign_of(number)?;
    let list = ListId::derive(&campaign, "00");
    let events = [
        CampaignEvent::Created {
            campaign: campaign.clone(),
            customer_segment: None,
            flow: flow()?,
            plan: plan()?,
        },
        CampaignEvent::ListOpened {
            list,
            source: "synthetic".to_owned(),
            four_eyes: None,
            request_key: None,
        },
        CampaignEvent::Started {},
        CampaignEvent::ListClosed {
            list,
            count: customers,
            before: None,
        },
    ];
    let synthetic_events = events.iter().map(|event| {
        let (kind, data) = data(event)?;
        Ok(SyntheticEvent {
            stream: StreamId::new("campaign", &campaign),
            campaign: campaign.clone(),
            customer: None,
            kind,
            data,
        })
    });
    synthetic_events.collect()
}
