//! The differences between two flows: nodes, answers, intents and other members.

use domain::flow::FlowDefinition;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The kind of change of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FlowPartChange")]
pub enum PartChange {
    Added,
    Changed,
    Removed,
}

impl PartChange {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// A part that differs between two flows, or exists in only one of them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "FlowPartDifference")]
pub struct PartDifference {
    /// Path of the part, for example `nodes.menu`.
    #[schemars(example = &"nodes.menu")]
    pub part: String,
    pub change: PartChange,
    #[schemars(example = &"您好")]
    pub before: Option<Value>,
    #[schemars(example = &"您好,请问是本人吗")]
    pub after: Option<Value>,
}

/// Returns every part that differs between two flows, ordered by its path; empty if they are equal.
pub fn differences(before: &FlowDefinition, after: &FlowDefinition) -> Vec<PartDifference> {
    let (before, after) = (parts_of(&before.to_value()), parts_of(&after.to_value()));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differs = names.into_iter().filter_map(|name| {
        let change = match (before.get(name), after.get(name)) {
            (Some(before), Some(after)) if before == after => return None,
            (Some(_), Some(_)) => PartChange::Changed,
            (Some(_), None) => PartChange::Removed,
            (None, _) => PartChange::Added,
        };
        Some(PartDifference {
            part: name.clone(),
            change,
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
    });
    differs.collect()
}

/// Returns nodes, answers, intents and other members of a flow by their paths.
fn parts_of(value: &Value) -> BTreeMap<String, Value> {
    let mut parts = BTreeMap::new();
    for (member, inner) in value.as_object().into_iter().flatten() {
        match inner.as_object() {
            Some(members) => {
                for (name, part) in members {
                    let place = format!("{member}.{name}");
                    match part.as_object().filter(|_| member == "dialogue") {
                        Some(inner) => parts.extend(
                            inner
                                .iter()
                                .map(|(name, part)| (format!("{place}.{name}"), part.clone())),
                        ),
                        None => drop(parts.insert(place, part.clone())),
                    }
                }
            }
            None => drop(parts.insert(member.clone(), inner.clone())),
        }
    }
    parts
}
