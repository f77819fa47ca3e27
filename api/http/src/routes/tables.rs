//! Tables: the daily report, line costs, a campaign's regions and its abandonment ledger.

use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::Done;
use application::calendar::beijing_date;
use application::figures::versions;
use application::installation::Installation;
use application::tables::{Costing, abandonment, cost_table, daily};
use application::targets::campaign_of;
use chrono::NaiveDate;
use domain::ids::CampaignId;
use domain::problem::Problem;
use projections::views::region_board::{REGIONS_MAX, RegionRow, regions};
use serde_json::{Value, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/reports/daily",
            "One Beijing day: the main metrics of each campaign and of all, and the targets reached",
            |ctx, input| Box::pin(day(ctx, input)),
        )
        .query(&[("date", "A day such as 2026-11-20; default today in Beijing")]),
        Endpoint::get(
            "/api/v1/reports/costs",
            "Line costs by campaign, ending and conversion: seconds as carriers bill them, times a tariff",
            |ctx, input| Box::pin(costs(ctx, input)),
        )
        .query(&[
            ("campaign", "Only this campaign"),
            ("from", "First day, Beijing"),
            ("to", "The day before which it ends"),
            (
                "step",
                "Seconds to which each call is rounded up: 60 (default), 6 or 1",
            ),
            ("per_minute_fen", "Tariff in fen a minute, a whole number"),
        ]),
        Endpoint::get(
            "/api/v1/campaigns/{id}/regions",
            "Calls of a campaign by region of the callee, as far as the permit's rules saw one",
            |ctx, input| Box::pin(by_region(ctx, input)),
        ),
        Endpoint::get(
            "/api/v1/campaigns/{id}/regions/chart",
            "Dialed, answered and converted calls by region, as ECharts options",
            |ctx, input| Box::pin(region_chart(ctx, input)),
        ),
        Endpoint::get(
            "/api/v1/campaigns/{id}/abandonment",
            "The abandon rate of the last 30 days under every definition, with the events behind each",
            |ctx, input| Box::pin(ledger(ctx, input)),
        ),
    ]
}

async fn day(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let date: NaiveDate = match input.text("date").map(str::parse) {
        None => beijing_date(ctx.installation.now()),
        Some(Ok(date)) => date,
        Some(Err(_)) => {
            return Err(Problem::invalid(
                "date-invalid",
                "date is a day such as 2026-11-20",
            ));
        }
    };
    daily(ctx.installation.rows.db().as_ref(), date)
        .await
        .map(Done::Read)
}

async fn costs(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let campaign = campaign_of(input.text("campaign"))?;
    let asked = Costing::read(
        campaign,
        (input.text("from"), input.text("to")),
        input.text("step"),
        input.number("per_minute_fen")?,
    )?;
    let mut shown = cost_table(ctx.installation.rows.db().as_ref(), &asked).await?;
    if let Some(members) = shown.as_object_mut() {
        let position = ctx
            .installation
            .rows
            .position()
            .map(|position| position.to_string());
        members.insert("position".to_owned(), json!(position));
    }
    Ok(Done::Read(shown))
}

/// The members of a region that are metrics, and at which version.
const OF_REGIONS: [(&str, &str, u32); 4] = [
    ("answer_ratio_per_call", "answer_ratio_per_call", 1),
    ("answer_ratio_per_call_people", "answer_ratio_per_call", 2),
    ("conversion_ratio", "conversion_ratio", 1),
    ("conversion_ratio_people", "conversion_ratio", 2),
];

async fn rows(installation: &Installation, campaign: &CampaignId) -> Result<Vec<RegionRow>, Problem> {
    if installation.board(campaign).await?.is_none() {
        return Err(Problem::missing("this campaign"));
    }
    Ok(regions(installation.rows.db().as_ref(), campaign).await?)
}

async fn by_region(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let rows = rows(&ctx.installation, &campaign).await?;
    Ok(Done::Read(json!({
        "campaign": campaign,
        "items": rows.iter().map(describe).collect::<Vec<_>>(),
        "versions": versions(&OF_REGIONS)?,
        "complete": rows.len() < REGIONS_MAX,
        "label_zh": "地区（按许可时判断呼叫时段所用的时区；事件中没有归属地时如此，未判断则为 unknown）",
        "label_en": "region: the time zones in which the permit judged the calling window, since events carry no \
            address; unknown where none was judged",
        "position": ctx.installation.rows.position().map(|position| position.to_string()),
    })))
}

/// A region with its ratios per call; `null` over nothing.
fn describe(row: &RegionRow) -> Value {
    let ratio = |part: u64, whole: u64| {
        let (part, whole) = (u32::try_from(part).ok()?, u32::try_from(whole).ok()?);
        (whole > 0).then(|| f64::from(part) / f64::from(whole))
    };
    let mut shown = json!(row);
    if let Some(members) = shown.as_object_mut() {
        for (member, part, whole) in [
            ("answer_ratio_per_call", row.answered, row.dialed),
            ("answer_ratio_per_call_people", row.person_answered, row.dialed),
            ("conversion_ratio", row.converted, row.answered),
            ("conversion_ratio_people", row.converted, row.person_answered),
        ] {
            members.insert(member.to_owned(), json!(ratio(part, whole)));
        }
    }
    shown
}

async fn region_chart(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let rows = rows(&ctx.installation, &input.id(0, "this campaign")?).await?;
    let label = |row: &RegionRow| match &row.home_location {
        Some(location) => format!("{} ({location})", row.region),
        None => row.region.clone(),
    };
    let series = |name: &str, of: fn(&RegionRow) -> u64| json!({ "name": name, "type": "bar", "data": rows.iter().map(of).collect::<Vec<_>>() });
    Ok(Done::Read(json!({
        "xAxis": { "type": "category", "data": rows.iter().map(label).collect::<Vec<_>>() },
        "yAxis": { "type": "value" },
        "series": [
            series("拨号量", |row| row.dialed),
            series("接听数", |row| row.answered),
            series("转化数", |row| row.converted),
        ],
    })))
}

async fn ledger(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let Some(board) = ctx.installation.board(&campaign).await? else {
        return Err(Problem::missing("this campaign"));
    };
    let of = (&campaign, board.preset.as_str());
    let shown = abandonment(ctx.installation.rows.db().as_ref(), of, ctx.installation.now()).await?;
    Ok(Done::Read(shown))
}
