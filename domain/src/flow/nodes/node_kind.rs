//! The trait of all node kinds: text, targets, values set, checks. Checks and runs use only this trait, so a
//! new kind needs no change there.

use super::super::dialogue::Dialogue;
use super::super::fault::DefinitionFault;
use super::super::variable::Variables;
use super::super::variants::Variants;
use super::act::ActNode;
use super::ask::AskNode;
use super::question::Question;
use super::sub_flow::GroupCall;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::disposition::Outcome;
use values::emotion::EmotionLevel;

/// The facts of a call by which a node can decide without an input from the callee.
#[derive(Debug, Clone, Copy)]
pub(in crate::flow) struct RunFacts<'a> {
    /// Values of variables and slots.
    pub(in crate::flow) values: &'a BTreeMap<String, String>,
    /// The intent that was followed last.
    pub(in crate::flow) intent: Option<&'a str>,
    /// The callee's last interest.
    pub(in crate::flow) interest: Option<&'a str>,
    /// The customer's offer, if the flow has offers.
    pub(in crate::flow) offer: Option<&'a str>,
    /// The callee's last emotion, if the campaign permits decisions by it.
    pub(in crate::flow) emotion: Option<EmotionLevel>,
    /// How many times each node was entered.
    pub(in crate::flow) entered: &'a BTreeMap<String, u32>,
}

/// A node kind. A run says its `text`, then asks its `question`, ends the call with its `ending`, or
/// continues at `next` (at once if there is no text).
pub(in crate::flow) trait NodeKind {
    /// Returns the node's text with its placeholders; `None` for a node without a text of its own.
    fn text(&self) -> Option<&str>;

    /// Returns the other texts that the node may say (rungs, offers), each with its path inside the node.
    fn further_texts(&self) -> Vec<(String, &str)> {
        Vec::new()
    }

    /// Returns the id of the approved answer that the node says instead of a text of its own.
    fn answer(&self) -> Option<&str> {
        None
    }

    /// Returns every node to which this one can lead, except its `on_exception`.
    fn targets(&self) -> Vec<NodeReference<'_>> {
        Vec::new()
    }

    /// Returns the next node if it follows from the facts alone; `None` if the node waits for the callee or
    /// ends the call.
    fn next(&self, _facts: &RunFacts<'_>) -> Option<&str> {
        None
    }

    /// Returns the path of the member that selects the `next` node, if the node is a decision; it is stored
    /// with the decision.
    fn rule(&self, _facts: &RunFacts<'_>) -> Option<String> {
        None
    }

    /// Returns each condition of the node on the value of a variable or slot. These conditions are all that
    /// a call's path through the nodes reveals about a value.
    fn value_tests(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns the question that only a key can answer; `None` for other kinds of nodes.
    fn question(&self) -> Option<Question<'_>> {
        None
    }

    /// Returns the question that speech or a key can answer; `None` for other kinds of nodes.
    fn ask(&self) -> Option<&AskNode> {
        None
    }

    /// Returns the node to which a key leads from here; `None` for a key without a node.
    fn key_target(&self, digit: char) -> Option<&str> {
        self.question().and_then(|question| question.node_of(digit))
    }

    /// Returns the actions of a node that acts without speaking; `None` for other kinds of nodes.
    fn act(&self) -> Option<&ActNode> {
        None
    }

    /// Returns how the node enters or leaves a group; `None` if it does neither.
    fn calls(&self) -> Option<GroupCall<'_>> {
        None
    }

    /// Returns the wording that replaces the node's text for an offer; `None` if the node has none for it.
    fn wording_of(&self, _offer: &str) -> Option<&str> {
        None
    }

    /// Returns every offer that the node names, each with its path inside the node.
    fn offers(&self) -> Vec<(String, &str)> {
        Vec::new()
    }

    /// Returns the alternative wordings of the text. A call uses one of them.
    fn variants(&self) -> Option<&Variants> {
        None
    }

    /// Returns how the node ends the call; `None` if it does not end it.
    fn ending(&self) -> Option<Ending> {
        None
    }

    /// Returns the limit on how often a call enters the node; `None` without a limit.
    fn visits(&self) -> Option<&VisitLimit> {
        None
    }

    /// Returns the node to which a fault here leads; `None`: the flow's own. A node that ends the call has
    /// none: if its last text fails, the outcome remains.
    fn on_exception(&self) -> Option<&str> {
        None
    }

    /// Returns true if a call that passes this node may leave it with a value for the variable.
    fn sets(&self, _variable: &str) -> bool {
        false
    }

    /// Adds the faults that only this kind can have.
    fn check(&self, _place: &NodeContext<'_>, _faults: &mut Vec<DefinitionFault>) {}

    /// Returns true if the call ends with this node.
    fn is_last(&self) -> bool {
        self.ending().is_some()
    }
}

