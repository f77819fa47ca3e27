//! Compliance rule: a caller number is not shown after its licence ended, because the call would be
//! unauthorized.
//!
//! Source: the terms under which numbers are given (LIN-8; for mainland China filing and authorization of
//! caller numbers with the carrier, 码号). The licence's last day ends with the first of the zones of the
//! number's region; for a number in a carrier's own form, such as 95xxx, with the day in Beijing.

use super::verdict::{Decision, Rule, Verdict, to_fact_map};
use super::zones::{local, zones_of};
use crate::caller_number::CallerNumber;
use crate::time::Timestamp;
use crate::working_calendar::Day;
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Milliseconds ahead of UTC of the zone with the latest day (14 hours). It is used if no zone of the
/// number is known.
const LATEST_ZONE_MS: u64 = 14 * 3_600_000;

pub(super) struct CallerNumberLicensed;

impl Rule<CallerNumber> for CallerNumberLicensed {
    fn id(&self) -> &'static str {
        "caller_number"
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-26"
    }

    fn source(&self) -> &'static str {
        "terms of caller numbers: licence and authorisation not expired"
    }

    fn decide(&self, shown: &CallerNumber, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let mut seen = to_fact_map([("caller", shown.number.clone())]);
        let Some(until) = shown.valid_until else {
            return (Decision::Allow, seen);
        };
        seen.extend(to_fact_map([("valid_until", until.to_string())]));
        seen.extend(
            shown
                .licence
                .clone()
                .map(|licence| ("licence".to_owned(), licence)),
        );
        match day_of(&shown.number, now) <= until {
            true => (Decision::Allow, seen),
            false => (Decision::Forbid, seen),
        }
    }
}

/// Returns the rule's verdict on showing a caller number at an instant: forbidden after the licence's last
/// day.
pub fn judge_caller_number(shown: &CallerNumber, now: Timestamp) -> Verdict {
    CallerNumberLicensed.judge(shown, now)
}

/// Returns how many days after today the licence of a caller number lasts; negative once it has ended,
/// `None` without a known end.
pub fn days_licensed(shown: &CallerNumber, now: Timestamp) -> Option<i64> {
    let until = shown.valid_until?;
    Some(day_of(&shown.number, now).days_to(until))
}

/// Returns the current day for a caller number: the latest in the zones of its region; in Beijing for a
/// number without `+`.
fn day_of(number: &str, now: Timestamp) -> Day {
    let zones = match number.starts_with('+') {
        true => zones_of(None, Some(number), None).unwrap_or_default(),
        false => vec![Tz::Asia__Shanghai],
    };
    let days = zones.into_iter().map(|zone| Day::of(local(now, zone).date()));
    let latest = || Day::of(now.plus_ms(LATEST_ZONE_MS).to_utc().date_naive());
    days.max().unwrap_or_else(latest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compliance::testing::instant;

    fn shown(number: &str, until: Option<&str>) -> CallerNumber {
        CallerNumber {
            number: number.to_owned(),
            valid_until: until.map(|day| day.parse().unwrap()),
            licence: until.map(|_| "B2-20260001".to_owned()),
        }
    }

    #[test]
    fn a_number_is_shown_on_its_last_day_and_never_after() {
        for (number, at, allows) in [
            ("+861055550100", "2026-12-31T23:59:59.999999+08:00", true),
            ("+861055550100", "2027-01-01T00:00:00+08:00", false),
            ("95500", "2026-12-31T23:59:59.999999+08:00", true),
            ("95500", "2027-01-01T00:00:00+08:00", false),
            // An area code is in one zone or several: the licence ends with the first of them.
            ("+442079460018", "2026-12-31T23:59:59Z", true),
            ("+442079460018", "2027-01-01T00:00:00Z", false),
        ] {
            let verdict = judge_caller_number(&shown(number, Some("2026-12-31")), instant(at));
            assert_eq!(verdict.allows(), allows, "{number} {at}: {verdict:?}");
            assert_eq!((verdict.rule.as_str(), verdict.version), ("caller_number", 1));
            assert_eq!(verdict.facts["valid_until"], "2026-12-31");
            assert_eq!(verdict.facts["licence"], "B2-20260001");
            assert_eq!(verdict.facts["caller"], number);
        }
        let endless = judge_caller_number(&shown("95500", None), instant("2099-01-01T00:00:00Z"));
        assert!(endless.allows(), "no end was said");
    }

    #[test]
    fn the_days_that_are_left_are_counted_to_the_last_one() {
        let left = |at: &str| days_licensed(&shown("95500", Some("2026-12-31")), instant(at));
        assert_eq!(left("2026-12-01T12:00:00+08:00"), Some(30));
        assert_eq!(left("2026-12-31T12:00:00+08:00"), Some(0));
        assert_eq!(left("2027-01-01T00:00:00+08:00"), Some(-1));
        assert_eq!(
            days_licensed(&shown("95500", None), instant("2026-12-01T12:00:00Z")),
            None
        );
    }
}
