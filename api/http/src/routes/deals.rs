//! Deals over HTTP (INT-5): what came of calls afterwards, reported by other systems.

use crate::comparison_gate::{count_own_ids, note_own_ids};
use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::deals::{DEALS_OF_REQUEST_MAX, DealRow, DealsTaken, Taking, take_deals};
use domain::deal::{ATTRIBUTION_DAYS_DEFAULT, ATTRIBUTION_DAYS_MAX};
use domain::problem::Problem;
use intake::members::{Members, Order};
use schemars::JsonSchema;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/deals",
            "Reports deals (成交, 还款): each is put down to a call; reported again, it supersedes",
            take,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .takes::<DealsOrder>(),
    ]
}

/// Deals, each by itself: one that is refused takes none with it.
#[derive(JsonSchema)]
struct DealsOrder {
    #[schemars(length(min = 1, max = DEALS_OF_REQUEST_MAX))]
    deals: Vec<DealRow>,
    /// So many days after a call a deal is put down to it; 30 unless it is said.
    #[schemars(range(min = 1, max = ATTRIBUTION_DAYS_MAX))]
    window_days: Option<u32>,
    /// Nothing is stored: it says what would be.
    dry_run: Option<bool>,
}

impl Order for DealsOrder {
    fn read(body: &mut Members) -> Self {
        let deals: Vec<DealRow> = body.value("deals").unwrap_or_default();
        if deals.is_empty() || deals.len() > DEALS_OF_REQUEST_MAX {
            body.wrong("deals", format!("has 1 to {DEALS_OF_REQUEST_MAX} deals"));
        }
        Self {
            deals,
            window_days: body.count("window_days", 1, ATTRIBUTION_DAYS_MAX),
            dry_run: body.value("dry_run"),
        }
    }
}

async fn take(ctx: Ctx, input: Input) -> Result<Changed<DealsTaken>, Problem> {
    let cause = input.cause(&ctx.installation, "deals")?;
    let comparer = input.comparer();
    let order: DealsOrder = input.order().await?;
    ctx.admit_guess(&comparer)?;
    let names: Vec<String> = order.deals.iter().map(|row| row.customer.clone()).collect();
    let own_ids = count_own_ids(&names);
    let taking = Taking {
        window_days: order.window_days.unwrap_or(ATTRIBUTION_DAYS_DEFAULT),
        dry_run: order.dry_run.unwrap_or(false),
    };
    let taken = take_deals(&ctx.installation, order.deals, taking, cause).await?;
    let missing = taken.refused.iter().filter_map(|row| names.get(row.row));
    note_own_ids(&ctx, &comparer, own_ids, missing).await?;
    Ok(Changed(Written {
        version: None,
        position: Some(taken.position),
        body: taken,
    }))
}
