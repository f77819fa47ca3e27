//! Compliance rule: a number stored without a country code was taken to be Chinese. Under a preset of another
//! country it may be a stranger's number in China, so it is not dialed until a user confirms it.
//!
//! Source: our own records. An unconfirmed number is checked again the next day.

use super::facts::{CustomerFacts, PhoneCountry};
use super::verdict::{Decision, Rule, to_fact_map};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::calling_code::{CallingCode, DefaultCountry};

/// Milliseconds after which a dial to a number with an unconfirmed country is judged again: a day.
const ASK_AGAIN_MS: u64 = 24 * 3_600_000;

pub(super) struct NumberCountry;

/// Returns true if the rule applies: the number's country may have been guessed, and a preset of the
/// campaign is for another country than China.
pub(super) fn is_asked(facts: &CustomerFacts<'_>) -> bool {
    let china = DefaultCountry::Of(CallingCode::MAINLAND_CHINA);
    let mut presets = facts.campaign.plan.presets();
    facts.phone_country == PhoneCountry::Guessed && presets.any(|preset| preset.default_country() != china)
}

impl Rule<CustomerFacts<'_>> for NumberCountry {
    fn id(&self) -> &'static str {
        "number_country"
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-28"
    }

    fn source(&self) -> &'static str {
        "numbers stored before they needed a country"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        if !is_asked(facts) {
            return (Decision::Allow, BTreeMap::new());
        }
        let later = Decision::DeferUntil(now.plus_ms(ASK_AGAIN_MS));
        (later, to_fact_map([("country", "guessed".to_owned())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::testing::{campaign_facts, customer_facts, instant};
    use crate::compliance::{ContactHistory, judge_customer};

    #[test]
    fn a_guessed_country_is_not_dialed_under_a_preset_of_another_country() {
        let now = instant("2026-03-02T10:00:00+08:00");
        let chinese = [
            Preset::CnService,
            Preset::CnMarketing,
            Preset::CnCollection,
            Preset::CnCloudTrunk,
        ];
        for preset in Preset::ALL {
            for country in [PhoneCountry::Guessed, PhoneCountry::Known] {
                let campaign = campaign_facts(preset);
                let history = ContactHistory::default();
                let mut facts = customer_facts(&campaign, &history);
                facts.phone_country = country;
                let verdicts = judge_customer(&facts, now);
                let of_country = verdicts.iter().find(|verdict| verdict.rule == "number_country");
                let is_refused = of_country.is_some_and(|verdict| !verdict.allows());
                let is_guessed = country == PhoneCountry::Guessed;
                assert_eq!(is_refused, is_guessed && !chinese.contains(&preset), "{preset:?}");
            }
        }
    }

    #[test]
    fn a_further_preset_of_another_country_asks_too() {
        let mut campaign = campaign_facts(Preset::CnService);
        campaign.plan.also_presets = vec![Preset::UsTsr];
        let history = ContactHistory::default();
        let mut facts = customer_facts(&campaign, &history);
        facts.phone_country = PhoneCountry::Guessed;
        assert!(is_asked(&facts));
    }
}
