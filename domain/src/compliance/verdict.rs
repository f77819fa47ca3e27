//! What a rule is, and what it says of one dial.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one rule said of one dial, with the facts it saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verdict {
    /// The rule's id, such as `calling_window`.
    pub rule: String,
    pub version: u32,
    /// Date from which this version holds, `YYYY-MM-DD`.
    pub effective_from: String,
    pub decision: Decision,
    /// Facts by name, never personal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

impl Verdict {
    pub const fn allows(&self) -> bool {
        matches!(self.decision, Decision::Allow)
    }
}

/// Allow, not before a time, or never for this enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Allow,
    DeferUntil(Timestamp),
    Forbid,
}

/// A pure check of one requirement before a dial, over the facts `F` of a customer or a number.
pub trait Rule<F>: Sync {
    /// Stable name, such as `calling_window`; it is stored in every verdict.
    fn id(&self) -> &'static str;
    /// Raised with every change of what the rule decides.
    fn version(&self) -> u32 {
        1
    }
    /// Date from which this version holds, `YYYY-MM-DD`.
    fn effective_from(&self) -> &'static str {
        "2026-01-01"
    }
    /// Where the requirement comes from, as far as known.
    fn source(&self) -> &'static str;
    /// Decides about a dial at `now`; the second part are the facts it saw, by name, never personal.
    fn decide(&self, facts: &F, now: Timestamp) -> (Decision, BTreeMap<String, String>);

    /// The decision with the rule's name, version, date and facts.
    fn judge(&self, facts: &F, now: Timestamp) -> Verdict {
        let (decision, seen) = self.decide(facts, now);
        self.says(decision, seen)
    }

    /// A decision under the rule's name, version and date.
    fn says(&self, decision: Decision, facts: BTreeMap<String, String>) -> Verdict {
        Verdict {
            rule: self.id().to_owned(),
            version: self.version(),
            effective_from: self.effective_from().to_owned(),
            decision,
            facts,
        }
    }
}

/// The fact that names a preset's version.
pub(super) const PRESET: &str = "preset";

/// Facts of a verdict, by name.
pub(super) fn named<const N: usize>(facts: [(&str, String); N]) -> BTreeMap<String, String> {
    facts.map(|(name, value)| (name.to_owned(), value)).into()
}
