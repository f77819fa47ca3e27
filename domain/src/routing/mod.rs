//! The routing aggregate (呼叫路由): which robot or agent a call should go to, with every candidate's breakdown.
//!
//! Promises: the highest total wins, of equals the first that was named; the weights stand in the event, so
//! that nobody is asked again to explain it. One stream a call, `routing-<call>`; scored again, it says so
//! again. It routes nothing itself, and keeps nothing of the callee but what they are worth and whether they
//! fit.

pub mod event;

#[cfg(test)]
mod tests;

pub use event::RoutingEvent;

use crate::decider::{Context, Decider, Scope};
use crate::problem::Explained;
use crate::time::Timestamp;
use std::collections::BTreeSet;
use values::ids::{CallId, CampaignId, CustomerId, plain_word};
use values::routing_score::{Breakdown, RoutingCandidate, RoutingCustomer, Weights, choose};

/// Most candidates of one call: robots and agents of one floor. Their breakdowns take some 50 KB in a record.
pub const CANDIDATES_OF_A_CALL_MAX: usize = 200;

/// Times that one call is scored: at its start, and at each attempt to hand it on.
pub const SCORINGS_MAX: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoutingCommand {
    /// Weighs the candidates. The weights are those in force, which the asker brings.
    Score {
        campaign: CampaignId,
        person: CustomerId,
        customer: RoutingCustomer,
        candidates: Vec<RoutingCandidate>,
        weights: Weights,
    },
}

/// Why a call is not scored: a rule said no, nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoutingRefusal {
    #[error("nobody stands for the call")]
    Nobody,
    #[error("at most {CANDIDATES_OF_A_CALL_MAX} candidates may stand for a call")]
    TooMany,
    #[error("a candidate's id is 1 to 64 of A-Z a-z 0-9 _ . - and names no person")]
    Id,
    #[error("{0} stands twice among the candidates")]
    Twice(String),
    #[error("{0}")]
    Weights(&'static str),
    #[error("the call was scored {SCORINGS_MAX} times; no more is kept")]
    Full,
}

impl Explained for RoutingRefusal {}

/// One time a call was scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scoring {
    pub at: Timestamp,
    pub weights: Weights,
    pub candidates: Vec<Breakdown>,
    pub chosen: String,
}

/// What the events of a call's routing add up to: every time it was scored, the last one counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoutingState {
    scorings: Vec<Scoring>,
}

impl RoutingState {
    /// In the order in which they came.
    pub fn scorings(&self) -> &[Scoring] {
        &self.scorings
    }
}

/// The decider of a call's routing.
#[derive(Debug)]
pub struct Routing;

impl Decider for Routing {
    type Id = CallId;
    type Command = RoutingCommand;
    type Event = RoutingEvent;
    type State = RoutingState;
    type Refusal = RoutingRefusal;

    const AGGREGATE: &'static str = "routing";

    fn command_kind(command: &RoutingCommand) -> &'static str {
        match command {
            RoutingCommand::Score { .. } => "routing.score",
        }
    }

    fn decide(
        state: &RoutingState,
        command: RoutingCommand,
        _: Context,
    ) -> Result<Vec<RoutingEvent>, RoutingRefusal> {
        let RoutingCommand::Score {
            campaign,
            person,
            customer,
            candidates,
            weights,
        } = command;
        if let Some(fault) = weights.fault() {
            return Err(RoutingRefusal::Weights(fault));
        }
        if state.scorings.len() >= SCORINGS_MAX {
            return Err(RoutingRefusal::Full);
        }
        refuse_candidates(&candidates)?;
        let (winner, breakdowns) = choose(&customer, &candidates, &weights).ok_or(RoutingRefusal::Nobody)?;
        let chosen = breakdowns.get(winner).ok_or(RoutingRefusal::Nobody)?;
        Ok(vec![RoutingEvent::Scored {
            campaign,
            customer: person,
            weights,
            chosen: chosen.candidate.clone(),
            candidates: breakdowns,
        }])
    }

    fn evolve(state: &mut RoutingState, event: &RoutingEvent, at: Timestamp) {
        let RoutingEvent::Scored {
            campaign: _,
            customer: _,
            weights,
            candidates,
            chosen,
        } = event;
        state.scorings.push(Scoring {
            at,
            weights: *weights,
            candidates: candidates.clone(),
            chosen: chosen.clone(),
        });
    }

    fn is_underway(_: &RoutingState) -> bool {
        false
    }

    fn scope(_: &CallId, _: &RoutingState, event: &RoutingEvent) -> Scope {
        let RoutingEvent::Scored {
            campaign, customer, ..
        } = event;
        Scope {
            campaign: Some(campaign.clone()),
            customer: Some(customer.clone()),
        }
    }
}

/// Each once, by an id that can be stored for ever.
fn refuse_candidates(candidates: &[RoutingCandidate]) -> Result<(), RoutingRefusal> {
    if candidates.len() > CANDIDATES_OF_A_CALL_MAX {
        return Err(RoutingRefusal::TooMany);
    }
    let mut seen = BTreeSet::new();
    for candidate in candidates {
        plain_word(&candidate.id).map_err(|_why| RoutingRefusal::Id)?;
        if !seen.insert(candidate.id.as_str()) {
            return Err(RoutingRefusal::Twice(candidate.id.clone()));
        }
    }
    Ok(())
}
