//! A plan with only its hours set, and the defaults of a plan's other members.

use crate::calling_plan::{Basis, CallingPlan, CallingWindow, Preset, RetryPolicy};
use crate::disposition_map::DispositionMap;
use crate::duplicates::DuplicatePolicy;
use crate::model_tier::ModelTiers;
use crate::ranking::PriorityPlan;
use crate::screening::CallTaker;
use values::approval_requirements::ApprovalRequirements;
use values::sensitive_words::SensitiveWordList;

impl CallingPlan {
    /// Returns a plan for service calls under contract within these hours: one call at a time, the standard
    /// retry policy, and nothing else set. A new member of a plan gets its default here, so other code that
    /// makes plans need not change.
    pub fn within(window: CallingWindow) -> Self {
        Self {
            preset: Preset::CnService,
            also_presets: Vec::new(),
            basis: Basis::Contract,
            purpose: "service".to_owned(),
            window,
            max_concurrent: 1,
            retry_policy: RetryPolicy::standard(),
            ring_timeout_ms: None,
            ends_at: None,
            trial: false,
            duplicates: None,
            approvals: ApprovalRequirements::NONE,
            sensitive_words: SensitiveWordList::default(),
            model: None,
            model_tiers: ModelTiers::default(),
            knowledge: None,
            assist: None,
            speech: None,
            emotion: None,
            dialing: None,
            days: None,
            screening: None,
            stages: None,
            running: None,
            dispositions: DispositionMap::default(),
            caps: Vec::new(),
            ignores_preferred_times: false,
            priority: None,
            best_times: None,
            quotas: Vec::new(),
            seller: None,
        }
    }

    /// Returns how the campaign handles customers with one phone; by customer if the plan does not say, as
    /// in older campaigns.
    pub fn duplicates(&self) -> DuplicatePolicy {
        self.duplicates.unwrap_or(DuplicatePolicy::ByCustomer)
    }

    /// Returns who takes over an answered call: robot or agent; a robot by default.
    pub fn relief(&self) -> CallTaker {
        let said = self.screening.as_deref().and_then(|screening| screening.relief);
        said.unwrap_or(CallTaker::Robot)
    }

    /// Returns the plan by which due customers are ranked; `None` if they are called by due time. A
    /// campaign that learns best call times by group ranks with equal values.
    pub fn order(&self) -> Option<&PriorityPlan> {
        let learns_by_groups = self.times_groups_count() > 0;
        let alike = || learns_by_groups.then(PriorityPlan::with_equal_values);
        self.priority.as_deref().or_else(alike)
    }

    /// Returns the number of customer groups for which best call times are learned separately; 0 if none
    /// are learned.
    pub fn times_groups_count(&self) -> usize {
        self.best_times.as_deref().map_or(0, |plan| plan.groups.len())
    }
}
