//! Where a preset bars numbers issued in Xinjiang and Tibet, the number's home location must be known.
//!
//! Source: a large cloud's published terms. A landline's area code tells its home location; a mobile
//! number's needs a table of issued ranges, which is not kept yet: unknown means no.

use super::{CustomerFacts, Decision, Rule, named};
use crate::time::Timestamp;
use std::collections::BTreeMap;

pub(super) struct HomeLocation;

impl Rule<CustomerFacts<'_>> for HomeLocation {
    fn id(&self) -> &'static str {
        "home_location"
    }

    fn source(&self) -> &'static str {
        "a large cloud's published terms; area codes of the national numbering plan"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        if !facts.rules(now).bars_xinjiang_and_tibet {
            return (Decision::Allow, BTreeMap::new());
        }
        let location = facts.phone.map_or("unknown", home_location);
        let decision = match location {
            "elsewhere" => Decision::Allow,
            _ => Decision::Forbid,
        };
        (decision, named([("home_location", location.to_owned())]))
    }
}

/// Area codes 0901 to 0909 and 0990 to 0999 are Xinjiang's, 0891 to 0897 Tibet's.
fn home_location(phone: &str) -> &'static str {
    let Some(national) = phone.strip_prefix("+86") else {
        return "elsewhere";
    };
    let mut digits = national.bytes();
    match (digits.next(), digits.next(), digits.next()) {
        // Beijing's 010; any other 1 begins a mobile number.
        (Some(b'1'), Some(b'0'), Some(_)) if national.len() == 10 => "elsewhere",
        (Some(b'2'..=b'7'), Some(_), Some(_)) => "elsewhere",
        (Some(b'8'), Some(b'9'), Some(b'1'..=b'7')) => "tibet",
        (Some(b'8'), Some(_), Some(_)) => "elsewhere",
        (Some(b'9'), Some(b'0' | b'9'), Some(_)) => "xinjiang",
        (Some(b'9'), Some(b'1'..=b'8'), Some(_)) => "elsewhere",
        _ => "unknown",
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
            (Some("+861065529988"), "elsewhere", true),
            (Some("+8675526559988"), "elsewhere", true),
            (Some("+868986529988"), "elsewhere", true),
            (Some("+868916529988"), "tibet", false),
            (Some("+868976529988"), "tibet", false),
            (Some("+869916529988"), "xinjiang", false),
            (Some("+869026529988"), "xinjiang", false),
            (Some("+869366529988"), "elsewhere", true),
            (Some("+8613800138000"), "unknown", false),
            (Some("+12025550123"), "elsewhere", true),
            (None, "unknown", false),
        ] {
            let campaign = campaign_facts(Preset::CnCloudTrunk);
            let history = ContactHistory::default();
            let mut facts = customer_facts(&campaign, &history);
            facts.phone = phone;
            let verdict = HomeLocation.judge(&facts, instant("2026-03-02T10:00:00+08:00"));
            assert_eq!(verdict.allows(), allowed, "{phone:?}");
            assert_eq!(
                verdict.facts.get("home_location").map(String::as_str),
                Some(location)
            );
        }
    }

    #[test]
    fn other_presets_do_not_ask() {
        let campaign = campaign_facts(Preset::CnService);
        let history = ContactHistory::default();
        let facts = customer_facts(&campaign, &history);
        let now = instant("2026-03-02T10:00:00+08:00");
        assert_eq!(HomeLocation.decide(&facts, now).0, Decision::Allow);
    }
}
