//! Checks of a parsed flow before it is published. Every fault names the node and the member.

use super::fault::DefinitionFault;
use super::graph::FlowDefinition;
use super::nodes::{GroupCall, Node, NodeContext, check_range};
use super::text::{is_variable_name, pieces, variables_of};
use std::collections::BTreeSet;

/// Most nodes of one flow; more are a fault. What a person can still read on one page of the flow designer.
pub const FLOW_NODES_MAX: usize = 200;

/// Most variables of one flow; more are a fault. As many as the widest list that can be imported has
/// columns.
pub const FLOW_VARIABLES_MAX: usize = 100;

/// Longest text of one node, in characters; a longer one is a fault. About two minutes of speech.
pub const TEXT_CHARS_MAX: usize = 500;

/// Longest node name, in characters.
pub const NODE_NAME_CHARS_MAX: usize = 64;

/// Largest value of a node's `visits.max`.
pub const VISITS_MAX: u32 = 20;

impl FlowDefinition {
    /// Returns all faults of the flow, in a fixed order; empty if it can be published. Loops and
    /// unreachable nodes are looked for only if there is no other fault.
    pub fn check(&self) -> Vec<DefinitionFault> {
        let mut faults = Vec::new();
        self.check_counts(&mut faults);
        self.check_notices(&mut faults);
        self.check_variables(&mut faults);
        for (name, node) in &self.nodes {
            self.check_node(name, node, &mut faults);
        }
        self.check_dialogue(&mut faults);
        self.check_messages(&mut faults);
        self.check_shows(&mut faults);
        self.check_offers(&mut faults);
        self.check_targets(&mut faults);
        // Paths can only be judged if every edge leads to an existing node.
        if faults.is_empty() {
            self.check_paths(&mut faults);
        }
        faults
    }

    fn check_counts(&self, faults: &mut Vec<DefinitionFault>) {
        faults.extend(DefinitionFault::too_many(
            "nodes",
            self.nodes.len(),
            FLOW_NODES_MAX,
        ));
        let variables = self.variables.len();
        faults.extend(DefinitionFault::too_many(
            "variables",
            variables,
            FLOW_VARIABLES_MAX,
        ));
        if !self.nodes.values().any(|node| node.kind().is_last()) {
            faults.push(DefinitionFault::NoEnd);
        }
    }

    fn check_notices(&self, faults: &mut Vec<DefinitionFault>) {
        if self.notices.recording.trim().is_empty() {
            faults.push(DefinitionFault::NoNotice);
        }
        let recording = ("notices.recording", Some(self.notices.recording.as_str()));
        let ai = ("notices.ai", self.notices.ai.as_deref());
        for (member, text) in [recording, ai] {
            if text.is_some_and(|text| text.contains("{{")) {
                faults.push(DefinitionFault::VariableInNotice {
                    member: member.to_owned(),
                });
            }
        }
        if self
            .notices
            .ai
            .as_deref()
            .is_some_and(|text| text.trim().is_empty())
        {
            faults.push(DefinitionFault::TextLength {
                member: "notices.ai".to_owned(),
            });
        }
    }

    fn check_variables(&self, faults: &mut Vec<DefinitionFault>) {
        for (name, variable) in &self.variables {
            if !is_variable_name(name) {
                faults.push(DefinitionFault::BadVariableName {
                    variable: name.clone(),
                });
            }
            if let Some(value) = &variable.default
                && !variable.kind.accepts(value)
            {
                faults.push(DefinitionFault::WrongValue {
                    member: format!("variables.{name}.default"),
                    value: value.clone(),
                });
            }
        }
    }

    fn check_node(&self, name: &str, node: &Node, faults: &mut Vec<DefinitionFault>) {
        let length = name.chars().count();
        if !(1..=NODE_NAME_CHARS_MAX).contains(&length) || name.chars().any(char::is_control) {
            faults.push(DefinitionFault::BadNodeName {
                node: name.to_owned(),
            });
        }
        if let Some(text) = node.text() {
            self.check_text(&format!("nodes.{name}.text"), text, faults);
        }
        if let Some(visits) = node.kind().visits() {
            let member = format!("nodes.{name}.visits.max");
            check_range(member, visits.max.into(), 1..=VISITS_MAX.into(), faults);
        }
        let place = NodeContext {
            node: name,
            variables: &self.variables,
            dialogue: self.dialogue(),
        };
        for (member, text) in node.kind().further_texts() {
            self.check_text(&format!("nodes.{name}.{member}"), text, faults);
        }
        node.kind().check(&place, faults);
    }

    pub(super) fn check_text(&self, member: &str, text: &str, faults: &mut Vec<DefinitionFault>) {
        let member = member.to_owned();
        if text.trim().is_empty() || text.chars().count() > TEXT_CHARS_MAX {
            faults.push(DefinitionFault::TextLength {
                member: member.clone(),
            });
        }
        if let Err(why) = pieces(text) {
            faults.push(DefinitionFault::BadText {
                member: member.clone(),
                why,
            });
        }
        for variable in variables_of(text) {
            if !self.has_value(variable) {
                faults.push(DefinitionFault::UndefinedVariable {
                    member: member.clone(),
                    variable: variable.to_owned(),
                });
            }
        }
    }

