//! Reads the events around a subject: those that an id names, and those that may be their effects.

use crate::log_walk::FilteredEventReader;
use domain::event_filter::EventFilter;
use domain::ids::{CallId, CustomerId, EventId, StreamId};
use domain::number::event::NumberEvent;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position, StoredEvent, StreamVersion};
use domain::webhook::WebhookEvent;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Most events read to find effects; with more, the graph is cut.
const LOOKED_AT_MAX: usize = 50_000;

/// Kinds about the delivery of an event to a webhook. The event is named in the data, because several
/// deliveries are stored at once.
const DELIVERIES: [&str; 4] = [
    WebhookEvent::DELIVERED,
    WebhookEvent::DELIVERY_FAILED,
    WebhookEvent::DELIVERY_DEFERRED,
    WebhookEvent::DEAD_LETTERED,
];

/// An event that was read, with the ids in its data.
#[derive(Debug, Clone)]
pub(super) struct EventWithIds {
    pub(super) position: Position,
    pub(super) envelope: Envelope,
    /// For a delivery: the event that was sent.
    pub(super) delivered: Option<EventId>,
    /// Numbers and calls named in its data.
    numbers: Vec<String>,
    calls: Vec<String>,
}

impl EventWithIds {
    pub(super) fn of(stored: StoredEvent) -> Result<Self, Problem> {
        let envelope = stored
            .envelope()
            .map_err(|error| Problem::fault(error.to_string()))?;
        let data: Value = serde_json::from_str(envelope.data.get()).unwrap_or_default();
        let named = |pointers: &[&str]| -> Vec<String> {
            let found = pointers
                .iter()
                .filter_map(|pointer| data.pointer(pointer)?.as_str());
            found.map(str::to_owned).collect()
        };
        let delivered = data.get("event").and_then(Value::as_str);
        let delivered = delivered.filter(|_| DELIVERIES.contains(&envelope.kind.as_str()));
        Ok(Self {
            position: stored.position,
            delivered: delivered.and_then(|id| id.parse().ok()),
            numbers: named(&["/number", "/customer_grant/number", "/next_number"]),
            calls: named(&["/call"]),
            envelope,
        })
    }

    /// Returns true if the event was caused by one of the events `led`, or delivers one of them.
    pub(super) fn follows(&self, led: &BTreeSet<EventId>) -> bool {
        [self.envelope.causation, self.delivered]
            .into_iter()
            .flatten()
            .any(|id| led.contains(&id))
    }
}

/// Returns the events that an id (event, call or customer) names, and true if they are all events of a
/// customer. Empty if there are none.
pub(super) async fn find_subject(
    store: &dyn EventStore,
    id: &str,
) -> Result<(BTreeMap<Position, EventWithIds>, bool), Problem> {
    let mut found = NearbyEvents::default();
    if let Ok(customer) = id.parse::<CustomerId>() {
        found.add_person(store, &customer).await?;
        return Ok((found.events, true));
    }
    let Ok(call) = id.parse::<CallId>() else {
        let why = "the id must be that of an event or a call (UUID) or of a customer (32 digits)";
        return Err(Problem::invalid("id-invalid", why));
    };
    found.add_stream(store, &StreamId::new("call", &call)).await?;
    if found.events.is_empty()
        && let Some(event) = store.find(EventId::new(call.uuid())).await?
    {
        found.add(event)?;
    }
    Ok((found.events, false))
}

/// Returns the events that may be effects of the subject: those of its calls, customers, numbers and
/// campaigns, and deliveries of them.
pub(super) async fn find_nearby_events(
    store: &dyn EventStore,
    subject: &BTreeMap<Position, EventWithIds>,
) -> Result<NearbyEvents, Problem> {
    let mut near = NearbyEvents::default();
    for call in subject.values().flat_map(|event| &event.calls) {
        near.add_stream(store, &StreamId::new("call", call)).await?;
    }
    let customers: BTreeSet<_> = subject
        .values()
        .chain(near.events.values())
        .filter_map(|event| event.envelope.customer.clone())
        .collect();
    for customer in &customers {
        near.add_person(store, customer).await?;
    }
    let numbers: BTreeSet<String> = subject
        .values()
        .chain(near.events.values())
        .flat_map(|event| event.numbers.iter().cloned())
        .collect();
    let campaigns: BTreeSet<_> = subject
        .values()
        .filter_map(|event| event.envelope.campaign.clone())
        .collect();
    let subject_streams = subject.values().map(|event| event.envelope.stream.clone());
    let mut streams: BTreeSet<StreamId> = subject_streams.collect();
    streams.extend(numbers.iter().map(|number| StreamId::new("number", number)));
    if customers.is_empty() {
        // Effects of a campaign's event are in the streams of its customers, which are found only by
        // campaign.
        for campaign in &campaigns {
            let filter = EventFilter {
                campaign: Some(campaign.clone()),
                ..EventFilter::default()
            };
            near.add_matching(store, filter).await?;
        }
        if campaigns.is_empty() {
            near.add_deliveries(store, subject).await?;
        }
    }
    streams.extend(
        campaigns
            .iter()
            .map(|campaign| StreamId::new("campaign", campaign)),
    );
    for stream in &streams {
        near.add_stream(store, stream).await?;
    }
    if !customers.is_empty() {
        near.keep_of(&customers, &numbers, subject);
    }
    Ok(near)
}

