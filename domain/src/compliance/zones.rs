//! The time zones that a callee may be in, and the local day and time there.
//!
//! A mainland Chinese number is in Beijing time, and also in the zone of its record if that is outside China:
//! both apply. Elsewhere the customer record decides; without it every zone of the region that issued the
//! number applies; else the zone is unknown, and unknown means no.

use super::record_zone::{ZoneFault, recorded_zone};
use crate::calling_plan::Preset;
use crate::time::Timestamp;
use crate::working_calendar::Day;
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use values::phone_number::region_of_e164;

/// Beijing time, the one zone of mainland China.
pub(super) const BEIJING: Tz = Tz::Asia__Shanghai;

/// Every zone in which a dial must be permitted, or why no zone is known.
pub(super) type CalleeZones = Result<Vec<Tz>, UnknownZone>;

/// The reason why a callee's zone is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnknownZone {
    /// The phone cannot be read any more.
    PhoneErased,
    /// The record's zone is not an IANA name.
    UnreadableRecord,
    /// The record's zone is a fixed offset, and clocks change in its country.
    FixedOffset,
    /// Neither the record nor the table below has a zone.
    Region,
}

impl UnknownZone {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::PhoneErased => "phone_erased",
            Self::UnreadableRecord => "record_zone_unreadable",
            Self::FixedOffset => "record_zone_fixed",
            Self::Region => "region_unknown",
        }
    }
}

/// Returns the zones that the callee may be in, and the preset's own zone if it names one. Fails if no zone
/// of the callee is known.
pub(super) fn zones_of(
    preset_zone: Option<Tz>,
    phone: Option<&str>,
    record_zone: Option<&str>,
) -> CalleeZones {
    let phone = phone.ok_or(UnknownZone::PhoneErased)?;
    let mut zones = callee_zones(phone, record_zone)?;
    if let Some(zone) = preset_zone.filter(|zone| !zones.contains(zone)) {
        zones.push(zone);
    }
    Ok(zones)
}

fn callee_zones(phone: &str, record_zone: Option<&str>) -> CalleeZones {
    let recorded = record_zone.map(|name| recorded_zone(name, phone));
    if phone.starts_with("+86") {
        return zones_of_mainland(recorded);
    }
    if let Some(recorded) = recorded {
        return Ok(vec![recorded?]);
    }
    let region = region_of_e164(phone).ok_or(UnknownZone::Region)?;
    let zones = zones_of_region(&region).ok_or(UnknownZone::Region)?;
    Ok(zones.to_vec())
}

/// The names of China's zones, all of them on Beijing time by law (`asia`, and the links of `backward`).
const CHINESE: [&str; 7] = [
    "Asia/Shanghai",
    "Asia/Chongqing",
    "Asia/Chungking",
    "Asia/Harbin",
    "Asia/Kashgar",
    "Asia/Urumqi",
    "PRC",
];

/// Returns Beijing's zone, and the record's too if it is outside China. An unreadable zone is ignored.
fn zones_of_mainland(recorded: Option<Result<Tz, ZoneFault>>) -> CalleeZones {
    match recorded {
        None | Some(Err(ZoneFault::Unreadable)) => Ok(vec![BEIJING]),
        Some(Err(fixed @ ZoneFault::FixedOffset)) => Err(fixed.into()),
        Some(Ok(zone)) if CHINESE.contains(&zone.name()) => Ok(vec![BEIJING]),
        Some(Ok(zone)) => Ok(vec![BEIJING, zone]),
    }
}

impl From<ZoneFault> for UnknownZone {
    fn from(fault: ZoneFault) -> Self {
        match fault {
            ZoneFault::Unreadable => Self::UnreadableRecord,
            ZoneFault::FixedOffset => Self::FixedOffset,
        }
    }
}

