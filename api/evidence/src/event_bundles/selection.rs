//! Selects the events of a proof: the subject's own, and their causes.

use domain::event_filter::{EventFacts, EventFilter};
use domain::ids::{EventId, StreamId};
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position, StoredEvent, StreamVersion};
use serde_json::Value;
use std::collections::BTreeMap;
use store::proof::bundle::{BUNDLE_EVENTS_MAX, Reason};

/// Most steps back along the causes of one event. From a call to its import row there are about a dozen.
const CAUSE_STEPS_MAX: usize = 64;

/// The events selected for a proof, by position, each with the reason why.
#[derive(Default)]
pub struct Selection {
    pub events: BTreeMap<Position, (Reason, StoredEvent)>,
}

impl Selection {
    /// Adds an event, unless it is selected already. Fails above `BUNDLE_EVENTS_MAX`.
    pub fn add(&mut self, event: StoredEvent, reason: Reason) -> Result<(), Problem> {
        self.events.entry(event.position).or_insert((reason, event));
        if self.events.len() > BUNDLE_EVENTS_MAX {
            return Err(Problem::refused(
                "too-many-events",
                format!("more than {BUNDLE_EVENTS_MAX} events; download the proof call by call"),
            ));
        }
        Ok(())
    }

    /// Adds every event of one stream.
    pub async fn add_stream(&mut self, store: &dyn EventStore, stream: &StreamId) -> Result<(), Problem> {
        let mut after = StreamVersion(0);
        loop {
            let page = store.read_stream(stream, after, PAGE_EVENTS_MAX).await?;
            if page.is_empty() {
                return Ok(());
            }
            after.0 += u64::try_from(page.len()).unwrap_or(u64::MAX);
            for event in page {
                self.add(event, Reason::Subject)?;
            }
        }
    }

    /// Adds every event that matches a filter, by reading the records of the whole log: a complete proof
    /// must not depend on an index or a column, because no proof covers those.
    pub async fn add_matching(&mut self, store: &dyn EventStore, filter: EventFilter) -> Result<(), Problem> {
        let mut after = Position(0);
        loop {
            let page = store.read_all(after, PAGE_EVENTS_MAX).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.position;
            for event in page {
                let facts = EventFacts::of(&event).map_err(|error| Problem::fault(error.to_string()))?;
                if filter.wants(&facts) {
                    self.add(event, Reason::Subject)?;
                }
            }
        }
    }

    /// Adds the event with this id; nothing if there is none.
    pub async fn add_event(&mut self, store: &dyn EventStore, id: EventId) -> Result<(), Problem> {
        match store.find(id).await? {
            Some(event) => self.add(event, Reason::Subject),
            None => Ok(()),
        }
    }

    /// Adds the events of the customer's and the number's streams that name this call, with their grants.
    /// Both streams come from `call.permitted`.
    pub async fn add_grants(&mut self, store: &dyn EventStore, call: &str) -> Result<(), Problem> {
        let mut streams = Vec::new();
        for (_, event) in self.events.values() {
            let envelope = read(event)?;
            let data: Value = serde_json::from_str(envelope.data.get()).unwrap_or_default();
            if let Some(customer) = &envelope.customer {
                streams.push(StreamId::new("customer", customer));
            }
            if let Some(number) = data.pointer("/number_grant/number").and_then(Value::as_str) {
                streams.push(StreamId::new("number", &number));
            }
        }
        streams.sort();
        streams.dedup();
        for stream in streams {
            let mut of_stream = Self::default();
            of_stream.add_stream(store, &stream).await?;
            for (_, event) in of_stream.events.into_values() {
                if names_call(&event, call)? {
                    self.add(event, Reason::Cause)?;
                }
            }
        }
        Ok(())
    }

    /// Adds the causes of the selected events, step by step back to the first, at most `CAUSE_STEPS_MAX`
    /// steps.
    pub async fn add_causes(&mut self, store: &dyn EventStore) -> Result<(), Problem> {
        let mut open: Vec<StoredEvent> = self.events.values().map(|(_, event)| event.clone()).collect();
        for _ in 0..CAUSE_STEPS_MAX {
            let mut causes = Vec::new();
            for event in &open {
                causes.extend(read(event)?.causation);
            }
            causes.sort_unstable();
            causes.dedup();
            open.clear();
            let known = self.ids()?;
            for cause in causes
                .into_iter()
                .filter(|cause| known.binary_search(cause).is_err())
            {
                if let Some(event) = store.find(cause).await? {
                    open.push(event.clone());
                    self.add(event, Reason::Cause)?;
                }
            }
            if open.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn ids(&self) -> Result<Vec<EventId>, Problem> {
        let mut ids = Vec::with_capacity(self.events.len());
        for (_, event) in self.events.values() {
            ids.push(read(event)?.id);
        }
        ids.sort_unstable();
        Ok(ids)
    }
}

fn read(event: &StoredEvent) -> Result<Envelope, Problem> {
    event
        .envelope()
        .map_err(|error| Problem::fault(error.to_string()))
}

/// Returns true if the event's data names the call, at the top level or in a grant.
fn names_call(event: &StoredEvent, call: &str) -> Result<bool, Problem> {
    let data: Value = serde_json::from_str(read(event)?.data.get()).unwrap_or_default();
    let is_call = |pointer: &str| data.pointer(pointer).and_then(Value::as_str) == Some(call);
    Ok(is_call("/call") || is_call("/grant/call"))
}
