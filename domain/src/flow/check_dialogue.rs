//! Checks of a spoken flow's dialogue: every intent leads somewhere, every answer exists, groups return, and
//! an end with `opt_out` can be reached.

use super::dialogue::{ANSWERS_MAX, GLOBAL_INTENTS_MAX, INTENT};
use super::fault::DefinitionFault;
use super::graph::FlowDefinition;
use super::nodes::GroupCall;
use super::text::is_variable_name;
use std::collections::{BTreeMap, BTreeSet};

impl FlowDefinition {
    pub(super) fn check_dialogue(&self, faults: &mut Vec<DefinitionFault>) {
        let dialogue = self.dialogue();
        let (intents, answers) = (dialogue.intents.len(), dialogue.answers.len());
        faults.extend(DefinitionFault::too_many(
            "dialogue.intents",
            intents,
            GLOBAL_INTENTS_MAX,
        ));
        faults.extend(DefinitionFault::too_many(
            "dialogue.answers",
            answers,
            ANSWERS_MAX,
        ));
        for name in dialogue.slots.keys() {
            if !is_variable_name(name) || self.variables.contains_key(name) {
                faults.push(DefinitionFault::BadVariableName {
                    variable: name.clone(),
                });
            }
        }
        self.check_intents(faults);
        for (id, answer) in &dialogue.answers {
            self.check_text(&format!("dialogue.answers.{id}.text"), &answer.text, faults);
        }
        self.check_asked_back(faults);
        let speaks = self.nodes.values().any(|node| node.kind().ask().is_some());
        if speaks && self.opt_out_end().is_none() {
            faults.push(DefinitionFault::NoRefusal);
        }
        for node in self.outside_groups() {
            let back = self.nodes.get(node).and_then(|node| node.kind().calls()) == Some(GroupCall::Back);
            if back {
                faults.push(DefinitionFault::ReturnOutside {
                    node: node.to_owned(),
                });
            }
        }
    }

    /// Checks the labels of intents, and every confirmation wording with the longest label inserted.
    fn check_asked_back(&self, faults: &mut Vec<DefinitionFault>) {
        let labels = &self.dialogue().labels;
        for (intent, label) in labels {
            self.check_text(&format!("dialogue.labels.{intent}"), label, faults);
        }
        let chars = |label: &&String| label.chars().count();
        let longest = labels.values().max_by_key(chars);
        let plain = longest.map_or(0, |label| label.chars().count()).max(1);
        for (member, wording) in self.list_confirmation_wordings() {
            let text = wording.replace(INTENT, &"x".repeat(plain));
            self.check_text(&member, &text, faults);
        }
    }

    /// Returns the confirmation wordings of ask nodes and of the dialogue, each with its member path.
    pub(super) fn list_confirmation_wordings(&self) -> Vec<(String, &str)> {
        let asks = self.nodes.iter().filter_map(|(name, node)| {
            let own = node.kind().ask()?.confirm.as_deref()?;
            Some((format!("nodes.{name}.confirm"), own))
        });
        let dialogue = self.dialogue().confirm.as_deref();
        asks.chain(dialogue.map(|wording| ("dialogue.confirm".to_owned(), wording)))
            .collect()
    }

    fn check_intents(&self, faults: &mut Vec<DefinitionFault>) {
        for (intent, global) in &self.dialogue().intents {
            let member = format!("dialogue.intents.{intent}");
            let ways = [
                global.then.is_some(),
                global.answer.is_some(),
                global.replay,
                global.slower,
            ];
            if ways.into_iter().filter(|given| *given).count() != 1 {
                faults.push(DefinitionFault::BadIntent {
                    member: member.clone(),
                });
            }
            if let Some(answer) = &global.answer
                && !self.dialogue().answers.contains_key(answer)
            {
                faults.push(DefinitionFault::UnknownAnswer {
                    member: format!("{member}.answer"),
                    answer: answer.clone(),
                });
            }
        }
    }

    /// Returns the nodes to which global intents and groups of the dialogue lead, each with its member
    /// path.
    pub(super) fn dialogue_targets(&self) -> Vec<(String, &str)> {
        let dialogue = self.dialogue();
        let mut found: Vec<(String, &str)> = Vec::new();
        for (intent, global) in &dialogue.intents {
            let then = global.then.as_deref();
            found.extend(then.map(|node| (format!("dialogue.intents.{intent}.then"), node)));
        }
        for (name, group) in &dialogue.groups {
            found.push((format!("dialogue.groups.{name}.start"), &group.start));
        }
        found
    }

    /// Returns the edges (from, to) of the flow's nodes; a `sub_flow` leads to its group's start. A
    /// rehearsal measures its coverage by these edges.
    pub fn edges(&self) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        for (name, node) in &self.nodes {
            let node = node.kind();
            let mut note = |to: &str| found.insert((name.clone(), to.to_owned()));
            if let Some(GroupCall::Into { group, .. }) = node.calls() {
                let group = self.dialogue().groups.get(group);
                group.map(|group| note(&group.start));
                continue;
            }
            for target in node.targets() {
                note(target.node);
            }
        }
        found
    }

    /// Returns the node that a call wanted to enter from `from`, if its visits were used up and the call
    /// went to `to` instead; `None` if there is none. `entered`: how often each node was entered before.
    pub fn find_exhausted_node(&self, from: &str, to: &str, entered: &BTreeMap<String, u32>) -> Option<&str> {
        let targets = self.nodes.get(from)?.kind().targets();
        let mut wanted = targets.into_iter().map(|target| target.node);
        wanted.find(|name| {
            let visits = self.nodes.get(*name).and_then(|node| node.kind().visits());
            let count = entered.get(*name).copied().unwrap_or_default();
            visits.is_some_and(|visits| visits.then == to && count >= visits.max)
        })
    }

    /// Returns the nodes that a call can reach without entering a group.
    fn outside_groups(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open = vec![self.start.as_str(), self.on_exception.as_str()];
        let intents = self.dialogue().intents.values();
        open.extend(intents.filter_map(|one| one.then.as_deref()));
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
}
