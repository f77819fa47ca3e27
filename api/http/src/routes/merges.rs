//! Routes for two ids of one person (合并客户): find ids that share a number, merge two ids, undo a merge.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::sees_person;
use crate::reply::WriteResult;
use application::customer_merge::{Candidates, MergeRequest, MergeResult, candidates, merge, unmerge};
use application::inquiries::{BY, Comparison, REASON, ReadContent, customer_page, put_on_record};
use domain::customer::MERGE_REASON_BYTES_MAX;
use domain::inquiry::ComparedValue;
use domain::problem::Problem;
use intake::members::ApiRequest;
use schemars::JsonSchema;

/// Maximum length of a customer id and of `by`, in bytes.
const TEXT_BYTES_MAX: usize = 256;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/customers/{id}/duplicates",
            "List possible duplicates of a customer",
            duplicates,
        )
        .describe(
            "Returns other customers that share a number with this one. They may be the same person. The \
             read is recorded.",
        )
        .needs(Permission::CustomersReveal, EndpointSubject::Everybody)
        .query(&[BY, REASON]),
        Endpoint::post("/api/v1/customers/{id}/merge", "Merge two customers", join)
            .describe(
                "Declares that another id is the same person (合并). The person is called only under the id \
                 in the URL; what forbids calls under either id forbids them under both.",
            )
            .needs(Permission::CustomersAssign, EndpointSubject::Customer)
            .takes::<MergeBody>(),
        Endpoint::post(
            "/api/v1/customers/{id}/unmerge",
            "Undo a merge of customers",
            part,
        )
        .describe(
            "Declares that the two ids are different persons (撤销合并). Enrolments that the merge settled \
             stay settled.",
        )
        .needs(Permission::CustomersAssign, EndpointSubject::Customer)
        .takes::<MergeBody>(),
    ]
}

/// The body of a merge, or of its undoing: the other id, and the reason.
#[derive(ApiRequest, JsonSchema)]
struct MergeBody {
    /// External or internal id of the other customer.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX), example = &"C002")]
    other: String,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = MERGE_REASON_BYTES_MAX), example = &"two accounts of one person")]
    reason: String,
    /// The user who requests it. Only used with the directory's own key; a user acts under their own name.
    #[schemars(length(max = TEXT_BYTES_MAX), example = &"li")]
    by: Option<String>,
}

async fn join(ctx: Ctx, input: Input) -> Result<ChangeReply<MergeResult>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/merge")?;
    let order = order_of(&ctx, input).await?;
    Ok(written(merge(&ctx.installation, order, cause).await?))
}

async fn part(ctx: Ctx, input: Input) -> Result<ChangeReply<MergeResult>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/unmerge")?;
    let order = order_of(&ctx, input).await?;
    Ok(written(unmerge(&ctx.installation, order, cause).await?))
}

/// Reads the request of a merge or of its undoing. Fails with `missing` unless both customers are in the
/// caller's data scope.
async fn order_of(ctx: &Ctx, input: Input) -> Result<MergeRequest, Problem> {
    let (named, scope, signed_in) = (input.param(0)?, input.scope.clone(), input.by());
    let comparer = input.comparer();
    let body: MergeBody = input.order().await?;
    let (kept, _) = ctx.installation.customer_named(&named).await?;
    let missing = || Problem::missing("the other customer");
    let found = ctx.compare_customer(&comparer, &body.other).await;
    let (other, state) = found.map_err(|problem| match problem.code {
        "missing" => missing(),
        _ => problem,
    })?;
    if !sees_person(ctx, &scope, &state).await? {
        return Err(missing());
    }
    Ok(MergeRequest {
        kept,
        other,
        reason: body.reason,
        by: signed_in.or(body.by),
    })
}

fn written(merged: MergeResult) -> ChangeReply<MergeResult> {
    ChangeReply(WriteResult {
        version: None,
        position: Some(merged.position),
        body: merged,
    })
}

async fn duplicates(ctx: Ctx, input: Input) -> Result<ReadReply<Candidates>, Problem> {
    // The view compares this customer's numbers with those of all customers.
    let comparer = input.comparer();
    ctx.admit_comparison(&comparer)?;
    let (customer, state) = ctx.installation.customer_named(&input.param(0)?).await?;
    let found = candidates(&ctx.installation, customer.clone(), &state).await?;
    let what = ReadContent {
        customer: Some(customer),
        ..customer_page::DUPLICATES.shown()
    };
    let what = what.with_values(found.candidates.len());
    put_on_record(&ctx.installation, input.reader(), what).await?;
    let is_found = !found.candidates.is_empty();
    let comparison = Comparison::of_one(ComparedValue::Number, is_found);
    ctx.note_comparison(&comparer, comparison).await?;
    Ok(ReadReply(found))
}
