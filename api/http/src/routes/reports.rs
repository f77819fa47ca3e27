//! A campaign's report: 接通率, 平均通话时长, 转化率, dispositions, and ECharts options (REP-1, REP-5).

use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::Done;
use application::as_of::{Moment, PARAMETERS};
use application::figures::{
    FORMULA, PEOPLE, Source, describe_figure, describe_metric, find, named, versions,
};
use application::installation::Installation;
use domain::disposition::Disposition;
use domain::ids::CampaignId;
use domain::problem::Problem;
use projections::metrics::{Metric, Scope, catalog};
use projections::views::campaign_board::{self, CampaignBoard, Count, Hour, Report, Share, hourly, report};
use projections::views::metric_board::{MetricBoard, whole_figures};
use projections::{ReadDb, View};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/campaigns/{id}/report",
            "Figures of a campaign, whole and by disposition, hour, trunk and flow version",
            |ctx, input| Box::pin(show(ctx, input)),
        )
        .query(PARAMETERS),
        Endpoint::get(
            "/api/v1/campaigns/{id}/report/chart",
            "The answer rate by hour, as ECharts options",
            |ctx, input| Box::pin(chart(ctx, input)),
        )
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

/// Every metric over the campaign at the version that is meant without one, with those beside it; and what
/// the report's own members mean.
async fn metrics(db: &dyn ReadDb, campaign: &CampaignId) -> Result<(Value, Value), Problem> {
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
    let (figures, _) = whole_figures(db, (catalog()?, &listed), &scope).await?;
    let known = listed.iter().zip(&figures);
    let shown = known.filter_map(|(metric, figure)| {
        let mut shown = describe_metric(metric);
        shown.extend(describe_figure(figure.as_ref()?));
        Some(Value::Object(shown))
    });
    let shown: Vec<Value> = shown.collect();
    let mut definitions = serde_json::Map::new();
    for (member, name, version) in FORMULA.iter().chain(&PEOPLE).copied() {
        let metric = find(name, Some(version))?;
        let words = format!(
            "{} v{version}: {} {}",
            metric.label.zh, metric.definition.zh, metric.definition.en
        );
        definitions.insert(member.to_owned(), json!(words));
    }
    Ok((Value::Array(shown), Value::Object(definitions)))
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let source = source(&ctx.installation, Moment::of(input.query())?, &campaign).await?;
    let report = report(source.db.as_ref(), &campaign).await?;
    let report = report.ok_or_else(|| source.missing())?;
    let mut body = describe(&campaign, &report);
    if let Some(members) = body.as_object_mut() {
        let (metrics, definitions) = metrics(source.db.as_ref(), &campaign).await?;
        members.insert("versions".to_owned(), versions(FORMULA.iter().chain(&PEOPLE))?);
        members.insert("metrics".to_owned(), metrics);
        members.insert("definitions".to_owned(), definitions);
        members.insert("chart".to_owned(), charted(&report.hours)?);
        let position = source.position.map(|position| position.to_string());
        members.insert("as_of_position".to_owned(), json!(position));
        members.extend(source.known.map(|known| ("known".to_owned(), known)));
    }
    Ok(Done::Read(body))
}

fn describe(campaign: &CampaignId, report: &Report) -> Value {
    let calls = &report.campaign.calls;
    let is_withdrawn = |count: &Count| count.code == Disposition::Withdrawn.code();
    let (never_dialed, dialed): (Vec<Count>, Vec<Count>) =
        report.dispositions.iter().cloned().partition(is_withdrawn);
    let withdrawn: u64 = never_dialed.iter().map(|count| count.count).sum();
    json!({
        "campaign": campaign,
        "status": report.campaign.status,
        "answer_ratio": calls.answer_ratio,
        "talk_ms_mean": calls.talk_ms_mean,
        "conversion_ratio": calls.conversion_ratio,
        "answer_ratio_people": calls.answer_ratio_people,
        "conversion_ratio_people": calls.conversion_ratio_people,
        "dialed": calls.dialed,
        "answered": calls.answered,
        "person_answered": calls.person_answered,
        "ended": calls.ended,
        "conversions": calls.conversions,
        "enrolled": report.campaign.enrolled,
        "settled": report.campaign.settled,
        // Of dialed calls: they come to `ended`. What was never dialed is counted apart.
        "dispositions": counts(&dialed),
        "withdrawn": withdrawn,
        "outcomes": counts(&report.outcomes),
        "corrections": report.corrections,
        "settled_as": counts(&report.settled),
        "by_trunk": report.by_trunk,
        "by_flow_version": report.by_flow_version,
        "hours": report.hours,
    })
}

async fn chart(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let source = source(&ctx.installation, Moment::of(input.query())?, &campaign).await?;
    let db = source.db.as_ref();
    if campaign_board::get(db, &campaign).await?.is_none() {
        return Err(source.missing());
    }
    Ok(Done::Read(charted(&hourly(db, &campaign).await?)?))
}

/// The chart with the metric and version that it draws, and people only beside it, in the same order.
fn charted(hours: &[Hour]) -> Result<Value, Problem> {
    let mut chart = options(hours);
    let ([(_, name, version), ..], [(_, people, people_version), ..]) = (FORMULA, PEOPLE);
    let mut beside = named(find(people, Some(people_version))?);
    if let Some(members) = beside.as_object_mut() {
        members.insert(
            "data".to_owned(),
            json!(percents(hours, |calls| calls.person_answered)),
        );
    }
    if let Some(members) = chart.as_object_mut() {
        members.insert("metric".to_owned(), named(find(name, Some(version))?));
        members.insert("beside".to_owned(), json!([beside]));
    }
    Ok(chart)
}

fn counts(counts: &[Count]) -> Value {
    counts
        .iter()
        .map(|one| (one.code.clone(), json!(one.count)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// ECharts options of the answer rate in per cent by hour, as REP-5 has them.
fn options(hours: &[Hour]) -> Value {
    let labels: Vec<&str> = hours.iter().map(|hour| hour.label.as_str()).collect();
    json!({
        "xAxis": { "type": "category", "data": labels },
        "yAxis": { "type": "value" },
        "series": [{ "name": "接通率", "type": "bar", "data": percents(hours, |calls| calls.answered) }],
    })
}

/// A part of the calls dialed in each hour, in whole per cent.
fn percents(hours: &[Hour], part: fn(&Share) -> u64) -> Vec<u64> {
    let of_hour = |hour: &Hour| {
        let rounded = part(&hour.calls) * 100 + hour.calls.dialed / 2;
        rounded.checked_div(hour.calls.dialed).unwrap_or(0)
    };
    hours.iter().map(of_hour).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::Timestamp;

    #[test]
    fn a_chart_is_as_the_requirements_write_it() {
        let hour = |label: &str, dialed, answered| Hour {
            hour_at: Timestamp::EPOCH,
            date: "2026-03-02".to_owned(),
            label: label.to_owned(),
            calls: Share {
                dialed,
                answered,
                ..Share::default()
            },
        };
        let shown = options(&[hour("08:00", 100, 45), hour("10:00", 200, 124)]);
        let expected: Value = serde_json::from_str(
            "{\"xAxis\":{\"type\":\"category\",\"data\":[\"08:00\",\"10:00\"]},\"yAxis\":{\"type\":\"value\"},\
             \"series\":[{\"name\":\"接通率\",\"type\":\"bar\",\"data\":[45,62]}]}",
        )
        .unwrap();
        assert_eq!(shown, expected);
    }
}