/// Returns every zone that a resident of a region may be in; `None` for a region that is not listed.
/// Source: IANA `zone1970.tab`, 2025b; zones with the same time all year are named once. The area code is
/// not used: mobile and ported numbers keep it anywhere.
pub(super) fn zones_of_region(region: &str) -> Option<&'static [Tz]> {
    Some(match region {
        "US" => &[
            Tz::America__New_York,
            Tz::America__Chicago,
            Tz::America__Denver,
            Tz::America__Phoenix,
            Tz::America__Los_Angeles,
            Tz::America__Anchorage,
            Tz::America__Adak,
            Tz::Pacific__Honolulu,
        ],
        "CA" => &[
            Tz::America__St_Johns,
            Tz::America__Halifax,
            Tz::America__Toronto,
            Tz::America__Winnipeg,
            Tz::America__Regina,
            Tz::America__Edmonton,
            Tz::America__Whitehorse,
            Tz::America__Vancouver,
        ],
        "HK" => &[Tz::Asia__Hong_Kong],
        "MO" => &[Tz::Asia__Macau],
        "TW" => &[Tz::Asia__Taipei],
        "SG" => &[Tz::Asia__Singapore],
        "JP" => &[Tz::Asia__Tokyo],
        "KR" => &[Tz::Asia__Seoul],
        "GB" => &[Tz::Europe__London],
        "IE" => &[Tz::Europe__Dublin],
        "DE" => &[Tz::Europe__Berlin],
        "AT" => &[Tz::Europe__Vienna],
        "CH" => &[Tz::Europe__Zurich],
        "NL" => &[Tz::Europe__Amsterdam],
        "BE" => &[Tz::Europe__Brussels],
        "FR" => &[Tz::Europe__Paris],
        "IT" => &[Tz::Europe__Rome],
        "ES" => &[Tz::Europe__Madrid, Tz::Atlantic__Canary],
        "PT" => &[Tz::Europe__Lisbon, Tz::Atlantic__Azores],
        "PL" => &[Tz::Europe__Warsaw],
        "SE" => &[Tz::Europe__Stockholm],
        _ => return None,
    })
}

/// Returns the local time in `zone` at an instant.
pub(super) fn local(at: Timestamp, zone: Tz) -> NaiveDateTime {
    at.to_utc().with_timezone(&zone).naive_local()
}

/// Returns the local time in `zone` at an instant; for modules outside compliance that count by local hours
/// or days.
pub fn local_time(at: Timestamp, zone: Tz) -> NaiveDateTime {
    local(at, zone)
}

/// Returns the first of the zones that a person may be in; `None` if none is known. For counting, where one
/// zone is enough.
pub fn zone_of_person(phone: Option<&str>, record_zone: Option<&str>) -> Option<Tz> {
    zones_of(None, phone, record_zone).ok()?.first().copied()
}

/// Returns the day that a wall clock shows.
pub(super) fn day_in(local: NaiveDateTime) -> Day {
    Day::of(local.date())
}

/// Returns the first instant at which the local time in `zone` is `local`. If daylight saving skips that
/// time, returns the first minute after the gap.
pub(super) fn instant_of(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    // No zone has ever skipped more than a whole day; the common gap is one hour.
    (0..=24 * 60).find_map(|minutes| {
        let shown = local.checked_add_signed(TimeDelta::minutes(minutes))?;
        let at = zone.from_local_datetime(&shown).earliest()?;
        Some(Timestamp::from_micros(at.timestamp_micros()))
    })
}

/// Returns the first instant of a local day; `None` if the calendar has none.
pub(super) fn start_of_day(day: NaiveDate, zone: Tz) -> Option<Timestamp> {
    instant_of(day.and_time(NaiveTime::MIN), zone)
}

/// Returns the day `count` days after `day`.
pub(super) fn later_day(day: NaiveDate, count: u32) -> Option<NaiveDate> {
    day.checked_add_days(Days::new(u64::from(count)))
}

/// Returns true if two instants are on the same local day of the callee, in the first known zone; in
/// Beijing time if none is known.
pub fn same_local_day(
    preset: Preset,
    phone: Option<&str>,
    record_zone: Option<&str>,
    one: Timestamp,
    other: Timestamp,
) -> bool {
    let preset_zone = super::rules_at(preset, other).zone;
    let zones = zones_of(preset_zone, phone, record_zone).unwrap_or_default();
    let zone = zones.first().copied().unwrap_or(BEIJING);
    local(one, zone).date() == local(other, zone).date()
}

