//! A campaign's calls by customers' industry (行业分布, REP-2). The industry is the attribute of each customer
//! as known at the moment in question, over the campaign's calls up to then.
//!
//! No view contains attribute values (decision 0111): they are read from rows in memory, and only sums
//! leave this module. The name of an industry with fewer than three customers could identify one of them,
//! so these industries are combined in one row.

use super::grouping::within;
use super::{SegmentRequest, SelectionOptions};
use crate::as_of::Moment;
use crate::figures::{MetricVersions, QualifiedAnswer, Source, versions};
use crate::installation::Installation;
use domain::attribute::BuiltInAttribute;
use domain::ids::CampaignId;
use domain::problem::Problem;
use projections::views::call_history::{CallCounts, CallHistory, counts_by_group};
use projections::views::campaign_board::{self, CampaignBoard};
use projections::{CustomerAttributes, Val, View};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most industries in one answer, those with the most calls.
const INDUSTRIES_MAX: usize = 1_000;

/// Least number of customers for an industry to be named; smaller ones are combined in one row.
const PEOPLE_MIN: usize = 3;

/// The segment of all customers with an industry.
const WITH_INDUSTRY: &str = "SELECT * FROM customers WHERE industry IS NOT NULL";

/// Rows for customers without a known industry, and for industries with too few customers.
const UNKNOWN: &str = "unknown";
const FEW: &str = "few";

/// The members that are metrics, with their versions.
const OF_INDUSTRIES: [(&str, &str, u32); 4] = [
    ("answer_ratio_per_call", "answer_ratio_per_call", 1),
    ("answer_ratio_per_call_people", "answer_ratio_per_call", 2),
    ("conversion_ratio", "conversion_ratio", 1),
    ("conversion_ratio_people", "conversion_ratio", 2),
];

/// The reply with a campaign's calls by industry.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Industries {
    campaign: CampaignId,
    items: Vec<Industry>,
    versions: MetricVersions,
    /// False if there are more industries or calls than one answer can have.
    complete: bool,
    label_zh: &'static str,
    label_en: &'static str,
    position: Option<String>,
}

/// An industry with its ratios per call; `null` if there are no calls.
#[derive(Debug, Serialize, JsonSchema)]
struct Industry {
    /// As in customers' records; `unknown` if none is known, `few` for industries with fewer than three
    /// customers.
    #[schemars(example = &"零售")]
    industry: String,
    #[serde(flatten)]
    calls: CallCounts,
    answer_ratio_per_call: Option<f64>,
    /// Calls answered by a person, as a ratio of those dialed.
    answer_ratio_per_call_people: Option<f64>,
    conversion_ratio: Option<f64>,
    /// Conversions, as a ratio of the calls that a person answered.
    conversion_ratio_people: Option<f64>,
}

impl Industry {
    fn of(industry: String, calls: CallCounts) -> Self {
        let ratio = |part: u64, whole: u64| {
            let (part, whole) = (u32::try_from(part).ok()?, u32::try_from(whole).ok()?);
            (whole > 0).then(|| f64::from(part) / f64::from(whole))
        };
        Self {
            industry,
            answer_ratio_per_call: ratio(calls.answered, calls.dialed),
            answer_ratio_per_call_people: ratio(calls.person_answered, calls.dialed),
            conversion_ratio: ratio(calls.converted, calls.answered),
            conversion_ratio_people: ratio(calls.converted, calls.person_answered),
            calls,
        }
    }
}

/// The names of the industries, and the index of each customer's industry among them.
struct Groups {
    names: Vec<String>,
    of: BTreeMap<String, usize>,
}

