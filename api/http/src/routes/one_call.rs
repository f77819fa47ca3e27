//! One call over HTTP: asked for now, canceled, hung up.

use crate::comparisons::is_customer_id;
use crate::described::{Changed, MadeOrChanged};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::{in_scope, limited, sees_call, sees_person};
use crate::reply::Written;
use application::call_now::{CallAsked, CallOrder, asked_for, call_now, person};
use application::calls::{CallShown, describe};
use application::inquiring::Comparison;
use domain::call::command::CallCommand;
use domain::call::{CallState, END_REASON_BYTES_MAX};
use domain::customer::CustomerCommand;
use domain::ids::{CallId, CampaignId, EnrolmentId, FlowId};
use domain::inquiry::ComparedValue;
use domain::permission::People;
use domain::problem::{Kind, Problem};
use domain::stored_event::Cause;
use domain::time::Timestamp;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// Longest id of a customer, telephone number or name that is read: what a list's row may have.
const TEXT_BYTES_MAX: usize = 128;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/calls",
            "Call one person of a campaign now, before its lists: same permit, caps and events as every call",
            ask,
        )
        .needs(Permission::CallsWrite, About::Handler)
        .takes::<CallAsking>(),
        Endpoint::post(
            "/api/v1/calls/{id}/cancel",
            "End a call before it is answered: not dialed, withdrawn, or canceled while it rings; else refused",
            |ctx, input| end(ctx, input, false),
        )
        .needs(Permission::CallsWrite, About::Handler)
        .takes::<EndOrder>()
        .kept(),
        Endpoint::post(
            "/api/v1/calls/{id}/hang-up",
            "End a call whatever it is doing, also while somebody is talked to",
            |ctx, input| end(ctx, input, true),
        )
        .needs(Permission::CallsWrite, About::Handler)
        .takes::<EndOrder>()
        .kept(),
    ]
}

/// Why a call is to end.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "the person asked at the branch" }]))]
struct EndOrder {
    /// Stored for ever; name no person.
    #[schemars(length(min = 1, max = END_REASON_BYTES_MAX))]
    reason: String,
}

impl Order for EndOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.needed_short_text("reason", END_REASON_BYTES_MAX),
        }
    }
}

