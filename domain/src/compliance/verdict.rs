//! The trait of a compliance rule, and the verdict that it returns for one dial.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The result of one rule for one dial: the decision, and the facts that the rule used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(rule, version, effective_from, facts)]
pub struct Verdict {
    /// The rule's id, for example `calling_window`.
    pub rule: String,
    pub version: u32,
    /// Date from which this version applies, `YYYY-MM-DD`.
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

/// A decision on a dial: allowed now, not before a time, or never for this enrolment.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Allow,
    DeferUntil(Timestamp),
    Forbid,
}

/// A compliance rule: a pure check of one requirement before a dial, over the facts `F` of a customer or a
/// number.
pub trait Rule<F>: Sync {
    /// Returns the rule's stable name, for example `calling_window`; stored in every verdict.
    fn id(&self) -> &'static str;
    /// Returns the rule's version, raised with every change of its decisions.
    fn version(&self) -> u32 {
        1
    }
    /// Returns the date from which this version applies, `YYYY-MM-DD`.
    fn effective_from(&self) -> &'static str {
        "2026-01-01"
    }
    /// Returns the source of the requirement, as far as known.
    fn source(&self) -> &'static str;
    /// Decides about a dial at `now`. The second part holds the facts that the rule used, by name, never
    /// personal.
    fn decide(&self, facts: &F, now: Timestamp) -> (Decision, BTreeMap<String, String>);

    /// Decides about a dial at `now` and returns the verdict, with the rule's name, version, date and
    /// facts.
    fn judge(&self, facts: &F, now: Timestamp) -> Verdict {
        let (decision, seen) = self.decide(facts, now);
        self.says(decision, seen)
    }

    /// Makes a verdict from a decision and its facts, with the rule's name, version and date.
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

/// Name of the fact that names a preset's version in a verdict.
pub(super) const PRESET: &str = "preset";

/// Makes a verdict's facts from pairs of names and values.
pub(super) fn to_fact_map<const N: usize>(facts: [(&str, String); N]) -> BTreeMap<String, String> {
    facts.map(|(name, value)| (name.to_owned(), value)).into()
}
