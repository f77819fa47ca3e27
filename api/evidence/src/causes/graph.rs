//! Builds the graph around one event, call or customer: its causes back to the origin, and its effects.

use super::nearby_events::{EventWithIds, find_nearby_events, find_subject};
use domain::customer::event::CustomerEvent;
use domain::ids::{CampaignId, EventId, StreamId};
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most events in one graph; with more, `cut` is true. These are years of calls of one person.
pub(crate) const NODES_MAX: usize = 2_000;

/// Most steps back along causes. From a call to its import row there are about a dozen.
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
    /// The `customer.enrolled` for which this event was requested.
    pub enrolment: Option<EventId>,
    /// For a delivery: the event that was sent to the webhook.
    pub delivered: Option<EventId>,
    /// True for an event that the request named.
    pub subject: bool,
}

/// Why an event leads to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum CausationKind {
    /// The record names it as its cause.
    Cause,
    /// A dial for an enrolment.
    Enrolment,
    /// A delivery of the event to a webhook.
    Delivery,
}

/// A causation graph; see the module.
#[derive(Debug, Default)]
pub struct Graph {
    pub nodes: BTreeMap<Position, Node>,
    pub positions: BTreeMap<EventId, Position>,
    /// True if there were more events than a graph holds.
    pub cut: bool,
}

impl Graph {
    /// Builds the graph around the call, event or customer with this id. Fails with `no-such-event` if
    /// there is none.
    pub async fn of(store: &dyn EventStore, id: &str) -> Result<Self, Problem> {
        let (subject, whole) = find_subject(store, id).await?;
        if subject.is_empty() {
            return Err(Problem::refused(
                "no-such-event",
                format!("no event, call or customer has the id {id}"),
            ));
        }
        let mut graph = Self::default();
        let near = find_nearby_events(store, &subject).await?;
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

    fn add(&mut self, event: EventWithIds, subject: bool) {
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
            delivered: event.delivered,
            subject,
        };
        self.nodes.insert(event.position, node);
    }

    /// Adds the causes of the events in the graph, step by step back to the origin, at most
    /// `CAUSE_STEPS_MAX` steps.
    async fn add_causes(&mut self, store: &dyn EventStore) -> Result<(), Problem> {
        for _ in 0..CAUSE_STEPS_MAX {
            let nodes = self.nodes.values();
            let named = nodes.flat_map(|node| [node.causation, node.delivered]).flatten();
            let unknown: BTreeSet<EventId> = named.filter(|id| !self.positions.contains_key(id)).collect();
            let before = self.nodes.len();
            for id in unknown {
                if let Some(event) = store.find(id).await? {
                    self.add(EventWithIds::of(event)?, false);
                }
            }
            if self.nodes.len() == before {
                break;
            }
        }
        Ok(())
    }

    /// Adds those of the nearby events that are effects of the subject. A cause is always before its effect
    /// in the log, so one pass in log order finds all of them.
    fn add_effects(&mut self, near: BTreeMap<Position, EventWithIds>) {
        let mut led: BTreeSet<EventId> = self.subjects();
        let mut enrolled = BTreeSet::new();
        for (_, event) in near {
            let envelope = &event.envelope;
            let enrolment = (envelope.stream.clone(), envelope.campaign.clone());
            let asked_for = is_dial(&envelope.kind) && enrolled.contains(&enrolment);
            let follows = event.follows(&led);
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

    /// Adds the enrolments for which the customer's dials in the graph were made.
    fn add_enrolments(&mut self, near: &BTreeMap<Position, EventWithIds>) {
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

    /// Links each dial of a customer to the customer's enrolment in the campaign.
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

    /// Returns the edges between events of the graph: from, to, and why.
    pub fn edges(&self) -> Vec<(Position, Position, CausationKind)> {
        let mut edges = Vec::new();
        for node in self.nodes.values() {
            let froms = [
                (node.causation, CausationKind::Cause),
                (node.enrolment, CausationKind::Enrolment),
                (node.delivered, CausationKind::Delivery),
            ];
            for (from, why) in froms {
                let from = from.and_then(|id| self.positions.get(&id));
                edges.extend(from.map(|from| (*from, node.position, why)));
            }
        }
        edges
    }
}
