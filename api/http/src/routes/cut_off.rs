//! Routes of customers cut off by us in an answered call (被我方中断): list them, call one back, or
//! settle one.
//!
//! The list comes from the view of calls; each row is checked against the customer's own stream, so a
//! customer who has been called since is not in it. A call back is no permit: rules and caps are checked when
//! it is dialed.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{CURSOR, ListPage, PageLength, Paging};
use crate::reply::WriteResult;
use application::inquiries::{BY, REASON, ReadContent, put_on_record};
use application::parameter::Parameter;
use domain::customer::{CustomerCommand, EnrolmentState};
use domain::disposition::Disposition;
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::inquiry::ReadForm;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use intake::members::ApiRequest;
use projections::views::call_history::{self, CALLS_MAX, CallFilter, CallRow};
use schemars::JsonSchema;
use serde::Serialize;

/// Length of a page of interrupted calls: 100 by default, at most `CALLS_MAX`.
const PAGE: PageLength = PageLength {
    unasked: 100,
    most: CALLS_MAX,
};
/// Maximum length of a reason and of `by`, in bytes. Both are stored permanently and must not contain
/// personal data.
const TEXT_BYTES_MAX: usize = 256;

/// What the audit record of a read of the cut-off customers names as shown.
const CUT_OFF: ReadContent = ReadContent::of(&["callee", "finding", "enrolments"], ReadForm::Masked);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/campaigns/{id}/cut-off", "List cut-off customers", list)
            .describe(
                "Customers whose answered call ended through a crash or a stop on our side and who were \
                 not called since, newest first, with the time at which they are due again. The read is \
                 recorded.",
            )
            .needs(Permission::CampaignsRead, EndpointSubject::Campaign)
            .query(
                const {
                    &[
                        CURSOR,
                        Parameter::number(
                            "limit",
                            "Interrupted calls examined per page; default 100, at most 500",
                            100,
                        ),
                        BY,
                        REASON,
                    ]
                },
            ),
        Endpoint::post(
            "/api/v1/campaigns/{id}/cut-off/call-back",
            "Call back a cut-off customer",
            call_back,
        )
        .describe("Makes the customer due at once. Every rule and cap is checked as for any dial.")
        .needs(Permission::CampaignsWrite, EndpointSubject::Campaign)
        .takes::<CutOffRedialRequest>(),
        Endpoint::post(
            "/api/v1/campaigns/{id}/cut-off/settle",
            "Settle a cut-off customer",
            settle,
        )
        .describe("The customer is not called again in this campaign.")
        .needs(Permission::CampaignsWrite, EndpointSubject::Campaign)
        .takes::<CutOffSettlement>(),
    ]
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<CutOffs>>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let filter = CallFilter {
        campaign: Some(campaign.clone()),
        disposition: Some(Disposition::Interrupted),
        ..CallFilter::default()
    };
    let paging = Paging::of(&ctx.installation, &input, PAGE)?;
    let below = paging.place()?.map(Position);
    let limit = paging.limit;
    let rows = call_history::list(ctx.installation.rows.db().as_ref(), &filter, below, limit).await?;
    let (mut items, mut calls) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.answered_at.is_some()) {
        let loaded = ctx.installation.entities.customers.state(&row.customer).await?;
        let enrolment = loaded.state.enrolment(&campaign);
        let Some(enrolment) = enrolment.filter(|enrolment| cut_off_last(enrolment, row)) else {
            continue;
        };
        items.push(describe(
            row,
            enrolment,
            ctx.installation.masked_callee(row).await?,
        ));
        calls.push(row.call);
    }
    let last = rows.last().filter(|_| rows.len() == limit);
    let next = last.map(|row| paging.cursor(&row.first_position.0)).transpose()?;
    if !calls.is_empty() {
        let what = ReadContent {
            campaign: Some(campaign),
            calls,
            ..CUT_OFF
        };
        put_on_record(&ctx.installation, input.reader(), what).await?;
    }
    Ok(ReadReply(ListPage {
        list: CutOffs { items },
        next_cursor: next,
    }))
}

/// True if this call is the last one of the enrolment and was cut off.
fn cut_off_last(enrolment: &EnrolmentState, row: &CallRow) -> bool {
    enrolment.cut_off().is_some_and(|last| last.call == row.call)
}

