//! Times that customers named for being called again (预约回拨), over HTTP: noted, and canceled. Neither is a
//! permit: every rule is asked again when the call is dialed.

use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::in_scope;
use crate::reply::Written;
use application::call_now::still_calls;
use application::customers::CallbackShown;
use application::why_not::campaign_now;
use domain::callback::CALLBACK_REASON_BYTES_MAX;
use domain::customer::{CallbackOrder, CustomerCommand};
use domain::ids::{CampaignId, CustomerId, UserId};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

/// Longest name of whoever orders it.
const BY_BYTES_MAX: usize = 256;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/customers/{id}/callbacks",
            "Call this person again at a time that they named: not before, then first; a time that no rule allows is refused with the next",
            request,
        )
        .needs(Permission::CallsWrite, About::Customer)
        .takes::<CallbackBody>(),
        Endpoint::post(
            "/api/v1/customers/{id}/callbacks/cancel",
            "The callback of this person in a campaign is not wanted any more",
            cancel,
        )
        .needs(Permission::CallsWrite, About::Customer)
        .takes::<CallbackCancellation>(),
    ]
}

/// When somebody is to be called again.
#[derive(JsonSchema)]
struct CallbackBody {
    #[schemars(with = "String", example = &"TASK20261120")]
    campaign: Option<CampaignId>,
    /// When, as the person named it; at most 30 days ahead.
    #[schemars(with = "Timestamp", example = &"2026-03-03T15:00:00+08:00")]
    at: Option<Timestamp>,
    /// Who alone makes the call, for a quarter of an hour; then anybody does. Only where agents take calls.
    #[schemars(with = "Option<String>", example = &"wang")]
    agent: Option<UserId>,
    /// Stored for ever; nothing personal.
    #[schemars(length(max = CALLBACK_REASON_BYTES_MAX), example = &"in a meeting")]
    reason: Option<String>,
    /// Who notes it; whoever signed in is it.
    #[schemars(length(max = BY_BYTES_MAX), example = &"li")]
    by: Option<String>,
}

impl Order for CallbackBody {
    fn read(body: &mut Members) -> Self {
        Self {
            campaign: needed(body, "campaign"),
            at: needed(body, "at"),
            agent: body.parsed("agent"),
            reason: body.short_text("reason", CALLBACK_REASON_BYTES_MAX),
            by: body.short_text("by", BY_BYTES_MAX),
        }
    }
}

/// Which callback is not wanted, and why.
#[derive(JsonSchema)]
struct CallbackCancellation {
    #[schemars(with = "String", example = &"TASK20261120")]
    campaign: Option<CampaignId>,
    /// Stored for ever; nothing personal.
    #[schemars(length(min = 1, max = CALLBACK_REASON_BYTES_MAX), example = &"paid at the branch")]
    reason: String,
    /// Who orders it; whoever signed in is it.
    #[schemars(length(max = BY_BYTES_MAX), example = &"li")]
    by: Option<String>,
}

impl Order for CallbackCancellation {
    fn read(body: &mut Members) -> Self {
        Self {
            campaign: needed(body, "campaign"),
            reason: body.needed_short_text("reason", CALLBACK_REASON_BYTES_MAX),
            by: body.short_text("by", BY_BYTES_MAX),
        }
    }
}

fn needed<T: std::str::FromStr>(body: &mut Members, name: &str) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    if body.is_absent(name) {
        body.wrong(name, "is needed");
    }
    body.parsed(name)
}

/// Where the enrolment stands after an order.
#[derive(Debug, Serialize, JsonSchema)]
struct CallbackChanged {
    customer: CustomerId,
    #[schemars(example = &"TASK20261120")]
    campaign: CampaignId,
    /// The callback that waits; absent where none does.
    callback: Option<CallbackShown>,
    due_at: Option<Timestamp>,
    settled: bool,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn request(ctx: Ctx, input: Input) -> Result<Changed<CallbackChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/callbacks")?;
    let (named, scope, signed_in) = (input.param(0)?, input.scope.clone(), input.by());
    let body: CallbackBody = input.order().await?;
    let (Some(campaign), Some(at)) = (body.campaign, body.at) else {
        return Err(Problem::fault("a body without what it needs was taken"));
    };
    in_scope(&scope, &campaign)?;
    still_calls(&ctx.installation, &campaign).await?;
    let facts = campaign_now(&ctx.installation, &campaign).await?;
    let command = CustomerCommand::RequestCallback(Box::new(CallbackOrder {
        at,
        agent: body.agent,
        reason: body.reason,
        by: signed_in.or(body.by),
        facts,
    }));
    change(&ctx, campaign, &named, command, cause).await
}

async fn cancel(ctx: Ctx, input: Input) -> Result<Changed<CallbackChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/callbacks")?;
    let (named, scope, signed_in) = (input.param(0)?, input.scope.clone(), input.by());
    let body: CallbackCancellation = input.order().await?;
    let campaign = body
        .campaign
        .ok_or_else(|| Problem::fault("a body without what it needs was taken"))?;
    in_scope(&scope, &campaign)?;
    let facts = Box::new(campaign_now(&ctx.installation, &campaign).await?);
    let command = CustomerCommand::CancelCallback {
        facts,
        reason: body.reason,
        by: signed_in.or(body.by),
    };
    change(&ctx, campaign, &named, command, cause).await
}

async fn change(
    ctx: &Ctx,
    campaign: CampaignId,
    named: &str,
    command: CustomerCommand,
    cause: Cause,
) -> Result<Changed<CallbackChanged>, Problem> {
    let (customer, _) = ctx.installation.customer_named(named).await?;
    let customers = &ctx.installation.entities.customers;
    let answer = customers.ask(&customer, command, cause).await?;
    let enrolment = answer.state.enrolment(&campaign);
    let callback = enrolment.and_then(|enrolment| enrolment.callback.as_deref());
    let settled = enrolment.is_some_and(|enrolment| enrolment.settled.is_some());
    Ok(Changed(Written {
        body: CallbackChanged {
            callback: callback.map(CallbackShown::of),
            due_at: enrolment.filter(|_| !settled).map(|enrolment| enrolment.due_at),
            settled,
            customer,
            campaign,
            position: answer.position,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