/// How a node ends the call after its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::flow) struct Ending {
    pub(in crate::flow) outcome: Outcome,
    /// The callee refused further calls.
    pub(in crate::flow) opt_out: bool,
    /// A transfer to an agent is requested before the text.
    pub(in crate::flow) transfer: bool,
}

/// A reference to another node in a member of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::flow) struct NodeReference<'a> {
    /// The member's path inside the node, such as `on_timeout.then`.
    pub(in crate::flow) member: String,
    pub(in crate::flow) node: &'a str,
    /// True if the call takes the edge without having waited for the callee, as for `next`, a visit limit
    /// or the exception branch. False for all results of a question, its timeout and silence included.
    pub(in crate::flow) automatic: bool,
}

impl<'a> NodeReference<'a> {
    pub(super) fn by_callee(member: impl Into<String>, node: &'a str) -> Self {
        Self {
            member: member.into(),
            node,
            automatic: false,
        }
    }

    pub(super) fn automatic(member: impl Into<String>, node: &'a str) -> Self {
        Self {
            member: member.into(),
            node,
            automatic: true,
        }
    }
}

/// Limits how often a node is entered in one call, for example what the callee may hear again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitLimit {
    /// Most entries, including the first.
    pub max: u32,
    /// The node that further entries go to instead.
    pub then: String,
}

impl VisitLimit {
    pub(super) fn target(&self) -> NodeReference<'_> {
        NodeReference::automatic("visits.then", &self.then)
    }
}

/// The node that is being checked, with what it needs of its flow: variables and dialogue.
#[derive(Debug, Clone, Copy)]
pub(in crate::flow) struct NodeContext<'a> {
    pub(in crate::flow) node: &'a str,
    pub(in crate::flow) variables: &'a Variables,
    pub(in crate::flow) dialogue: &'a Dialogue,
}

impl NodeContext<'_> {
    /// Returns the full path of a member of the node, as faults name it: `nodes.NAME.MEMBER`.
    pub(super) fn member(&self, member: &str) -> String {
        format!("nodes.{}.{member}", self.node)
    }

    /// Returns true if the flow has a variable or slot of this name.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.variables.contains_key(name) || self.dialogue.slots.contains_key(name)
    }

    /// Adds faults for the values that a member sets: a name that is not declared, a value that is not of
    /// its type.
    pub(super) fn check_set(
        &self,
        member: &str,
        set: &BTreeMap<String, String>,
        faults: &mut Vec<DefinitionFault>,
    ) {
        let member = self.member(member);
        for (name, value) in set {
            let slot = self.dialogue.slots.get(name).map(|slot| slot.accepts(value));
            let variable = self.variables.get(name);
            let fits = slot.or_else(|| variable.map(|variable| variable.kind.accepts(value)));
            match fits {
                None => faults.push(undefined(&member, name)),
                Some(false) => faults.push(DefinitionFault::WrongValue {
                    member: format!("{member}.{name}"),
                    value: value.clone(),
                }),
                Some(true) => {}
            }
        }
    }
}

/// Returns the wordings of a `by_offer` member, each with its path inside the node.
pub(super) fn wordings(by_offer: &BTreeMap<String, String>) -> impl Iterator<Item = (String, &str)> {
    by_offer
        .iter()
        .map(|(offer, text)| (format!("by_offer.{offer}"), text.as_str()))
}

/// Returns the offers that a `by_offer` member names, each with its path inside the node.
pub(super) fn offers_of(by_offer: &BTreeMap<String, String>) -> Vec<(String, &str)> {
    let offers = by_offer.keys();
    offers
        .map(|offer| (format!("by_offer.{offer}"), offer.as_str()))
        .collect()
}

pub(super) fn undefined(member: &str, variable: &str) -> DefinitionFault {
    DefinitionFault::UndefinedVariable {
        member: member.to_owned(),
        variable: variable.to_owned(),
    }
}

/// Adds a fault if the member's value is outside the bounds, both inclusive.
pub(in crate::flow) fn check_range(
    member: String,
    value: u64,
    bounds: std::ops::RangeInclusive<u64>,
    faults: &mut Vec<DefinitionFault>,
) {
    if !bounds.contains(&value) {
        faults.push(DefinitionFault::OutOfRange {
            member,
            value,
            min: *bounds.start(),
            max: *bounds.end(),
        });
    }
}
