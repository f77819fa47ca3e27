//! The graph around one event, call or person: its causes to the beginning, its effects to the last one
//! known.

use crate::log_walk::Matching;
use domain::customer::event::CustomerEvent;
use domain::event_filter::EventFilter;
use domain::ids::{CallId, CampaignId, CustomerId, EventId, StreamId};
use domain::number::event::NumberEvent;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Most events in one graph: a person's years of calls; a reader is lost long before.
pub(crate) const NODES_MAX: usize = 2_000;

/// Most events looked at to find the effects of one.
const LOOKED_AT_MAX: usize = 50_000;

/// Most steps back along the causes of one event: an import row's way to its call has a dozen.
const CAUSE_STEPS_MAX: usize = 64;

fn is_dial(kind: &str) -> bool {
    matches!(kind, CustomerEvent::DIAL_GRANTED | CustomerEvent::DIAL_REFUSED)
}

/// One event of the graph.
#[derive(Debug, Clone)]
pub struct Node {
    pub position: Position,
    pub id: EventId,
    pub kind: String,
    pub stream: StreamId,
    pub at: Timestamp,
    pub causation: Option<EventId>,
    campaign: Option<CampaignId>,
    /// The `customer.enrolled` on whose behalf it stands.
    pub enrolment: Option<EventId>,
    /// Asked for by name.
    pub subject: bool,
}

/// Why an event leads to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Why {
    Cause,
    Enrolment,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Graph {
    pub nodes: BTreeMap<Position, Node>,
    pub positions: BTreeMap<EventId, Position>,
    /// More was there than a graph holds.
    pub cut: bool,
}

impl Graph {
    /// Around what an id names: a call, an event or a customer.
    pub async fn of(store: &dyn EventStore, id: &str) -> Result<Self, Problem> {
        let (subject, whole) = find_subject(store, id).await?;
        if subject.is_empty() {
            return Err(Problem::refused(
                "no-such-event",
                format!("no event, call or customer has the id {id}"),
            ));
        }
        let mut graph = Self::default();
        let near = near(store, &subject).await?;
        graph.cut = near.cut;
        for event in subject.into_values() {
            graph.add(event, true);
        }
        if whole {
            for event in near.events.into_values() {
                graph.add(event, false);
            }
            graph.add_causes(store).await?;
            graph.bind_enrolments();
            return Ok(graph);
        }
        graph.add_enrolments(&near.events);
        graph.add_causes(store).await?;
        graph.add_effects(near.events);
        graph.bind_enrolments();
        Ok(graph)
    }

    fn add(&mut self, event: Read, subject: bool) {
        if self.nodes.contains_key(&event.position) {
            return;
        }
        if self.nodes.len() >= NODES_MAX {
            self.cut = true;
            return;
        }
        let Envelope {
            id,
            kind,
            stream,
            at,
            causation,
            campaign,
            ..
        } = event.envelope;
        self.positions.insert(id, event.position);
        let node = Node {
            position: event.position,
            id,
            kind,
            stream,
            at,
            causation,
            campaign,
            enrolment: None,
            subject,
        };
        self.nodes.insert(event.position, node);
    }

    /// Step by step back to what came from outside.
    async fn add_causes(&mut self, store: &dyn EventStore) -> Result<(), Problem> {
        for _ in 0..CAUSE_STEPS_MAX {
            let named = self.nodes.values().filter_map(|node| node.causation);
            let unknown: BTreeSet<EventId> = named.filter(|id| !self.positions.contains_key(id)).collect();
            let before = self.nodes.len();
            for id in unknown {
                if let Some(event) = store.find(id).await? {
                    self.add(Read::of(event)?, false);
                }
            }
            if self.nodes.len() == before {
                break;
            }
        }
        Ok(())
    }

    /// A cause always stands before its effect: one pass in the order of the log finds all of them.
    fn add_effects(&mut self, near: BTreeMap<Position, Read>) {
        let mut led: BTreeSet<EventId> = self.subjects();
        let mut enrolled = BTreeSet::new();
        for (_, event) in near {
            let envelope = &event.envelope;
            let enrolment = (envelope.stream.clone(), envelope.campaign.clone());
            let asked_for = is_dial(&envelope.kind) && enrolled.contains(&enrolment);
            let follows = envelope.causation.is_some_and(|cause| led.contains(&cause));
            if asked_for || follows {
                led.insert(envelope.id);
            }
            if envelope.kind == CustomerEvent::ENROLLED && led.contains(&envelope.id) {
                enrolled.insert(enrolment);
            }
            if asked_for || follows {
                self.add(event, false);
            }
        }
    }

    fn subjects(&self) -> BTreeSet<EventId> {
        let subjects = self.nodes.values().filter(|node| node.subject);
        subjects.map(|node| node.id).collect()
    }

