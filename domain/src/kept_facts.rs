//! Facts of an installation and of a campaign's own account that some presets need, as they travel with a
//! campaign's facts. What is not known is absent, and refuses.

use crate::registry_book::RegistryBook;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Abandoned calls of those that a person answered, in the days that a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abandoned {
    pub answers: u64,
    pub drops: u64,
}

/// See above.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptFacts {
    /// Lists of numbers that others keep: of which day each is.
    pub registries: Arc<RegistryBook>,
    /// The campaign's own account of the last 30 days; only campaigns for agents keep one.
    pub abandoned: Option<Abandoned>,
    pub agents: AgentsThere,
    /// The campaign is in its test.
    pub under_test: bool,
    /// Our own test phones, where the plan asks for them.
    pub own_phones: Option<Arc<OwnNumbers>>,
    /// See `assuming_kept`.
    assumed: Assumed,
}

/// Numbers of our own test phones, E.164; never shown by accident.
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

/// Whether agents sit at their desks: their port says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AgentsThere {
    Present,
    /// None, or nobody knows.
    #[default]
    Absent,
}

/// Whether what may come is taken to have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Assumed {
    #[default]
    Nothing,
    WhatMayCome,
}

impl KeptFacts {
    /// What the campaign itself knows: whether it is in its test.
    pub fn of_stage(under_test: bool) -> Self {
        Self {
            under_test,
            ..Self::default()
        }
    }

    /// The same for a look ahead: a list that is too old or was not imported, a share above the limit and
    /// agents who are away may all have changed by then. Nobody is called by it: when that time comes it is
    /// judged anew.
    pub fn assuming_kept(&self) -> Self {
        Self {
            assumed: Assumed::WhatMayCome,
            ..self.clone()
        }
    }

    pub fn assumes_kept(&self) -> bool {
        self.assumed == Assumed::WhatMayCome
    }
}