/// The order is stored; the call ends by it within a moment, and is shown with what it came to.
async fn end(ctx: Ctx, input: Input, hang_up: bool) -> Result<Changed<CallShown>, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let verb = if hang_up { "calls/hang-up" } else { "calls/cancel" };
    let cause = input.cause(&ctx.installation, verb)?;
    let (scope, by) = (input.scope.clone(), input.by());
    let calls = &ctx.installation.entities.calls;
    let state = calls.state(&call).await?.state;
    if state.call().is_none() {
        let missing = || Problem::missing("this call");
        let asked = asked_for(&ctx.installation, call, cause)
            .await?
            .ok_or_else(missing)?;
        sees_call(&ctx, &scope, &asked.campaign, &asked.customer).await?;
        let reason = input.order::<EndOrder>().await?.reason;
        return cancel_asked(&ctx, call, asked, CancelOrder { reason, by }, cause).await;
    }
    if let Some((campaign, customer)) = state.campaign().zip(state.customer()) {
        sees_call(&ctx, &scope, campaign, customer).await?;
    }
    let reason = input.order::<EndOrder>().await?.reason;
    let command = CallCommand::OrderEnd { hang_up, reason };
    let answer = calls.ask(&call, command, cause).await?;
    Ok(Changed(Written {
        body: describe(call, &answer.state),
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// Why a call that waits is not wanted, and who says so.
struct CancelOrder {
    reason: String,
    by: Option<String>,
}

/// Nothing of the call is on its way: the person's own stream takes the order, unless it was granted
/// meanwhile.
async fn cancel_asked(
    ctx: &Ctx,
    call: CallId,
    asked: EnrolmentId,
    order: CancelOrder,
    cause: Cause,
) -> Result<Changed<CallShown>, Problem> {
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
    Ok(Changed(Written {
        body: CallShown {
            campaign: Some(campaign),
            customer: Some(customer),
            ..describe(call, &CallState::default())
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

/// Whom to call, for which campaign, and until when.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "campaign": "TASK20261120", "customer": "C01", "phone": "13800138000",
    "variables": { "days": 3 }, "deadline": "2026-11-22T18:00:00+08:00" }]))]
struct CallAsking {
    #[schemars(with = "CampaignId")]
    campaign: Option<CampaignId>,
    /// The institution's id of the customer, or ours.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    customer: String,
    /// Of somebody who is not in the campaign yet; without it the first number that is known of them.
    phone: Option<String>,
    /// Of somebody who is not known yet.
    name: Option<String>,
    /// The flow that is expected: the campaign's own, or the order is refused.
    flow: Option<FlowId>,
    /// Values of the flow's variables, by their names; of somebody who is in the campaign already, those that
    /// it has.
    #[schemars(with = "Option<std::collections::BTreeMap<String, Value>>")]
    variables: Option<Map<String, Value>>,
    /// From then on the person is not dialed any more.
    deadline: Option<Timestamp>,
}

impl Order for CallAsking {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("campaign") {
            body.wrong("campaign", "is missing");
        }
        Self {
            campaign: body.parsed("campaign"),
            customer: body.needed_short_text("customer", TEXT_BYTES_MAX),
            phone: body.short_text("phone", TEXT_BYTES_MAX),
            name: body.short_text("name", TEXT_BYTES_MAX),
            flow: body.parsed("flow"),
            variables: body.value("variables"),
            deadline: body.parsed("deadline"),
        }
    }
}

async fn ask(ctx: Ctx, input: Input) -> Result<MadeOrChanged<CallAsked>, Problem> {
    let cause = input.cause(&ctx.installation, "calls")?;
    let (scope, comparer) = (input.scope.clone(), input.comparer());
    let asking: CallAsking = input.order().await?;
    let campaign = asking.campaign.ok_or_else(|| Problem::missing("this campaign"))?;
    in_scope(&scope, &campaign)?;
    let order = CallOrder {
        campaign,
        customer: asking.customer,
        phone: asking.phone,
        name: asking.name,
        flow: asking.flow.map(|flow| flow.to_string()),
        variables: asking.variables.unwrap_or_default(),
        deadline: asking.deadline,
    };
    // A refusal of a value, or of an unknown id, answers what the person's value is, or that there is none.
    let compares = order.phone.is_some() || order.name.is_some() || !order.variables.is_empty();
    let is_own_id = !is_customer_id(&order.customer);
    ctx.admit_guess(&comparer)?;
    let known = person(&ctx.installation, &order).await?;
    if scope.people != People::All {
        // Whoever is given people calls them by what is known of them.
        let state = known
            .state
            .as_ref()
            .ok_or_else(|| Problem::missing("this customer"))?;
        if !sees_person(&ctx, &scope, state).await? {
            return Err(Problem::missing("this customer"));
        }
        if order.phone.is_some() || order.name.is_some() {
            return Err(limited("a number or name is not yours to give"));
        }
    }
    let is_unknown = is_own_id && known.state.is_none();
    let asked = call_now(&ctx.installation, order, known, cause).await;
    let is_refused = asked
        .as_ref()
        .is_err_and(|problem| problem.kind != Kind::Unavailable);
    if is_refused && (compares || is_unknown) {
        let what = match is_unknown {
            true => ComparedValue::CustomerId,
            false => ComparedValue::Number,
        };
        ctx.note_comparison(&comparer, Comparison::of_one(what, false))
            .await?;
    }
    let asked = asked?;
    Ok(MadeOrChanged::Made(Written {
        version: Some(asked.version),
        position: Some(asked.position),
        body: asked,
    }))
}
