//! Keypresses: in the current menu, ahead of it, and the opt-out key (谢绝来电) at any time.

use super::input::FlowAction;
use super::{FlowRun, KEYS_AHEAD_MAX, question_of};
use std::sync::Arc;
use values::transfer_reason::TransferReason;

impl FlowRun {
    pub(super) fn take_key(&mut self, digit: char, actions: &mut Vec<FlowAction>) {
        let graph = Arc::clone(&self.graph);
        let Some(asked) = question_of(&graph, &self.node) else {
            return self.take_ask_key(digit, actions);
        };
        let Some(next) = asked.node_of(digit) else {
            if let Some(refused) = self.refusal_of(digit) {
                return self.opt_out(refused, actions);
            }
            return self.reprompt(asked, asked.on_other, actions);
        };
        self.talked.transfer_reason = TransferReason::Requested;
        let set = asked.set_by(digit);
        self.values
            .extend(set.map(|(name, value)| (name.clone(), value.clone())));
        if self.rule.counts_anywhere() && self.graph.ends_as_opt_out(next, self.rule) {
            return self.opt_out(next.to_owned(), actions);
        }
        self.enter(next.to_owned(), actions);
    }

    /// Handles a key while no menu is active. An opt-out key counts at once; another key is kept for a menu
    /// that accepts keys ahead, up to `KEYS_AHEAD_MAX`.
    pub(super) fn take_early_key(&mut self, digit: char, actions: &mut Vec<FlowAction>) {
        if let Some(refused) = self.refusal_of(digit) {
            actions.push(FlowAction::StopSaying);
            self.opt_out(refused, actions);
        } else if self.rule.counts_anywhere() && self.ahead.len() < KEYS_AHEAD_MAX {
            self.ahead.push_back(digit);
        }
    }

    /// Returns the node of a key that records an opt-out at any time; `None` for another key, and after the
    /// first opt-out of the call.
    pub(super) fn refusal_of(&self, digit: char) -> Option<String> {
        let counts = self.rule.counts_anywhere() && !self.opted_out;
        let node = self.graph.opt_out_node(digit, self.rule).filter(|_| counts)?;
        Some(node.to_owned())
    }

    /// Records the opt-out and then enters its node: no limit or fault on the way can lose it.
    pub(super) fn opt_out(&mut self, refused: String, actions: &mut Vec<FlowAction>) {
        self.note_opt_out(actions);
        self.enter(refused, actions);
    }

    pub(super) fn note_opt_out(&mut self, actions: &mut Vec<FlowAction>) {
        if !self.opted_out {
            self.opted_out = true;
            actions.push(FlowAction::OptOut);
        }
    }
}
