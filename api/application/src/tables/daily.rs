//! One Beijing day over all campaigns: the main metrics of each and of all together, and the targets that
//! were reached.

use crate::figures::{MetricResponse, describe_metric, find};
use chrono::NaiveDate;
use domain::calendar::PeriodLength;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::time::Timestamp;
use projections::ReadDb;
use projections::metrics::{Metric, Scope, catalog};
use projections::views::metric_board::{Dimension, Figure, GROUPS_MAX, figures, total_figures};
use projections::views::target_board::targets;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The columns of the table, with metric and version, so that a column's meaning never changes.
macro_rules! columns {
    ($($member:ident => $name:literal, $version:literal;)*) => {
        const MAIN: &[(&str, u32)] = &[$(($name, $version),)*];

        /// A figure in each column; null if there is nothing.
        #[derive(Debug, Default, Serialize, JsonSchema)]
        struct Cells { $($member: Option<Cell>,)* }

        impl Cells {
            /// Returns the cells from the figure of each column, in order.
            fn of(figures: impl IntoIterator<Item = Option<Cell>>) -> Self {
                let mut figures = figures.into_iter();
                Self { $($member: figures.next().flatten(),)* }
            }
        }
    };
}

columns! {
    dialed_calls_v1 => "dialed_calls", 1;
    answered_calls_v1 => "answered_calls", 1;
    answer_ratio_per_call_v1 => "answer_ratio_per_call", 1;
    answer_ratio_per_call_v2 => "answer_ratio_per_call", 2;
    answer_ratio_per_customer_v1 => "answer_ratio_per_customer", 1;
    answer_ratio_per_customer_v2 => "answer_ratio_per_customer", 2;
    reach_ratio_v1 => "reach_ratio", 1;
    talk_ms_mean_v1 => "talk_ms_mean", 1;
    conversions_v1 => "conversions", 1;
    conversion_ratio_v1 => "conversion_ratio", 1;
    conversion_ratio_v2 => "conversion_ratio", 2;
    abandon_ratio_house_v1 => "abandon_ratio_house", 1;
}

/// Returns the column name of a metric with its version, for example `answer_ratio_per_call_v2`.
fn column(metric: &Metric) -> String {
    format!("{}_v{}", metric.name, metric.version)
}

/// A figure in a cell of the daily table.
#[derive(Debug, Serialize, JsonSchema)]
struct Cell {
    value: Option<f64>,
    numerator: i64,
    denominator: Option<i64>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct CampaignDay {
    campaign: String,
    #[serde(flatten)]
    cells: Cells,
}

/// The description of a column of the daily table.
#[derive(Debug, Serialize, JsonSchema)]
struct Column {
    #[schemars(example = &"answer_ratio_per_call_v1")]
    column: String,
    #[serde(flatten)]
    metric: MetricResponse,
}

/// A target compared with the actual figure of the day.
#[derive(Debug, Serialize, JsonSchema)]
struct TargetReached {
    campaign: CampaignId,
    metric: String,
    version: u32,
    target_ratio: f64,
    actual_ratio: f64,
    reached: bool,
}

/// The daily table: one Beijing day over all campaigns.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DailyTable {
    #[schemars(example = &"daily")]
    report: &'static str,
    date: String,
    from: Timestamp,
    to: Timestamp,
    campaigns: Vec<CampaignDay>,
    totals: Cells,
    targets: Vec<TargetReached>,
    columns: Vec<Column>,
    /// False if there are more campaigns than one answer can have.
    complete: bool,
    position: String,
    recorded_at: Option<Timestamp>,
}

type FiguresByCampaign = BTreeMap<String, Figure>;

/// Returns the daily table of one Beijing day: the main metrics of every campaign and in total, and the
/// targets.
pub async fn daily(db: &dyn ReadDb, day: NaiveDate) -> Result<DailyTable, Problem> {
    let span = PeriodLength::Day.of(day);
    let scope = Scope {
        campaign: None,
        from: Some(span.from),
        to: Some(span.to),
    };
    let metrics: Vec<&Metric> = MAIN
        .iter()
        .map(|(name, version)| find(name, Some(*version)))
        .collect::<Result<_, _>>()?;
    let (whole, complete) = total_figures(db, catalog()?, &metrics, &scope).await?;
    let mut columns = Vec::with_capacity(metrics.len());
    for metric in &metrics {
        columns.push((*metric, by_campaign(db, metric, &scope).await?));
    }
    let mut names: Vec<&String> = columns.iter().flat_map(|(_, of)| of.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let row = |campaign: &&String| CampaignDay {
        campaign: (*campaign).clone(),
        cells: Cells::of(columns.iter().map(|(_, of)| cell(of.get(*campaign)))),
    };
    let described = metrics.iter().map(|metric| Column {
        column: column(metric),
        metric: describe_metric(metric),
    });
    Ok(DailyTable {
        report: "daily",
        date: span.label,
        from: span.from,
        to: span.to,
        campaigns: names.iter().map(row).collect(),
        totals: Cells::of(whole.iter().map(|figure| cell(figure.as_ref()))),
        targets: reached(db, &scope).await?,
        columns: described.collect(),
        complete: names.len() < GROUPS_MAX,
        position: complete.position.to_string(),
        recorded_at: complete.recorded_at,
    })
}

async fn by_campaign(db: &dyn ReadDb, metric: &Metric, scope: &Scope) -> Result<FiguresByCampaign, Problem> {
    let (found, _) = figures(db, catalog()?, metric, scope, Some(Dimension::Campaign)).await?;
    let keyed = found.into_iter().filter_map(|one| Some((one.key.clone()?, one)));
    Ok(keyed.collect())
}

fn cell(figure: Option<&Figure>) -> Option<Cell> {
    figure.map(|figure| Cell {
        value: figure.value,
        numerator: figure.numerator,
        denominator: figure.denominator,
    })
}

/// Returns the targets of campaigns compared with their figures of that day. Targets without a figure are
/// left out.
async fn reached(db: &dyn ReadDb, scope: &Scope) -> Result<Vec<TargetReached>, Problem> {
    let mut known: BTreeMap<(String, u32), FiguresByCampaign> = BTreeMap::new();
    let mut shown = Vec::new();
    for target in targets(db, None).await? {
        let key = (target.metric.clone(), target.version);
        if !known.contains_key(&key) {
            let metric = find(&target.metric, Some(target.version))?;
            known.insert(key.clone(), by_campaign(db, metric, scope).await?);
        }
        let campaign: &CampaignId = &target.campaign;
        let figure = known.get(&key).and_then(|of| of.get(campaign.as_str()));
        let Some(actual) = figure.and_then(|figure| figure.value) else {
            continue;
        };
        let wanted = f64::from(target.per_mille) / 1_000.0;
        shown.push(TargetReached {
            campaign: campaign.clone(),
            metric: target.metric,
            version: target.version,
            target_ratio: wanted,
            actual_ratio: actual,
            reached: actual >= wanted,
        });
    }
    Ok(shown)
}
