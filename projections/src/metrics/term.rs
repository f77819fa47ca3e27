//! One term: a query over events, in the form of `metrics.yaml`.

use domain::call::event::CallEvent;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// How often events of one call, or of one customer, count in a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountingUnit {
    /// The first matching event of a call counts.
    Call,
    /// Each customer counts once within the range of the query.
    Customer,
    /// Every event counts.
    None,
}

/// A condition on one member of an event's data. An absent member matches `none_of` only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum Condition {
    AnyOf(Vec<Value>),
    NoneOf(Vec<Value>),
}

impl Condition {
    pub(super) fn holds(&self, found: Option<&Value>) -> bool {
        match self {
            Self::AnyOf(values) => found.is_some_and(|found| values.contains(found)),
            Self::NoneOf(values) => found.is_none_or(|found| !values.contains(found)),
        }
    }

    /// Returns the condition as text for the reference page: `any of a, b`.
    pub(super) fn words(&self) -> String {
        let (what, values) = match self {
            Self::AnyOf(values) => ("any of", values),
            Self::NoneOf(values) => ("none of", values),
        };
        let texts: Vec<String> = values
            .iter()
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect();
        format!("{what} {}", texts.join(", "))
    }
}

/// The condition that no event of the kinds `to` followed the call's event `from` within `ms` milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExclusionWindow {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) ms: u32,
}

/// What a term sums instead of counting events.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum Measure {
    /// An integer member of the event.
    Member(String),
    /// Milliseconds since the call's event of this kind.
    Since(String),
}

/// A term: a query over events that counts them or sums a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    #[serde(skip)]
    pub name: String,
    pub zh: String,
    pub en: String,
    pub kinds: Vec<String>,
    pub once_per: CountingUnit,
    #[serde(default, rename = "where")]
    pub(super) conditions: BTreeMap<String, Condition>,
    #[serde(default)]
    pub(super) after: Vec<String>,
    #[serde(default)]
    pub(super) without: Vec<String>,
    #[serde(default)]
    pub(super) not_within: Option<ExclusionWindow>,
    #[serde(default)]
    pub(super) value: Option<Measure>,
    /// True if a later `call.corrected` can change whether a call counts.
    #[serde(default)]
    pub corrected: bool,
}

impl Term {
    /// Returns true if this term sums values; false if it counts events.
    pub const fn is_valued(&self) -> bool {
        self.value.is_some()
    }

    /// Returns the kinds of events of which the evaluator must store a call's times for this term.
    pub(super) fn marks(&self) -> impl Iterator<Item = &str> {
        let within = self.not_within.iter();
        let within = within.flat_map(|one| one.to.iter().chain(std::iter::once(&one.from)));
        let since = self.value.iter().filter_map(|value| match value {
            Measure::Since(kind) => Some(kind),
            Measure::Member(_) => None,
        });
        let before = self.after.iter().chain(&self.without);
        before.chain(within).chain(since).map(String::as_str)
    }

    /// Returns every event kind that can affect this term.
    pub fn touched_by(&self) -> impl Iterator<Item = &str> {
        let corrections = self.corrected.then_some(CallEvent::CORRECTED);
        let kinds = self.kinds.iter().map(String::as_str);
        kinds.chain(self.marks()).chain(corrections)
    }
}
