//! Routes of approvals: list them, approve one, or reject one. An approval is requested by requesting the act
//! itself; no route requests an approval alone.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, Input};
use crate::paging::{CURSOR, LIMIT, LONG, ListPage, Paging};
use crate::reply::WriteResult;
use application::approvals::{
    ApprovalChanged, ApprovalList, ApprovalResponse, approval, approvals, approve, reject,
};
use application::as_of::{AS_OF, Moment, PARAMETERS, VALID_AT};
use application::parameter::Parameter;
use domain::approval::REASON_BYTES_MAX;
use domain::ids::ApprovalId;
use domain::problem::Problem;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/approvals", "List approvals", list)
            .describe(
                "Returns the caller's own requests and those that the caller may approve. Readers of the \
                 audit log see all. An approval is requested by requesting the act itself, which then \
                 answers 409 `approval-needed`.",
            )
            .for_any_caller()
            .query(
                const {
                    &[
                        Parameter::flag(
                            "open",
                            "true: only approvals that are undecided, or approved and unused",
                        ),
                        AS_OF,
                        VALID_AT,
                        CURSOR,
                        LIMIT,
                    ]
                },
            ),
        Endpoint::get("/api/v1/approvals/{id}", "Get an approval", show)
            .describe(
                "Returns the act, its target and reason, who requested it and who decided, and when it \
                 expires.",
            )
            .for_any_caller()
            .query(PARAMETERS),
        Endpoint::post(
            "/api/v1/approvals/{id}/approve",
            "Approve another user's request",
            approve_it,
        )
        .describe(
            "Only in a session, not with an API key, and never for the caller's own request. The requester \
             then repeats the act with the id of the approval.",
        )
        .for_any_caller()
        .takes::<ApprovalGrantRequest>(),
        Endpoint::post(
            "/api/v1/approvals/{id}/reject",
            "Reject or withdraw a request",
            reject_it,
        )
        .describe(
            "Rejects another user's request, or withdraws the caller's own, even if it is approved already.",
        )
        .for_any_caller()
        .takes::<ApprovalRejectRequest>(),
    ]
}

/// The body that approves a waiting request: an optional reason.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "the letter is signed" }]))]
struct ApprovalGrantRequest {
    /// Stored permanently; must not name a person.
    #[schemars(length(max = REASON_BYTES_MAX))]
    reason: Option<String>,
}

/// The body of a rejection.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "a complaint is open" }]))]
struct ApprovalRejectRequest {
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

/// An approval after it was approved or rejected, with the log position of the decision.
#[derive(Debug, Serialize, JsonSchema)]
struct ApprovalChangeResponse {
    #[serde(flatten)]
    approval: ApprovalResponse,
    position: String,
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<ApprovalList>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let open = input.flag("open")?;
    let moment = Moment::of(input.query())?;
    let all = approvals(&ctx.installation, &input.caller, open, moment).await?;
    let (page, next_cursor) = paging.cut(all, |(position, _)| position.0)?;
    let items = page.into_iter().map(|(_, shown)| shown).collect();
    Ok(ReadReply(ListPage {
        list: ApprovalList { items },
        next_cursor,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<ApprovalResponse>, Problem> {
    let id: ApprovalId = input.id(0, "this approval")?;
    let moment = Moment::of(input.query())?;
    approval(&ctx.installation, &input.caller, id, moment)
        .await
        .map(ReadReply)
}

async fn approve_it(ctx: Ctx, input: Input) -> Result<ChangeReply<ApprovalChangeResponse>, Problem> {
    let id: ApprovalId = input.id(0, "this approval")?;
    let cause = input.cause(&ctx.installation, "approvals/approve")?;
    let caller = input.caller.clone();
    let order: ApprovalGrantRequest = input.order().await?;
    let decided = approve(&ctx.installation, &caller, id, order.reason, cause).await?;
    Ok(changed(decided))
}

async fn reject_it(ctx: Ctx, input: Input) -> Result<ChangeReply<ApprovalChangeResponse>, Problem> {
    let id: ApprovalId = input.id(0, "this approval")?;
    let cause = input.cause(&ctx.installation, "approvals/reject")?;
    let caller = input.caller.clone();
    let order: ApprovalRejectRequest = input.order().await?;
    let decided = reject(&ctx.installation, &caller, id, order.reason, cause).await?;
    Ok(changed(decided))
}

fn changed(decided: ApprovalChanged) -> ChangeReply<ApprovalChangeResponse> {
    let ApprovalChanged { shown, answer } = decided;
    ChangeReply(WriteResult {
        body: ApprovalChangeResponse {
            approval: shown,
            position: answer.position.to_string(),
        },
        version: Some(answer.version),
        position: Some(answer.position),
    })
}
