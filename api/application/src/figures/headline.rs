//! The headline figures (REP-1) as replies carry them: each by its member's name, each member with the
//! metric, version and label it has, and beside the formula that counts machines the one of people only.
//!
//! A member keeps its meaning for ever: another version is another member, and `versions` says which is
//! which.

use crate::figures::find;
use domain::problem::Problem;
use projections::metrics::Metric;
use serde_json::{Map, Value, json};

/// Members of replies that are REP-1's figures: answered ÷ dialed, and those that follow from it.
pub const FORMULA: [(&str, &str, u32); 3] = [
    ("answer_ratio", "answer_ratio_per_call", 1),
    ("talk_ms_mean", "talk_ms_mean", 1),
    ("conversion_ratio", "conversion_ratio", 1),
];

/// Members that stand beside them: people only.
pub const PEOPLE: [(&str, &str, u32); 2] = [
    ("answer_ratio_people", "answer_ratio_per_call", 2),
    ("conversion_ratio_people", "conversion_ratio", 2),
];

/// Metric, version and label of each member, as a reply's `versions`.
pub fn versions<'a>(
    members: impl IntoIterator<Item = &'a (&'a str, &'a str, u32)>,
) -> Result<Value, Problem> {
    let mut all = Map::new();
    for (member, name, version) in members {
        all.insert((*member).to_owned(), named(find(name, Some(*version))?));
    }
    Ok(Value::Object(all))
}

/// A metric by name, version and label: what must stand beside a figure that is quoted.
pub fn named(metric: &Metric) -> Value {
    json!({ "metric": metric.name, "version": metric.version, "label": metric.label })
}

/// The same of ratios that are no metric: by member, what they are in zh and en.
pub fn no_metrics(members: &[(&str, &str, &str)]) -> Map<String, Value> {
    let told = members.iter().map(|(member, zh, en)| {
        let label = json!({ "zh": zh, "en": en });
        ((*member).to_owned(), json!({ "metric": null, "label": label }))
    });
    told.collect()
}
