//! The routing aggregate (呼叫路由): the choice of a robot or agent for a call, with every candidate's breakdown.
//!
//! Guarantees: the highest total wins, of equal ones the first named. The weights are in the event, so that
//! it explains the choice by itself. One stream per call, `routing-<call>`; each further scoring is another
//! event. The aggregate transfers no call, and of the callee it stores only the value and the matches.

pub mod event;

#[cfg(test)]
mod tests;

pub use event::RoutingEvent;

use crate::decider::{Context, Decider, Scope};
use crate::problem::DomainRefusal;
use crate::time::Timestamp;
use std::collections::BTreeSet;
use values::ids::{CallId, CampaignId, CustomerId, plain_word};
use values::routing_score::{Breakdown, RoutingCandidate, RoutingCustomer, Weights, choose};

/// Most candidates of one call: the robots and agents of one floor. Their breakdowns take about 50 KB in a
/// record.
pub const CANDIDATES_OF_A_CALL_MAX: usize = 200;

/// Most scorings of one call: at its start, and at each attempt to transfer it.
pub const SCORINGS_MAX: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoutingCommand {
    /// Scores the candidates. The caller supplies the weights in force.
    Score {
        campaign: CampaignId,
        person: CustomerId,
        customer: RoutingCustomer,
        candidates: Vec<RoutingCandidate>,
        weights: Weights,
    },
}

/// Refusals of a routing command. No event is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoutingRefusal {
    #[error("the call has no candidates")]
    NoCandidates,
    #[error("a call has at most {CANDIDATES_OF_A_CALL_MAX} candidates")]
    TooMany,
    #[error("a candidate's id is 1 to 64 of A-Z a-z 0-9 _ . - and names no person")]
    Id,
    #[error("{0} occurs twice among the candidates")]
    Twice(String),
    #[error("{0}")]
    Weights(&'static str),
    #[error("the call was scored {SCORINGS_MAX} times, the most it may be")]
    Full,
}

impl DomainRefusal for RoutingRefusal {}

/// One scoring of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scoring {
    pub at: Timestamp,
    pub weights: Weights,
    pub candidates: Vec<Breakdown>,
    pub chosen: String,
}

/// The state of a call's routing, folded from its events: every scoring. The last one counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoutingState {
    scorings: Vec<Scoring>,
}

impl RoutingState {
    /// Returns the scorings in order.
    pub fn scorings(&self) -> &[Scoring] {
        &self.scorings
    }
}

/// The decider of the routing aggregate.
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
        let (winner, breakdowns) =
            choose(&customer, &candidates, &weights).ok_or(RoutingRefusal::NoCandidates)?;
        let chosen = breakdowns.get(winner).ok_or(RoutingRefusal::NoCandidates)?;
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

/// Checks that each candidate occurs once and has an id that can be stored forever.
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
