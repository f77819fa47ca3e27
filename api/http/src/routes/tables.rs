//! Tables: the daily report, line costs, a campaign's regions and its abandonment ledger.

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use application::figures::{Chart, Series, Versions, versions};
use application::installation::Installation;
use application::parameter::Parameter;
use application::tables::{Abandonment, CostTable, Costing, Daily, abandonment, cost_table, daily};
use application::targets::campaign_of;
use chrono::NaiveDate;
use domain::calendar::beijing_date;
use domain::ids::CampaignId;
use domain::problem::Problem;
use projections::views::region_board::{REGIONS_MAX, RegionRow, regions};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/reports/daily",
            "One Beijing day: the main metrics of each campaign and of all, and the targets reached",
            day,
        )
        .needs(Permission::FiguresRead, About::CampaignAsked)
        .query(
            const {
                &[Parameter::day(
                    "date",
                    "A day such as 2026-11-20; default today in Beijing",
                )]
            },
        ),
        Endpoint::get(
            "/api/v1/reports/costs",
            "Line costs by campaign, ending and conversion: seconds as carriers bill them, times a tariff",
            costs,
        )
        .needs(Permission::FiguresRead, About::Everybody)
        .query(
            const {
                &[
                    Parameter::campaign("Only this campaign"),
                    Parameter::text("from", "First day, Beijing", "2026-11-20"),
                    Parameter::text("to", "The day before which it ends", "2026-11-21"),
                    Parameter::one_of(
                        "step",
                        "Seconds to which each call is rounded up: 60 (default), 6 or 1",
                        &["60", "6", "1"],
                    ),
                    Parameter::number("per_minute_fen", "Tariff in fen a minute, a whole number", 15),
                ]
            },
        ),
        Endpoint::get(
            "/api/v1/campaigns/{id}/regions",
            "Calls of a campaign by region of the callee, as far as the permit's rules saw one",
            by_region,
        )
        .needs(Permission::FiguresRead, About::Campaign),
        Endpoint::get(
            "/api/v1/campaigns/{id}/regions/chart",
            "Dialed, answered and converted calls by region, as ECharts options",
            region_chart,
        )
        .needs(Permission::FiguresRead, About::Campaign),
        Endpoint::get(
            "/api/v1/campaigns/{id}/abandonment",
            "The abandon rate of the last 30 days under every definition, with the events behind each",
            ledger,
        )
        .needs(Permission::FiguresRead, About::Campaign),
    ]
}

async fn day(ctx: Ctx, input: Input) -> Result<Read<Daily>, Problem> {
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
    daily(ctx.installation.rows.db().as_ref(), date).await.map(Read)
}

async fn costs(ctx: Ctx, input: Input) -> Result<Read<CostTable>, Problem> {
    let campaign = campaign_of(input.text("campaign"))?;
    let asked = Costing::read(
        campaign,
        input.text("from"),
        input.text("to"),
        input.text("step"),
        input.number("per_minute_fen")?,
    )?;
    let mut shown = cost_table(ctx.installation.rows.db().as_ref(), &asked).await?;
    let position = ctx.installation.rows.position();
    shown.position = Some(position.map(|position| position.to_string()));
    Ok(Read(shown))
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

async fn by_region(ctx: Ctx, input: Input) -> Result<Read<Regions>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let rows = rows(&ctx.installation, &campaign).await?;
    Ok(Read(Regions {
        campaign,
        complete: rows.len() < REGIONS_MAX,
        items: rows.into_iter().map(describe).collect(),
        versions: versions(&OF_REGIONS)?,
        label_zh: "地区（按许可时判断呼叫时段所用的时区；事件中没有归属地时如此，未判断则为 unknown）",
        label_en: "region: the time zones in which the permit judged the calling window, since events carry no \
            address; unknown where none was judged",
        position: ctx
            .installation
            .rows
            .position()
            .map(|position| position.to_string()),
    }))
}

/// Calls by region.
#[derive(Debug, Serialize, JsonSchema)]
struct Regions {
    campaign: CampaignId,
    items: Vec<Region>,
    versions: Versions,
    /// False where there are more regions than one answer holds.
    complete: bool,
    label_zh: &'static str,
    label_en: &'static str,
    position: Option<String>,
}

/// A region with its ratios per call; `null` over nothing.
#[derive(Debug, Serialize, JsonSchema)]
struct Region {
    #[serde(flatten)]
    row: RegionRow,
    answer_ratio_per_call: Option<f64>,
    /// Of those dialed, answered by a person.
    answer_ratio_per_call_people: Option<f64>,
    conversion_ratio: Option<f64>,
    /// Of those that a person answered.
    conversion_ratio_people: Option<f64>,
}

fn describe(row: RegionRow) -> Region {
    let ratio = |part: u64, whole: u64| {
        let (part, whole) = (u32::try_from(part).ok()?, u32::try_from(whole).ok()?);
        (whole > 0).then(|| f64::from(part) / f64::from(whole))
    };
    Region {
        answer_ratio_per_call: ratio(row.answered, row.dialed),
        answer_ratio_per_call_people: ratio(row.person_answered, row.dialed),
        conversion_ratio: ratio(row.converted, row.answered),
        conversion_ratio_people: ratio(row.converted, row.person_answered),
        row,
    }
}

async fn region_chart(ctx: Ctx, input: Input) -> Result<Read<Chart>, Problem> {
    let rows = rows(&ctx.installation, &input.id(0, "this campaign")?).await?;
    let label = |row: &RegionRow| match &row.home_location {
        Some(location) => format!("{} ({location})", row.region),
        None => row.region.clone(),
    };
    let series = |name: &str, of: fn(&RegionRow) -> u64| {
        let data = rows.iter().map(|row| Some(of(row).into()));
        Series::new(name, data.collect())
    };
    Ok(Read(Chart::new(
        rows.iter().map(label).collect(),
        vec![
            series("拨号量", |row| row.dialed),
            series("接听数", |row| row.answered),
            series("转化数", |row| row.converted),
        ],
    )))
}

async fn ledger(ctx: Ctx, input: Input) -> Result<Read<Abandonment>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let Some(board) = ctx.installation.board(&campaign).await? else {
        return Err(Problem::missing("this campaign"));
    };
    let db = ctx.installation.rows.db();
    let shown = abandonment(db.as_ref(), &campaign, &board.preset, ctx.installation.now()).await?;
    Ok(Read(shown))
}
