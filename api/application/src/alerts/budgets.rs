//! The abandonment budget of each campaign (REP-6): 3 % of the calls answered by a person in 30 days. An
//! alert is raised at four fifths of it. The figures come from the rows of metrics, so they are read less
//! often than those in memory.

use crate::alerts::rules::{Finding, figure};
use crate::installation::Installation;
use crate::tables::{Budget, WINDOW_DAYS, binding_budget, load_budget_policy};
use domain::alert::{ABANDONED_PER_MILLE_MAX, AlertLimits, AlertRule, Severity};
use domain::campaign::CampaignStatus;
use domain::ids::CampaignId;
use domain::problem::Problem;
use projections::views::campaign_board::{self, LISTED_MAX};
use std::collections::BTreeSet;

/// Most campaigns per pass for which a budget is computed. Each one is a query.
const CAMPAIGNS_MAX: usize = 500;

/// Returns the abandonment-budget findings of the running campaigns, and of those with a raised alert, so
/// that it can be cleared.
pub async fn findings(
    installation: &Installation,
    limits: &AlertLimits,
    standing: impl Iterator<Item = &(AlertRule, String)>,
) -> Result<Vec<Finding>, Problem> {
    let db = installation.rows.db();
    let alerted: BTreeSet<&str> = standing
        .filter(|(rule, _)| *rule == AlertRule::AbandonBudget)
        .map(|(_, subject)| subject.as_str())
        .collect();
    let rows = campaign_board::list(db.as_ref(), None, LISTED_MAX).await?;
    let asked = rows
        .iter()
        .filter(|row| row.status == CampaignStatus::Running || alerted.contains(row.campaign.as_str()));
    let mut found = Vec::new();
    for row in asked.take(CAMPAIGNS_MAX) {
        let used = binding_budget(installation, &row.campaign, installation.now()).await?;
        // A robot answers at once. The first seconds that its notice takes are no abandonment.
        let binds = load_budget_policy(installation, &row.campaign).await?.binds;
        let found_here = finding(&row.campaign, &used, limits);
        found.push(Finding {
            is_beyond: found_here.is_beyond && binds,
            ..found_here
        });
    }
    Ok(found)
}

fn finding(campaign: &CampaignId, used: &Budget, limits: &AlertLimits) -> Finding {
    let value = used.per_mille().unwrap_or(0);
    let is_over =
        used.abandoned.saturating_mul(1_000) > used.answered.saturating_mul(ABANDONED_PER_MILLE_MAX);
    Finding {
        rule: AlertRule::AbandonBudget,
        subject: campaign.to_string(),
        campaign: Some(campaign.clone()),
        severity: if is_over {
            Severity::Critical
        } else {
            Severity::Warning
        },
        figure: figure(value, limits.abandoned_per_mille_max, "per_mille", used.window_ms),
        detail: format!(
            "{} of {} calls that a person answered in {WINDOW_DAYS} days ({} v{}); at most \
             {ABANDONED_PER_MILLE_MAX} in 1000",
            used.abandoned, used.answered, used.definition, used.version
        ),
        is_beyond: used.answered >= limits.person_answered_min && value >= limits.abandoned_per_mille_max,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(abandoned: i64, answered: i64) -> Finding {
        let used = Budget {
            definition: "abandon_ratio_house",
            version: 2,
            abandoned,
            answered,
            window_ms: 30 * 86_400_000,
        };
        finding(&"T".parse().unwrap(), &used, &AlertLimits::default())
    }

    #[test]
    fn the_detail_is_translated_to_chinese() {
        let translated = projections::alert_words::translate_detail(&of(4, 120).detail);
        let expected =
            "近 30 天真人接听的 120 通电话中有 4 通被放弃（abandon_ratio_house v2），上限为千分之 30";
        assert_eq!(translated.as_deref(), Some(expected));
    }

    #[test]
    fn four_fifths_of_the_budget_warn_and_more_than_all_of_it_is_critical() {
        for (abandoned, is_beyond, severity) in [
            (23, false, Severity::Warning),
            (24, true, Severity::Warning),
            (30, true, Severity::Warning),
            (31, true, Severity::Critical),
        ] {
            let found = of(abandoned, 1_000);
            assert_eq!(
                (found.is_beyond, found.severity),
                (is_beyond, severity),
                "{abandoned}"
            );
            assert_eq!((found.figure.value, found.figure.limit), (abandoned, 24));
            assert_eq!(found.figure.window_ms, 2_592_000_000);
        }
    }

    #[test]
    fn one_call_alone_is_never_beyond_and_of_no_call_there_is_nothing_to_say() {
        assert!(!of(0, 0).is_beyond);
        assert!(!of(1, 49).is_beyond, "too few say nothing");
        assert!(!of(1, 50).is_beyond, "20 in 1000");
        assert!(of(2, 50).is_beyond);
    }
}
