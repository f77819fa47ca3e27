//! Routes of a single call: request one now, cancel it, hang up.

use crate::api_description::{ChangeReply, CreationReply};
use crate::comparisons::is_customer_id;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::{build_scope_problem, require_call_in_scope, require_campaign_in_scope, sees_person};
use crate::reply::WriteResult;
use application::call_now::{CallNowRequest, RequestedCall, call_now, find_requested_enrolment, person};
use application::calls::{CallResponse, describe};
use application::inquiries::Comparison;
use domain::call::command::CallCommand;
use domain::call::{CallState, END_REASON_BYTES_MAX};
use domain::customer::CustomerCommand;
use domain::ids::{CallId, CampaignId, EnrolmentId, FlowId};
use domain::inquiry::ComparedValue;
use domain::permission::AssigneeScope;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Cause;
use domain::time::Timestamp;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// Maximum length of a customer id, phone number or name, in bytes; a row of a list has the same limit.
const TEXT_BYTES_MAX: usize = 128;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/calls", "Request a call", ask)
            .describe(
                "Calls one customer of a campaign now, before customers who only wait in its lists. \
                 Permit, caps and events are the same as for every call.",
            )
            .needs(Permission::CallsWrite, EndpointSubject::Handler)
            .takes::<NewCallRequest>(),
        Endpoint::post(
            "/api/v1/calls/{id}/cancel",
            "Cancel a call before it is answered",
            |ctx, input| end(ctx, input, false),
        )
        .describe(
            "The call is not dialed, withdrawn, or canceled while it rings. Refused if it is answered or \
             ended.",
        )
        .needs(Permission::CallsWrite, EndpointSubject::Handler)
        .takes::<CallEndRequest>()
        .kept(),
        Endpoint::post("/api/v1/calls/{id}/hang-up", "Hang up a call", |ctx, input| {
            end(ctx, input, true)
        })
        .describe("Ends a call in any state, also during a conversation.")
        .needs(Permission::CallsWrite, EndpointSubject::Handler)
        .takes::<CallEndRequest>()
        .kept(),
    ]
}

/// The body that ends a call: the reason.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "the person asked at the branch" }]))]
struct CallEndRequest {
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = END_REASON_BYTES_MAX))]
    reason: String,
}

