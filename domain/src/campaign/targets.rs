//! The targets of a campaign: one ratio per metric, all set at once.

use super::event::{CampaignEvent, Target};
use super::refusal::CampaignRefusal;
use super::state::CampaignState;

/// The most targets of one campaign; more are refused. There are fewer ratios.
pub const TARGETS_MAX: usize = 20;
/// The most bytes of the name of a target's metric.
const METRIC_BYTES_MAX: usize = 64;

/// The largest target in thousandths: every call.
const PER_MILLE_MAX: u32 = 1_000;

type DecideResult = Result<Vec<CampaignEvent>, CampaignRefusal>;

/// Replaces all targets of the campaign. No event if they are the same. Refused for 0 or more than 20
/// targets, a metric named twice, or a value outside 1 to 1,000.
pub(super) fn set(state: &CampaignState, targets: Vec<Target>, by: Option<String>) -> DecideResult {
    if targets.is_empty() || targets.len() > TARGETS_MAX {
        return Err(CampaignRefusal::TargetCount {
            count: targets.len(),
            targets_max: TARGETS_MAX,
        });
    }
    let once = |target: &&Target| {
        targets
            .iter()
            .filter(|other| other.metric == target.metric)
            .count()
            == 1
    };
    let possible = |target: &&Target| {
        let named = !target.metric.is_empty() && target.metric.len() <= METRIC_BYTES_MAX;
        named && (1..=PER_MILLE_MAX).contains(&target.per_mille) && once(target)
    };
    if let Some(wrong) = targets.iter().find(|target| !possible(target)) {
        return Err(CampaignRefusal::TargetInvalid {
            metric: wrong.metric.chars().take(METRIC_BYTES_MAX).collect(),
            per_mille: wrong.per_mille,
        });
    }
    if state.targets() == targets {
        return Ok(Vec::new());
    }
    Ok(vec![CampaignEvent::TargetsSet { targets, by }])
}
