//! Targets compared with the figures reached: the metric's value, and the gap attributed to causes (REP-4).

use crate::figures::find;
use domain::disposition::{Disposition, Outcome};
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::time::Timestamp;
use projections::ReadDb;
use projections::deviation::{Cause, Deviation, Tally, deviation};
use projections::metrics::{Scope, catalog};
use projections::views::campaign_board::{Endings, endings};
use projections::views::metric_board::figures;
use projections::views::target_board::TargetRow;
use schemars::JsonSchema;
use serde::Serialize;

/// Preset targets, in per mille by metric: `general` for all installations, `bank` for banks.
pub const PRESETS: &[(&str, &[(&str, u32)])] = &[
    (
        "general",
        &[("answer_ratio_per_call", 650), ("conversion_ratio", 150)],
    ),
    (
        "bank",
        &[("answer_ratio_per_call", 700), ("conversion_ratio", 150)],
    ),
];

/// Returns a target compared with the figure that its campaign has reached, and the causes of the gap.
pub async fn target_actual(db: &dyn ReadDb, target: &TargetRow) -> Result<TargetActual, Problem> {
    let metric = find(&target.metric, Some(target.version))?;
    let scope = Scope {
        campaign: Some(target.campaign.clone()),
        ..Scope::default()
    };
    let (found, complete) = figures(db, catalog()?, metric, &scope, None).await?;
    let figure = found.first();
    let target_ratio = f64::from(target.per_mille) / 1_000.0;
    let actual = figure.and_then(|figure| figure.value);
    let deviation = causes(db, target, target_ratio).await?;
    Ok(TargetActual {
        campaign: target.campaign.clone(),
        metric: target.metric.clone(),
        version: target.version,
        label_zh: metric.label.zh.clone(),
        label_en: metric.label.en.clone(),
        target_ratio,
        actual_ratio: actual,
        numerator: figure.map(|figure| figure.numerator),
        denominator: figure.and_then(|figure| figure.denominator),
        reached: actual.map(|actual| actual >= target_ratio),
        gap_ratio: actual.map(|actual| target_ratio - actual),
        deviation,
        set_by: target.set_by.clone(),
        set_at: target.set_at,
        position: complete.position.to_string(),
        recorded_at: complete.recorded_at,
    })
}

/// A target and the figure reached. Figures are null if there was no call.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TargetActual {
    campaign: CampaignId,
    metric: String,
    version: u32,
    label_zh: String,
    label_en: String,
    target_ratio: f64,
    pub actual_ratio: Option<f64>,
    numerator: Option<i64>,
    denominator: Option<i64>,
    reached: Option<bool>,
    gap_ratio: Option<f64>,
    /// The gap attributed to causes. Null for a metric with misses that are not classified by cause.
    pub deviation: Option<Deviation>,
    set_by: Option<String>,
    set_at: Timestamp,
    position: String,
    recorded_at: Option<Timestamp>,
}

/// Returns the gap to the target by cause, from the ended calls of the campaign and, for comparison, of the
/// other campaigns. `None` for a metric without classified misses.
async fn causes(db: &dyn ReadDb, target: &TargetRow, ratio: f64) -> Result<Option<Deviation>, Problem> {
    let machine_answers = target.version == 1;
    let tally = match target.metric.as_str() {
        "answer_ratio_per_call" => answering,
        "conversion_ratio" => converting,
        _ => return Ok(None),
    };
    let (own, others) = endings(db, &target.campaign).await?;
    let (own, others) = (tally(&own, machine_answers), tally(&others, machine_answers));
    Ok(deviation(&own, ratio, &others))
}

/// Counts the ended calls that were dialed: answered or not, by cause. If `machine_answers`, an answer by a
/// machine counts as answered.
fn answering(endings: &Endings, machine_answers: bool) -> Tally {
    let mut tally = Tally::default();
    for count in &endings.dispositions {
        let Some(disposition) = Disposition::from_code(&count.code) else {
            continue;
        };
        if matches!(disposition, Disposition::Withdrawn | Disposition::NotPermitted) {
            continue;
        }
        let cause = Cause::of_disposition(disposition);
        let answered = machine_answers && cause == Some(Cause::Machine);
        tally.count(cause.filter(|_| !answered), count.count);
    }
    tally
}

