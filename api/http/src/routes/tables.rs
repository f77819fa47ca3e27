//! Routes of tables: the daily report, a campaign's calls by region and by industry, and its abandonment.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::as_of::{AS_OF, Moment, PARAMETERS, VALID_AT};
use application::figures::{Chart, MetricVersions, QualifiedAnswer, Series, Source, versions};
use application::parameter::Parameter;
use application::segments::Industries;
use application::tables::{
    Abandonment, AbandonmentQuery, DailyTable, abandonment, daily, load_budget_policy,
};
use chrono::NaiveDate;
use domain::calendar::beijing_date;
use domain::ids::CampaignId;
use domain::problem::Problem;
use projections::View;
use projections::views::campaign_board::{self, CampaignBoard};
use projections::views::metric_board::MetricBoard;
use projections::views::region_board::{REGIONS_MAX, RegionBoard, RegionRow, regions};
use projections::views::target_board::TargetBoard;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/reports/daily", "Get the daily report", day)
            .describe(
                "Returns the main metrics of one Beijing day for each campaign and for all, and the \
                 targets that were reached.",
            )
            .needs(Permission::FiguresRead, EndpointSubject::CampaignAsked)
            .query(
                const {
                    &[
                        Parameter::day("date", "A day, for example 2026-11-20; default: today in Beijing"),
                        AS_OF,
                        VALID_AT,
                    ]
                },
            ),
        Endpoint::get(
            "/api/v1/campaigns/{id}/regions",
            "Get a campaign's calls by region",
            by_region,
        )
        .describe(
            "The region of the callee is what the rules of the permit used: the time zones of the calling \
             window. It is `unknown` if none was judged.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::Campaign)
        .query(PARAMETERS),
        Endpoint::get(
            "/api/v1/campaigns/{id}/regions/chart",
            "Get a campaign's calls by region as a chart",
            region_chart,
        )
        .describe("Returns dialed, answered and converted calls as ECharts options.")
        .needs(Permission::FiguresRead, EndpointSubject::Campaign)
        .query(PARAMETERS),
        Endpoint::get(
            "/api/v1/campaigns/{id}/industries",
            "Get a campaign's calls by industry",
            by_industry,
        )
        .describe("The industry is the customer's attribute now, or at the requested moment.")
        .needs(Permission::FiguresRead, EndpointSubject::Campaign)
        .query(PARAMETERS),
        Endpoint::get(
            "/api/v1/campaigns/{id}/abandonment",
            "Get a campaign's abandon rate",
            ledger,
        )
        .describe(
            "Returns the abandon rate of the last 30 days under every definition, with the events behind \
             each.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::Campaign)
        .query(PARAMETERS),
    ]
}

async fn day(ctx: Ctx, input: Input) -> Result<ReadReply<QualifiedAnswer<DailyTable>>, Problem> {
    let named: Option<NaiveDate> = match input.text("date").map(str::parse) {
        None => None,
        Some(Ok(date)) => Some(date),
        Some(Err(_)) => {
            return Err(Problem::invalid(
                "date-invalid",
                "date must be a date such as 2026-11-20",
            ));
        }
    };
    let views: Vec<Arc<dyn View>> = vec![Arc::new(MetricBoard), Arc::new(TargetBoard)];
    let source = Source::of_all(&ctx.installation, Moment::of(input.query())?, views).await?;
    // Without a date: the day of the requested moment.
    let date = named.unwrap_or_else(|| beijing_date(source.at.unwrap_or_else(|| ctx.installation.now())));
    let answer = daily(source.db.as_ref(), date).await?;
    Ok(ReadReply(QualifiedAnswer {
        answer,
        completeness: source.completeness,
    }))
}

/// The metrics of a region: member, metric name and version.
const OF_REGIONS: [(&str, &str, u32); 4] = [
    ("answer_ratio_per_call", "answer_ratio_per_call", 1),
    ("answer_ratio_per_call_people", "answer_ratio_per_call", 2),
    ("conversion_ratio", "conversion_ratio", 1),
    ("conversion_ratio_people", "conversion_ratio", 2),
];

