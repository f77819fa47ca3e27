//! The routing weights aggregate (路由权重): the weight of each part of the routing score, in versions.
//!
//! Guarantees: weights always exist; version 1 has those of CAL-4. A change is the next version, its weights
//! have the required sum, and it records the reason, the old and the new weights. One stream for the
//! installation, `routing_weights-own`; the envelope names the actor.

pub mod event;

#[cfg(test)]
mod tests;

pub use event::RoutingWeightsEvent;

use crate::decider::{Context, Decider, Scope};
use crate::problem::DomainRefusal;
use crate::time::Timestamp;
use std::fmt;
use values::routing_score::Weights;

/// Longest reason, in bytes. It is stored forever and must not contain personal data.
pub const REASON_BYTES_MAX: usize = 512;

/// The id of the one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct RoutingWeightsId;

impl fmt::Display for RoutingWeightsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("own")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoutingWeightsCommand {
    /// Sets the weights. If nothing changes, no event is stored. The given version is ignored; the new one
    /// has the next version.
    Change { to: Weights, reason: String },
}

/// Refusals of a routing weights command. No event is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoutingWeightsRefusal {
    #[error("a reason is required")]
    NoReason,
    #[error("a reason has at most {REASON_BYTES_MAX} bytes")]
    TooLong,
    #[error("{0}")]
    Weights(&'static str),
}

impl DomainRefusal for RoutingWeightsRefusal {}

/// The state of the routing weights, folded from their events: the weights in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoutingWeightsState {
    changed_to: Option<Weights>,
}

impl RoutingWeightsState {
    /// Returns the weights in force.
    pub fn weights(&self) -> Weights {
        self.changed_to.unwrap_or(Weights::PRINTED)
    }
}

/// The decider of the routing weights aggregate.
#[derive(Debug)]
pub struct RoutingWeights;

impl Decider for RoutingWeights {
    type Id = RoutingWeightsId;
    type Command = RoutingWeightsCommand;
    type Event = RoutingWeightsEvent;
    type State = RoutingWeightsState;
    type Refusal = RoutingWeightsRefusal;

    const AGGREGATE: &'static str = "routing_weights";

    fn command_kind(command: &RoutingWeightsCommand) -> &'static str {
        match command {
            RoutingWeightsCommand::Change { .. } => "routing_weights.change",
        }
    }

    fn decide(
        state: &RoutingWeightsState,
        command: RoutingWeightsCommand,
        _: Context,
    ) -> Result<Vec<RoutingWeightsEvent>, RoutingWeightsRefusal> {
        let RoutingWeightsCommand::Change { to, reason } = command;
        if reason.trim().is_empty() {
            return Err(RoutingWeightsRefusal::NoReason);
        }
        if reason.len() > REASON_BYTES_MAX {
            return Err(RoutingWeightsRefusal::TooLong);
        }
        let before = state.weights();
        let as_before = Weights {
            version: before.version,
            ..to
        };
        if let Some(fault) = as_before.fault() {
            return Err(RoutingWeightsRefusal::Weights(fault));
        }
        if as_before == before {
            return Ok(Vec::new());
        }
        let after = Weights {
            version: before.version.saturating_add(1),
            ..to
        };
        Ok(vec![RoutingWeightsEvent::Changed {
            before,
            after,
            reason,
        }])
    }

    fn evolve(state: &mut RoutingWeightsState, event: &RoutingWeightsEvent, _: Timestamp) {
        let RoutingWeightsEvent::Changed { after, .. } = event;
        state.changed_to = Some(*after);
    }

    fn is_underway(_: &RoutingWeightsState) -> bool {
        false
    }

    /// Returns an empty scope: weights concern no campaign and no customer.
    fn scope(_: &RoutingWeightsId, _: &RoutingWeightsState, _: &RoutingWeightsEvent) -> Scope {
        Scope::default()
    }
}
