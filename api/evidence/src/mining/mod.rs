//! What customers talk about in the calls of a campaign: words by frequency, by a column of its lists, and
//! the share who care about the price (AI-7).
//!
//! Transcripts are decrypted in bounded batches, each logged first, and masked; nothing of them is stored.
//! Only words that several calls share are shown, never a text.

mod words;

pub use words::Keyword;

use application::campaigns::anonymous_words;
use application::inquiries::{ReadContent, Reader, put_on_record};
use application::installation::Installation;
use application::transcripts::heard_in;
use domain::ids::{CampaignId, CustomerId};
use domain::inquiry::ReadForm;
use domain::personal::Personal;
use domain::problem::Problem;
use projections::views::call_history::{self, CALLS_MAX, CallFilter, CallRow};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use words::{SAID_CALLS_MIN, WordCounts, is_about_price};

/// Most calls of one reply, the newest; decrypting takes some milliseconds per call.
pub const KEYWORD_CALLS_MAX: usize = 2_000;

/// Most groups of one reply; the smallest others are joined in one.
const GROUPS_MAX: usize = 20;

/// Column that a list may have; its default is the value of the campaign.
const SEGMENT: &str = "customer_segment";

/// Group of customers without a value, and of groups with few customers.
const OTHERS: &str = "其他 other";

/// The personal fields that are decrypted, masked.
const HEARD: ReadContent = ReadContent::of(&["heard"], ReadForm::Masked);
const HEARD_BY_COLUMN: ReadContent = ReadContent::of(&["heard", "variables"], ReadForm::Masked);

/// Keywords of a campaign's calls.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeywordsResponse {
    pub campaign: CampaignId,
    /// Number of calls that were decrypted, the newest ones.
    pub calls: u64,
    /// Number of anonymous transcripts that were also used, each counted as one person.
    pub anonymous: u64,
    /// True if there are more calls than were decrypted.
    pub truncated: bool,
    #[serde(flatten)]
    pub all: KeywordFigures,
    /// Column by which the groups are formed.
    #[schemars(example = &"customer_segment")]
    pub column: Option<String>,
    /// Groups by the values of that column; groups of fewer than three persons are joined.
    pub groups: Vec<KeywordGroupResponse>,
}

/// Keywords and counts of a group of customers.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KeywordFigures")]
pub struct KeywordFigures {
    /// Calls in which the callee spoke.
    pub talked: u64,
    pub persons: u64,
    /// Customers who mentioned the price, per thousand customers who spoke.
    pub price_sensitive_permille: u64,
    /// Keywords, the most frequent first; each occurs in at least three calls.
    pub keywords: Vec<Keyword>,
}

/// The keywords of one group.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KeywordGroup")]
pub struct KeywordGroupResponse {
    #[schemars(example = &"家长")]
    pub group: String,
    #[serde(flatten)]
    pub said: KeywordFigures,
}

/// Decrypts the newest calls of a campaign and returns the keywords of all, and of groups by the values of
/// a column if one is given. Each batch of calls is logged as a read first.
pub async fn keywords(
    installation: &Installation,
    reader: &Reader,
    campaign: &CampaignId,
    column: Option<&str>,
) -> Result<KeywordsResponse, Problem> {
    let mut heard = CampaignUtterances::default();
    let filter = CallFilter {
        campaign: Some(campaign.clone()),
        ..CallFilter::default()
    };
    let (mut below, mut calls) = (None, 0);
    let truncated = loop {
        let db = installation.rows.db();
        let rows = call_history::list(db.as_ref(), &filter, below, CALLS_MAX).await?;
        let is_last = rows.len() < CALLS_MAX;
        below = rows.last().map(|row| row.first_position);
        let room = KEYWORD_CALLS_MAX - calls;
        let answered: Vec<CallRow> = rows.into_iter().filter(|row| row.answered_at.is_some()).collect();
        let truncated = answered.len() > room || (answered.len() == room && !is_last);
        let batch: Vec<CallRow> = answered.into_iter().take(room).collect();
        calls += batch.len();
        open(installation, reader, campaign, column, &batch, &mut heard).await?;
        if is_last || calls >= KEYWORD_CALLS_MAX {
            break truncated;
        }
    };
    let (copies, more) = anonymous_words(installation, campaign, KEYWORD_CALLS_MAX - calls).await?;
    let anonymous = copies.len() as u64;
    for copy in copies {
        heard.take(&copy.counted_as(), None, copy.pieces);
    }
    Ok(KeywordsResponse {
        campaign: campaign.clone(),
        calls: calls as u64,
        anonymous,
        truncated: truncated || more,
        all: heard.all(),
        column: column.map(str::to_owned),
        groups: column.map(|_| heard.groups()).unwrap_or_default(),
    })
}

