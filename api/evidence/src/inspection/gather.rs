//! Collects the events of an inspection: whole streams of customers, numbers and calls, and the accesses to
//! them. Events are read by stream and by kind, never from a view.

use super::conversations::{read_conversations, read_messages};
use crate::event_bundles::Selection;
use crate::log_walk::{FilteredEventReader, unreadable};
use domain::call::Call;
use domain::call::event::CallEvent;
use domain::customer::Customer;
use domain::customer::event::CustomerEvent;
use domain::decider::Decider;
use domain::ids::{CallId, CampaignId, ConversationId, CustomerId, NumberId, StreamId};
use domain::inquiry::InquiryEvent;
use domain::number::Number;
use domain::number::event::NumberEvent;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Envelope, Position, StoredEvent, StreamVersion, read_event};
use domain::time::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use store::proof::bundle::Reason;

/// Most calls of one inspection, as in one logged read; more are refused and must be requested by period.
pub const CALLS_MAX: usize = 500;

/// Of which customers or number, and over which period of calls, an inspection is made.
#[derive(Debug, Clone)]
pub struct InspectionScope {
    /// The requested customer, or the customers known to have the number.
    pub persons: BTreeSet<CustomerId>,
    pub number: Option<NumberId>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

impl InspectionScope {
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at <= to)
    }
}

/// An event, parsed as the type of its aggregate.
pub(super) struct ParsedEvent<E> {
    pub envelope: Envelope,
    pub position: Position,
    pub event: E,
}

/// The events that an inspection found, in log order.
pub(super) struct InspectionEvents {
    pub customers: Vec<ParsedEvent<CustomerEvent>>,
    pub numbers: Vec<ParsedEvent<NumberEvent>>,
    pub calls: BTreeMap<Position, Vec<ParsedEvent<CallEvent>>>,
    /// Text conversations.
    pub conversations: Vec<ConversationId>,
    /// Messages sent to the customers, and their replies.
    pub messages: Vec<StoredEvent>,
    /// Accesses and operations that concern them.
    pub asked: Vec<(Envelope, Position)>,
    pub ask: InspectionScope,
    pub selection: Selection,
    pub reached: Position,
}

impl InspectionEvents {
    /// Reads all events about the subject up to the head of the log. Fails above `CALLS_MAX` calls.
    pub(super) async fn read(store: &dyn EventStore, ask: InspectionScope) -> Result<Self, Problem> {
        let mut found = Self {
            customers: Vec::new(),
            numbers: Vec::new(),
            calls: BTreeMap::new(),
            conversations: Vec::new(),
            messages: Vec::new(),
            asked: Vec::new(),
            ask,
            selection: Selection::default(),
            reached: store.head().await?,
        };
        if let Some(number) = found.ask.number.clone() {
            found.read_numbers(store, [number].into()).await?;
            found.read_calls(store).await?;
            // The calls themselves name the customers called, even if no view knows them any more.
            let called = found.calls.values().flatten();
            let called: Vec<CustomerId> = called
                .filter_map(|parsed| parsed.envelope.customer.clone())
                .collect();
            found.ask.persons.extend(called);
            found.read_persons(store).await?;
        } else {
            found.read_persons(store).await?;
            let numbers = found.numbers_of_persons();
            found.read_numbers(store, numbers).await?;
            found.read_calls(store).await?;
        }
        found.read_written(store).await?;
        found.read_campaigns(store).await?;
        found.read_asked(store).await?;
        found.selection.add_causes(store).await?;
        Ok(found)
    }

    async fn read_persons(&mut self, store: &dyn EventStore) -> Result<(), Problem> {
        for person in self.ask.persons.clone() {
            let events = self.stream::<Customer>(store, &Customer::stream(&person)).await?;
            self.customers.extend(events);
        }
        Ok(())
    }

    async fn read_numbers(
        &mut self,
        store: &dyn EventStore,
        numbers: BTreeSet<NumberId>,
    ) -> Result<(), Problem> {
        for number in numbers {
            let events = self.stream::<Number>(store, &Number::stream(&number)).await?;
            self.numbers.extend(events);
        }
        Ok(())
    }

    fn numbers_of_persons(&self) -> BTreeSet<NumberId> {
        let numbers = self.customers.iter().filter_map(|parsed| match &parsed.event {
            CustomerEvent::NumberAdded { number, .. } => Some(number.clone()),
            _ => None,
        });
        numbers.collect()
    }

    /// Returns the calls for which the number granted a dial; without a number, those of the customers.
    fn granted(&self) -> BTreeSet<CallId> {
        if self.ask.number.is_some() {
            let grants = self
                .numbers
                .iter()
                .filter_map(|parsed| parsed.event.dial_granted());
            return grants.map(|grant| grant.call).collect();
        }
        let grants = self
            .customers
            .iter()
            .filter_map(|parsed| parsed.event.dial_granted());
        grants.map(|(_, grant)| grant.call).collect()
    }

