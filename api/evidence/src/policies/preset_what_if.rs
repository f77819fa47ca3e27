//! Judges the recorded grants again under another preset, each with the facts known at its time.

use super::campaign_record::{CampaignDialRecord, DialGrant};
use application::as_of::EntityReplay;
use application::installation::Installation;
use application::why_not::{GrantedDial, judged_before};
use domain::calling_plan::Preset;
use domain::compliance::{Verdict, strictest};
use domain::ids::{CampaignId, CustomerId};
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most grants that are judged again, the newest. For each, two streams are replayed up to its position.
const JUDGED_MAX: usize = 5_000;

/// Most customer ids listed for each rule.
const SAMPLE_MAX: usize = 10;

/// Rules that count earlier calls. Without those calls they might have allowed the dial.
const COUNTING: [&str; 4] = ["frequency_cap", "retry_policy", "open_call", "own_caps"];

/// What changes under another preset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PresetWhatIf {
    pub preset: Preset,
    pub other: Preset,
    pub dials: u64,
    pub judged: u64,
    /// Dials that cannot be judged again, because the person was erased since or the key is missing.
    pub unreadable: u64,
    /// Dials that would have been refused, regardless of earlier dials.
    pub refused_low: u64,
    /// The same, plus dials refused by rules that count earlier dials, if all of those had been made.
    pub refused_high: u64,
    pub rules: Vec<RuleRefusals>,
    /// Results that the record cannot give.
    #[schemars(extend("examples" = [["dials_that_only_the_other_preset_permits"]]))]
    pub unknown: Vec<&'static str>,
}

/// Dials that one rule would have refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleRefusals {
    #[schemars(example = &"calling_window")]
    pub rule: String,
    pub dials: u64,
    /// Some of those customers.
    pub sample: Vec<CustomerId>,
}

pub(super) async fn evaluate_preset(
    installation: &Installation,
    campaign: &CampaignId,
    recorded: &CampaignDialRecord,
    own: Preset,
    other: Preset,
) -> Result<PresetWhatIf, Problem> {
    let mut what_if = PresetWhatIf {
        preset: own,
        other,
        dials: recorded.grants.len() as u64,
        judged: 0,
        unreadable: 0,
        refused_low: 0,
        refused_high: 0,
        rules: Vec::new(),
        unknown: vec![
            "dials_that_only_the_other_preset_permits",
            "what_later_dials_would_have_been",
        ],
    };
    let mut rules: BTreeMap<String, (u64, Vec<CustomerId>)> = BTreeMap::new();
    let skipped = recorded.grants.len().saturating_sub(JUDGED_MAX);
    let mut course = EntityReplay::of(campaign);
    for granted in recorded.grants.iter().skip(skipped) {
        let before = before(campaign, granted);
        let said = judged_before(installation, &mut course, before, other).await?;
        let verdicts = said.map(|said| said.into_iter().map(|one| one.verdict).collect::<Vec<Verdict>>());
        let Some(verdicts) = verdicts else {
            what_if.unreadable += 1;
            continue;
        };
        what_if.judged += 1;
        let Some(binding) = strictest(&verdicts) else {
            continue;
        };
        what_if.refused_high += 1;
        what_if.refused_low += u64::from(refuses_whatever_was_before(&verdicts));
        let (dials, sample) = rules.entry(binding.rule.clone()).or_default();
        *dials += 1;
        if sample.len() < SAMPLE_MAX && !sample.contains(&granted.customer) {
            sample.push(granted.customer.clone());
        }
    }
    if skipped > 0 {
        what_if.unknown.push("dials_before_the_last_5000");
    }
    what_if.rules = rules
        .into_iter()
        .map(|(rule, (dials, sample))| RuleRefusals { rule, dials, sample })
        .collect();
    Ok(what_if)
}

const fn before<'a>(campaign: &'a CampaignId, granted: &'a DialGrant) -> GrantedDial<'a> {
    GrantedDial {
        customer: &granted.customer,
        number: &granted.number,
        campaign,
        position: granted.position,
        at: granted.at,
    }
}

fn refuses_whatever_was_before(verdicts: &[Verdict]) -> bool {
    let mut refusing = verdicts.iter().filter(|verdict| !verdict.allows());
    refusing.any(|verdict| !COUNTING.contains(&verdict.rule.as_str()))
}