/// Returns the first instant that is on a later day than `at` in every zone that the callee may be in; in
/// Beijing time if none is known.
pub fn next_local_day(
    preset: Preset,
    phone: Option<&str>,
    record_zone: Option<&str>,
    at: Timestamp,
) -> Option<Timestamp> {
    let preset_zone = super::rules_at(preset, at).zone;
    let zones = zones_of(preset_zone, phone, record_zone).unwrap_or_else(|_| vec![BEIJING]);
    let next = |zone: &Tz| start_of_day(later_day(local(at, *zone).date(), 1)?, *zone);
    zones.iter().filter_map(next).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compliance::testing::instant;

    #[test]
    fn the_next_day_begins_when_it_has_begun_in_every_zone_the_callee_may_be_in() {
        let next = |phone, record, at: &str| next_local_day(Preset::UsTsr, phone, record, instant(at));
        for (phone, record, at, begins) in [
            (
                Some("+8613800138000"),
                None,
                "2026-03-02T23:59:59+08:00",
                "2026-03-03T00:00:00+08:00",
            ),
            (
                Some("+8613800138000"),
                None,
                "2026-03-03T00:00:00+08:00",
                "2026-03-04T00:00:00+08:00",
            ),
            (
                Some("+442079460018"),
                None,
                "2026-03-02T10:00:00Z",
                "2026-03-03T00:00:00Z",
            ),
            // A day shortened by an hour when daylight saving begins.
            (
                Some("+442079460018"),
                None,
                "2026-03-29T00:30:00Z",
                "2026-03-29T23:00:00Z",
            ),
            // Evening in New York, afternoon in Honolulu: both days must be over.
            (
                Some("+12025550123"),
                None,
                "2026-03-02T23:00:00-05:00",
                "2026-03-03T00:00:00-10:00",
            ),
            (
                Some("+12025550123"),
                Some("America/New_York"),
                "2026-03-02T23:00:00-05:00",
                "2026-03-03T00:00:00-05:00",
            ),
            (
                None,
                None,
                "2026-03-02T10:00:00+08:00",
                "2026-03-03T00:00:00+08:00",
            ),
        ] {
            assert_eq!(
                next(phone, record, at),
                Some(instant(begins)),
                "{phone:?} {record:?} at {at}"
            );
        }
    }

    #[test]
    fn the_zone_comes_from_the_record_and_the_mainland_else_from_the_region() {
        let london = Tz::Europe__London;
        for (phone, record, zones) in [
            ("+8613800138000", None, Ok(vec![BEIJING])),
            ("+8613800138000", Some("Europe/London"), Ok(vec![BEIJING, london])),
            ("+8613800138000", Some("Asia/Urumqi"), Ok(vec![BEIJING])),
            ("+8613800138000", Some("PRC"), Ok(vec![BEIJING])),
            ("+8613800138000", Some("GMT+8"), Ok(vec![BEIJING])),
            ("+8613800138000", Some("EST"), Err(UnknownZone::FixedOffset)),
            ("+12025550123", Some("EST"), Err(UnknownZone::FixedOffset)),
            ("+12025550123", Some("Etc/GMT+5"), Err(UnknownZone::FixedOffset)),
            ("+12025550123", Some("UTC"), Err(UnknownZone::FixedOffset)),
            ("+12025550123", Some("Europe/London"), Ok(vec![london])),
            (
                "+12025550123",
                Some("Mars/Base"),
                Err(UnknownZone::UnreadableRecord),
            ),
            ("+442079460018", None, Ok(vec![london])),
            ("+2902123", None, Err(UnknownZone::Region)),
            ("no number", None, Err(UnknownZone::Region)),
        ] {
            assert_eq!(zones_of(None, Some(phone), record), zones, "{phone} {record:?}");
        }
        assert_eq!(
            zones_of(Some(BEIJING), Some("+8613800138000"), None),
            Ok(vec![BEIJING])
        );
        assert_eq!(zones_of(None, None, None), Err(UnknownZone::PhoneErased));
        assert_eq!(zones_of(None, Some("+12025550123"), None).unwrap().len(), 8);
        assert_eq!(
            zones_of(Some(BEIJING), Some("+442079460018"), None),
            Ok(vec![london, BEIJING])
        );
    }

    #[test]
    fn a_day_starts_at_local_midnight_or_behind_the_gap() {
        for (day, zone, start) in [
            ("2026-03-03", BEIJING, "2026-03-03T00:00:00+08:00"),
            ("2028-02-29", BEIJING, "2028-02-29T00:00:00+08:00"),
            ("2026-03-08", Tz::America__New_York, "2026-03-08T00:00:00-05:00"),
            ("2026-03-09", Tz::America__New_York, "2026-03-09T00:00:00-04:00"),
            // Chile changes its clocks at midnight: 2026-09-06 begins at one o'clock.
            ("2026-09-06", Tz::America__Santiago, "2026-09-06T01:00:00-03:00"),
        ] {
            let day: NaiveDate = day.parse().unwrap();
            assert_eq!(start_of_day(day, zone), Some(instant(start)), "{day} {zone}");
        }
    }
}
