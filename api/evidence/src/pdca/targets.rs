//! Compares the targets of campaigns with the results and lists the causes of the gap (REP-4).

use crate::pdca::PdcaScope;
use crate::pdca::metric_changes::scope;
use application::figures::find;
use application::targets::{TargetActual, target_actual};
use domain::calendar::CalendarPeriod;
use domain::problem::Problem;
use projections::ReadDb;
use projections::metrics::{Scope, catalog};
use projections::views::metric_board::figures;
use projections::views::target_board::targets;

/// Most targets in a report; further ones are left out.
const TARGETS_SHOWN: usize = 50;

/// Most causes listed for a gap, the largest first.
const CAUSES_SHOWN: usize = 4;

/// One target and the result.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TargetResult {
    pub campaign: String,
    /// For example `answer_ratio_per_call v1`.
    pub metric: String,
    pub target: f64,
    /// Result in the period alone.
    pub(crate) in_period: Option<f64>,
    /// Result since the campaign began.
    pub whole: Option<f64>,
    /// Parts of the gap since the campaign began: the cause (zh / en) and its share, 0 to 1.
    pub causes: Vec<(String, f64)>,
}

/// Returns the targets of the report's campaigns, each with the results and the causes of the gap.
pub(super) async fn compare_targets(
    db: &dyn ReadDb,
    ask: &PdcaScope,
    period: &CalendarPeriod,
    campaigns: &[String],
) -> Result<Vec<TargetResult>, Problem> {
    let mut found = Vec::new();
    let all = targets(db, ask.campaign.as_ref()).await?;
    let asked = all
        .into_iter()
        .filter(|target| campaigns.iter().any(|one| one == target.campaign.as_str()));
    for target in asked.take(TARGETS_SHOWN) {
        let metric = find(&target.metric, Some(target.version))?;
        let of_period = Scope {
            campaign: Some(target.campaign.clone()),
            ..scope(ask, period)
        };
        let (in_period, _) = figures(db, catalog()?, metric, &of_period, None).await?;
        let whole = target_actual(db, &target).await?;
        found.push(TargetResult {
            campaign: target.campaign.to_string(),
            metric: format!("{} v{}", target.metric, target.version),
            target: f64::from(target.per_mille) / 1_000.0,
            in_period: in_period.first().and_then(|figure| figure.value),
            whole: whole.actual_ratio,
            causes: causes(&whole),
        });
    }
    Ok(found)
}

fn causes(whole: &TargetActual) -> Vec<(String, f64)> {
    let parts = whole.deviation.iter().flat_map(|deviation| &deviation.parts);
    let labelled = parts.map(|part| (format!("{} / {}", part.label_zh, part.label_en), part.part_ratio));
    labelled.take(CAUSES_SHOWN).collect()
}