/// Logs the read of a batch of calls, then returns their utterances, decrypted and masked.
async fn open(
    installation: &Installation,
    reader: &Reader,
    campaign: &CampaignId,
    column: Option<&str>,
    batch: &[CallRow],
    heard: &mut CampaignUtterances,
) -> Result<(), Problem> {
    if batch.is_empty() {
        return Ok(());
    }
    let what = ReadContent {
        campaign: Some(campaign.clone()),
        calls: batch.iter().map(|row| row.call).collect(),
        ..if column.is_some() { HEARD_BY_COLUMN } else { HEARD }
    };
    put_on_record(installation, reader.clone(), what).await?;
    for row in batch {
        let said = heard_in(installation, row.call, &row.customer).await?;
        if said.is_empty() {
            continue;
        }
        let group = match column {
            Some(column) if !heard.group_of.contains_key(&row.customer) => {
                Some(group_of(installation, campaign, &row.customer, column).await?)
            }
            Some(_) | None => None,
        };
        heard.take(
            &row.customer,
            group,
            said.into_iter().map(|said| said.text).collect(),
        );
    }
    Ok(())
}

/// Returns the customer's value of the column by which groups are formed; for `customer_segment`, the
/// campaign's own value if the list has none.
async fn group_of(
    installation: &Installation,
    campaign: &CampaignId,
    customer: &CustomerId,
    column: &str,
) -> Result<String, Problem> {
    let entities = &installation.entities;
    let person = entities.customers.state(customer).await?.state;
    let enrolment = person.enrolment(campaign);
    let value = enrolment.and_then(|one| one.variables.get(column).and_then(Personal::value).cloned());
    let value = match value {
        None if column == SEGMENT => {
            let state = entities.campaigns.state(campaign).await?.state;
            state
                .created()
                .and_then(|created| created.customer_segment.clone())
        }
        other => other,
    };
    Ok(value.unwrap_or_else(|| OTHERS.to_owned()))
}

/// The utterances by customer and call.
#[derive(Debug, Default)]
struct CampaignUtterances {
    calls: Vec<(CustomerId, Vec<String>)>,
    group_of: BTreeMap<CustomerId, String>,
}

impl CampaignUtterances {
    fn take(&mut self, customer: &CustomerId, group: Option<String>, texts: Vec<String>) {
        if let Some(group) = group {
            self.group_of.insert(customer.clone(), group);
        }
        self.calls.push((customer.clone(), texts));
    }

    fn all(&self) -> KeywordFigures {
        said(self.calls.iter())
    }

    /// Returns the keywords of each group, the largest group first. Groups of fewer than three customers
    /// are joined, so that no single person is identifiable.
    fn groups(&self) -> Vec<KeywordGroupResponse> {
        let mut persons: BTreeMap<&str, u64> = BTreeMap::new();
        for group in self.group_of.values() {
            *persons.entry(group).or_default() += 1;
        }
        let mut named: Vec<(&str, u64)> = persons
            .into_iter()
            .filter(|(group, count)| *count >= SAID_CALLS_MIN && *group != OTHERS)
            .collect();
        named.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        named.truncate(GROUPS_MAX);
        let named: Vec<&str> = named.into_iter().map(|(group, _)| group).collect();
        let of = |customer: &CustomerId| {
            let group = self.group_of.get(customer).map_or(OTHERS, String::as_str);
            if named.contains(&group) { group } else { OTHERS }
        };
        let shown = |group: &&str| KeywordGroupResponse {
            group: (*group).to_owned(),
            said: said(self.calls.iter().filter(|(customer, _)| of(customer) == *group)),
        };
        let groups = named.iter().chain(&[OTHERS]).map(shown);
        groups.filter(|group| group.said.talked > 0).collect()
    }
}

fn said<'a>(calls: impl Iterator<Item = &'a (CustomerId, Vec<String>)>) -> KeywordFigures {
    let (mut counted, mut talked) = (WordCounts::default(), 0);
    let (mut persons, mut about_price) = (BTreeSet::new(), BTreeSet::new());
    for (customer, texts) in calls {
        talked += 1;
        persons.insert(customer);
        if texts.iter().any(|text| is_about_price(text)) {
            about_price.insert(customer);
        }
        counted.take(texts);
    }
    let of_all = (about_price.len() as u64 * 1_000).checked_div(persons.len() as u64);
    KeywordFigures {
        talked,
        persons: persons.len() as u64,
        price_sensitive_permille: of_all.unwrap_or_default(),
        keywords: counted.keywords(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: usize) -> CustomerId {
        format!("{number:032x}").parse().unwrap()
    }

    #[test]
    fn groups_of_few_persons_are_joined_and_price_is_counted_by_person() {
        let mut heard = CampaignUtterances::default();
        for number in 0..7 {
            let group = if number < 4 { "家长" } else { "学生" };
            let group = if number == 6 { "校长" } else { group };
            let text = if number < 2 {
                "课程价格多少"
            } else {
                "课程几点"
            };
            heard.take(&person(number), Some(group.to_owned()), vec![text.to_owned()]);
        }
        let all = heard.all();
        assert_eq!(
            (all.talked, all.persons, all.price_sensitive_permille),
            (7, 7, 285)
        );
        assert_eq!(all.keywords[0].word, "课程");
        let groups = heard.groups();
        let listed: Vec<_> = groups
            .iter()
            .map(|one| {
                (
                    one.group.as_str(),
                    one.said.persons,
                    one.said.price_sensitive_permille,
                )
            })
            .collect();
        assert_eq!(listed, [("家长", 4, 500), (OTHERS, 3, 0)]);
    }
}
