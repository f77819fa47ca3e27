//! Formats a graph as an indented tree, as Graphviz text, and as a JSON object.

use crate::causes::cause_origins::{CauseOrigin, beginning_of};
use crate::causes::graph::{CausationKind, Graph, NODES_MAX, Node};
use application::local_time::of_calendar;
use domain::call::event::CallEvent;
use domain::ids::EventId;
use domain::stored_event::Position;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Deepest indentation of the tree. Consecutive events of a call have the same one.
const DEPTH_MAX: usize = 24;

impl Graph {
    /// Returns the graph as text with one line per event, indented below its cause. An event that directly
    /// follows one of its own stream has the same indentation, so that a call with many events fits on the
    /// page.
    pub fn tree(&self) -> Vec<String> {
        let mut effects: BTreeMap<Position, Vec<Position>> = BTreeMap::new();
        let mut hangs: BTreeMap<Position, Position> = BTreeMap::new();
        for (from, to, why) in self.edges() {
            // The path from the import row takes precedence over the grant that a whole batch shares.
            if why == CausationKind::Enrolment || !hangs.contains_key(&to) {
                hangs.insert(to, from);
            }
        }
        for (to, from) in &hangs {
            effects.entry(*from).or_default().push(*to);
        }
        let mut lines = Vec::new();
        let mut drawn = BTreeSet::new();
        let roots = self.nodes.keys().filter(|position| !hangs.contains_key(position));
        let mut open: Vec<(Position, usize)> = roots.rev().map(|root| (*root, 0)).collect();
        while let Some((position, depth)) = open.pop() {
            let Some(node) = self.nodes.get(&position) else {
                continue;
            };
            if !drawn.insert(position) {
                continue;
            }
            lines.push(self.line(node, depth));
            for effect in effects.get(&position).into_iter().flatten().rev() {
                open.push((*effect, self.depth_below(node, *effect, depth)));
            }
        }
        if self.cut {
            lines.push(format!(
                "… more than {NODES_MAX} events: ask for one call or one event"
            ));
        }
        lines
    }

    fn depth_below(&self, node: &Node, effect: Position, depth: usize) -> usize {
        let same_stream = self
            .nodes
            .get(&effect)
            .is_some_and(|effect| effect.stream == node.stream);
        let story = same_stream && node.stream.aggregate() == "call" && node.kind != CallEvent::PERMITTED;
        if story { depth } else { (depth + 1).min(DEPTH_MAX) }
    }

    fn line(&self, node: &Node, depth: usize) -> String {
        let mark = if node.subject { "*" } else { " " };
        let cause_note = self
            .cause_note(node)
            .map_or_else(String::new, |cause_note| format!("  ← {cause_note}"));
        format!(
            "{:>8} {mark} {}  {}{:<26} {}{cause_note}",
            node.position.0,
            of_calendar(node.at),
            "  ".repeat(depth),
            node.kind,
            node.stream
        )
    }

    /// Returns a note for an event with a cause that is not on the line above it: where its cause is, or
    /// that it has none.
    fn cause_note(&self, node: &Node) -> Option<String> {
        match node.causation {
            None if node
                .delivered
                .is_some_and(|event| self.positions.contains_key(&event)) =>
            {
                None
            }
            None => Some(
                beginning_of(&node.kind)
                    .map_or("no cause is recorded 未记录起因", |by| by.words())
                    .to_owned(),
            ),
            Some(cause) if node.enrolment.is_some() => {
                let position = self.positions.get(&cause)?;
                let kind = &self.nodes.get(position)?.kind;
                Some(format!("leave {kind} at {position}"))
            }
            Some(cause) if !self.positions.contains_key(&cause) => Some(format!("cause {cause}")),
            Some(_) => None,
        }
    }

    /// Returns the graph as Graphviz text: solid edges are causes, dashed ones enrolments, dotted ones
    /// deliveries.
    pub fn dot(&self) -> Vec<String> {
        let mut lines = vec![
            "digraph causation {".to_owned(),
            "  rankdir=LR; node [shape=box];".to_owned(),
        ];
        for node in self.nodes.values() {
            let (position, kind, stream) = (node.position, &node.kind, &node.stream);
            let bold = if node.subject { ", style=bold" } else { "" };
            lines.push(format!(
                "  n{position} [label=\"{position} {kind}\\n{stream}\"{bold}];"
            ));
        }
        for (from, to, why) in self.edges() {
            let style = match why {
                CausationKind::Cause => "",
                CausationKind::Enrolment => " [style=dashed]",
                CausationKind::Delivery => " [style=dotted]",
            };
            lines.push(format!("  n{from} -> n{to}{style};"));
        }
        lines.push("}".to_owned());
        lines
    }

    /// Returns the graph as the API's JSON: nodes and edges.
    pub fn shown(&self) -> CausationGraphResponse {
        let node = |node: &Node| {
            let is_begun = node.causation.is_none() && node.delivered.is_none();
            let begins = is_begun.then(|| beginning_of(&node.kind));
            CausationNodeResponse {
                position: node.position.to_string(),
                id: node.id,
                kind: node.kind.clone(),
                stream: node.stream.to_string(),
                at: node.at,
                subject: node.subject,
                causation: node.causation,
                begins: begins.flatten().map(CauseOrigin::words),
            }
        };
        let edge = |(from, to, why): &(Position, Position, CausationKind)| CausationEdgeResponse {
            from: from.to_string(),
            to: to.to_string(),
            why: *why,
        };
        CausationGraphResponse {
            nodes: self.nodes.values().map(node).collect(),
            edges: self.edges().iter().map(edge).collect(),
            cut: self.cut,
        }
    }
}

/// A causation graph: events, and which led to which.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CausationGraphResponse {
    nodes: Vec<CausationNodeResponse>,
    edges: Vec<CausationEdgeResponse>,
    /// True if there were more events than a graph holds.
    cut: bool,
}

/// One event of a graph.
#[derive(Debug, Serialize, JsonSchema)]
struct CausationNodeResponse {
    position: String,
    id: EventId,
    kind: String,
    stream: String,
    at: Timestamp,
    /// True for an event that the request named.
    subject: bool,
    causation: Option<EventId>,
    /// Origin of a chain of causes that begins with this event.
    #[schemars(example = &"an outside request")]
    begins: Option<&'static str>,
}

/// An edge from a cause to its effect.
#[derive(Debug, Serialize, JsonSchema)]
struct CausationEdgeResponse {
    #[schemars(example = &"41")]
    from: String,
    #[schemars(example = &"42")]
    to: String,
    why: CausationKind,
}
