//! What a readable flow must further fulfil before it is published; every fault names node and member.

use super::graph::{FlowDefinition, VariableKind};
use super::nodes::{AskKeypress, Branch, End, Node};
use super::text::{TextFault, is_variable_name, pieces, variables_of};
use crate::disposition::Outcome;
use std::collections::{BTreeMap, BTreeSet};

/// Most nodes of one flow: what a person can still read on one page of a designer.
pub const FLOW_NODES_MAX: usize = 200;

/// Most variables of one flow: the widest list that is imported.
pub const FLOW_VARIABLES_MAX: usize = 100;

/// Longest text of one node, in characters: about two minutes of speech.
pub const TEXT_CHARS_MAX: usize = 500;

/// Longest node name, in characters.
pub const NODE_NAME_CHARS_MAX: usize = 64;

/// Shortest wait for a key: people need a second.
pub const TIMEOUT_MIN_MS: u64 = 1_000;

/// Longest wait for a key: a silent minute holds a line for nothing.
pub const TIMEOUT_MAX_MS: u64 = 60_000;

/// Most replays in one visit of an ask node.
pub const REPLAYS_MAX: u32 = 5;

/// Most entries of a node that bounds its visits.
pub const VISITS_MAX: u32 = 20;

/// What is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionFault {
    #[error("notices.recording: the recording notice comes first and must say something")]
    NoNotice,
    #[error("nodes: the flow has no node that ends the call")]
    NoEnd,
    #[error("{what}: {count}, at most {count_max}")]
    TooMany {
        what: &'static str,
        count: usize,
        count_max: usize,
    },
    #[error("nodes.{node}: a node's name has 1 to 64 characters and no control character")]
    BadNodeName { node: String },
    #[error("variables.{variable}: a variable's name has letters, digits and _, at most 64")]
    BadVariableName { variable: String },
    #[error("{member} leads to {target:?}, which is no node")]
    UnknownTarget { member: String, target: String },
    #[error("nodes.{node} can never be reached")]
    Unreachable { node: String },
    #[error("nodes.{node} is in a loop without an exit")]
    LoopWithoutExit { node: String },
    #[error("{member}: variable {variable:?} is not declared, or never has a value")]
    UndefinedVariable { member: String, variable: String },
    #[error("{member}: {value:?} is not of the variable's type")]
    WrongValue { member: String, value: String },
    #[error("{member}: {why}")]
    BadText { member: String, why: TextFault },
    #[error("{member}: a text has 1 to 500 characters")]
    TextLength { member: String },
    #[error("{member}: a notice holds no variable")]
    VariableInNotice { member: String },
    #[error("{member}: {key:?} is not a key: 0 to 9, * or #")]
    BadKey { member: String, key: String },
    #[error("{member}: {value}, must be {min} to {max}")]
    OutOfRange {
        member: String,
        value: u64,
        min: u64,
        max: u64,
    },
    #[error("{member}: exactly one of equals, one_of, at_least and present is needed")]
    BadCondition { member: String },
    #[error("nodes.{node}.end: opt_out and the outcome opted_out go together")]
    OptOutMismatch { node: String },
}

impl FlowDefinition {
    /// All faults, in a fixed order; none means that it can be published.
    pub fn check(&self) -> Vec<DefinitionFault> {
        let mut faults = Vec::new();
        self.check_counts(&mut faults);
        self.check_notices(&mut faults);
        self.check_variables(&mut faults);
        for (name, node) in &self.nodes {
            self.check_node(name, node, &mut faults);
        }
        self.check_targets(&mut faults);
        // The shape of the graph means something only when every edge leads somewhere.
        if faults.is_empty() {
            self.check_paths(&mut faults);
        }
        faults
    }

