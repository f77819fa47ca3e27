//! The headline figures (REP-1) in replies: each member with its metric, version and label, and beside the
//! definition that counts machines the one for people only.
//!
//! A member never changes its meaning: another version is another member, and `versions` states which is
//! which.

use crate::figures::find;
use domain::problem::Problem;
use projections::metrics::{Metric, MetricText};
use projections::views::campaign_board::CallFigures;
use schemars::JsonSchema;
use serde::Serialize;

/// Members of replies that are REP-1 figures (answered ÷ dialed, and the figures that follow from it):
/// member, metric, version.
pub const FORMULA: [(&str, &str, u32); 3] = [
    ("answer_ratio", "answer_ratio_per_call", 1),
    ("talk_ms_mean", "talk_ms_mean", 1),
    ("conversion_ratio", "conversion_ratio", 1),
];

/// Members in addition to these that count people only: member, metric, version.
pub const PEOPLE: [(&str, &str, u32); 2] = [
    ("answer_ratio_people", "answer_ratio_per_call", 2),
    ("conversion_ratio_people", "conversion_ratio", 2),
];

/// The figures for people only, over some calls.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct PeopleFigures {
    answer_ratio_people: Option<f64>,
    conversion_ratio_people: Option<f64>,
}

/// Metric, version and label of each figure in a reply, by the member that holds it.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct MetricVersions {
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_ratio: Option<MetricReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    talk_ms_mean: Option<MetricReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversion_ratio: Option<MetricReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_ratio_people: Option<MetricReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversion_ratio_people: Option<MetricReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_ratio_per_call: Option<MetricReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_answer_ratio: Option<MetricReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_ratio_per_call_people: Option<MetricReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_ratio_per_leg: Option<MetricReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_ratio_per_leg_people: Option<MetricReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_ratio_per_leg: Option<MetricReference>,
}

impl MetricVersions {
    /// Sets the metric of the member of a reply. Fails with a fault for a member that it does not have.
    pub fn put(&mut self, member: &str, named: MetricReference) -> Result<(), Problem> {
        let place = match member {
            "answer_ratio" => &mut self.answer_ratio,
            "talk_ms_mean" => &mut self.talk_ms_mean,
            "conversion_ratio" => &mut self.conversion_ratio,
            "answer_ratio_people" => &mut self.answer_ratio_people,
            "conversion_ratio_people" => &mut self.conversion_ratio_people,
            "answer_ratio_per_call" => &mut self.answer_ratio_per_call,
            "settled_answer_ratio" => &mut self.settled_answer_ratio,
            "answer_ratio_per_call_people" => &mut self.answer_ratio_per_call_people,
            "answer_ratio_per_leg" => &mut self.answer_ratio_per_leg,
            "answer_ratio_per_leg_people" => &mut self.answer_ratio_per_leg_people,
            "failure_ratio_per_leg" => &mut self.failure_ratio_per_leg,
            _ => return Err(Problem::fault(format!("{member} has no version in replies"))),
        };
        *place = Some(named);
        Ok(())
    }
}

/// A metric with version and label, as needed to quote a figure.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MetricReference {
    /// Name of the metric. Null for a ratio of a live window, which is not a metric.
    pub metric: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    pub label: MetricText,
}

/// Returns metric, version and label of each of these members (member, metric, version). Fails if a metric
/// is not in the catalog.
pub fn versions<'a>(
    members: impl IntoIterator<Item = &'a (&'a str, &'a str, u32)>,
) -> Result<MetricVersions, Problem> {
    let mut all = MetricVersions::default();
    for (member, name, version) in members {
        all.put(member, named(find(name, Some(*version))?))?;
    }
    Ok(all)
}

/// Returns a metric's name, version and label.
pub fn named(metric: &Metric) -> MetricReference {
    MetricReference {
        metric: Some(metric.name.clone()),
        version: Some(metric.version),
        label: metric.label.clone(),
    }
}

/// Returns a reference for a ratio that is not a metric, with its label in Chinese and English.
pub fn no_metric(zh: &str, en: &str) -> MetricReference {
    MetricReference {
        metric: None,
        version: None,
        label: MetricText {
            zh: zh.to_owned(),
            en: en.to_owned(),
        },
    }
}

impl From<&CallFigures> for PeopleFigures {
    fn from(calls: &CallFigures) -> Self {
        Self {
            answer_ratio_people: calls.answer_ratio_people,
            conversion_ratio_people: calls.conversion_ratio_people,
        }
    }
}
