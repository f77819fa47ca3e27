//! Routes of emergency stops: engage one for everything, a trunk, a campaign or a preset; list them; lift
//! one.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::{build_scope_problem, require_campaign_in_scope};
use crate::paging::{LONG, ListPage, PAGED_THEN, Paging};
use crate::reply::WriteResult;
use actors::Answer;
use application::as_of::Moment;
use application::stops::{StopsEngaged, list_engaged_stops, must_exist};
use domain::ids::InvalidId;
use domain::permission::DataScope;
use domain::problem::{MemberError, Problem};
use domain::stop::{REASON_BYTES_MAX, Stop, StopCommand, StopId, StopScope};
use domain::time::Timestamp;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/stop", "Engage an emergency stop", engage)
            .describe(
                "Stops dialing for everything, one trunk, one campaign or one preset until it is lifted. \
                 Ringing calls are canceled; conversations finish unless `hang_up` is set.",
            )
            .needs(Permission::StopEngage, EndpointSubject::Handler)
            .takes::<StopRequest>()
            .kept(),
        Endpoint::get("/api/v1/stop", "List engaged emergency stops", all)
            .describe(
                "Returns for each since when, by which user and why it is engaged, now or at a past moment.",
            )
            .needs(Permission::InstallationRead, EndpointSubject::Handler)
            .query(PAGED_THEN)
            .skip_view_wait()
            .kept(),
        Endpoint::post("/api/v1/stop/lift", "Lift an emergency stop", lift)
            .describe("Dialing continues where the stop applied.")
            .needs(Permission::StopLift, EndpointSubject::Handler)
            .takes::<StopLift>()
            .kept(),
    ]
}

/// The body of an emergency stop: what it applies to, and why.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "scope": "all", "reason": "the flow names a wrong date" }]))]
struct StopRequest {
    #[member(or = StopScope::All)]
    #[member(parse)]
    scope: StopScope,
    /// The trunk, campaign or preset; absent for scope `all`.
    id: Option<String>,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
    /// Also hangs up conversations; without it they finish.
    hang_up: Option<bool>,
}

/// The body that lifts a stop, named by its id or by its scope.
#[derive(ApiRequest, JsonSchema)]
#[request(before = require_stop_or_scope)]
#[schemars(extend("examples" = [{ "stop": "all", "reason": "the flow is put right" }]))]
struct StopLift {
    /// The stop's id, for example all or campaign.TASK20261120; without it `scope` and `id` name the stop.
    stop: Option<String>,
    #[member(parse)]
    scope: Option<StopScope>,
    /// The trunk, campaign or preset; absent for scope `all`.
    id: Option<String>,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

fn require_stop_or_scope(body: &mut Members) {
    if body.is_absent("scope") == body.is_absent("stop") {
        body.wrong("stop", "or scope says which stop is lifted: one of them");
    }
}

/// A stop after it was engaged or lifted.
#[derive(Debug, Serialize, JsonSchema)]
struct StopChangeResponse {
    /// The stop's id: all, trunk.NAME, campaign.ID or preset.CODE.
    #[schemars(example = &"campaign.TASK20261120")]
    stop: String,
    scope: StopScope,
    #[schemars(example = &"TASK20261120")]
    id: Option<String>,
    engaged: bool,
    since: Option<Timestamp>,
    /// Conversations are hung up too.
    hang_up: bool,
    position: String,
}

async fn all(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<StopsEngaged>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let moment = Moment::of(input.query())?;
    let mut list = list_engaged_stops(&ctx.installation, &input.scope, moment).await?;
    let (items, next_cursor) = paging.cut(list.items, |shown| shown.stop.clone())?;
    list.items = items;
    Ok(ReadReply(ListPage { list, next_cursor }))
}

async fn engage(ctx: Ctx, input: Input) -> Result<ChangeReply<StopChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "stop")?;
    let scope = input.scope.clone();
    let order: StopRequest = input.order().await?;
    let stop = named(order.scope, order.id.as_deref())?;
    within(&scope, &stop)?;
    must_exist(&ctx.installation, &stop).await?;
    let command = StopCommand::Engage {
        stop: stop.clone(),
        reason: order.reason,
        hang_up: order.hang_up.unwrap_or(false),
    };
    let answer = ctx.installation.entities.stops.ask(&stop, command, cause).await?;
    Ok(changed(&stop, &answer))
}

async fn lift(ctx: Ctx, input: Input) -> Result<ChangeReply<StopChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "stop/lift")?;
    let scope = input.scope.clone();
    let order: StopLift = input.order().await?;
    let stop = match order.stop.map(|stop| stop.parse::<StopId>()) {
        Some(Ok(stop)) => stop,
        Some(Err(error)) => return Err(wrong("/stop", &error)),
        None => named(order.scope.unwrap_or(StopScope::All), order.id.as_deref())?,
    };
    within(&scope, &stop)?;
    let command = StopCommand::Lift { reason: order.reason };
    let answer = ctx.installation.entities.stops.ask(&stop, command, cause).await?;
    Ok(changed(&stop, &answer))
}

fn named(scope: StopScope, id: Option<&str>) -> Result<StopId, Problem> {
    StopId::of(scope, id.unwrap_or_default()).map_err(|error| wrong("/id", &error))
}

fn wrong(pointer: &str, error: &InvalidId) -> Problem {
    Problem::members(vec![MemberError {
        pointer: pointer.to_owned(),
        detail: error.to_string(),
    }])
}

/// Fails unless the caller's data scope includes all that the stop applies to: a caller who is limited to
/// campaigns can stop those only.
fn within(scope: &DataScope, stop: &StopId) -> Result<(), Problem> {
    match stop {
        _ if scope.is_all() => Ok(()),
        StopId::Campaign(campaign) => require_campaign_in_scope(scope, campaign),
        StopId::All | StopId::Trunk(_) | StopId::Preset(_) => {
            Err(build_scope_problem("this stops all campaigns"))
        }
    }
}

fn changed(stop: &StopId, answer: &Answer<Stop>) -> ChangeReply<StopChangeResponse> {
    let engaged = answer.state.engaged();
    ChangeReply(WriteResult {
        body: StopChangeResponse {
            stop: stop.to_string(),
            scope: stop.scope(),
            id: stop.named().map(str::to_owned),
            engaged: engaged.is_some(),
            since: engaged.map(|engaged| engaged.since),
            hang_up: engaged.is_some_and(|engaged| engaged.hang_up),
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    })
}