/// Ends the call in the path: with `hang_up` also an answered one, otherwise it is canceled before an
/// answer. A requested call without a permit is withdrawn from the customer. The call ends shortly after;
/// the reply shows its state and disposition.
async fn end(ctx: Ctx, input: Input, hang_up: bool) -> Result<ChangeReply<CallResponse>, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let verb = if hang_up { "calls/hang-up" } else { "calls/cancel" };
    let cause = input.cause(&ctx.installation, verb)?;
    let (scope, by) = (input.scope.clone(), input.by());
    let calls = &ctx.installation.entities.calls;
    let state = calls.state(&call).await?.state;
    if state.call().is_none() {
        let missing = || Problem::missing("this call");
        let asked = find_requested_enrolment(&ctx.installation, call, cause)
            .await?
            .ok_or_else(missing)?;
        require_call_in_scope(&ctx, &scope, &asked.campaign, &asked.customer).await?;
        let reason = input.order::<CallEndRequest>().await?.reason;
        return cancel_asked(&ctx, call, asked, CallCancellation { reason, by }, cause).await;
    }
    if let Some((campaign, customer)) = state.campaign().zip(state.customer()) {
        require_call_in_scope(&ctx, &scope, campaign, customer).await?;
    }
    let reason = input.order::<CallEndRequest>().await?.reason;
    let command = CallCommand::OrderEnd { hang_up, reason };
    let answer = calls.ask(&call, command, cause).await?;
    Ok(ChangeReply(WriteResult {
        body: describe(call, &answer.state),
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// Why a requested call is canceled, and by which user.
struct CallCancellation {
    reason: String,
    by: Option<String>,
}

/// Cancels a requested call that is not permitted yet: the customer's stream stores it. Refused if the call
/// was permitted in the meantime.
async fn cancel_asked(
    ctx: &Ctx,
    call: CallId,
    asked: EnrolmentId,
    order: CallCancellation,
    cause: Cause,
) -> Result<ChangeReply<CallResponse>, Problem> {
    let EnrolmentId { campaign, customer } = asked;
    let command = CustomerCommand::CancelAsked {
        customer: customer.clone(),
        campaign: campaign.clone(),
        call,
        reason: order.reason,
        by: order.by,
    };
    let customers = &ctx.installation.entities.customers;
    let answer = customers.ask(&customer, command, cause).await?;
    Ok(ChangeReply(WriteResult {
        body: CallResponse {
            campaign: Some(campaign),
            customer: Some(customer),
            ..describe(call, &CallState::default())
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// The body that requests a call: customer, campaign and deadline.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "campaign": "TASK20261120", "customer": "C01", "phone": "13800138000",
    "variables": { "days": 3 }, "deadline": "2026-11-22T18:00:00+08:00" }]))]
struct NewCallRequest {
    #[schemars(with = "CampaignId")]
    #[member(parse)]
    campaign: Option<CampaignId>,
    /// External or internal id of the customer.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    customer: String,
    /// For a customer who is not in the campaign yet: the phone number. Without it the first known number is
    /// called.
    #[schemars(length(max = TEXT_BYTES_MAX))]
    phone: Option<String>,
    /// For an unknown customer: the name.
    #[schemars(length(max = TEXT_BYTES_MAX))]
    name: Option<String>,
    /// The expected flow. The request is refused if the campaign has another one.
    #[member(parse)]
    flow: Option<FlowId>,
    /// Values of the flow's variables, by name. For a customer who is in the campaign already they must equal
    /// the stored ones.
    #[schemars(with = "Option<std::collections::BTreeMap<String, Value>>")]
    variables: Option<Map<String, Value>>,
    /// From this time on the customer is not dialed.
    #[member(parse)]
    deadline: Option<Timestamp>,
}

async fn ask(ctx: Ctx, input: Input) -> Result<CreationReply<RequestedCall>, Problem> {
    let cause = input.cause(&ctx.installation, "calls")?;
    let (scope, comparer) = (input.scope.clone(), input.comparer());
    let asking: NewCallRequest = input.order().await?;
    let campaign = asking.campaign.ok_or_else(|| Problem::missing("this campaign"))?;
    require_campaign_in_scope(&scope, &campaign)?;
    let order = CallNowRequest {
        campaign,
        customer: asking.customer,
        phone: asking.phone,
        name: asking.name,
        flow: asking.flow.map(|flow| flow.to_string()),
        variables: asking.variables.unwrap_or_default(),
        deadline: asking.deadline,
    };
    // A refusal of a value, or of an unknown id, discloses the customer's value, or that the
    // customer does not exist.
    let compares = order.phone.is_some() || order.name.is_some() || !order.variables.is_empty();
    let is_own_id = !is_customer_id(&order.customer);
    ctx.admit_guess(&comparer)?;
    let known = person(&ctx.installation, &order).await?;
    if scope.people != AssigneeScope::All {
        // A caller with access to some customers only calls them under their known values.
        let state = known
            .state
            .as_ref()
            .ok_or_else(|| Problem::missing("this customer"))?;
        if !sees_person(&ctx, &scope, state).await? {
            return Err(Problem::missing("this customer"));
        }
        if order.phone.is_some() || order.name.is_some() {
            return Err(build_scope_problem("a number or name is not yours to give"));
        }
    }
    let is_unknown = is_own_id && known.state.is_none();
    let asked = call_now(&ctx.installation, order, known, cause).await;
    let is_refused = asked
        .as_ref()
        .is_err_and(|problem| problem.kind != ProblemKind::Unavailable);
    if is_refused && (compares || is_unknown) {
        let what = match is_unknown {
            true => ComparedValue::CustomerId,
            false => ComparedValue::Number,
        };
        ctx.note_comparison(&comparer, Comparison::of_one(what, false))
            .await?;
    }
    let asked = asked?;
    Ok(CreationReply::Made(WriteResult {
        version: Some(asked.version),
        position: Some(asked.position),
        body: asked,
    }))
}
