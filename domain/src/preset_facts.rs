//! Facts of an installation and of a campaign's account that some presets need. They travel with a campaign's
//! facts. An unknown fact is absent, and the preset refuses.

use crate::registry_book::RegistryBook;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Numbers of answered and of abandoned calls in the days that a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbandonmentTotals {
    pub answers: u64,
    pub drops: u64,
}

/// The facts outside a campaign's plan that presets and rules may need.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PresetFacts {
    /// External lists of numbers, with the date of each.
    pub registries: Arc<RegistryBook>,
    /// The campaign's own account of the last 30 days; only campaigns with agents have one.
    pub abandoned: Option<AbandonmentTotals>,
    pub agents: AgentPresence,
    /// True if the campaign is in its test stage.
    pub under_test: bool,
    /// Our own test phones, if the plan needs them.
    pub own_phones: Option<Arc<OwnNumbers>>,
    /// The assumption of a look ahead, see `assuming_kept`.
    assumed: ForecastAssumption,
}

/// The numbers of our own test phones, E.164. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct OwnNumbers(BTreeSet<String>);

impl OwnNumbers {
    pub fn of(phones: impl IntoIterator<Item = String>) -> Self {
        Self(phones.into_iter().collect())
    }

    pub fn holds(&self, e164: &str) -> bool {
        self.0.contains(e164)
    }
}

impl fmt::Debug for OwnNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnNumbers({})", self.0.len())
    }
}

/// Whether agents are at work for a campaign, by the `Agents` port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AgentPresence {
    Present,
    /// There are none, or it is unknown.
    #[default]
    Absent,
}

/// What a forecast assumes about facts that may still come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum ForecastAssumption {
    #[default]
    Nothing,
    WhatMayCome,
}

impl PresetFacts {
    /// Returns the facts that the campaign itself knows: whether it is in its test stage. Everything else
    /// is unknown.
    pub fn of_stage(under_test: bool) -> Self {
        Self {
            under_test,
            ..Self::default()
        }
    }

    /// Returns these facts for a forecast: an old or missing list, a share above the limit and absent
    /// agents may all have changed by then. It permits no dial: the rules judge again at that time.
    pub fn assuming_kept(&self) -> Self {
        Self {
            assumed: ForecastAssumption::WhatMayCome,
            ..self.clone()
        }
    }

    pub fn assumes_kept(&self) -> bool {
        self.assumed == ForecastAssumption::WhatMayCome
    }
}
