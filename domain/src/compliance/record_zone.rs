//! The time zone in a customer record: a zone of the IANA database, checked at import and again at each dial.
//!
//! `EST`, `Etc/GMT+5` and `UTC` are fixed offsets. In a country with daylight saving they are wrong for half
//! of the year, so they are refused there. Sources: the tz database, files `northamerica` and `etcetera`
//! (2025b).

use super::zones::zones_of_region;
use chrono::{Offset, TimeZone};
use chrono_tz::Tz;
use values::phone_number::region_of_e164;

/// The reasons why the zone in a customer record does not determine the callee's local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ZoneFault {
    #[error("it is not an IANA time zone: use one such as America/New_York")]
    Unreadable,
    #[error(
        "it is a fixed offset, but the region uses daylight saving time: use a zone such as America/New_York"
    )]
    FixedOffset,
}

/// Zone names without a region that never change their offset (`etcetera`, and the links of `backward` to
/// it).
const WITHOUT_REGION: [&str; 10] = [
    "GMT",
    "GMT0",
    "GMT+0",
    "GMT-0",
    "Greenwich",
    "UCT",
    "UTC",
    "Universal",
    "Zulu",
    "Factory",
];

/// Standard times of North America, where clocks change except in parts (`northamerica`).
const STANDARD_TIMES: [&str; 3] = ["EST", "MST", "HST"];

/// Abbreviations that only daylight saving time has, with the zone that uses it. In the North American
/// numbering plan each means one region; elsewhere they are ambiguous.
const SUMMER_TIMES: [(&str, &str); 6] = [
    ("NDT", "America/St_Johns"),
    ("EDT", "America/New_York"),
    ("CDT", "America/Chicago"),
    ("MDT", "America/Denver"),
    ("PDT", "America/Los_Angeles"),
    ("AKDT", "America/Anchorage"),
];

/// Returns the name under which the zone of a row is stored. `phone` is E.164.
pub fn zone_of_row(text: &str, phone: &str) -> Result<String, ZoneFault> {
    let text = text.trim();
    let is_american = phone.starts_with("+1");
    let summer = SUMMER_TIMES
        .iter()
        .find(|(short, _)| is_american && *short == text);
    if let Some((_, zone)) = summer {
        return Ok((*zone).to_owned());
    }
    recorded_zone(text, phone).map(|zone| zone.name().to_owned())
}

/// Reads the zone of a customer record. Fails if it is no IANA name, or a fixed offset although clocks may
/// change in the phone's region.
pub(super) fn recorded_zone(text: &str, phone: &str) -> Result<Tz, ZoneFault> {
    let zone: Tz = text.parse().map_err(|_no_zone| ZoneFault::Unreadable)?;
    let is_standard_time = STANDARD_TIMES.contains(&text);
    let is_fixed = text.starts_with("Etc/") || WITHOUT_REGION.contains(&text);
    if is_standard_time || (is_fixed && may_change_clocks(phone)) {
        return Err(ZoneFault::FixedOffset);
    }
    Ok(zone)
}

/// Returns true if clocks change in the country of the phone number, or its country is unknown.
fn may_change_clocks(phone: &str) -> bool {
    if phone.starts_with("+86") {
        return false;
    }
    let zones = region_of_e164(phone).and_then(|region| zones_of_region(&region));
    zones.is_none_or(|zones| zones.iter().any(changes_clocks))
}

/// Returns true if a zone's offset differs between months of 2026; all months, because Morocco changes its
/// clocks only for Ramadan.
fn changes_clocks(zone: &Tz) -> bool {
    let offset = |month| {
        let at = chrono::Utc.with_ymd_and_hms(2026, month, 1, 0, 0, 0).earliest()?;
        Some(at.with_timezone(zone).offset().fix().local_minus_utc())
    };
    (2..=12).any(|month| offset(month) != offset(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WASHINGTON: &str = "+12025550123";

    #[test]
    fn a_row_names_a_zone_of_the_database() {
        for (text, phone, zone) in [
            ("America/New_York", WASHINGTON, Ok("America/New_York")),
            (" America/Chicago ", WASHINGTON, Ok("America/Chicago")),
            ("America/Phoenix", WASHINGTON, Ok("America/Phoenix")),
            ("US/Eastern", WASHINGTON, Ok("US/Eastern")),
            ("EST5EDT", WASHINGTON, Ok("EST5EDT")),
            ("EDT", WASHINGTON, Ok("America/New_York")),
            ("PDT", WASHINGTON, Ok("America/Los_Angeles")),
            ("EDT", "+442079460018", Err(ZoneFault::Unreadable)),
            ("-5.00", WASHINGTON, Err(ZoneFault::Unreadable)),
            ("UTC-5", WASHINGTON, Err(ZoneFault::Unreadable)),
            ("America/New_Yrok", WASHINGTON, Err(ZoneFault::Unreadable)),
            ("Eastern Time", WASHINGTON, Err(ZoneFault::Unreadable)),
            ("PST", WASHINGTON, Err(ZoneFault::Unreadable)),
            ("", WASHINGTON, Err(ZoneFault::Unreadable)),
            ("北京时间", "+8613800138000", Err(ZoneFault::Unreadable)),
        ] {
            assert_eq!(zone_of_row(text, phone), zone.map(str::to_owned), "{text:?}");
        }
    }

    #[test]
    fn a_fixed_offset_says_nothing_where_clocks_change() {
        for zone in [
            "EST",
            "MST",
            "HST",
            "Etc/GMT+5",
            "Etc/UTC",
            "UTC",
            "GMT",
            "Zulu",
            "UCT",
        ] {
            for phone in [WASHINGTON, "+442079460018", "+4930123456", "+61291234567"] {
                assert_eq!(
                    zone_of_row(zone, phone),
                    Err(ZoneFault::FixedOffset),
                    "{zone} {phone}"
                );
            }
        }
        for (zone, phone) in [
            ("Etc/GMT-8", "+8613800138000"),
            ("Etc/GMT-9", "+81312345678"),
            ("UTC", "+6561234567"),
        ] {
            assert_eq!(zone_of_row(zone, phone), Ok(zone.to_owned()), "{phone}");
        }
        assert_eq!(zone_of_row("EST", "+8613800138000"), Err(ZoneFault::FixedOffset));
    }
}
