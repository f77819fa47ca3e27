//! The long-term part of a campaign's plan: scheduled start, waiting for another campaign, list recycling,
//! and the share of lines.
//!
//! A campaign named by `after` exists before the one that names it, and the name never changes: campaigns
//! cannot wait in a circle.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use values::disposition::Disposition;
use values::go_live::Stage;
use values::ids::CampaignId;

/// The most recycling rounds of one enrolment; more are a fault. A year of fortnights.
pub const ROUNDS_MAX: u32 = 26;
/// The longest wait before a recycling round, in days; a longer one is a fault.
pub const ROUND_DAYS_MAX: u32 = 366;
/// The largest weight of a campaign's share of lines; a larger one is a fault. The smallest is 1.
pub const SHARE_WEIGHT_MAX: u32 = 100;

/// The long-term part of a campaign's plan.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunningPlan {
    /// The time at which the campaign begins, once its start was ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// The campaign it waits for, once its start was ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<PredecessorCampaign>,
    /// Which enrolments start a new round, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recycle: Option<Recycle>,
    /// Weight of its share of lines that several campaigns want; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = SHARE_WEIGHT_MAX))]
    pub share: Option<u32>,
}

/// The campaign for which another one waits, and how far it must have come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
pub struct PredecessorCampaign {
    pub campaign: CampaignId,
    pub reached: CampaignMilestone,
}

/// How far a campaign must have come before another one begins.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum CampaignMilestone {
    /// All its enrolments are settled.
    Completed,
    /// It was promoted to its pilot, or further.
    Pilot,
    /// The campaign is fully live.
    Full,
}

impl CampaignMilestone {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Pilot => "pilot",
            Self::Full => "full",
        }
    }

    /// Returns true if a campaign with this status and stage has come this far. A campaign without stages
    /// is fully live from its start; before its start it has reached nothing.
    pub fn is_met(self, life: PredecessorStatus, stage: Option<Stage>) -> bool {
        match self {
            Self::Completed => life == PredecessorStatus::Completed,
            Self::Pilot => {
                life.has_begun() && matches!(stage, Some(Stage::Pilot | Stage::RollOut | Stage::Full) | None)
            }
            Self::Full => life.has_begun() && matches!(stage, Some(Stage::Full) | None),
        }
    }
}

/// The part of a campaign's status that matters for a campaign waiting for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PredecessorStatus {
    /// Not started, also if it was stopped before.
    Still,
    /// Started: it runs, is paused, or was stopped after it ran.
    Begun,
    /// All its enrolments are settled.
    Completed,
}

impl PredecessorStatus {
    const fn has_begun(self) -> bool {
        match self {
            Self::Still => false,
            Self::Begun | Self::Completed => true,
        }
    }
}

/// Which enrolments start a recycling round, and when. In a round the retry policy counts from zero; caps
/// continue to count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recycle {
    /// Dispositions of the last call that start a new round.
    pub dispositions: BTreeSet<Disposition>,
    #[schemars(range(min = 1, max = ROUND_DAYS_MAX))]
    pub after_days: u32,
    /// Number of rounds after the first one.
    #[schemars(range(min = 1, max = ROUNDS_MAX))]
    pub rounds_max: u32,
}

impl RunningPlan {
    /// Returns true if no member of the plan is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns what is wrong with the plan in this campaign; `None` if it is valid.
    pub fn fault(&self, campaign: &CampaignId, ends_at: Option<Timestamp>) -> Option<&'static str> {
        if self
            .after
            .as_ref()
            .is_some_and(|after| after.campaign == *campaign)
        {
            return Some("a campaign cannot wait for itself");
        }
        if self.starts_at.zip(ends_at).is_some_and(|(from, to)| from >= to) {
            return Some("it starts at or after its end");
        }
        if self
            .share
            .is_some_and(|share| share == 0 || share > SHARE_WEIGHT_MAX)
        {
            return Some("share must be a weight from 1 to 100");
        }
        let recycle = self.recycle.as_ref()?;
        if recycle.dispositions.is_empty() {
            return Some("recycle names no disposition");
        }
        let days = (1..=ROUND_DAYS_MAX).contains(&recycle.after_days);
        let rounds = (1..=ROUNDS_MAX).contains(&recycle.rounds_max);
        (!days || !rounds).then_some("recycle must have 1 to 366 days and 1 to 26 rounds")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn campaign(id: &str) -> CampaignId {
        id.parse().unwrap()
    }

