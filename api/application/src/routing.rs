//! Routing scores: the weights and their versions, now or in the past; the scoring of a call's candidates,
//! and the stored scorings.

use crate::as_of::{Moment, PastMomentInfo, entity_then};
use crate::installation::Installation;
use domain::ids::CallId;
use domain::problem::Problem;
use domain::routing::{Routing, RoutingCommand, RoutingState, Scoring};
use domain::routing_score::{Breakdown, RoutingCandidate, RoutingCustomer, Weights};
use domain::routing_weights::{RoutingWeights, RoutingWeightsCommand, RoutingWeightsId};
use domain::stored_event::{Cause, Position, StreamVersion};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// The routing weights in force.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RoutingWeightsInForce")]
pub struct RoutingWeightsResponse {
    #[serde(flatten)]
    pub weights: Weights,
    /// Version that was read. Send it as `If-Match` when you change the weights.
    #[schemars(example = &"\"v0\"")]
    pub etag: String,
    #[serde(skip)]
    #[schemars(skip)]
    pub version: StreamVersion,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

impl RoutingWeightsResponse {
    fn of(weights: Weights, version: StreamVersion, known: Option<PastMomentInfo>) -> Self {
        Self {
            weights,
            etag: format!("\"v{}\"", version.0),
            version,
            known,
        }
    }
}

/// One scoring of a call's candidates.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CandidateScoring {
    pub at: Timestamp,
    /// The weights in force at that time.
    pub weights: Weights,
    /// The candidate with the highest total; of equal ones the first.
    #[schemars(example = &"agent-7")]
    pub chosen: String,
    /// The breakdown of every candidate, in the order of the request.
    pub candidates: Vec<Breakdown>,
}

/// All scorings of a call. The last one counts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RoutingOfCall {
    pub call: CallId,
    pub items: Vec<CandidateScoring>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

fn scored(scoring: &Scoring) -> CandidateScoring {
    CandidateScoring {
        at: scoring.at,
        weights: scoring.weights,
        chosen: scoring.chosen.clone(),
        candidates: scoring.candidates.clone(),
    }
}

fn of_call(call: CallId, state: &RoutingState, known: Option<PastMomentInfo>) -> RoutingOfCall {
    RoutingOfCall {
        call,
        items: state.scorings().iter().map(scored).collect(),
        known,
    }
}

/// Returns the routing weights with their version, now or at a past moment.
pub async fn weights(
    installation: &Installation,
    moment: &Moment,
) -> Result<RoutingWeightsResponse, Problem> {
    if moment.is_now() {
        let loaded = installation
            .entities
            .routing_weights
            .state(&RoutingWeightsId)
            .await?;
        return Ok(RoutingWeightsResponse::of(
            loaded.state.weights(),
            loaded.version,
            None,
        ));
    }
    let then = moment.resolve(installation.store(), installation.now()).await?;
    let (store, vault) = (installation.store(), installation.vault());
    let entity = entity_then::<RoutingWeights>(store, &RoutingWeightsId, &then, vault, None).await?;
    let known = entity.known(&then);
    let version = StreamVersion(entity.events);
    Ok(RoutingWeightsResponse::of(
        entity.state.weights(),
        version,
        Some(known),
    ))
}

/// The weights after a change, and the log position of the change.
pub struct WeightsChanged {
    pub shown: RoutingWeightsResponse,
    pub position: Position,
}

/// Changes the routing weights from now on; the new ones have the next version. Fails if they are invalid.
pub async fn change_weights(
    installation: &Installation,
    to: Weights,
    reason: String,
    cause: Cause,
) -> Result<WeightsChanged, Problem> {
    let command = RoutingWeightsCommand::Change { to, reason };
    let weights = &installation.entities.routing_weights;
    let answer = weights.ask(&RoutingWeightsId, command, cause).await?;
    Ok(WeightsChanged {
        shown: RoutingWeightsResponse::of(answer.state.weights(), answer.version, None),
        position: answer.position,
    })
}

/// The scorings of a call after a new one, and the log position of the new one.
pub struct CallScored {
    pub shown: RoutingOfCall,
    pub version: StreamVersion,
    pub position: Position,
}

/// Scores the candidates of a call with the weights in force, stores the breakdown of each and returns all
/// scorings of the call.
pub async fn score_call(
    installation: &Installation,
    call: CallId,
    customer: RoutingCustomer,
    candidates: Vec<RoutingCandidate>,
    cause: Cause,
) -> Result<CallScored, Problem> {
    let entities = &installation.entities;
    let of = entities.calls.state(&call).await?.state;
    let (Some(campaign), Some(person)) = (of.campaign(), of.customer()) else {
        return Err(Problem::missing("this call"));
    };
    let command = RoutingCommand::Score {
        campaign: campaign.clone(),
        person: person.clone(),
        customer,
        candidates,
        weights: entities
            .routing_weights
            .state(&RoutingWeightsId)
            .await?
            .state
            .weights(),
    };
    let answer = entities.routings.ask(&call, command, cause).await?;
    Ok(CallScored {
        shown: of_call(call, &answer.state, None),
        version: answer.version,
        position: answer.position,
    })
}

/// Returns all scorings of a call, now or up to a past moment.
pub async fn routing_of(
    installation: &Installation,
    call: CallId,
    moment: &Moment,
) -> Result<RoutingOfCall, Problem> {
    if installation
        .entities
        .calls
        .state(&call)
        .await?
        .state
        .campaign()
        .is_none()
    {
        return Err(Problem::missing("this call"));
    }
    if moment.is_now() {
        let loaded = installation.entities.routings.state(&call).await?;
        return Ok(of_call(call, &loaded.state, None));
    }
    let then = moment.resolve(installation.store(), installation.now()).await?;
    let (store, vault) = (installation.store(), installation.vault());
    let entity = entity_then::<Routing>(store, &call, &then, vault, None).await?;
    let known = entity.known(&then);
    Ok(of_call(call, &entity.state, Some(known)))
}
