//! A plan of which nothing is asked but its hours: what every other plan is told apart by.

use crate::calling_plan::{Basis, CallingPlan, CallingWindow, Preset, RetryPolicy};
use crate::disposition_map::DispositionMap;
use crate::model_tier::ModelTiers;
use values::approvals_asked::Approvals;
use values::sensitive_words::SensitiveWordList;

impl CallingPlan {
    /// Service calls under contract within these hours, one at a time, tried again by the standard policy,
    /// nothing else said. A new member of a plan has its default here, and whoever makes plans keeps theirs.
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
        }
    }
}
