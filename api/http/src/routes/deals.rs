//! The route that stores deals (INT-5): sales or repayments after a call, reported by other systems.

use crate::api_description::ChangeReply;
use crate::comparison_gate::{count_own_ids, note_own_ids};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::deals::{DEALS_OF_REQUEST_MAX, DealImportOptions, DealImportReport, DealRow, take_deals};
use domain::deal::{ATTRIBUTION_DAYS_DEFAULT, ATTRIBUTION_DAYS_MAX};
use domain::problem::Problem;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/deals", "Report deals", take)
            .describe(
                "Stores deals (成交, 还款). Each is attributed to the named call, or to the campaign's last \
                 dial of the customer within the window. A deal with a known reference replaces the \
                 earlier one. A refused row does not affect the others.",
            )
            .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
            .takes::<DealsRequest>(),
    ]
}

/// The body with deals. Each row is handled separately: a refused row does not affect the others.
#[derive(ApiRequest, JsonSchema)]
struct DealsRequest {
    #[schemars(length(min = 1, max = DEALS_OF_REQUEST_MAX))]
    #[member(read = deals)]
    deals: Vec<DealRow>,
    /// Days after a call within which a deal is attributed to it; default 30.
    #[schemars(range(min = 1, max = ATTRIBUTION_DAYS_MAX))]
    window_days: Option<u32>,
    /// If true, nothing is stored: the reply shows what would be.
    dry_run: Option<bool>,
}

fn deals(body: &mut Members, name: &str) -> Vec<DealRow> {
    let deals: Vec<DealRow> = body.value(name).unwrap_or_default();
    if deals.is_empty() || deals.len() > DEALS_OF_REQUEST_MAX {
        body.wrong(name, format!("has 1 to {DEALS_OF_REQUEST_MAX} deals"));
    }
    deals
}

async fn take(ctx: Ctx, input: Input) -> Result<ChangeReply<DealImportReport>, Problem> {
    let cause = input.cause(&ctx.installation, "deals")?;
    let comparer = input.comparer();
    let order: DealsRequest = input.order().await?;
    ctx.admit_guess(&comparer)?;
    let names: Vec<String> = order.deals.iter().map(|row| row.customer.clone()).collect();
    let own_ids = count_own_ids(&names);
    let taking = DealImportOptions {
        window_days: order.window_days.unwrap_or(ATTRIBUTION_DAYS_DEFAULT),
        dry_run: order.dry_run.unwrap_or(false),
    };
    let taken = take_deals(&ctx.installation, order.deals, taking, cause).await?;
    let missing = taken.refused.iter().filter_map(|row| names.get(row.row));
    note_own_ids(&ctx, &comparer, own_ids, missing).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(taken.position),
        body: taken,
    }))
}
