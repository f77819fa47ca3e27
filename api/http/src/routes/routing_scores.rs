//! Routes of the routing score: its weights in versions, replaced with the version that was read and a
//! reason; and the scores of a call, stored with every candidate's breakdown.

use crate::api_description::{ChangeReply, CreationReply, ReadReply, VersionedReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::as_of::{Moment, PARAMETERS};
use application::routing::{
    RoutingOfCall, RoutingWeightsResponse, change_weights, routing_of, score_call, weights,
};
use domain::ids::CallId;
use domain::problem::Problem;
use domain::routing::CANDIDATES_OF_A_CALL_MAX;
use domain::routing_score::{RoutingCandidate, RoutingCustomer, WHOLE, Weights};
use domain::routing_weights::REASON_BYTES_MAX;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/routing-weights", "Get the routing weights", show)
            .describe(
                "Returns the weights in effect, now or at a past moment. Send the ETag as `If-Match` to \
                 replace them.",
            )
            .needs(Permission::InstallationRead, EndpointSubject::Everybody)
            .query(PARAMETERS),
        Endpoint::put("/api/v1/routing-weights", "Replace the routing weights", change)
            .describe(
                "The weights apply to the next call that is scored. They are stored as a new version with \
                 a reason.",
            )
            .needs(Permission::InstallationWrite, EndpointSubject::Everybody)
            .takes::<RoutingWeightsRequest>(),
        Endpoint::get(
            "/api/v1/calls/{id}/routing-scores",
            "Get the routing scores of a call",
            read,
        )
        .describe(
            "Returns each scoring of the call with the chosen candidate and every candidate's breakdown.",
        )
        .needs(Permission::CallsRead, EndpointSubject::Call)
        .query(PARAMETERS),
        Endpoint::post(
            "/api/v1/calls/{id}/routing-scores",
            "Score the candidates of a call",
            score,
        )
        .describe(
            "The candidate with the highest total is chosen; among equals, the first. The result is stored.",
        )
        .needs(Permission::CallsWrite, EndpointSubject::Call)
        .takes::<RoutingScoreRequest>(),
    ]
}

/// The body with new weights, which add up to 1,000, and the reason.
#[derive(ApiRequest, JsonSchema)]
#[schemars(rename = "RoutingWeightsRequest", extend("examples" = [{ "rfm": 300, "robot_match": 400, "agent_skill": 200,
    "line_quality": 100, "reason": "matches count more" }]))]
struct RoutingWeightsRequest {
    #[schemars(range(min = 0, max = WHOLE))]
    #[member(read = part)]
    rfm: u32,
    #[schemars(range(min = 0, max = WHOLE))]
    #[member(read = part)]
    robot_match: u32,
    #[schemars(range(min = 0, max = WHOLE))]
    #[member(read = part)]
    agent_skill: u32,
    #[schemars(range(min = 0, max = WHOLE))]
    #[member(read = part)]
    line_quality: u32,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

fn part(body: &mut Members, name: &str) -> u32 {
    if body.is_absent(name) {
        body.wrong(name, "is missing");
    }
    body.count(name, 0, WHOLE).unwrap_or_default()
}

/// The body of a scoring: features of the customer, which are not stored, and the candidates.
#[derive(ApiRequest, JsonSchema)]
#[schemars(rename = "RoutingScoreRequest", extend("examples" = [{
    "customer": { "rfm": 800, "industry": "retail", "region": "浙江" },
    "candidates": [
        { "id": "robot-1", "kind": "robot", "industries": ["retail"], "history": 500, "line_quality": 700 },
        { "id": "agent-7", "kind": "agent", "industries": ["retail"], "history": 500, "skill": 900,
            "line_quality": 700 }
    ]
}]))]
struct RoutingScoreRequest {
    #[schemars(with = "RoutingCustomer")]
    customer: Option<RoutingCustomer>,
    #[schemars(length(min = 1, max = CANDIDATES_OF_A_CALL_MAX))]
    candidates: Vec<RoutingCandidate>,
}

/// The weights after a change.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RoutingWeightsChangeResponse")]
struct RoutingWeightsChangeResponse {
    #[serde(flatten)]
    weights: RoutingWeightsResponse,
    position: String,
}

async fn show(ctx: Ctx, input: Input) -> Result<VersionedReply<RoutingWeightsResponse>, Problem> {
    let moment = Moment::of(input.query())?;
    let body = weights(&ctx.installation, &moment).await?;
    Ok(VersionedReply {
        version: body.version,
        body,
    })
}

async fn change(ctx: Ctx, input: Input) -> Result<ChangeReply<RoutingWeightsChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "routing-weights")?;
    let RoutingWeightsRequest {
        rfm,
        robot_match,
        agent_skill,
        line_quality,
        reason,
    } = input.order().await?;
    let to = Weights {
        version: 0,
        rfm,
        robot_match,
        agent_skill,
        line_quality,
    };
    let changed = change_weights(&ctx.installation, to, reason, cause).await?;
    let version = changed.shown.version;
    Ok(ChangeReply(WriteResult {
        body: RoutingWeightsChangeResponse {
            weights: changed.shown,
            position: changed.position.to_string(),
        },
        version: Some(version),
        position: Some(changed.position),
    }))
}

async fn read(ctx: Ctx, input: Input) -> Result<ReadReply<RoutingOfCall>, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let moment = Moment::of(input.query())?;
    routing_of(&ctx.installation, call, &moment).await.map(ReadReply)
}

async fn score(ctx: Ctx, input: Input) -> Result<CreationReply<RoutingOfCall>, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let cause = input.cause(&ctx.installation, "routing-scores")?;
    let RoutingScoreRequest { customer, candidates } = input.order().await?;
    let customer = customer.ok_or_else(|| Problem::missing("this customer"))?;
    let kept = score_call(&ctx.installation, call, customer, candidates, cause).await?;
    Ok(CreationReply::Made(WriteResult {
        body: kept.shown,
        version: Some(kept.version),
        position: Some(kept.position),
    }))
}
