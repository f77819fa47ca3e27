//! Routes of retention: show the retention period of each data class, set one, and dispose of expired data.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::approvals::{ProposedAct, four_eyes};
use application::as_of::{Moment, PARAMETERS};
use application::retention::{
    DataClassResponse, RetentionPeriodRequest, RetentionResponse, RetentionRunRequest, RetentionRunResponse,
    all, of_class, one, run, set_period,
};
use domain::approval::{Act, ApprovalSubject};
use domain::calling_plan::Preset;
use domain::problem::Problem;
use domain::retention::DataClass;
use domain::stored_event::Position;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/retention", "List retention periods", show)
            .describe("Returns for each data class its period, the rule that sets it, and the last disposal.")
            .needs(Permission::RetentionRead, EndpointSubject::Everybody)
            .query(PARAMETERS)
            .skip_view_wait(),
        Endpoint::get("/api/v1/retention/{class}", "Get a retention period", show_one)
            .describe("Returns the period of one data class, the rule that sets it, and the last disposal.")
            .needs(Permission::RetentionRead, EndpointSubject::Everybody)
            .query(PARAMETERS)
            .skip_view_wait(),
        Endpoint::put("/api/v1/retention/{class}", "Set a retention period", set)
            .describe(
                "Sets or removes the period of a data class, never below its floor. A reason is required. \
                 A period for persons needs another user's approval.",
            )
            .needs(Permission::RetentionWrite, EndpointSubject::Everybody)
            .takes::<RetentionPeriodRequest>(),
        Endpoint::post("/api/v1/retention/run", "Dispose of expired data", dispose)
            .describe("Destroys data after its retention period. `dry_run` only lists it.")
            .needs(Permission::RetentionWrite, EndpointSubject::Everybody)
            .takes::<RetentionRunRequest>(),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<RetentionResponse>, Problem> {
    let moment = Moment::of(input.query())?;
    all(&ctx.installation, moment).await.map(ReadReply)
}

async fn show_one(ctx: Ctx, input: Input) -> Result<ReadReply<DataClassResponse>, Problem> {
    let class: DataClass = input.id(0, "this class of data")?;
    let moment = Moment::of(input.query())?;
    of_class(&ctx.installation, class, moment).await.map(ReadReply)
}

/// A data class after its period was set.
#[derive(Debug, Serialize, JsonSchema)]
struct RetentionPeriodChangeResponse {
    #[serde(flatten)]
    class: DataClassResponse,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn set(ctx: Ctx, input: Input) -> Result<ChangeReply<RetentionPeriodChangeResponse>, Problem> {
    let class: DataClass = input.id(0, "this class of data")?;
    let cause = input.cause(&ctx.installation, "retention")?;
    let caller = input.caller.clone();
    let order: RetentionPeriodRequest = input.order().await?;
    // Only setting a period for persons needs an approval: removing a period destroys nothing, and recordings
    // are not persons.
    if let (DataClass::Persons, Some(days)) = (class, order.days) {
        let preset = order.preset.map_or("all", Preset::code);
        let details = [("days", days.to_string()), ("preset", preset.to_owned())];
        let doing = ProposedAct {
            asked: ApprovalSubject {
                act: Act::SetRetention,
                customer: None,
                campaign: None,
                details: details.map(|(name, value)| (name.to_owned(), value)).into(),
            },
            reason: order.reason.clone(),
            approval: order.approval,
        };
        four_eyes(&ctx.installation, &caller, doing, cause).await?;
    }
    let answer = set_period(&ctx.installation, class, order, cause).await?;
    Ok(ChangeReply(WriteResult {
        body: RetentionPeriodChangeResponse {
            class: one(class, &answer.state, answer.version),
            position: answer.position,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

async fn dispose(ctx: Ctx, input: Input) -> Result<ChangeReply<RetentionRunResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "retention/run")?;
    let order: RetentionRunRequest = input.order().await?;
    let done = run(&ctx.installation, order.dry_run, cause).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(done.position),
        body: done,
    }))
}
