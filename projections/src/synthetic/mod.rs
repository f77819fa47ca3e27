//! A log made up for measurements and proofs: whole calls of one campaign after another, thirty-two at a
//! time, as a store would give them back. The same log in every run; no event that a decider would not
//! make.

mod person;

use domain::calling_plan::{Basis, CallingPlan, CallingWindow, FlowRef, Preset, RetryPolicy};
use domain::campaign::event::CampaignEvent;
use domain::decider::EventData;
use domain::ids::{CampaignId, CommandId, CustomerId, EventId, FlowId, InvalidId, ListId, StreamId};
use domain::stored_event::{Position, StoredEvent};
use domain::time::{TimeOfDay, Timestamp};
use person::Person;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// Calls that go on at once.
const CALLS_AT_ONCE: u64 = 32;

/// Customers of one campaign: whole rounds.
const CAMPAIGN_CUSTOMERS: u64 = 312 * CALLS_AT_ONCE;

/// Monday, 2 March 2026, 10:00 in Beijing.
const BEGIN: Timestamp = Timestamp::from_micros(1_772_416_800_000_000);

/// Between two events.
const STEP_MICROS: i64 = 20_000;

/// Why the log could not be made: a fault of this file.
#[derive(Debug, thiserror::Error)]
#[error("an event cannot be made up: {0}")]
pub struct NotMade(String);

impl From<InvalidId> for NotMade {
    fn from(error: InvalidId) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for NotMade {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// One event that is to be told: its stream, what the record says beside it, and itself.
struct Told {
    stream: StreamId,
    campaign: CampaignId,
    customer: Option<CustomerId>,
    kind: &'static str,
    data: Value,
}

/// The log, page by page, for ever.
#[derive(Default)]
pub struct SyntheticLog {
    position: u64,
    customers_count: u64,
    /// What follows, in order.
    ahead: VecDeque<Told>,
    /// Of streams that go on; those of finished calls are gone.
    versions: BTreeMap<String, u64>,
}

impl SyntheticLog {
    /// The next `count` events.
    pub fn page(&mut self, count: usize) -> Result<Vec<StoredEvent>, NotMade> {
        let mut page = Vec::with_capacity(count);
        while page.len() < count {
            match self.ahead.pop_front() {
                Some(told) => page.push(self.stored(told)?),
                None => self.next_round()?,
            }
        }
        Ok(page)
    }

    fn at(&self) -> Timestamp {
        let steps = i64::try_from(self.position).unwrap_or(i64::MAX);
        Timestamp::from_micros(BEGIN.micros() + steps.saturating_mul(STEP_MICROS))
    }

    fn stored(&mut self, told: Told) -> Result<StoredEvent, NotMade> {
        self.position += 1;
        let version = self.versions.entry(told.stream.as_str().to_owned()).or_default();
        *version += 1;
        let version = *version;
        let command = CommandId::derive_from_text(&format!("synthetic {}", self.position));
        let mut envelope = json!({
            "id": EventId::derive(command, 0), "kind": told.kind, "version": 1, "stream": told.stream,
            "stream_version": version, "at": self.at(), "campaign": told.campaign,
        });
        if let (Some(customer), Some(members)) = (&told.customer, envelope.as_object_mut()) {
            members.insert("customer".to_owned(), json!(customer));
        }
        if let Some(members) = envelope.as_object_mut() {
            members.insert("command".to_owned(), json!(command));
            members.insert("data".to_owned(), told.data);
        }
        Ok(StoredEvent {
            position: Position(self.position),
            recorded_at: self.at(),
            record: serde_json::to_vec(&envelope)?.into(),
        })
    }

    /// Thirty-two customers, the first event of each, then the second of each, and so on.
    fn next_round(&mut self) -> Result<(), NotMade> {
        self.versions.retain(|stream, _| stream.starts_with("campaign-"));
        let first = self.customers_count;
        if first.is_multiple_of(CAMPAIGN_CUSTOMERS) {
            self.ahead.extend(campaign_events(first / CAMPAIGN_CUSTOMERS)?);
        }
        let last = (first + CALLS_AT_ONCE).min((first / CAMPAIGN_CUSTOMERS + 1) * CAMPAIGN_CUSTOMERS);
        self.customers_count = last;
        let mut stories = Vec::new();
        for customer in first..last {
            stories.push(VecDeque::from(Person::of(customer)?.story(self.at())?));
        }
        while stories.iter().any(|story| !story.is_empty()) {
            self.ahead
                .extend(stories.iter_mut().filter_map(VecDeque::pop_front));
        }
        Ok(())
    }
}

fn campaign_of(number: u64) -> Result<CampaignId, NotMade> {
    Ok(format!("SYNTHETIC-{number}").parse()?)
}

fn flow() -> Result<FlowRef, NotMade> {
    Ok(FlowRef {
        flow: "greeting".parse::<FlowId>()?,
        version: 1,
        content_hash: "00".repeat(32),
    })
}

fn data<E: EventData>(event: &E) -> Result<(&'static str, Value), NotMade> {
    let mut value = serde_json::to_value(event)?;
    let data = value.get_mut("data").map(Value::take);
    Ok((event.kind(), data.unwrap_or_default()))
}

fn campaign_events(number: u64) -> Result<Vec<Told>, NotMade> {
    let campaign = campaign_of(number)?;
    let minutes =
        |minutes| TimeOfDay::from_minutes(minutes).ok_or_else(|| NotMade("a time of day".to_owned()));
    let plan = CallingPlan {
        preset: Preset::CnService,
        basis: Basis::Contract,
        purpose: "service".to_owned(),
        window: CallingWindow {
            start: minutes(540)?,
            end: minutes(1_260)?,
            rests: Vec::new(),
        },
        max_concurrent: 50,
        retry_policy: RetryPolicy {
            retries_max: 3,
            uncharged_max: 3,
            calls_max: None,
            rules: BTreeMap::new(),
        },
        ring_timeout_ms: None,
        ends_at: None,
        trial: false,
    };
    let list = ListId::derive(&campaign, "00");
    let events = [
        CampaignEvent::Created {
            campaign: campaign.clone(),
            customer_segment: None,
            flow: flow()?,
            plan,
        },
        CampaignEvent::ListOpened {
            list,
            source: "synthetic".to_owned(),
        },
        CampaignEvent::Started {},
        CampaignEvent::ListClosed {
            list,
            count: CAMPAIGN_CUSTOMERS,
        },
    ];
    let told = events.iter().map(|event| {
        let (kind, data) = data(event)?;
        Ok(Told {
            stream: StreamId::new("campaign", &campaign),
            campaign: campaign.clone(),
            customer: None,
            kind,
            data,
        })
    });
    told.collect()
}
