//! Approvals over HTTP: what waits for another person, and that person's own decision.
//!
//! Asking for an act that needs one asks for the approval too: there is no route for that alone.

use crate::described::{Changed, Read};
use crate::endpoint::{Ctx, Endpoint, Input};
use crate::paging::{CURSOR, LIMIT, LONG, Paged, Paging};
use crate::reply::Written;
use application::approvals::{
    ApprovalChanged, ApprovalList, ApprovalShown, approval, approvals, approve, reject,
};
use application::as_of::{AS_OF, Moment, PARAMETERS, VALID_AT};
use application::parameter::Parameter;
use domain::approval::REASON_BYTES_MAX;
use domain::ids::ApprovalId;
use domain::problem::Problem;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/approvals",
            "Acts that need another person: your own requests, and those that you could approve",
            list,
        )
        .for_whoever_is_known()
        .query(
            const {
                &[
                    Parameter::flag("open", "Only those that wait to be decided or used"),
                    AS_OF,
                    VALID_AT,
                    CURSOR,
                    LIMIT,
                ]
            },
        ),
        Endpoint::get("/api/v1/approvals/{id}", "One approval", show)
            .for_whoever_is_known()
            .query(PARAMETERS),
        Endpoint::post(
            "/api/v1/approvals/{id}/approve",
            "Approve what somebody else asked for; whoever asked then repeats the act with the approval",
            approve_it,
        )
        .for_whoever_is_known()
        .takes::<ApproveOrder>(),
        Endpoint::post(
            "/api/v1/approvals/{id}/reject",
            "Reject it, or take back what you asked for yourself",
            reject_it,
        )
        .for_whoever_is_known()
        .takes::<RejectOrder>(),
    ]
}

/// Why it is approved, where there is something to say.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "the letter is signed" }]))]
struct ApproveOrder {
    /// Stored for ever; name no person.
    #[schemars(length(max = REASON_BYTES_MAX))]
    reason: Option<String>,
}

impl Order for ApproveOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.short_text("reason", REASON_BYTES_MAX),
        }
    }
}

/// Why it is not done.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "a complaint is open" }]))]
struct RejectOrder {
    /// Stored for ever; name no person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

impl Order for RejectOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

/// An approval after a decision.
#[derive(Debug, Serialize, JsonSchema)]
struct ApprovalDecided {
    #[serde(flatten)]
    approval: ApprovalShown,
    position: String,
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<Paged<ApprovalList>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let open = input.flag("open")?;
    let moment = Moment::of(input.query())?;
    let all = approvals(&ctx.installation, &input.caller, open, moment).await?;
    let (page, next_cursor) = paging.cut(all, |(position, _)| position.0)?;
    let items = page.into_iter().map(|(_, shown)| shown).collect();
    Ok(Read(Paged {
        list: ApprovalList { items },
        next_cursor,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<ApprovalShown>, Problem> {
    let id: ApprovalId = input.id(0, "this approval")?;
    let moment = Moment::of(input.query())?;
    approval(&ctx.installation, &input.caller, id, moment)
        .await
        .map(Read)
}

async fn approve_it(ctx: Ctx, input: Input) -> Result<Changed<ApprovalDecided>, Problem> {
    let id: ApprovalId = input.id(0, "this approval")?;
    let cause = input.cause(&ctx.installation, "approvals/approve")?;
    let caller = input.caller.clone();
    let order: ApproveOrder = input.order().await?;
    let decided = approve(&ctx.installation, &caller, id, order.reason, cause).await?;
    Ok(changed(decided))
}

async fn reject_it(ctx: Ctx, input: Input) -> Result<Changed<ApprovalDecided>, Problem> {
    let id: ApprovalId = input.id(0, "this approval")?;
    let cause = input.cause(&ctx.installation, "approvals/reject")?;
    let caller = input.caller.clone();
    let order: RejectOrder = input.order().await?;
    let decided = reject(&ctx.installation, &caller, id, order.reason, cause).await?;
    Ok(changed(decided))
}

fn changed(decided: ApprovalChanged) -> Changed<ApprovalDecided> {
    let ApprovalChanged { shown, answer } = decided;
    Changed(Written {
        body: ApprovalDecided {
            approval: shown,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    })
}
