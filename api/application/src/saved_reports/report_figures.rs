//! Making a report: its figures for a data scope, over the days that it covers.

use crate::as_of::Moment;
use crate::figures::{MetricQuery, Source, find};
use crate::installation::Installation;
use domain::ids::CampaignId;
use domain::permission::{CampaignScope, DataScope};
use domain::problem::Problem;
use domain::saved_report::plan::FIGURES_MAX;
use domain::saved_report::{ReportPlan, SentFigure};
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::metrics::{Metric, Scope, Unit};
use projections::views::metric_board;

/// Longest wait until the read model reaches the log's end, in milliseconds.
const ROWS_WAIT_MS: u64 = 10_000;

/// A saved report with its figures, before it is sent or shown.
pub(super) struct PreparedReport {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) position: Position,
    pub(super) figures: Vec<SentFigure>,
    /// Figures beyond the limit of one report.
    pub(super) left_out: u32,
}

/// Returns the campaigns for which each figure of the plan is made; a single `None` means one figure over
/// all campaigns. Empty if the scope includes none of the plan's campaigns.
pub(super) fn campaigns_in(plan: &ReportPlan, scope: &DataScope) -> Vec<Option<CampaignId>> {
    if plan.campaigns.is_empty() {
        return match &scope.campaigns {
            CampaignScope::All if scope.is_all() => vec![None],
            CampaignScope::All => Vec::new(),
            CampaignScope::Only(named) => named.iter().cloned().map(Some).collect(),
        };
    }
    let named = plan.campaigns.iter();
    let reached = named.filter(|campaign| scope.admits_campaign(campaign));
    reached.cloned().map(Some).collect()
}

/// Computes the figures of the plan for `scope`, over the whole days before `at`. Fails if the read model
/// is unavailable or behind.
pub(super) async fn make(
    installation: &Installation,
    plan: &ReportPlan,
    scope: &DataScope,
    moment: Moment,
    at: Timestamp,
) -> Result<PreparedReport, Problem> {
    let window = plan.window(at);
    let (from, to) = window.ok_or_else(|| Problem::fault("a saved report has a zone that is none"))?;
    let campaigns = campaigns_in(plan, scope);
    let all = campaigns.len().saturating_mul(plan.metrics.len());
    let mut made = PreparedReport {
        from,
        to,
        position: Position(0),
        figures: Vec::new(),
        left_out: u32::try_from(all.saturating_sub(FIGURES_MAX)).unwrap_or(u32::MAX),
    };
    if moment.is_now() {
        let head = installation.store().head().await?;
        let deadline = installation.now().plus_ms(ROWS_WAIT_MS);
        let board = metric_board::NAME;
        installation.rows.wait_for_view(board, head, deadline).await?;
    }
    let mut complete_up_to: Option<Position> = None;
    for campaign in &campaigns {
        if made.figures.len() >= FIGURES_MAX {
            break;
        }
        let source = Source::of_metric(installation, moment, campaign.as_ref()).await?;
        let position = source.position.unwrap_or_default();
        complete_up_to = Some(complete_up_to.map_or(position, |least| least.min(position)));
        for name in &plan.metrics {
            if made.figures.len() >= FIGURES_MAX {
                break;
            }
            let scope = Scope {
                campaign: campaign.clone(),
                from: Some(from),
                to: Some(to),
            };
            let asked = MetricQuery::of(find(name, None)?, scope, None)?;
            made.figures.push(figure(&asked, source.db.as_ref()).await?);
        }
    }
    made.position = complete_up_to.unwrap_or_default();
    Ok(made)
}

async fn figure(asked: &MetricQuery, db: &dyn projections::ReadDb) -> Result<SentFigure, Problem> {
    let answer = asked.answer(db).await?;
    let metric = asked.metric;
    let whole = answer.figures.first();
    let value = whole.and_then(|whole| whole.value);
    Ok(SentFigure {
        metric: metric.name.clone(),
        version: metric.version,
        label_zh: metric.label.zh.clone(),
        label_en: metric.label.en.clone(),
        campaign: asked.scope.campaign.clone(),
        value: value.map(|value| worded(metric, value)),
        numerator_count: whole.map_or(0, |whole| whole.numerator),
        denominator_count: whole.and_then(|whole| whole.denominator),
    })
}

/// Returns a metric's value as text for people: a ratio in per cent, a duration in seconds, a count as a
/// whole number.
fn worded(metric: &Metric, value: f64) -> String {
    match metric.unit {
        Unit::Ratio => format!("{:.1} %", value * 100.0),
        Unit::Ms => format!("{:.1} s", value / 1_000.0),
        Unit::Count => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::permission::AssigneeScope;
    use std::collections::BTreeSet;

    fn plan(campaigns: &[&str]) -> ReportPlan {
        ReportPlan {
            title: "周报".to_owned(),
            metrics: vec!["answer_ratio_per_call".to_owned()],
            campaigns: campaigns.iter().map(|name| name.parse().unwrap()).collect(),
            days: 7,
            zone: "Asia/Shanghai".to_owned(),
            schedule: None,
            channels: BTreeSet::new(),
            is_shared: true,
        }
    }

    fn only(names: &[&str]) -> DataScope {
        DataScope {
            campaigns: CampaignScope::Only(names.iter().map(|name| name.parse().unwrap()).collect()),
            people: AssigneeScope::All,
        }
    }

    fn reached(plan: &ReportPlan, scope: &DataScope) -> Vec<String> {
        let campaigns = campaigns_in(plan, scope).into_iter();
        campaigns
            .map(|campaign| campaign.map_or("all".to_owned(), |campaign| campaign.to_string()))
            .collect()
    }

    #[test]
    fn a_figure_over_all_is_made_for_a_scope_without_limits_alone() {
        assert_eq!(reached(&plan(&[]), &DataScope::ALL), ["all"]);
        assert_eq!(reached(&plan(&[]), &only(&["A", "B"])), ["A", "B"]);
        assert!(reached(&plan(&[]), &only(&[])).is_empty());
        assert_eq!(reached(&plan(&["A", "B"]), &only(&["B", "C"])), ["B"]);
        assert!(reached(&plan(&["A"]), &only(&["C"])).is_empty());
    }
}