    fn plan(json: &str) -> RunningPlan {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_plan_that_never_runs_or_waits_for_itself_is_named() {
        let noon = "2026-03-02T12:00:00Z".parse().ok();
        for (text, faulty) in [
            ("{}", false),
            (r#"{"after":{"campaign":"A","reached":"completed"}}"#, true),
            (r#"{"after":{"campaign":"B","reached":"completed"}}"#, false),
            (r#"{"starts_at":"2026-03-02T12:00:00Z"}"#, true),
            (r#"{"starts_at":"2026-03-02T11:59:59Z"}"#, false),
            (r#"{"share":0}"#, true),
            (r#"{"share":100}"#, false),
            (r#"{"share":101}"#, true),
            (
                r#"{"recycle":{"dispositions":[],"after_days":7,"rounds_max":1}}"#,
                true,
            ),
            (
                r#"{"recycle":{"dispositions":["no_answer"],"after_days":366,"rounds_max":26}}"#,
                false,
            ),
            (
                r#"{"recycle":{"dispositions":["no_answer"],"after_days":367,"rounds_max":1}}"#,
                true,
            ),
            (
                r#"{"recycle":{"dispositions":["no_answer"],"after_days":1,"rounds_max":27}}"#,
                true,
            ),
            (
                r#"{"recycle":{"dispositions":["no_answer"],"after_days":0,"rounds_max":1}}"#,
                true,
            ),
        ] {
            assert_eq!(plan(text).fault(&campaign("A"), noon).is_some(), faulty, "{text}");
        }
    }

    #[test]
    fn what_is_waited_for_is_met_by_completion_or_by_stages() {
        for (reached, life, stage, met) in [
            (
                CampaignMilestone::Completed,
                PredecessorStatus::Begun,
                None,
                false,
            ),
            (
                CampaignMilestone::Completed,
                PredecessorStatus::Completed,
                None,
                true,
            ),
            (
                CampaignMilestone::Pilot,
                PredecessorStatus::Begun,
                Some(Stage::Test),
                false,
            ),
            (
                CampaignMilestone::Pilot,
                PredecessorStatus::Begun,
                Some(Stage::Pilot),
                true,
            ),
            (
                CampaignMilestone::Pilot,
                PredecessorStatus::Still,
                Some(Stage::Pilot),
                false,
            ),
            (CampaignMilestone::Pilot, PredecessorStatus::Still, None, false),
            (CampaignMilestone::Pilot, PredecessorStatus::Begun, None, true),
            (
                CampaignMilestone::Full,
                PredecessorStatus::Completed,
                Some(Stage::Pilot),
                false,
            ),
            (
                CampaignMilestone::Full,
                PredecessorStatus::Begun,
                Some(Stage::Full),
                true,
            ),
            (CampaignMilestone::Full, PredecessorStatus::Still, None, false),
            (CampaignMilestone::Full, PredecessorStatus::Begun, None, true),
            (CampaignMilestone::Full, PredecessorStatus::Completed, None, true),
        ] {
            assert_eq!(reached.is_met(life, stage), met, "{reached:?} {life:?} {stage:?}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_written() {
        assert_eq!(serde_json::to_string(&RunningPlan::default()).unwrap(), "{}");
        assert!(serde_json::from_str::<RunningPlan>(r#"{"rounds":1}"#).is_err());
    }
}
