//! Two ids of one person, over HTTP (合并客户): found by a number that both have, merged, and unmerged.

use crate::described::{Changed, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::sees_person;
use crate::reply::Written;
use application::inquiring::{BY, Comparison, REASON, Shown, customer_page, put_on_record};
use application::merging::{Candidates, Merged, Merging, candidates, merge, unmerge};
use domain::customer::MERGE_REASON_BYTES_MAX;
use domain::inquiry::ComparedValue;
use domain::problem::Problem;
use intake::members::{Members, Order};
use schemars::JsonSchema;

/// Longest id of a customer, the institution's own or ours, and longest name of whoever orders it.
const TEXT_BYTES_MAX: usize = 256;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/customers/{id}/duplicates",
            "Other ids that share a number with this one: perhaps the same person",
            duplicates,
        )
        .needs(Permission::CustomersReveal, About::Everybody)
        .query(&[BY, REASON]),
        Endpoint::post(
            "/api/v1/customers/{id}/merge",
            "Another id is the same person (合并): called by this one alone; what either's record forbids binds",
            join,
        )
        .needs(Permission::CustomersAssign, About::Customer)
        .takes::<MergeBody>(),
        Endpoint::post(
            "/api/v1/customers/{id}/unmerge",
            "They are two persons after all (撤销合并); what the merge settled stays settled",
            part,
        )
        .needs(Permission::CustomersAssign, About::Customer)
        .takes::<MergeBody>(),
    ]
}

/// Which other id, and why.
#[derive(JsonSchema)]
struct MergeBody {
    /// The institution's own id, or ours.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX), example = &"C002")]
    other: String,
    /// Stored for ever; nothing personal.
    #[schemars(length(min = 1, max = MERGE_REASON_BYTES_MAX), example = &"two accounts of one person")]
    reason: String,
    /// Who says so; whoever signed in is it.
    #[schemars(length(max = TEXT_BYTES_MAX), example = &"li")]
    by: Option<String>,
}

impl Order for MergeBody {
    fn read(body: &mut Members) -> Self {
        Self {
            other: body.needed_short_text("other", TEXT_BYTES_MAX),
            reason: body.needed_short_text("reason", MERGE_REASON_BYTES_MAX),
            by: body.short_text("by", TEXT_BYTES_MAX),
        }
    }
}

async fn join(ctx: Ctx, input: Input) -> Result<Changed<Merged>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/merge")?;
    let order = order_of(&ctx, input).await?;
    Ok(written(merge(&ctx.installation, order, cause).await?))
}

async fn part(ctx: Ctx, input: Input) -> Result<Changed<Merged>, Problem> {
    let cause = input.cause(&ctx.installation, "customers/unmerge")?;
    let order = order_of(&ctx, input).await?;
    Ok(written(unmerge(&ctx.installation, order, cause).await?))
}

/// Both must be in what the caller may see.
async fn order_of(ctx: &Ctx, input: Input) -> Result<Merging, Problem> {
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
    Ok(Merging {
        kept,
        other,
        reason: body.reason,
        by: signed_in.or(body.by),
    })
}

fn written(merged: Merged) -> Changed<Merged> {
    Changed(Written {
        version: None,
        position: Some(merged.position),
        body: merged,
    })
}

async fn duplicates(ctx: Ctx, input: Input) -> Result<Read<Candidates>, Problem> {
    // It compares this person's numbers with those of everybody.
    let comparer = input.comparer();
    ctx.admit_comparison(&comparer)?;
    let (customer, state) = ctx.installation.customer_named(&input.param(0)?).await?;
    let found = candidates(&ctx.installation, customer.clone(), &state).await?;
    let what = Shown {
        customer: Some(customer),
        ..customer_page::DUPLICATES.shown()
    };
    let what = what.with_values(found.candidates.len());
    put_on_record(&ctx.installation, input.reader(), what).await?;
    let is_found = !found.candidates.is_empty();
    let comparison = Comparison::of_one(ComparedValue::Number, is_found);
    ctx.note_comparison(&comparer, comparison).await?;
    Ok(Read(found))
}
