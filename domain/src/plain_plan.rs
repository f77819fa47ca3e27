//! A plan of which nothing is asked but its hours, what every other plan is told apart by; and what holds
//! where a plan says nothing.

use crate::calling_plan::{Basis, CallingPlan, CallingWindow, Preset, RetryPolicy};
use crate::disposition_map::DispositionMap;
use crate::duplicates::Duplicates;
use crate::model_tier::ModelTiers;
use crate::ranking::PriorityPlan;
use crate::screening::Relief;
use values::approvals_asked::Approvals;
use values::sensitive_words::SensitiveWordList;

impl CallingPlan {
    /// Service calls under contract within these hours, one at a time, tried again by the standard
    /// policy, nothing else said. A new member of a plan has its default here, and whoever makes plans
    /// keeps theirs.
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
            approvals: Approvals::NONE,
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

    /// By customer where nothing was chosen: a campaign made before goes on as it went.
    pub fn duplicates(&self) -> Duplicates {
        self.duplicates.unwrap_or(Duplicates::ByCustomer)
    }

    /// Who takes over when somebody has answered: a robot unless it is said.
    pub fn relief(&self) -> Relief {
        let said = self.screening.as_deref().and_then(|screening| screening.relief);
        said.unwrap_or(Relief::Robot)
    }

    /// The order of its due; none where it asks for none and tells no groups of hours apart.
    pub fn order(&self) -> Option<&PriorityPlan> {
        let learns_by_groups = self.times_groups_count() > 0;
        let alike = || learns_by_groups.then(PriorityPlan::of_all_alike);
        self.priority.as_deref().or_else(alike)
    }

    /// Groups of which it learns apart when they answer.
    pub fn times_groups_count(&self) -> usize {
        self.best_times.as_deref().map_or(0, |plan| plan.groups.len())
    }
}