    /// Returns true if texts may use this variable or slot: a variable that is required, has a default or
    /// is set by a node; a slot that a node sets.
    fn has_value(&self, name: &str) -> bool {
        let set_by_key = || self.nodes.values().any(|node| node.kind().sets(name));
        if self.dialogue().slots.contains_key(name) {
            return set_by_key();
        }
        self.variables
            .get(name)
            .is_some_and(|variable| variable.required || variable.default.is_some() || set_by_key())
    }

    fn check_targets(&self, faults: &mut Vec<DefinitionFault>) {
        let mut check = |member: String, target: &str| {
            if !self.nodes.contains_key(target) {
                faults.push(DefinitionFault::UnknownTarget {
                    member,
                    target: target.to_owned(),
                });
            }
        };
        check("start".to_owned(), &self.start);
        check("on_exception".to_owned(), &self.on_exception);
        for (name, node) in &self.nodes {
            for target in node.kind().targets() {
                check(format!("nodes.{name}.{}", target.member), target.node);
            }
            if let Some(target) = node.kind().on_exception() {
                check(format!("nodes.{name}.on_exception"), target);
            }
        }
        for (member, target) in self.dialogue_targets() {
            check(member, target);
        }
    }

    fn check_paths(&self, faults: &mut Vec<DefinitionFault>) {
        let reached = self.reached();
        let leaving = self.leaving();
        let passed = self.passed_by_itself();
        for name in self.nodes.keys() {
            if !reached.contains(name.as_str()) {
                faults.push(DefinitionFault::Unreachable { node: name.clone() });
            }
            if !leaving.contains(name.as_str()) || self.returns_by_itself(name, &passed) {
                faults.push(DefinitionFault::LoopWithoutExit { node: name.clone() });
            }
        }
    }

    /// Returns the nodes that a call can reach from the start, the exception node and the dialogue.
    fn reached(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open = vec![self.start.as_str(), self.on_exception.as_str()];
        open.extend(self.dialogue_targets().into_iter().map(|(_, node)| node));
        while let Some(name) = open.pop() {
            if let Some(node) = self.nodes.get(name)
                && found.insert(name)
            {
                open.extend(node.kind().targets().into_iter().map(|target| target.node));
                open.extend(node.kind().on_exception());
            }
        }
        found
    }

    /// Returns the nodes from which a call can reach its end.
    fn leaving(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        loop {
            let before = found.len();
            for (name, node) in &self.nodes {
                // A call that enters a group leaves it through the group.
                let has_exit = match self.group_of(name) {
                    Some(start) => found.contains(start),
                    None => node
                        .kind()
                        .targets()
                        .iter()
                        .any(|target| found.contains(target.node)),
                };
                if node.kind().is_last() || node.kind().calls() == Some(GroupCall::Back) || has_exit {
                    found.insert(name.as_str());
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }

    /// Returns true if a call can come back to this node without any action of the callee, over automatic
    /// edges and nodes without a visit limit: an endless loop.
    fn returns_by_itself(&self, start: &str, passed: &BTreeSet<&str>) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![start];
        while let Some(name) = open.pop() {
            for next in self.goes_on(name, passed) {
                if next == start {
                    return true;
                }
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        false
    }

    /// Returns the nodes to which a call continues from this one without the callee; none if the node
    /// limits its visits. For a `sub_flow` node: the start of its group, and its `next` if the call passes
    /// the group without the callee (`passed`).
    fn goes_on(&self, name: &str, passed: &BTreeSet<&str>) -> Vec<&str> {
        let Some(node) = self.nodes.get(name).map(Node::kind) else {
            return Vec::new();
        };
        if node.visits().is_some() {
            return Vec::new();
        }
        let inside = self.group_of(name);
        let behind = inside.is_none_or(|start| passed.contains(start));
        let targets = node.targets().into_iter();
        let targets = targets.filter(|target| target.automatic && behind);
        inside
            .into_iter()
            .chain(targets.map(|target| target.node))
            .collect()
    }

    /// Returns the start node of the group that a `sub_flow` node enters; `None` for other nodes.
    fn group_of(&self, name: &str) -> Option<&str> {
        let Some(GroupCall::Into { group, .. }) = self.nodes.get(name)?.kind().calls() else {
            return None;
        };
        let group = self.dialogue().groups.get(group)?;
        Some(&group.start)
    }

    /// Returns the start nodes of the groups that a call can pass from start to `return` without an action
    /// of the callee.
    fn passed_by_itself(&self) -> BTreeSet<&str> {
        let mut passed: BTreeSet<&str> = BTreeSet::new();
        loop {
            let starts = self.dialogue().groups.values().map(|group| group.start.as_str());
            let more: Vec<&str> = starts
                .filter(|start| !passed.contains(start) && self.comes_back(start, &passed))
                .collect();
            if more.is_empty() {
                return passed;
            }
            passed.extend(more);
        }
    }

    /// Returns true if automatic edges lead from this node to a `return` of its own group; the `return` of
    /// an inner group does not count.
    fn comes_back(&self, start: &str, passed: &BTreeSet<&str>) -> bool {
        let mut seen = BTreeSet::from([start]);
        let mut open = vec![start];
        while let Some(name) = open.pop() {
            if self.nodes.get(name).and_then(|node| node.kind().calls()) == Some(GroupCall::Back) {
                return true;
            }
            let inside = self.group_of(name);
            for next in self.goes_on(name, passed) {
                if Some(next) != inside && seen.insert(next) {
                    open.push(next);
                }
            }
        }
        false
    }
}
