//! The route of a campaign's report: 接通率, 平均通话时长, 转化率, dispositions, and ECharts options (REP-1, REP-5).

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::as_of::{Moment, PARAMETERS};
use application::figures::{
    Chart, Completeness, FORMULA, FigureResponse, MetricResponse, MetricVersions, PEOPLE, PeopleFigures,
    QualifiedAnswer, Series, Source, describe_figure, describe_metric, find, named, versions,
};
use application::installation::Installation;
use domain::campaign::CampaignStatus;
use domain::disposition::{Disposition, Outcome};
use domain::ids::CampaignId;
use domain::problem::Problem;
use projections::metrics::{Metric, Scope, catalog};
use projections::views::campaign_board::{
    self, CallFigures, CampaignBoard, HourFigures, ResultCount, list_hours, report,
};
use projections::views::metric_board::{MetricBoard, total_figures};
use projections::{ReadDb, View};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Number;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/campaigns/{id}/report", "Get a campaign's report", show)
            .describe(
                "Returns the figures of a campaign in total and by disposition, hour, trunk and flow \
                 version, now or at a past moment.",
            )
            .allow_caching()
            .needs(Permission::CampaignsRead, EndpointSubject::Campaign)
            .query(PARAMETERS),
        Endpoint::get(
            "/api/v1/campaigns/{id}/report/chart",
            "Get a campaign's answer rate by hour as a chart",
            chart,
        )
        .describe("Returns ECharts options.")
        .allow_caching()
        .needs(Permission::CampaignsRead, EndpointSubject::Campaign)
        .query(PARAMETERS),
    ]
}

async fn source(
    installation: &Installation,
    moment: Moment,
    campaign: &CampaignId,
) -> Result<Source, Problem> {
    let views: Vec<Arc<dyn View>> = vec![Arc::new(CampaignBoard), Arc::new(MetricBoard)];
    Source::of(installation, moment, campaign, views).await
}

/// Returns every metric over the campaign in its headline version, with related ones, and the definitions of
/// the report's own members.
async fn metrics(
    db: &dyn ReadDb,
    campaign: &CampaignId,
) -> Result<(Vec<MetricFigure>, Definitions), Problem> {
    let mut names: Vec<&str> = catalog()?
        .metrics()
        .iter()
        .map(|metric| metric.name.as_str())
        .collect();
    names.dedup();
    let mut listed: Vec<&Metric> = Vec::new();
    for name in names {
        let metric = find(name, None)?;
        listed.push(metric);
        listed.extend(catalog()?.beside(metric));
    }
    let scope = Scope {
        campaign: Some(campaign.clone()),
        ..Scope::default()
    };
    let (figures, _) = total_figures(db, catalog()?, &listed, &scope).await?;
    let known = listed.iter().zip(&figures);
    let shown = known.filter_map(|(metric, figure)| {
        Some(MetricFigure {
            metric: describe_metric(metric),
            figure: describe_figure(figure.as_ref()?),
        })
    });
    let shown = shown.collect();
    let mut words = FORMULA.iter().chain(&PEOPLE).map(|(_, name, version)| {
        let metric = find(name, Some(*version))?;
        Ok::<_, Problem>(format!(
            "{} v{version}: {} {}",
            metric.label.zh, metric.definition.zh, metric.definition.en
        ))
    });
    let mut next = || words.next().unwrap_or(Ok(String::new()));
    let definitions = Definitions {
        answer_ratio: next()?,
        talk_ms_mean: next()?,
        conversion_ratio: next()?,
        answer_ratio_people: next()?,
        conversion_ratio_people: next()?,
    };
    Ok((shown, definitions))
}

/// A metric with its figure for the campaign.
#[derive(Debug, Serialize, JsonSchema)]
struct MetricFigure {
    #[serde(flatten)]
    metric: MetricResponse,
    #[serde(flatten)]
    figure: FigureResponse,
}

/// Definitions of the report's own members, in the order of `FORMULA` and `PEOPLE`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "answer_ratio": "in words", "talk_ms_mean": "in words", "conversion_ratio": "in words",
    "answer_ratio_people": "in words", "conversion_ratio_people": "in words"
}]))]
struct Definitions {
    answer_ratio: String,
    talk_ms_mean: String,
    conversion_ratio: String,
    answer_ratio_people: String,
    conversion_ratio_people: String,
}

