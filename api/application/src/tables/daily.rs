//! One Beijing day over all campaigns: the main metrics of each, of all together, and the targets they
//! reached.

use crate::calendar::PeriodLength;
use crate::figures::{describe_metric, find};
use chrono::NaiveDate;
use domain::ids::CampaignId;
use domain::problem::Problem;
use projections::ReadDb;
use projections::metrics::{Metric, Scope, catalog};
use projections::views::metric_board::{By, Figure, GROUPS_MAX, figures, whole_figures};
use projections::views::target_board::targets;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The columns of the table: metric and version, so that what a column says stays what it said.
const MAIN: [(&str, u32); 12] = [
    ("dialed_calls", 1),
    ("answered_calls", 1),
    ("answer_ratio_per_call", 1),
    ("answer_ratio_per_call", 2),
    ("answer_ratio_per_customer", 1),
    ("answer_ratio_per_customer", 2),
    ("reach_ratio", 1),
    ("talk_ms_mean", 1),
    ("conversions", 1),
    ("conversion_ratio", 1),
    ("conversion_ratio", 2),
    ("abandon_ratio_house", 1),
];

/// A column's name: `answer_ratio_per_call_v2`.
fn column(metric: &Metric) -> String {
    format!("{}_v{}", metric.name, metric.version)
}

type ByCampaign = BTreeMap<String, Figure>;

/// The table of a day.
pub async fn daily(db: &dyn ReadDb, day: NaiveDate) -> Result<Value, Problem> {
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
    let (whole, complete) = whole_figures(db, (catalog()?, &metrics), &scope).await?;
    let mut columns = Vec::with_capacity(metrics.len());
    for metric in &metrics {
        columns.push((*metric, by_campaign(db, metric, &scope).await?));
    }
    let mut names: Vec<&String> = columns.iter().flat_map(|(_, of)| of.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let row = |campaign: &&String| {
        let cells = columns
            .iter()
            .map(|(metric, of)| (column(metric), cell(of.get(*campaign))));
        let mut row: Map<String, Value> = cells.collect();
        row.insert("campaign".to_owned(), json!(campaign));
        Value::Object(row)
    };
    let totals = metrics.iter().zip(&whole);
    let totals = totals.map(|(metric, figure)| (column(metric), cell(figure.as_ref())));
    let described = metrics.iter().map(|metric| {
        let mut shown = describe_metric(metric);
        shown.insert("column".to_owned(), json!(column(metric)));
        Value::Object(shown)
    });
    Ok(json!({
        "report": "daily",
        "date": span.label,
        "from": span.from,
        "to": span.to,
        "campaigns": names.iter().map(row).collect::<Vec<_>>(),
        "totals": totals.collect::<Map<String, Value>>(),
        "targets": reached(db, &scope).await?,
        "columns": described.collect::<Vec<_>>(),
        "complete": names.len() < GROUPS_MAX,
        "position": complete.position.to_string(),
        "recorded_at": complete.recorded_at,
    }))
}

async fn by_campaign(db: &dyn ReadDb, metric: &Metric, scope: &Scope) -> Result<ByCampaign, Problem> {
    let (found, _) = figures(db, (catalog()?, metric), scope, Some(By::Campaign)).await?;
    let keyed = found.into_iter().filter_map(|one| Some((one.key.clone()?, one)));
    Ok(keyed.collect())
}

fn cell(figure: Option<&Figure>) -> Value {
    figure.map_or(Value::Null, |figure| {
        json!({ "value": figure.value, "numerator": figure.numerator, "denominator": figure.denominator })
    })
}

/// The targets of campaigns that have a figure for them on that day.
async fn reached(db: &dyn ReadDb, scope: &Scope) -> Result<Vec<Value>, Problem> {
    let mut known: BTreeMap<(String, u32), ByCampaign> = BTreeMap::new();
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
        shown.push(json!({
            "campaign": campaign, "metric": target.metric, "version": target.version,
            "target_ratio": wanted, "actual_ratio": actual, "reached": actual >= wanted,
        }));
    }
    Ok(shown)
}