async fn rows(ctx: &Ctx, moment: Moment, campaign: &CampaignId) -> Result<(Source, Vec<RegionRow>), Problem> {
    let views: Vec<Arc<dyn View>> = vec![Arc::new(CampaignBoard), Arc::new(RegionBoard)];
    let source = Source::of(&ctx.installation, moment, campaign, views).await?;
    if campaign_board::get(source.db.as_ref(), campaign).await?.is_none() {
        return Err(source.missing());
    }
    let rows = regions(source.db.as_ref(), campaign).await?;
    Ok((source, rows))
}

async fn by_region(ctx: Ctx, input: Input) -> Result<ReadReply<QualifiedAnswer<Regions>>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let (source, rows) = rows(&ctx, Moment::of(input.query())?, &campaign).await?;
    let answer = Regions {
        campaign,
        complete: rows.len() < REGIONS_MAX,
        items: rows.into_iter().map(describe).collect(),
        versions: versions(&OF_REGIONS)?,
        label_zh: "地区（按许可时判断呼叫时段所用的时区；事件中没有归属地时如此，未判断则为 unknown）",
        label_en: "region: the time zones in which the permit judged the calling window, since events carry no \
            address; unknown where none was judged",
        position: source.position.map(|position| position.to_string()),
    };
    Ok(ReadReply(QualifiedAnswer {
        answer,
        completeness: source.completeness,
    }))
}

/// Calls of a campaign by region.
#[derive(Debug, Serialize, JsonSchema)]
struct Regions {
    campaign: CampaignId,
    items: Vec<Region>,
    versions: MetricVersions,
    /// False if there are more regions than one reply holds.
    complete: bool,
    label_zh: &'static str,
    label_en: &'static str,
    position: Option<String>,
}

/// A region with its ratios per call; a ratio without calls is null.
#[derive(Debug, Serialize, JsonSchema)]
struct Region {
    #[serde(flatten)]
    row: RegionRow,
    answer_ratio_per_call: Option<f64>,
    /// Share of dialed calls that a person answered.
    answer_ratio_per_call_people: Option<f64>,
    conversion_ratio: Option<f64>,
    /// Share of conversions in calls that a person answered.
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

async fn region_chart(ctx: Ctx, input: Input) -> Result<ReadReply<QualifiedAnswer<Chart>>, Problem> {
    let campaign = input.id(0, "this campaign")?;
    let (source, rows) = rows(&ctx, Moment::of(input.query())?, &campaign).await?;
    let label = |row: &RegionRow| match &row.home_location {
        Some(location) => format!("{} ({location})", row.region),
        None => row.region.clone(),
    };
    let series = |name: &str, of: fn(&RegionRow) -> u64| {
        let data = rows.iter().map(|row| Some(of(row).into()));
        Series::new(name, data.collect())
    };
    let answer = Chart::new(
        rows.iter().map(label).collect(),
        vec![
            series("拨号量", |row| row.dialed),
            series("接听数", |row| row.answered),
            series("转化数", |row| row.converted),
        ],
    );
    Ok(ReadReply(QualifiedAnswer {
        answer,
        completeness: source.completeness,
    }))
}

async fn by_industry(ctx: Ctx, input: Input) -> Result<ReadReply<QualifiedAnswer<Industries>>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let moment = Moment::of(input.query())?;
    let found = ctx.installation.industries_of(campaign, moment);
    Ok(ReadReply(found.await?))
}

async fn ledger(ctx: Ctx, input: Input) -> Result<ReadReply<QualifiedAnswer<Abandonment>>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let views: Vec<Arc<dyn View>> = vec![Arc::new(CampaignBoard), Arc::new(MetricBoard)];
    let moment = Moment::of(input.query())?;
    let source = Source::of(&ctx.installation, moment, &campaign, views).await?;
    let db = source.db.as_ref();
    if campaign_board::get(db, &campaign).await?.is_none() {
        return Err(source.missing());
    }
    // The definition that is binding was fixed when the campaign was created.
    let counting = load_budget_policy(&ctx.installation, &campaign).await?;
    // The window of 30 days ends at the requested moment.
    let at = source.at.unwrap_or_else(|| ctx.installation.now());
    let asked = AbandonmentQuery {
        campaign: &campaign,
        preset: counting.preset.code(),
        binds: counting.binds,
        at,
        as_of: source.position.filter(|_| source.known.is_some()),
    };
    let answer = abandonment(db, &asked).await?;
    Ok(ReadReply(QualifiedAnswer {
        answer,
        completeness: source.completeness,
    }))
}