/// The report of a campaign.
#[derive(Debug, Serialize, JsonSchema)]
struct CampaignReportResponse {
    campaign: CampaignId,
    status: CampaignStatus,
    answer_ratio: Option<f64>,
    talk_ms_mean: Option<f64>,
    conversion_ratio: Option<f64>,
    dialed: u64,
    answered: u64,
    /// Of the answered calls: answered by a person.
    person_answered: u64,
    ended: u64,
    conversions: u64,
    enrolled: u64,
    settled: u64,
    /// Dispositions of dialed calls; their sum is `ended`. Calls that were never dialed are in `withdrawn`.
    #[schemars(with = "BTreeMap<Disposition, u64>")]
    dispositions: BTreeMap<String, u64>,
    withdrawn: u64,
    #[schemars(with = "BTreeMap<Outcome, u64>")]
    outcomes: BTreeMap<String, u64>,
    /// Calls that were corrected after they ended, by old and new disposition.
    corrections: Vec<ResultCount>,
    /// Final dispositions of enrolments.
    #[schemars(with = "BTreeMap<Disposition, u64>")]
    settled_as: BTreeMap<String, u64>,
    by_trunk: Vec<(String, CallFigures)>,
    by_flow_version: Vec<(String, CallFigures)>,
    hours: Vec<HourFigures>,
    #[serde(flatten)]
    people: PeopleFigures,
    versions: MetricVersions,
    metrics: Vec<MetricFigure>,
    definitions: Definitions,
    chart: Chart,
    as_of_position: Option<String>,
    #[serde(flatten)]
    completeness: Completeness,
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<CampaignReportResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let source = source(&ctx.installation, Moment::of(input.query())?, &campaign).await?;
    let report = report(source.db.as_ref(), &campaign).await?;
    let report = report.ok_or_else(|| source.missing())?;
    let calls = &report.campaign.calls;
    let is_withdrawn = |count: &ResultCount| count.code == Disposition::Withdrawn.code();
    let (never_dialed, dialed): (Vec<ResultCount>, Vec<ResultCount>) =
        report.dispositions.iter().cloned().partition(is_withdrawn);
    let (metrics, definitions) = metrics(source.db.as_ref(), &campaign).await?;
    Ok(ReadReply(CampaignReportResponse {
        people: PeopleFigures::from(calls),
        campaign,
        status: report.campaign.status,
        answer_ratio: calls.answer_ratio,
        talk_ms_mean: calls.talk_ms_mean,
        conversion_ratio: calls.conversion_ratio,
        dialed: calls.dialed,
        answered: calls.answered,
        person_answered: calls.person_answered,
        ended: calls.ended,
        conversions: calls.conversions,
        enrolled: report.campaign.enrolled,
        settled: report.campaign.settled,
        dispositions: counts(&dialed),
        withdrawn: never_dialed.iter().map(|count| count.count).sum(),
        outcomes: counts(&report.outcomes),
        corrections: report.corrections,
        settled_as: counts(&report.settled),
        by_trunk: report.by_trunk,
        by_flow_version: report.by_flow_version,
        versions: versions(FORMULA.iter().chain(&PEOPLE))?,
        metrics,
        definitions,
        chart: charted(&report.hours)?,
        hours: report.hours,
        as_of_position: source.position.map(|position| position.to_string()),
        completeness: source.completeness,
    }))
}

async fn chart(ctx: Ctx, input: Input) -> Result<ReadReply<QualifiedAnswer<Chart>>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let source = source(&ctx.installation, Moment::of(input.query())?, &campaign).await?;
    let db = source.db.as_ref();
    if campaign_board::get(db, &campaign).await?.is_none() {
        return Err(source.missing());
    }
    let answer = charted(&list_hours(db, &campaign).await?)?;
    Ok(ReadReply(QualifiedAnswer {
        answer,
        completeness: source.completeness,
    }))
}

/// Returns the chart with the name and version of its metric, and next to it the series of answers by people
/// only.
fn charted(hours: &[HourFigures]) -> Result<Chart, Problem> {
    let ([(_, name, version), ..], [(_, people, people_version), ..]) = (FORMULA, PEOPLE);
    let mut chart = options(hours);
    chart.metric = Some(named(find(name, Some(version))?));
    chart.put_beside(
        named(find(people, Some(people_version))?),
        percents(hours, |calls| calls.person_answered),
    );
    Ok(chart)
}

fn counts(counts: &[ResultCount]) -> BTreeMap<String, u64> {
    let by_code = counts.iter().map(|one| (one.code.clone(), one.count));
    by_code.collect()
}

/// Returns ECharts options of the answer rate in percent by hour, as REP-5 requires them.
fn options(hours: &[HourFigures]) -> Chart {
    let labels = hours.iter().map(|hour| hour.label.clone()).collect();
    let answered = percents(hours, |calls| calls.answered);
    Chart::new(labels, vec![Series::new("接通率", answered)])
}

/// Returns for each hour the share of `part` in the dialed calls in whole percent, rounded; 0 for an hour
/// without a dialed call.
fn percents(hours: &[HourFigures], part: fn(&CallFigures) -> u64) -> Vec<Option<Number>> {
    let of_hour = |hour: &HourFigures| {
        let rounded = part(&hour.calls) * 100 + hour.calls.dialed / 2;
        Some(rounded.checked_div(hour.calls.dialed).unwrap_or(0).into())
    };
    hours.iter().map(of_hour).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use application::reply_value::value;
    use domain::time::Timestamp;
    use serde_json::Value;

    #[test]
    fn a_chart_is_as_the_requirements_write_it() {
        let hour = |label: &str, dialed, answered| HourFigures {
            hour_at: Timestamp::EPOCH,
            date: "2026-03-02".to_owned(),
            label: label.to_owned(),
            calls: CallFigures {
                dialed,
                answered,
                ..CallFigures::default()
            },
        };
        let shown = value(&options(&[hour("08:00", 100, 45), hour("10:00", 200, 124)]));
        let expected: Value = serde_json::from_str(
            "{\"xAxis\":{\"type\":\"category\",\"data\":[\"08:00\",\"10:00\"]},\"yAxis\":{\"type\":\"value\"},\
             \"series\":[{\"name\":\"接通率\",\"type\":\"bar\",\"data\":[45,62]}]}",
        )
        .unwrap();
        assert_eq!(shown, expected);
    }
}
