//! Routes of retention: show the retention period of each data class, set one, and dispose of expired data.

use crate::described::{Changed, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::approvals::{Doing, four_eyes};
use application::as_of::{Moment, PARAMETERS};
use application::retention::{
    ClassShown, PeriodOrder, RetentionShown, RunOrder, RunShown, all, of_class, one, run, set_period,
};
use domain::approval::{Act, Asked};
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
            .needs(Permission::RetentionRead, About::Everybody)
            .query(PARAMETERS)
            .of_rows_as_they_are(),
        Endpoint::get("/api/v1/retention/{class}", "Get a retention period", show_one)
            .describe("Returns the period of one data class, the rule that sets it, and the last disposal.")
            .needs(Permission::RetentionRead, About::Everybody)
            .query(PARAMETERS)
            .of_rows_as_they_are(),
        Endpoint::put("/api/v1/retention/{class}", "Set a retention period", set)
            .describe(
                "Sets or removes the period of a data class, never below its floor. A reason is required. \
                 A period for persons needs another user's approval.",
            )
            .needs(Permission::RetentionWrite, About::Everybody)
            .takes::<PeriodOrder>(),
        Endpoint::post("/api/v1/retention/run", "Dispose of expired data", dispose)
            .describe("Destroys data after its retention period. `dry_run` only lists it.")
            .needs(Permission::RetentionWrite, About::Everybody)
            .takes::<RunOrder>(),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<RetentionShown>, Problem> {
    let moment = Moment::of(input.query())?;
    all(&ctx.installation, moment).await.map(Read)
}

async fn show_one(ctx: Ctx, input: Input) -> Result<Read<ClassShown>, Problem> {
    let class: DataClass = input.id(0, "this class of data")?;
    let moment = Moment::of(input.query())?;
    of_class(&ctx.installation, class, moment).await.map(Read)
}

/// A data class after its period was set.
#[derive(Debug, Serialize, JsonSchema)]
struct PeriodSet {
    #[serde(flatten)]
    class: ClassShown,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn set(ctx: Ctx, input: Input) -> Result<Changed<PeriodSet>, Problem> {
    let class: DataClass = input.id(0, "this class of data")?;
    let cause = input.cause(&ctx.installation, "retention")?;
    let caller = input.caller.clone();
    let order: PeriodOrder = input.order().await?;
    // Only setting a period for persons needs an approval: removing a period destroys nothing, and recordings
    // are not persons.
    if let (DataClass::Persons, Some(days)) = (class, order.days) {
        let preset = order.preset.map_or("all", Preset::code);
        let details = [("days", days.to_string()), ("preset", preset.to_owned())];
        let doing = Doing {
            asked: Asked {
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
    Ok(Changed(Written {
        body: PeriodSet {
            class: one(class, &answer.state, answer.version),
            position: answer.position,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

async fn dispose(ctx: Ctx, input: Input) -> Result<Changed<RunShown>, Problem> {
    let cause = input.cause(&ctx.installation, "retention/run")?;
    let order: RunOrder = input.order().await?;
    let done = run(&ctx.installation, order.dry_run, cause).await?;
    Ok(Changed(Written {
        version: None,
        position: Some(done.position),
        body: done,
    }))
}
