//! Compliance rule: if a preset bars numbers issued in Xinjiang and Tibet, the number's home location must be
//! known.
//!
//! Source: a large cloud's published terms. The record's own `home_location` (省/市) takes precedence over the
//! number library, which knows issued mobile ranges and area codes, but no places for 16x and 19x. An unknown
//! place defers: the dial is checked again the next day, because a list may have added it. Other presets
//! permit, and the verdict names the province if it is known: `campaign regions` counts by it.

use super::facts::CustomerFacts;
use super::verdict::{Decision, Rule, to_fact_map};
use crate::number_library::{home, province_of};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Milliseconds after which a dial to a number with an unknown place is judged again: a day.
const ASK_AGAIN_MS: u64 = 24 * 3_600_000;

pub(super) struct HomeLocation;

impl Rule<CustomerFacts<'_>> for HomeLocation {
    fn id(&self) -> &'static str {
        "home_location"
    }

    fn version(&self) -> u32 {
        3
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-28"
    }

    fn source(&self) -> &'static str {
        "a large cloud's published terms; issued ranges and area codes as the number library has them"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let location = home_location(facts);
        let decision = match location {
            _ if !facts.rules(now).bars_xinjiang_and_tibet => Decision::Allow,
            "CN-XJ" | "CN-XZ" => Decision::Forbid,
            "unknown" if !facts.campaign.kept.assumes_kept() => {
                Decision::DeferUntil(now.plus_ms(ASK_AGAIN_MS))
            }
            _ => Decision::Allow,
        };
        let is_stated = decision != Decision::Allow || location != "unknown";
        let stated = is_stated.then(|| to_fact_map([("home_location", location.to_owned())]));
        (decision, stated.unwrap_or_default())
    }
}

/// Returns the number's home location: the province's code (ISO 3166-2), `elsewhere` for a number of
/// another country, or `unknown`. The customer record takes precedence over the number library; a place in
/// the record that is not recognized is unknown.
fn home_location(facts: &CustomerFacts<'_>) -> &'static str {
    if let Some(said) = facts.home_location.filter(|said| !said.trim().is_empty()) {
        return province_of(said).unwrap_or("unknown");
    }
    match facts.phone {
        Some(phone) if !phone.starts_with("+86") => "elsewhere",
        Some(phone) => home(phone).map_or("unknown", |home| home.code),
        None => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::ContactHistory;
    use crate::compliance::testing::{campaign_facts, customer_facts, instant};

    #[test]
    fn under_the_cloud_trunk_only_a_known_and_permitted_home_location_is_dialed() {
        for (phone, location, allowed) in [
            (Some("+861065529988"), "CN-BJ", true),
            (Some("+8675526559988"), "CN-GD", true),
            (Some("+868986529988"), "CN-HI", true),
            (Some("+868916529988"), "CN-XZ", false),
            (Some("+868976529988"), "CN-XZ", false),
            (Some("+869916529988"), "CN-XJ", false),
            (Some("+869026529988"), "CN-XJ", false),
            (Some("+869366529988"), "CN-GS", true),
            (Some("+8613800138000"), "CN-BJ", true),
            (Some("+8612345678901"), "unknown", false),
            (Some("+8616600138000"), "unknown", false),
            (Some("+8619900138000"), "unknown", false),
            (Some("+12025550123"), "elsewhere", true),
            (None, "unknown", false),
        ] {
            let campaign = campaign_facts(Preset::CnCloudTrunk);
            let history = ContactHistory::default();
            let mut facts = customer_facts(&campaign, &history);
            facts.phone = phone;
            let verdict = HomeLocation.judge(&facts, instant("2026-03-02T10:00:00+08:00"));
            assert_eq!(verdict.allows(), allowed, "{phone:?}");
            let is_final = verdict.decision == Decision::Forbid;
            assert_eq!(is_final, !allowed && location != "unknown", "{phone:?}");
            assert_eq!(
                verdict.facts.get("home_location").map(String::as_str),
                Some(location)
            );
        }
    }

    #[test]
    fn what_the_record_says_goes_before_the_library() {
        let campaign = campaign_facts(Preset::CnCloudTrunk);
        let history = ContactHistory::default();
        let now = instant("2026-03-02T10:00:00+08:00");
        for (said, phone, allowed) in [
            ("广东省/深圳市", "+8612345678901", true),
            ("新疆", "+8613800138000", false),
            ("西藏自治区", "+8675526559988", false),
            ("somewhere", "+8613800138000", false),
            (" ", "+8613800138000", true),
            (" ", "+8612345678901", false),
        ] {
            let mut facts = customer_facts(&campaign, &history);
            facts.phone = Some(phone);
            facts.home_location = Some(said);
            assert_eq!(HomeLocation.judge(&facts, now).allows(), allowed, "{said}");
        }
    }

    #[test]
    fn other_presets_do_not_ask() {
        let campaign = campaign_facts(Preset::CnService);
        let history = ContactHistory::default();
        let facts = customer_facts(&campaign, &history);
        let now = instant("2026-03-02T10:00:00+08:00");
        let (decision, stated) = HomeLocation.decide(&facts, now);
        assert_eq!(decision, Decision::Allow);
        assert_eq!(stated["home_location"], "CN-BJ", "it is named if it is known");
        let mut unknown = customer_facts(&campaign, &history);
        unknown.phone = Some("+8612345678901");
        assert_eq!(
            HomeLocation.decide(&unknown, now),
            (Decision::Allow, BTreeMap::new())
        );
    }
}