/// Counts the ended calls that were answered: converted or not, by cause. If `machine_answers`, an answer
/// by a machine counts as answered.
fn converting(endings: &Endings, machine_answers: bool) -> Tally {
    let mut tally = Tally::default();
    let mut answered: u64 = 0;
    for count in &endings.dispositions {
        match Disposition::from_code(&count.code) {
            Some(Disposition::Answered) => answered += count.count,
            Some(Disposition::Machine | Disposition::Screened | Disposition::AnsweredShort)
                if machine_answers =>
            {
                tally.count(Some(Cause::Machine), count.count);
            }
            Some(_) | None => {}
        }
    }
    for count in &endings.outcomes {
        let outcome = Outcome::ALL
            .iter()
            .copied()
            .find(|outcome| outcome.code() == count.code);
        let counted = count.count.min(answered);
        tally.count(Cause::of_outcome(outcome), counted);
        answered -= counted;
    }
    // Calls that were answered and have no outcome.
    tally.count(Cause::of_outcome(None), answered);
    tally
}

/// Returns name and version of a metric that can have a target. Fails with `metric-without-target` unless
/// it is a measured ratio.
pub fn targetable(name: &str, version: Option<u32>) -> Result<(String, u32), Problem> {
    let metric = find(name, version)?;
    if metric.numerator.is_none()
        || metric.denominator.is_none()
        || metric.unit != projections::metrics::Unit::Ratio
    {
        let detail = format!("{name} is not a measured ratio and cannot have a target");
        return Err(Problem::refused("metric-without-target", detail));
    }
    Ok((metric.name.clone(), metric.version))
}

/// Parses the campaign id of a query; `None` if the query names none. A text that is no id is a missing
/// campaign.
pub fn campaign_of(text: Option<&str>) -> Result<Option<CampaignId>, Problem> {
    let parsed = text.map(str::parse).transpose();
    // A text that is no id names no campaign.
    parsed.or(Err(Problem::missing("this campaign")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use projections::views::campaign_board::ResultCount;

    fn counts(all: &[(&str, u64)]) -> Vec<ResultCount> {
        let count = |(code, count): &(&str, u64)| ResultCount {
            code: (*code).to_owned(),
            count: *count,
        };
        all.iter().map(count).collect()
    }

    fn endings() -> Endings {
        Endings {
            dispositions: counts(&[
                ("answered", 60),
                ("machine", 10),
                ("busy", 20),
                ("invalid_number", 10),
                ("withdrawn", 7),
            ]),
            outcomes: counts(&[("success", 12), ("declined", 30), ("opted_out", 3)]),
        }
    }

    #[test]
    fn a_machine_is_an_answer_by_the_first_version_and_a_cause_by_the_second() {
        let (first, second) = (answering(&endings(), true), answering(&endings(), false));
        assert_eq!(
            (first.total, second.total),
            (100, 100),
            "what was withdrawn was never dialed"
        );
        assert_eq!(first.missed.get(&Cause::Machine), None);
        assert_eq!(second.missed[&Cause::Machine], 10);
        assert_eq!(first.missed[&Cause::NumberQuality], 10);
    }

    #[test]
    fn every_answered_call_converts_or_has_a_cause() {
        let people = converting(&endings(), false);
        assert_eq!(people.total, 60);
        assert_eq!(
            (
                people.missed[&Cause::ScriptAppeal],
                people.missed[&Cause::NoResponse]
            ),
            (30, 15)
        );
        assert_eq!(people.total - people.missed.values().sum::<u64>(), 12);
        let all = converting(&endings(), true);
        assert_eq!((all.total, all.missed[&Cause::Machine]), (70, 10));
    }

    #[test]
    fn every_preset_names_metrics_that_can_have_a_target() {
        for (_, targets) in PRESETS {
            for (name, per_mille) in *targets {
                assert!(targetable(name, Some(1)).is_ok() && (1..=1_000).contains(per_mille));
            }
        }
        assert!(targetable("dialed_calls", None).is_err());
        assert!(targetable("nothing", None).is_err());
    }
}
