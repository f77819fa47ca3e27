//! What a flow asks of a node, whatever its kind: what it says, where it leads, what it sets, what is wrong
//! with it. Checks and runs know no kind; a new one answers these questions in its own file.

use super::super::dialogue::Dialogue;
use super::super::fault::DefinitionFault;
use super::super::variable::Variables;
use super::super::variants::Variants;
use super::act::Act;
use super::ask::Ask;
use super::question::Question;
use super::sub_flow::Calls;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::disposition::Outcome;
use values::emotion::EmotionLevel;

/// What a node may go by that needs nothing from the callee.
#[derive(Debug, Clone, Copy)]
pub(in crate::flow) struct Facts<'a> {
    /// Variables and slots.
    pub(in crate::flow) values: &'a BTreeMap<String, String>,
    /// What was understood last.
    pub(in crate::flow) intent: Option<&'a str>,
    /// How interested the callee seemed last.
    pub(in crate::flow) interest: Option<&'a str>,
    /// The offer that the person is made, where the flow has several.
    pub(in crate::flow) offer: Option<&'a str>,
    /// How the callee sounded last, where the campaign lets a flow go by it.
    pub(in crate::flow) emotion: Option<EmotionLevel>,
    /// How often each node was entered.
    pub(in crate::flow) entered: &'a BTreeMap<String, u32>,
}

/// A kind of node. A run says its `text`, then asks its `question`, or ends the call by its `ending`, or goes
/// on to `next`: at once where nothing is said.
pub(in crate::flow) trait NodeKind {
    /// What it says, as written.
    fn text(&self) -> Option<&str>;

    /// What else it may say, with the place inside the node.
    fn further_texts(&self) -> Vec<(String, &str)> {
        Vec::new()
    }

    /// The approved answer that it says in place of a text of its own.
    fn answer(&self) -> Option<&str> {
        None
    }

    /// Every node it can lead to, its own exception branch apart.
    fn targets(&self) -> Vec<Target<'_>> {
        Vec::new()
    }

    /// Where these values lead without anything from the callee.
    fn next(&self, _facts: &Facts<'_>) -> Option<&str> {
        None
    }

    /// The member that leads where `next` goes, where that is a decision.
    fn rule(&self, _facts: &Facts<'_>) -> Option<String> {
        None
    }

    /// Each condition that it puts to the value of a variable or slot: by these, and by nothing else of a
    /// flow, a way tells of a value.
    fn value_tests(&self) -> Vec<String> {
        Vec::new()
    }

    /// What it asks of the callee by key alone.
    fn question(&self) -> Option<Question<'_>> {
        None
    }

    /// What it asks of the callee by word or key.
    fn ask(&self) -> Option<&Ask> {
        None
    }

    /// Where a key leads in it.
    fn key_target(&self, digit: char) -> Option<&str> {
        self.question().and_then(|question| question.node_of(digit))
    }

    /// What it does without saying anything.
    fn act(&self) -> Option<&Act> {
        None
    }

    /// How it goes into a group of nodes, or back out of one.
    fn calls(&self) -> Option<Calls<'_>> {
        None
    }

    /// Its wording for those who are made this offer, in place of its text.
    fn wording_of(&self, _offer: &str) -> Option<&str> {
        None
    }

    /// Every offer that it names, with the place inside the node.
    fn offers(&self) -> Vec<(String, &str)> {
        Vec::new()
    }

    /// Wordings of its text, of which a call says one.
    fn variants(&self) -> Option<&Variants> {
        None
    }

    /// How it ends the call.
    fn ending(&self) -> Option<Ending> {
        None
    }

    /// How often it may be entered, where it says so.
    fn visits(&self) -> Option<&Visits> {
        None
    }

    /// Its own exception branch. What ends the call has none: should its last text fail, the outcome stands.
    fn on_exception(&self) -> Option<&str> {
        None
    }

    /// True when a call that passes it may leave with a value for this variable.
    fn sets(&self, _variable: &str) -> bool {
        false
    }

    /// What is wrong with it that no other kind can have.
    fn check(&self, _place: &Place<'_>, _faults: &mut Vec<DefinitionFault>) {}

    /// True when the call ends here.
    fn is_last(&self) -> bool {
        self.ending().is_some()
    }
}

/// How a node ends the call, after its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::flow) struct Ending {
    pub(in crate::flow) outcome: Outcome,
    /// The callee refuses further calls.
    pub(in crate::flow) opt_out: bool,
    /// A colleague is asked for, before the text.
    pub(in crate::flow) transfer: bool,
}

/// A member of a node that names another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::flow) struct Target<'a> {
    /// The member's place inside the node, such as `on_timeout.then`.
    pub(in crate::flow) member: String,
    pub(in crate::flow) node: &'a str,
    /// Taken without anything from the callee.
    pub(in crate::flow) automatic: bool,
}

impl<'a> Target<'a> {
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

/// Bounds how often a node is entered in one call: what the callee may ask to hear again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Visits {
    /// Entries, the first included.
    pub max: u32,
    /// Where the next entry leads instead.
    pub then: String,
}

impl Visits {
    pub(super) fn target(&self) -> Target<'_> {
        Target::automatic("visits.then", &self.then)
    }
}

/// Where a node that is checked stands.
#[derive(Debug, Clone, Copy)]
pub(in crate::flow) struct Place<'a> {
    pub(in crate::flow) node: &'a str,
    pub(in crate::flow) variables: &'a Variables,
    pub(in crate::flow) dialogue: &'a Dialogue,
}

impl Place<'_> {
    /// A member of the node, as faults name it.
    pub(super) fn member(&self, member: &str) -> String {
        format!("nodes.{}.{member}", self.node)
    }

    /// Whether there is a variable or slot of this name.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.variables.contains_key(name) || self.dialogue.slots.contains_key(name)
    }

    /// Values that a member sets: each declared, and of its type.
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

/// Wordings by offer, with their places inside the node.
pub(super) fn wordings(by_offer: &BTreeMap<String, String>) -> impl Iterator<Item = (String, &str)> {
    by_offer
        .iter()
        .map(|(offer, text)| (format!("by_offer.{offer}"), text.as_str()))
}

/// The offers that have a wording, with their places inside the node.
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

/// A fault where a member's value is not within its bounds, both of which it may have.
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