    async fn read_calls(&mut self, store: &dyn EventStore) -> Result<(), Problem> {
        for call in self.granted() {
            let stream = Call::stream(&call);
            let first = store.read_stream(&stream, StreamVersion(0), 1).await?;
            let Some(first) = first.first() else { continue };
            let permitted_at = first.envelope().map_err(unreadable)?.at;
            if !self.ask.holds(permitted_at) {
                continue;
            }
            if self.calls.len() == CALLS_MAX {
                return Err(Problem::new(
                    ProblemKind::Refused,
                    "too-many-calls",
                    format!("there are more than {CALLS_MAX} calls: give a time (at, within_hours)"),
                ));
            }
            let position = first.position;
            let events = self.stream::<Call>(store, &stream).await?;
            self.calls.insert(position, events);
        }
        Ok(())
    }

    /// Reads the customers' text conversations and messages.
    async fn read_written(&mut self, store: &dyn EventStore) -> Result<(), Problem> {
        let (selection, reached) = (&mut self.selection, self.reached);
        self.conversations = read_conversations(store, &self.ask, selection, reached).await?;
        self.messages = read_messages(store, &self.ask.persons, selection).await?;
        Ok(())
    }

    /// Reads how each campaign of the calls was created: purpose, basis and preset.
    async fn read_campaigns(&mut self, store: &dyn EventStore) -> Result<(), Problem> {
        let calls = self
            .calls
            .values()
            .flatten()
            .filter_map(|parsed| parsed.envelope.campaign.clone());
        let persons = self
            .customers
            .iter()
            .filter_map(|parsed| parsed.event.campaign().cloned());
        let campaigns: BTreeSet<CampaignId> = calls.chain(persons).collect();
        for campaign in campaigns {
            let stream = StreamId::new("campaign", &campaign);
            for event in store.read_stream(&stream, StreamVersion(0), 1).await? {
                self.selection.add(event, Reason::Subject)?;
            }
        }
        Ok(())
    }

    /// Reads the queries, reads, complaints, person requests and approvals that name one of the subjects.
    /// They are later than the subjects' first event.
    async fn read_asked(&mut self, store: &dyn EventStore) -> Result<(), Problem> {
        let names = self.names();
        let Some(first) = self.selection.events.keys().next().copied() else {
            return Ok(());
        };
        let kinds = [
            InquiryEvent::PERSONAL_DATA_READ,
            InquiryEvent::EXPORTED,
            "complaint.",
            "approval.",
            "person_request.",
        ];
        let mut log = FilteredEventReader::of_kinds(store, &kinds).between(first, self.reached);
        while let Some(page) = log.next().await? {
            for stored in page {
                let envelope = stored.envelope().map_err(unreadable)?;
                let data: Value = serde_json::from_str(envelope.data.get()).unwrap_or_default();
                let by_person = envelope.customer.as_ref().map(ToString::to_string);
                if by_person.is_some_and(|person| names.contains(&person)) || names_one(&data, &names) {
                    self.asked.push((envelope, stored.position));
                    self.selection.add(stored, Reason::Subject)?;
                }
            }
        }
        Ok(())
    }

    /// Returns the ids of all customers, numbers and calls of the inspection.
    fn names(&self) -> BTreeSet<String> {
        let persons = self.ask.persons.iter().map(ToString::to_string);
        let numbers = self
            .numbers
            .iter()
            .map(|parsed| parsed.envelope.stream.id().to_owned());
        let calls = self.calls.values().flatten();
        let calls = calls.map(|parsed| parsed.envelope.stream.id().to_owned());
        persons.chain(numbers).chain(calls).collect()
    }

    /// Reads every event of a stream and adds all of them to the bundle's selection.
    async fn stream<D: Decider>(
        &mut self,
        store: &dyn EventStore,
        stream: &StreamId,
    ) -> Result<Vec<ParsedEvent<D::Event>>, Problem> {
        let mut events = Vec::new();
        let mut after = StreamVersion(0);
        loop {
            let page = store.read_stream(stream, after, PAGE_EVENTS_MAX).await?;
            if page.is_empty() {
                return Ok(events);
            }
            after.0 += u64::try_from(page.len()).unwrap_or(u64::MAX);
            for stored in page {
                events.push(read::<D>(&stored)?);
                self.selection.add(stored, Reason::Subject)?;
            }
        }
    }
}

fn read<D: Decider>(stored: &StoredEvent) -> Result<ParsedEvent<D::Event>, Problem> {
    let envelope = stored.envelope().map_err(unreadable)?;
    let event = read_event::<D>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
    Ok(ParsedEvent {
        event,
        position: stored.position,
        envelope,
    })
}

/// Returns true if the data of an event names one of these ids as its subject.
fn names_one(data: &Value, names: &BTreeSet<String>) -> bool {
    let is_named = |value: &Value| value.as_str().is_some_and(|text| names.contains(text));
    let one = ["customer", "number", "call"]
        .iter()
        .filter_map(|member| data.get(*member));
    let several = data.get("calls").and_then(Value::as_array).into_iter().flatten();
    one.chain(several).any(is_named)
}