impl Groups {
    fn of(known: Vec<CustomerAttributes>) -> Self {
        let of_customers: Vec<(String, String)> = known
            .into_iter()
            .filter_map(|(customer, values)| match values.into_iter().next()? {
                Val::Text(industry) => Some((customer.to_string(), industry)),
                Val::Null | Val::Int(_) | Val::Bool(_) | Val::Real(_) | Val::Blob(_) => None,
            })
            .collect();
        let mut people: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, industry) in &of_customers {
            *people.entry(industry).or_default() += 1;
        }
        let mut names = vec![UNKNOWN.to_owned(), FEW.to_owned()];
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (industry, count) in people {
            if count >= PEOPLE_MIN {
                places.insert(industry, names.len());
                names.push(industry.to_owned());
            }
        }
        let of = of_customers.iter().map(|(customer, industry)| {
            (
                customer.clone(),
                places.get(industry.as_str()).copied().unwrap_or(1),
            )
        });
        let of = of.collect();
        Self { names, of }
    }
}

impl Installation {
    /// Returns a campaign's calls by the customers' industry, now or at a past moment. Industries with
    /// fewer than `PEOPLE_MIN` customers are combined.
    pub async fn industries_of(
        &self,
        campaign: CampaignId,
        moment: Moment,
    ) -> Result<QualifiedAnswer<Industries>, Problem> {
        let views: Vec<Arc<dyn View>> = vec![Arc::new(CampaignBoard), Arc::new(CallHistory)];
        let source = Source::of(self, moment, &campaign, views).await?;
        if campaign_board::get(source.db.as_ref(), &campaign)
            .await?
            .is_none()
        {
            return Err(source.missing());
        }
        // For a past moment, the attributes known then are used.
        let then = source.position.filter(|_| source.known.is_some());
        let order = SegmentRequest {
            sql: WITH_INDUSTRY.to_owned(),
            as_of: then.map(|position| position.to_string()),
            at: None,
            sample: None,
        };
        let industry = BuiltInAttribute::named("industry").into_iter().collect();
        let (_, answer) = self
            .asked_segment(order, SelectionOptions::known(industry))
            .await?;
        within(&answer)?;
        let groups = Groups::of(answer.known);
        let counted = counts_by_group(source.db.as_ref(), &campaign, groups.of, groups.names.len());
        let (sums, is_whole) = counted.await?;
        let mut items: Vec<Industry> = groups
            .names
            .into_iter()
            .zip(sums)
            .filter(|(_, calls)| *calls != CallCounts::default())
            .map(|(industry, calls)| Industry::of(industry, calls))
            .collect();
        items.sort_by(|one, other| {
            let by_calls = other.calls.dialed.cmp(&one.calls.dialed);
            by_calls.then_with(|| one.industry.cmp(&other.industry))
        });
        let complete = is_whole && items.len() <= INDUSTRIES_MAX;
        items.truncate(INDUSTRIES_MAX);
        let answer = Industries {
            campaign,
            items,
            versions: versions(&OF_INDUSTRIES)?,
            complete,
            label_zh: "行业（客户属性“行业”，以所查时刻已知为准；不足 3 人的行业合为 few，未知为 unknown）",
            label_en: "industry: the customers' attribute as it was known at the moment looked at; those of fewer than \
                three people are told together as few, and unknown where none is known",
            position: source.position.map(|position| position.to_string()),
        };
        Ok(QualifiedAnswer {
            answer,
            completeness: source.completeness,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_industry_of_two_is_not_named() {
        let person = |number: u32, industry: Val| {
            let id = format!("{number:032x}").parse().unwrap();
            (id, vec![industry])
        };
        let text = |industry: &str| Val::Text(industry.to_owned());
        let mut known: Vec<CustomerAttributes> = (1..=3).map(|number| person(number, text("零售"))).collect();
        known.extend((4..=5).map(|number| person(number, text("捕鲸"))));
        known.push(person(6, Val::Null));
        let groups = Groups::of(known);
        assert_eq!(groups.names, ["unknown", "few", "零售"]);
        let places: Vec<usize> = groups.of.values().copied().collect();
        assert_eq!(places, [2, 2, 2, 1, 1]);
    }
}
