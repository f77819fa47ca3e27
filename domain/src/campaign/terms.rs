//! The members of a plan that can be changed after creation, and a request to change them.

use crate::calling_plan::{CallingPlan, CallingWindow, RetryPolicy};
use crate::event_members::open_types::OpenMember;
use crate::time::TimeOfDay;
use serde::{Deserialize, Serialize};

/// The part of a campaign's plan that can change: hours, concurrency, retries and the share of the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CallingTerms {
    pub window: CallingWindow,
    pub max_concurrent: u32,
    pub retry_policy: RetryPolicy,
    /// Weight of its share of lines that several campaigns want; 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<u32>,
}

impl OpenMember for CallingTerms {}

impl CallingTerms {
    /// Returns the changeable terms of a plan.
    pub fn of(plan: &CallingPlan) -> Self {
        Self {
            window: plan.window.clone(),
            max_concurrent: plan.max_concurrent,
            retry_policy: plan.retry_policy.clone(),
            share: plan.running.as_deref().and_then(|running| running.share),
        }
    }

    /// Replaces the changeable terms of `plan` by these.
    pub fn apply_to(&self, plan: &mut CallingPlan) {
        plan.window.clone_from(&self.window);
        plan.max_concurrent = self.max_concurrent;
        plan.retry_policy.clone_from(&self.retry_policy);
        let mut running = plan.running.take().unwrap_or_default();
        running.share = self.share;
        plan.running = (!running.is_empty()).then_some(running);
    }
}

/// A request to change a campaign's plan. An absent member keeps its value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanChange {
    pub start: Option<TimeOfDay>,
    pub end: Option<TimeOfDay>,
    pub rests: Option<Vec<(TimeOfDay, TimeOfDay)>>,
    pub max_concurrent: Option<u32>,
    pub retry_policy: Option<RetryPolicy>,
    pub share: Option<u32>,
    pub reason: String,
}

impl PlanChange {
    /// Returns the terms with this change applied to `before`, and the reason of the change.
    pub(super) fn merge_terms(self, before: &CallingTerms) -> (CallingTerms, String) {
        let after = CallingTerms {
            window: CallingWindow {
                start: self.start.unwrap_or(before.window.start),
                end: self.end.unwrap_or(before.window.end),
                rests: self.rests.unwrap_or_else(|| before.window.rests.clone()),
            },
            max_concurrent: self.max_concurrent.unwrap_or(before.max_concurrent),
            retry_policy: self.retry_policy.unwrap_or_else(|| before.retry_policy.clone()),
            share: self.share.or(before.share),
        };
        (after, self.reason)
    }
}
