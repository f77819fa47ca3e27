//! Routes that schedule and cancel a callback (预约回拨): a time at which a customer wants to be called. A
//! callback is no permit; every rule is checked again before the dial.

use crate::api_description::ChangeReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::require_campaign_in_scope;
use crate::reply::WriteResult;
use application::call_now::check_campaign_calls;
use application::customers::CallbackResponse;
use application::why_not::campaign_now;
use domain::callback::CALLBACK_REASON_BYTES_MAX;
use domain::customer::{CallbackOrder, CustomerCommand};
use domain::ids::{CampaignId, CustomerId, UserId};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;

/// Maximum length of `by`, the name of the user who makes the request, in bytes.
const BY_BYTES_MAX: usize = 256;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/customers/{id}/callbacks",
            "Schedule a callback for a customer",
            request,
        )
        .describe(
            "The customer is not called before this time, and then before other customers of the campaign. \
             A time that a rule does not allow is refused; the reply names the rule and the next allowed \
             time. Every rule is checked again before the dial.",
        )
        .needs(Permission::CallsWrite, EndpointSubject::Customer)
        .takes::<CallbackBody>(),
        Endpoint::post(
            "/api/v1/customers/{id}/callbacks/cancel",
            "Cancel a customer's callback in a campaign",
            cancel,
        )
        .describe(
            "The customer is then called as the retry policy says. If it has no call left, the enrolment \
             is settled.",
        )
        .needs(Permission::CallsWrite, EndpointSubject::Customer)
        .takes::<CallbackCancellation>(),
    ]
}

/// The body that schedules a callback.
#[derive(ApiRequest, JsonSchema)]
struct CallbackBody {
    #[schemars(with = "String", example = &"TASK20261120")]
    #[member(read = needed)]
    campaign: Option<CampaignId>,
    /// The time that the customer named; at most 30 days ahead.
    #[schemars(with = "Timestamp", example = &"2026-03-03T15:00:00+08:00")]
    #[member(read = needed)]
    at: Option<Timestamp>,
    /// The only agent who may make the call for the first 15 minutes; after that any agent may. Only in
    /// campaigns with agents.
    #[schemars(with = "Option<String>", example = &"wang")]
    #[member(parse)]
    agent: Option<UserId>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(max = CALLBACK_REASON_BYTES_MAX), example = &"in a meeting")]
    reason: Option<String>,
    /// The user who schedules it. Only used with the directory's own key; a user acts under their own name.
    #[schemars(length(max = BY_BYTES_MAX), example = &"li")]
    by: Option<String>,
}

/// The body that cancels a callback: the campaign and the reason.
#[derive(ApiRequest, JsonSchema)]
struct CallbackCancellation {
    #[schemars(with = "String", example = &"TASK20261120")]
    #[member(read = needed)]
    campaign: Option<CampaignId>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = CALLBACK_REASON_BYTES_MAX), example = &"paid at the branch")]
    reason: String,
    /// The user who cancels it. Only used with the directory's own key; a user acts under their own name.
    #[schemars(length(max = BY_BYTES_MAX), example = &"li")]
    by: Option<String>,
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

/// The enrolment after its callback was scheduled or canceled.
#[derive(Debug, Serialize, JsonSchema)]
struct CallbackChangeResponse {
    customer: CustomerId,
    #[schemars(example = &"TASK20261120")]
    campaign: CampaignId,
    /// The scheduled callback; absent if there is none.
    callback: Option<CallbackResponse>,
    due_at: Option<Timestamp>,
    settled: bool,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn request(ctx: Ctx, input: Input) -> Result<ChangeReply<CallbackChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/callbacks")?;
    let (named, scope, signed_in) = (input.param(0)?, input.scope.clone(), input.by());
    let body: CallbackBody = input.order().await?;
    let (Some(campaign), Some(at)) = (body.campaign, body.at) else {
        return Err(Problem::fault("a body without what it needs was taken"));
    };
    require_campaign_in_scope(&scope, &campaign)?;
    check_campaign_calls(&ctx.installation, &campaign).await?;
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

async fn cancel(ctx: Ctx, input: Input) -> Result<ChangeReply<CallbackChangeResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/callbacks")?;
    let (named, scope, signed_in) = (input.param(0)?, input.scope.clone(), input.by());
    let body: CallbackCancellation = input.order().await?;
    let campaign = body
        .campaign
        .ok_or_else(|| Problem::fault("a body without what it needs was taken"))?;
    require_campaign_in_scope(&scope, &campaign)?;
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
) -> Result<ChangeReply<CallbackChangeResponse>, Problem> {
    let (customer, _) = ctx.installation.customer_named(named).await?;
    let customers = &ctx.installation.entities.customers;
    let answer = customers.ask(&customer, command, cause).await?;
    let enrolment = answer.state.enrolment(&campaign);
    let callback = enrolment.and_then(|enrolment| enrolment.callback.as_deref());
    let settled = enrolment.is_some_and(|enrolment| enrolment.settled.is_some());
    Ok(ChangeReply(WriteResult {
        body: CallbackChangeResponse {
            callback: callback.map(CallbackResponse::of),
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