/// Events read, up to a limit.
#[derive(Debug, Default)]
pub(super) struct NearbyEvents {
    pub(super) events: BTreeMap<Position, EventWithIds>,
    pub(super) cut: bool,
}

impl NearbyEvents {
    fn add(&mut self, event: StoredEvent) -> Result<(), Problem> {
        if self.events.len() >= LOOKED_AT_MAX {
            self.cut = true;
            return Ok(());
        }
        let read = EventWithIds::of(event)?;
        self.events.insert(read.position, read);
        Ok(())
    }

    async fn add_person(&mut self, store: &dyn EventStore, customer: &CustomerId) -> Result<(), Problem> {
        let filter = EventFilter {
            customer: Some(customer.clone()),
            ..EventFilter::default()
        };
        self.add_matching(store, filter).await
    }

    async fn add_matching(&mut self, store: &dyn EventStore, filter: EventFilter) -> Result<(), Problem> {
        let mut log = FilteredEventReader::new(store, filter);
        while !self.cut
            && let Some(page) = log.next().await?
        {
            for event in page {
                self.add(event)?;
            }
        }
        Ok(())
    }

    /// Adds deliveries of subject events that are about no customer and no campaign. No index leads to
    /// them, so the log after the subject is read.
    async fn add_deliveries(
        &mut self,
        store: &dyn EventStore,
        subject: &BTreeMap<Position, EventWithIds>,
    ) -> Result<(), Problem> {
        let Some(first) = subject.keys().next().copied() else {
            return Ok(());
        };
        let subject_ids: BTreeSet<EventId> = subject.values().map(|event| event.envelope.id).collect();
        let mut looked_at = 0_usize;
        let mut log = FilteredEventReader::of_kinds(store, &DELIVERIES).between(first, store.head().await?);
        while let Some(page) = log.next().await? {
            looked_at += page.len();
            for event in page {
                let read = EventWithIds::of(event)?;
                if read.follows(&subject_ids) {
                    self.events.insert(read.position, read);
                }
            }
            if looked_at >= LOOKED_AT_MAX {
                self.cut = true;
                break;
            }
        }
        Ok(())
    }

    async fn add_stream(&mut self, store: &dyn EventStore, stream: &StreamId) -> Result<(), Problem> {
        let mut after = StreamVersion(0);
        while !self.cut {
            let page = store.read_stream(stream, after, PAGE_EVENTS_MAX).await?;
            if page.is_empty() {
                break;
            }
            after.0 += u64::try_from(page.len()).unwrap_or(u64::MAX);
            for event in page {
                self.add(event)?;
            }
        }
        Ok(())
    }

    /// Removes the events of a campaign or number that do not follow from this customer's events: both
    /// serve many customers.
    fn keep_of(
        &mut self,
        customers: &BTreeSet<CustomerId>,
        numbers: &BTreeSet<String>,
        subject: &BTreeMap<Position, EventWithIds>,
    ) {
        let mut led: BTreeSet<EventId> = subject.values().map(|event| event.envelope.id).collect();
        self.events.retain(|position, event| {
            let envelope = &event.envelope;
            let of_person = envelope
                .customer
                .as_ref()
                .is_some_and(|one| customers.contains(one));
            let follows = event.follows(&led);
            let opted_out = envelope.kind == NumberEvent::OPTED_OUT && numbers.contains(envelope.stream.id());
            let kept = of_person || follows || opted_out || subject.contains_key(position);
            if kept {
                led.insert(envelope.id);
            }
            kept
        });
    }
}