    /// The enrolments on whose behalf the person's dials in the graph were asked for.
    fn add_enrolments(&mut self, near: &BTreeMap<Position, Read>) {
        let subjects = near
            .iter()
            .filter(|(position, _)| self.nodes.contains_key(position));
        let of_person = subjects.filter(|(_, event)| event.envelope.customer.is_some());
        let campaigns: BTreeSet<_> = of_person
            .filter_map(|(_, event)| event.envelope.campaign.clone())
            .collect();
        for event in near.values() {
            let campaign = event.envelope.campaign.as_ref();
            let wanted = campaign.is_some_and(|campaign| campaigns.contains(campaign));
            if wanted && event.envelope.kind == CustomerEvent::ENROLLED {
                self.add(event.clone(), false);
            }
        }
    }

    /// A dial asked for on behalf of a person hangs on the person's enrolment in the campaign.
    fn bind_enrolments(&mut self) {
        let mut enrolled = BTreeMap::new();
        for node in self.nodes.values_mut() {
            let key = (node.stream.clone(), node.campaign.clone());
            if node.kind == CustomerEvent::ENROLLED {
                enrolled.insert(key, node.id);
            } else if is_dial(&node.kind) {
                node.enrolment = enrolled.get(&key).copied();
            }
        }
    }

    /// From, to, and why; both ends are in the graph.
    pub fn edges(&self) -> Vec<(Position, Position, Why)> {
        let mut edges = Vec::new();
        for node in self.nodes.values() {
            for (from, why) in [(node.causation, Why::Cause), (node.enrolment, Why::Enrolment)] {
                let from = from.and_then(|id| self.positions.get(&id));
                edges.extend(from.map(|from| (*from, node.position, why)));
            }
        }
        edges
    }
}

/// An event that was read.
#[derive(Debug, Clone)]
struct Read {
    position: Position,
    envelope: Envelope,
    /// Numbers and calls named in its data.
    numbers: Vec<String>,
    calls: Vec<String>,
}

impl Read {
    fn of(stored: StoredEvent) -> Result<Self, Problem> {
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
        Ok(Self {
            position: stored.position,
            numbers: named(&["/number", "/customer_grant/number", "/next_number"]),
            calls: named(&["/call"]),
            envelope,
        })
    }
}

/// The events an id names, and whether they are all of a person.
async fn find_subject(store: &dyn EventStore, id: &str) -> Result<(BTreeMap<Position, Read>, bool), Problem> {
    let mut found = Near::default();
    if let Ok(customer) = id.parse::<CustomerId>() {
        found.add_person(store, &customer).await?;
        return Ok((found.events, true));
    }
    let Ok(call) = id.parse::<CallId>() else {
        let why = "an id is of an event or a call (a UUID), or of a customer (32 digits)";
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

/// What may be an effect of the subject: the person's events, the number's, the campaign's own.
async fn near(store: &dyn EventStore, subject: &BTreeMap<Position, Read>) -> Result<Near, Problem> {
    let mut near = Near::default();
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
        // An event of a campaign: its effects stand in the streams of those it names only by campaign.
        for campaign in &campaigns {
            let filter = EventFilter {
                campaign: Some(campaign.clone()),
                ..EventFilter::default()
            };
            near.add_matching(store, filter).await?;
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

/// Events read, up to a bound.
#[derive(Debug, Default)]
struct Near {
    events: BTreeMap<Position, Read>,
    cut: bool,
}

impl Near {
    fn add(&mut self, event: StoredEvent) -> Result<(), Problem> {
        if self.events.len() >= LOOKED_AT_MAX {
            self.cut = true;
            return Ok(());
        }
        let read = Read::of(event)?;
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
        let mut log = Matching::new(store, filter);
        while !self.cut
            && let Some(page) = log.next().await?
        {
            for event in page {
                self.add(event)?;
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

    /// Of a campaign and of a number only what follows from this person's events: both serve many.
    fn keep_of(
        &mut self,
        customers: &BTreeSet<CustomerId>,
        numbers: &BTreeSet<String>,
        subject: &BTreeMap<Position, Read>,
    ) {
        let mut led: BTreeSet<EventId> = subject.values().map(|event| event.envelope.id).collect();
        self.events.retain(|position, event| {
            let envelope = &event.envelope;
            let of_person = envelope
                .customer
                .as_ref()
                .is_some_and(|one| customers.contains(one));
            let follows = envelope.causation.is_some_and(|cause| led.contains(&cause));
            let opted_out = envelope.kind == NumberEvent::OPTED_OUT && numbers.contains(envelope.stream.id());
            let kept = of_person || follows || opted_out || subject.contains_key(position);
            if kept {
                led.insert(envelope.id);
            }
            kept
        });
    }
}
