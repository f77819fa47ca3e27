//! Execution of nodes that say nothing: decisions, acts, and the entry and exit of groups.

use super::super::nodes::{ActNode, DEPTH_MAX, GroupCall, NodeKind, RunFacts};
use super::FlowRun;
use super::input::{ActNodeAction, FlowAction};
use crate::spoken_turn::{Explanation, TurnInput};
use std::sync::Arc;
use values::transfer_reason::TransferReason;

impl FlowRun {
    /// Returns the node that follows one that says nothing. Outer `None`: the node speaks. Inner `None`: no
    /// node follows, or groups are nested too deeply; this is a fault.
    pub(super) fn resolve_silent_node(
        &mut self,
        node: &dyn NodeKind,
        actions: &mut Vec<FlowAction>,
    ) -> Option<Option<String>> {
        let graph = Arc::clone(&self.graph);
        if let Some(calls) = node.calls() {
            return Some(match calls {
                GroupCall::Back => self.talked.returns.pop(),
                GroupCall::Into { group, next } => {
                    let start = graph
                        .dialogue()
                        .groups
                        .get(group)
                        .map(|group| group.start.clone());
                    let fits = self.talked.returns.len() < DEPTH_MAX;
                    self.talked.returns.push(next.to_owned());
                    start.filter(|_| fits)
                }
            });
        }
        if node.text().is_some() || node.answer().is_some() {
            return None;
        }
        let facts = self.talked.facts(&self.values);
        let next = node.next(&facts)?.to_owned();
        let calm = RunFacts {
            emotion: None,
            ..self.talked.facts(&self.values)
        };
        let by_emotion = node.next(&calm) != Some(next.as_str());
        let rule = node.rule(&facts);
        if by_emotion {
            self.talked.transfer_reason = TransferReason::Emotion;
        }
        if let Some(rule) = rule {
            self.explain(&rule, Explanation::of(TurnInput::Played), actions);
        }
        Some(Some(next))
    }

    /// Carries out what an act node sets and notes, before the call continues.
    pub(super) fn perform(&mut self, act: &ActNode, actions: &mut Vec<FlowAction>) {
        for (name, value) in &act.set {
            if value.is_empty() {
                self.values.remove(name);
            } else {
                self.values.insert(name.clone(), value.clone());
            }
        }
        let mut intend = |intention| actions.push(FlowAction::Intend { intention });
        for tag in &act.tags {
            intend(ActNodeAction::Tag(tag.clone()));
        }
        if let Some(interest) = &act.interest {
            self.talked.interest = Some(interest.clone());
            intend(ActNodeAction::Interest(interest.clone()));
        }
        if let Some(disposition) = &act.disposition {
            intend(ActNodeAction::Disposition(disposition.clone()));
        }
        if let Some(message) = &act.send {
            intend(ActNodeAction::Send(message.clone()));
        }
        if act.opt_out {
            self.note_opt_out(actions);
        }
    }
}
