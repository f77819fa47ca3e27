//! The headline figures (REP-1) as replies carry them: each by its member's name, each member with the
//! metric, version and label it has, and beside the formula that counts machines the one of people only.
//!
//! A member keeps its meaning for ever: another version is another member, and `versions` says which is
//! which.

use crate::figures::find;
use domain::ids::CampaignId;
use domain::problem::Problem;
use projections::ReadDb;
use projections::metrics::{Metric, Scope, catalog};
use projections::views::metric_board::{By, Figure, GROUPS_MAX, figures, whole_figures};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

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

/// What people-only members of one campaign, or of all, are.
pub(super) type People = Map<String, Value>;

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

/// The people-only figures of one campaign.
pub async fn people(db: &dyn ReadDb, campaign: &CampaignId) -> Result<People, Problem> {
    let scope = Scope {
        campaign: Some(campaign.clone()),
        ..Scope::default()
    };
    let (found, _) = whole_figures(db, (catalog()?, &people_metrics()?), &scope).await?;
    Ok(members(found.iter().map(Option::as_ref)))
}

/// The people-only figures of every campaign; `None` where there are more campaigns than one answer holds.
pub async fn people_by_campaign(db: &dyn ReadDb) -> Result<Option<BTreeMap<String, People>>, Problem> {
    let mut all: BTreeMap<String, People> = BTreeMap::new();
    for (metric, (member, ..)) in people_metrics()?.into_iter().zip(PEOPLE) {
        let by = Some(By::Campaign);
        let (found, _) = figures(db, (catalog()?, metric), &Scope::default(), by).await?;
        if found.len() >= GROUPS_MAX {
            return Ok(None);
        }
        for figure in found {
            let campaign = figure.key.clone().unwrap_or_default();
            let of = all.entry(campaign).or_insert_with(|| members([]));
            of.insert(member.to_owned(), json!(figure.value));
        }
    }
    Ok(Some(all))
}

fn people_metrics() -> Result<Vec<&'static Metric>, Problem> {
    PEOPLE
        .iter()
        .map(|(_, name, version)| find(name, Some(*version)))
        .collect()
}

/// The members of figures in the order of `PEOPLE`; `null` where there is none.
pub(super) fn members<'a>(figures: impl IntoIterator<Item = Option<&'a Figure>>) -> People {
    let mut values = figures
        .into_iter()
        .map(|figure| json!(figure.and_then(|one| one.value)));
    PEOPLE
        .iter()
        .map(|(member, ..)| ((*member).to_owned(), values.next().unwrap_or_default()))
        .collect()
}
