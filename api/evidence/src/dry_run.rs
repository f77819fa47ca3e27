//! Tries a new version of a preset on the present customers of a campaign: reports who would newly be
//! refused, by rule. Nothing is stored, and customers are named by id only.

use crate::log_walk::{FilteredEventReader, unreadable};
use application::installation::Installation;
use application::why_not::{judged_now, person_then};
use domain::calling_plan::Preset;
use domain::compliance::{PresetRules, shipped_presets};
use domain::customer::event::CustomerEvent;
use domain::event_filter::EventFilter;
use domain::ids::{CampaignId, CustomerId};
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most customers of a campaign that are tried; with more, `whole` of the reply is false. Each takes two
/// stream reads, about 100 µs.
const PEOPLE_MAX: usize = 100_000;

/// Most ids listed per rule, for a closer look with `why-not`.
const SAMPLE_MAX: usize = 10;

/// The changes that another version of a preset would make in a campaign.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DryRun {
    pub campaign: CampaignId,
    pub preset: Preset,
    /// Version in force, and version that was tried.
    pub version_now: u32,
    pub version_tried: u32,
    #[schemars(example = &"2027-01-01")]
    pub effective_from: String,
    /// Time for which both versions were evaluated.
    pub at: Timestamp,
    /// Customers of the campaign that were evaluated; settled ones are left out.
    pub people: u64,
    /// True if all unsettled customers were evaluated.
    pub whole: bool,
    pub refused_now: u64,
    pub refused_then: u64,
    /// Customers refused by the tried version and permitted now.
    pub newly_refused: u64,
    /// Customers refused now and permitted by the tried version.
    pub newly_permitted: u64,
    /// The newly refused customers, by the decisive rule.
    pub rules: Vec<RuleChange>,
}

/// The customers that one rule would newly refuse.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleChange {
    #[schemars(example = &"frequency_cap")]
    pub rule: String,
    pub people: u64,
    /// Ids of some of these customers.
    pub sample: Vec<CustomerId>,
}

/// Returns the version of a built-in preset with this name, for example `cn-service@2`. Fails with
/// `rule-unknown`.
pub fn shipped_version(named: &str) -> Result<PresetRules, Problem> {
    let unknown = || {
        Problem::invalid(
            "rule-unknown",
            format!(
                "{named:?} is neither a version of a built-in preset, such as cn-service@1, nor a file with \
                 one"
            ),
        )
    };
    let (preset, version) = named.split_once('@').ok_or_else(unknown)?;
    let preset = Preset::of_code(preset).ok_or_else(unknown)?;
    let version: u32 = version.parse().map_err(|_number| unknown())?;
    let mut shipped = shipped_presets().iter();
    let found = shipped.find(|rules| rules.preset == preset && rules.version == version);
    found.cloned().ok_or_else(unknown)
}

/// Parses a preset version from the text of a YAML file. Fails with `preset-version-invalid`.
pub fn version_of_file(text: &str) -> Result<PresetRules, Problem> {
    PresetRules::from_yaml(text)
        .map_err(|fault| Problem::invalid("preset-version-invalid", fault.to_string()))
}

/// Evaluates a preset version for every unsettled customer of a campaign (at most `PEOPLE_MAX`), as of
/// `at`, and returns the differences from the version in force. Nothing is stored.
pub async fn dry_run(
    installation: &Installation,
    campaign: CampaignId,
    tried: &PresetRules,
    at: Timestamp,
) -> Result<DryRun, Problem> {
    let loaded = installation.entities.campaigns.state(&campaign).await?;
    let plan = loaded
        .state
        .plan()
        .ok_or_else(|| Problem::missing("this campaign"))?;
    if plan.preset != tried.preset {
        return Err(Problem::invalid(
            "rule-of-another-preset",
            format!(
                "the campaign uses {}, not {}",
                plan.preset.code(),
                tried.preset.code()
            ),
        ));
    }
    let (people, whole) = list_enrolled_customers(installation.store(), &campaign).await?;
    let now_by = domain::compliance::rules_at(plan.preset, at);
    let mut report = DryRun {
        campaign: campaign.clone(),
        preset: tried.preset,
        version_now: now_by.version,
        version_tried: tried.version,
        effective_from: tried.effective_from.to_string(),
        at,
        people: 0,
        whole,
        refused_now: 0,
        refused_then: 0,
        newly_refused: 0,
        newly_permitted: 0,
        rules: Vec::new(),
    };
    let mut rules: BTreeMap<String, (u64, Vec<CustomerId>)> = BTreeMap::new();
    for customer in people {
        let person = person_then(installation, &customer, None).await?;
        let waiting = person.state.enrolment(&campaign);
        if waiting.is_none_or(|enrolment| enrolment.settled.is_some()) {
            continue;
        }
        report.people += 1;
        let judged = judged_now(installation, &customer, &campaign, &person, tried, at).await?;
        report.refused_now += u64::from(judged.now.is_some());
        report.refused_then += u64::from(judged.then.is_some());
        report.newly_permitted += u64::from(judged.now.is_some() && judged.then.is_none());
        if let (None, Some(rule)) = (judged.now, judged.then) {
            report.newly_refused += 1;
            let (count, sample) = rules.entry(rule).or_default();
            *count += 1;
            if sample.len() < SAMPLE_MAX {
                sample.push(customer);
            }
        }
    }
    report.rules = rules
        .into_iter()
        .map(|(rule, (people, sample))| RuleChange { rule, people, sample })
        .collect();
    Ok(report)
}

/// Returns the customers that the campaign enrolled, from the log, and true; if it has `PEOPLE_MAX` or
/// more, the first of them and false.
pub(crate) async fn list_enrolled_customers(
    store: &dyn EventStore,
    campaign: &CampaignId,
) -> Result<(BTreeSet<CustomerId>, bool), Problem> {
    let filter = EventFilter {
        campaign: Some(campaign.clone()),
        kinds: vec![CustomerEvent::ENROLLED.to_owned()],
        ..EventFilter::default()
    };
    let head = store.head().await?;
    let mut log = FilteredEventReader::new(store, filter).between(Position(0), head);
    let mut people = BTreeSet::new();
    while let Some(page) = log.next().await? {
        for stored in &page {
            let envelope = stored.envelope().map_err(unreadable)?;
            people.extend(envelope.customer);
            if people.len() >= PEOPLE_MAX {
                return Ok((people, false));
            }
        }
    }
    Ok((people, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_named_by_preset_and_number_or_is_a_file() {
        assert_eq!(shipped_version("cn-collection@1").unwrap().version, 1);
        for wrong in ["cn-collection", "cn-collection@9", "cn-other@1", "cn-service@x"] {
            assert!(shipped_version(wrong).is_err(), "{wrong}");
        }
        assert!(version_of_file("id: cn-service").is_err());
    }
}