fn describe(row: &CallRow, enrolment: &EnrolmentState, callee: Option<String>) -> CutOff {
    let (state, zh) = match (enrolment.settled, enrolment.open) {
        (Some(_), _) => ("settled", "已结清"),
        (None, Some(_)) => ("calling", "正在回拨"),
        (None, None) => ("waiting", "待呼"),
    };
    CutOff {
        customer: row.customer.clone(),
        call: row.call,
        callee,
        answered_at: row.answered_at,
        ended_at: row.ended_at,
        talk_ms: row.talk_ms,
        state,
        state_zh: zh,
        due_at: (state == "waiting").then_some(enrolment.due_at),
    }
}

/// A page of cut-off customers.
#[derive(Debug, Serialize, JsonSchema)]
struct CutOffs {
    items: Vec<CutOff>,
}

/// A cut-off customer, and whether the customer waits for a call back, is being called, or is
/// settled.
#[derive(Debug, Serialize, JsonSchema)]
struct CutOff {
    customer: CustomerId,
    call: CallId,
    callee: Option<String>,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    talk_ms: Option<u64>,
    #[schemars(extend("enum" = ["waiting", "calling", "settled"]))]
    state: &'static str,
    state_zh: &'static str,
    due_at: Option<Timestamp>,
}

/// The enrolment after a call back or a settlement was requested.
#[derive(Debug, Serialize, JsonSchema)]
struct CutOffChangeResponse {
    customer: CustomerId,
    campaign: CampaignId,
    settled: bool,
    due_at: Option<Timestamp>,
}

/// The body of a call back to a customer who was cut off: the customer, who is called as soon as possible.
#[derive(ApiRequest, JsonSchema)]
struct CutOffRedialRequest {
    /// External or internal id of the customer.
    #[schemars(example = &"C01")]
    customer: String,
    #[schemars(length(max = TEXT_BYTES_MAX))]
    by: Option<String>,
}

/// The body that settles a customer who was cut off: the customer is not called again in this campaign.
#[derive(ApiRequest, JsonSchema)]
struct CutOffSettlement {
    /// External or internal id of the customer.
    #[schemars(example = &"C01")]
    customer: String,
    /// Stored permanently; must not name a person.
    #[schemars(length(max = TEXT_BYTES_MAX))]
    reason: String,
    #[schemars(length(max = TEXT_BYTES_MAX))]
    by: Option<String>,
}

async fn call_back(ctx: Ctx, input: Input) -> Result<ChangeReply<CutOffChangeResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/cut-off")?;
    let comparer = input.comparer();
    let CutOffRedialRequest { customer, by } = input.order().await?;
    let command = CustomerCommand::CallBack {
        campaign: campaign.clone(),
        by,
    };
    let (customer, _) = ctx.compare_customer(&comparer, &customer).await?;
    change(&ctx, campaign, customer, command, cause).await
}

async fn settle(ctx: Ctx, input: Input) -> Result<ChangeReply<CutOffChangeResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/cut-off")?;
    let comparer = input.comparer();
    let order: CutOffSettlement = input.order().await?;
    let command = CustomerCommand::SettleCutOff {
        campaign: campaign.clone(),
        reason: order.reason,
        by: order.by,
    };
    let (customer, _) = ctx.compare_customer(&comparer, &order.customer).await?;
    change(&ctx, campaign, customer, command, cause).await
}

async fn change(
    ctx: &Ctx,
    campaign: CampaignId,
    customer: CustomerId,
    command: CustomerCommand,
    cause: Cause,
) -> Result<ChangeReply<CutOffChangeResponse>, Problem> {
    let answer = ctx
        .installation
        .entities
        .customers
        .ask(&customer, command, cause)
        .await?;
    let enrolment = answer.state.enrolment(&campaign);
    let settled = enrolment.is_some_and(|enrolment| enrolment.settled.is_some());
    let due_at = enrolment.map(|enrolment| enrolment.due_at).filter(|_| !settled);
    Ok(ChangeReply(WriteResult {
        body: CutOffChangeResponse {
            customer,
            campaign,
            settled,
            due_at,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