    fn check_counts(&self, faults: &mut Vec<DefinitionFault>) {
        let counts = [
            ("nodes", self.nodes.len(), FLOW_NODES_MAX),
            ("variables", self.variables.len(), FLOW_VARIABLES_MAX),
        ];
        for (what, count, count_max) in counts {
            if count > count_max {
                faults.push(DefinitionFault::TooMany {
                    what,
                    count,
                    count_max,
                });
            }
        }
        if !self.nodes.values().any(Node::is_last) {
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
        if let Some(visits) = node.visits() {
            let member = format!("nodes.{name}.visits.max");
            check_range(member, visits.max.into(), (1, VISITS_MAX.into()), faults);
        }
        match node {
            Node::AskKeypress(ask) => self.check_ask(name, ask, faults),
            Node::Branch(branch) => self.check_branch(name, branch, faults),
            Node::End(end) => check_end(name, end, faults),
            Node::Say(_) | Node::Transfer(_) => {}
        }
    }

    fn check_text(&self, member: &str, text: &str, faults: &mut Vec<DefinitionFault>) {
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

    /// Declared, and required, with a default, or set by some key.
    fn has_value(&self, name: &str) -> bool {
        let set_by_key = || {
            let asks = self.nodes.values().filter_map(|node| match node {
                Node::AskKeypress(ask) => Some(ask),
                Node::Say(_) | Node::Branch(_) | Node::Transfer(_) | Node::End(_) => None,
            });
            asks.flat_map(|ask| ask.set.values())
                .any(|set| set.contains_key(name))
        };
        self.variables
            .get(name)
            .is_some_and(|variable| variable.required || variable.default.is_some() || set_by_key())
    }

    fn check_ask(&self, name: &str, ask: &AskKeypress, faults: &mut Vec<DefinitionFault>) {
        let at = |member: &str| format!("nodes.{name}.{member}");
        let range = (TIMEOUT_MIN_MS, TIMEOUT_MAX_MS);
        check_range(at("timeout_ms"), ask.timeout_ms, range, faults);
        for (member, reprompt) in [("on_timeout", &ask.on_timeout), ("on_other", &ask.on_other)] {
            let member = at(&format!("{member}.replay"));
            check_range(member, reprompt.replay.into(), (0, REPLAYS_MAX.into()), faults);
        }
        for key in ask.keys.keys() {
            if !is_key(key) {
                faults.push(DefinitionFault::BadKey {
                    member: at("keys"),
                    key: key.clone(),
                });
            }
        }
        for (key, set) in &ask.set {
            if !ask.keys.contains_key(key) {
                faults.push(DefinitionFault::BadKey {
                    member: at("set"),
                    key: key.clone(),
                });
            }
            self.check_set(&at(&format!("set.{key}")), set, faults);
        }
    }

    fn check_set(&self, member: &str, set: &BTreeMap<String, String>, faults: &mut Vec<DefinitionFault>) {
        for (variable, value) in set {
            let kind = self.variables.get(variable).map(|declared| declared.kind);
            if kind.is_none() {
                faults.push(undefined(member, variable));
            }
            if kind.is_some_and(|kind: VariableKind| !kind.accepts(value)) {
                faults.push(DefinitionFault::WrongValue {
                    member: format!("{member}.{variable}"),
                    value: value.clone(),
                });
            }
        }
    }

    fn check_branch(&self, name: &str, branch: &Branch, faults: &mut Vec<DefinitionFault>) {
        for (index, case) in branch.when.iter().enumerate() {
            let member = format!("nodes.{name}.when[{index}]");
            if !self.variables.contains_key(&case.variable) {
                faults.push(undefined(&member, &case.variable));
            }
            if case.conditions_count() != 1 {
                faults.push(DefinitionFault::BadCondition { member });
            }
        }
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
            for target in node.targets() {
                check(format!("nodes.{name}.{}", target.member), target.node);
            }
            if let Some(target) = node.on_exception() {
                check(format!("nodes.{name}.on_exception"), target);
            }
        }
    }

    fn check_paths(&self, faults: &mut Vec<DefinitionFault>) {
        let reached = self.reached();
        let leaving = self.leaving();
        for name in self.nodes.keys() {
            if !reached.contains(name.as_str()) {
                faults.push(DefinitionFault::Unreachable { node: name.clone() });
            }
            if !leaving.contains(name.as_str()) || self.returns_by_itself(name) {
                faults.push(DefinitionFault::LoopWithoutExit { node: name.clone() });
            }
        }
    }

    /// Nodes that some call can come to.
    fn reached(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open = vec![self.start.as_str(), self.on_exception.as_str()];
        while let Some(name) = open.pop() {
            if let Some(node) = self.nodes.get(name)
                && found.insert(name)
            {
                open.extend(node.targets().into_iter().map(|target| target.node));
                open.extend(node.on_exception());
            }
        }
        found
    }

    /// Nodes from which an end can be reached.
    fn leaving(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        loop {
            let before = found.len();
            for (name, node) in &self.nodes {
                let has_exit = node.targets().iter().any(|target| found.contains(target.node));
                if node.is_last() || has_exit {
                    found.insert(name.as_str());
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }

    /// True when a call comes back to this node without the callee doing anything, for ever: over edges
    /// taken by themselves, through nodes that do not bound their visits.
    fn returns_by_itself(&self, start: &str) -> bool {
        let unbounded = |name: &str| self.nodes.get(name).filter(|node| node.visits().is_none());
        let mut seen = BTreeSet::new();
        let mut open = vec![start];
        while let Some(name) = open.pop() {
            let automatic = unbounded(name).map(Node::targets).unwrap_or_default();
            for target in automatic.into_iter().filter(|target| target.automatic) {
                if target.node == start {
                    return true;
                }
                if seen.insert(target.node) {
                    open.push(target.node);
                }
            }
        }
        false
    }
}

fn undefined(member: &str, variable: &str) -> DefinitionFault {
    DefinitionFault::UndefinedVariable {
        member: member.to_owned(),
        variable: variable.to_owned(),
    }
}

fn check_end(name: &str, end: &End, faults: &mut Vec<DefinitionFault>) {
    if end.opt_out != (end.outcome == Outcome::OptedOut) {
        faults.push(DefinitionFault::OptOutMismatch {
            node: name.to_owned(),
        });
    }
}

fn check_range(member: String, value: u64, range: (u64, u64), faults: &mut Vec<DefinitionFault>) {
    let (min, max) = range;
    if !(min..=max).contains(&value) {
        faults.push(DefinitionFault::OutOfRange {
            member,
            value,
            min,
            max,
        });
    }
}

fn is_key(key: &str) -> bool {
    let mut characters = key.chars();
    let first = characters.next();
    matches!(first, Some('0'..='9' | '*' | '#')) && characters.next().is_none()
}
