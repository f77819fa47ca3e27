//! Random cases from a seed: presets, windows, days, pasts and instants, most of them near a boundary.

use super::case::{Case, Consent, Dial, OtherFacts};
use crate::split_mix::SplitMix64;
use domain::time::Timestamp;
use serde_json::{Value, json};

/// The first instant: 2025-12-25 in UTC, in microseconds.
const FROM_MICROS: i64 = 1_766_620_800_000_000;

/// The number of days, into a year for which no calendar is known.
const DAYS: u64 = 800;

/// A second, a minute and a day in microseconds.
const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;

/// The phones, and the time zones that records may have for them.
const PEOPLE: [(&str, &[Option<&str>]); 7] = [
    ("+8613800138000", &[None]),
    ("+861065529988", &[None]),
    ("+869916529988", &[None]),
    (
        "+12025550123",
        &[
            None,
            Some("America/New_York"),
            Some("America/Los_Angeles"),
            Some("America/Phoenix"),
            Some("Mars/Base"),
        ],
    ),
    (
        "+442079460018",
        &[None, Some("Europe/London"), Some("Asia/Tokyo")],
    ),
    ("+34911234567", &[None, Some("Atlantic/Canary")]),
    ("+2902123", &[None, Some("Africa/Asmara")]),
];

const PRESETS: [&str; 7] = [
    "cn-service",
    "cn-marketing",
    "cn-collection",
    "cn-cloud-trunk",
    "us-tsr",
    "us-regf",
    "eu-gdpr",
];

/// The possible dates of a list, over the range of instants.
const LIST_DAYS: [&str; 24] = [
    "2025-12-20",
    "2026-01-23",
    "2026-02-26",
    "2026-04-01",
    "2026-05-05",
    "2026-06-08",
    "2026-07-12",
    "2026-08-15",
    "2026-09-18",
    "2026-10-22",
    "2026-11-25",
    "2026-12-29",
    "2027-02-01",
    "2027-03-07",
    "2027-04-10",
    "2027-05-14",
    "2027-06-17",
    "2027-07-21",
    "2027-08-24",
    "2027-09-27",
    "2027-10-31",
    "2027-12-04",
    "2028-01-07",
    "2028-02-10",
];

pub(super) fn cases(seed: u64, count: usize) -> Vec<Case> {
    let mut chance = SplitMix64(seed);
    (0..count).map(|_| case(&mut chance)).collect()
}

fn later(at: Timestamp, micros: u64) -> Timestamp {
    Timestamp::from_micros(at.micros() + i64::try_from(micros).unwrap_or(0))
}

fn earlier(at: Timestamp, micros: u64) -> Timestamp {
    Timestamp::from_micros(at.micros() - i64::try_from(micros).unwrap_or(0))
}

/// Returns an instant: half of them are within two microseconds of a full or half hour, where windows and
/// days change.
fn instant(chance: &mut SplitMix64) -> Timestamp {
    let from = Timestamp::from_micros(FROM_MICROS);
    if chance.in_one_of(2) {
        return later(from, chance.below(DAYS * DAY));
    }
    let half_hour = 30 * MINUTE;
    let edge = later(from, chance.below(DAYS * 48) * half_hour + 2);
    earlier(edge, chance.below(5))
}

fn case(chance: &mut SplitMix64) -> Case {
    let at = instant(chance);
    let mut case = Case::new(chance.one::<&str>(&PRESETS), at);
    let (phone, zones) = *chance.one(&PEOPLE);
    case.phone = phone;
    case.time_zone = *chance.one(zones);
    let mut plan = case.plan.clone();
    if let Some(members) = plan.as_object_mut() {
        if chance.in_one_of(2) {
            let rests = match chance.in_one_of(2) {
                true => json!([["12:00", "13:30"]]),
                false => json!([]),
            };
            let window = json!({ "start": "08:30", "end": "20:30", "rests": rests });
            members.insert("window".to_owned(), window);
        }
        if chance.in_one_of(2) {
            let holidays = *chance.one(&["observe", "ignore"]);
            let rest_days = match chance.below(3) {
                0 => json!(["sat", "sun"]),
                1 => json!(["wed"]),
                _ => json!([]),
            };
            members.insert(
                "days".to_owned(),
                json!({ "holidays": holidays, "rest_days": rest_days }),
            );
        }
        if chance.in_one_of(4) {
            members.insert("basis".to_owned(), json!("consent"));
        }
    }
    case.plan = plan;
    case.dials = dials(chance, at);
    if !chance.in_one_of(4) {
        let given_at = match chance.in_one_of(8) {
            true => later(at, chance.below(DAY)),
            false => earlier(at, chance.below(90 * DAY)),
        };
        let until = chance.in_one_of(4).then(|| later(at, chance.below(40 * DAY)));
        case.consent = Some(Consent { given_at, until });
    }
    case.opted_out = chance.in_one_of(25);
    case.kept = kept(chance, &mut case.plan);
    case.suppressed_until = chance.in_one_of(10).then(|| later(at, chance.below(5 * DAY)));
    case
}

/// Returns mostly what `us-tsr` needs, near its limits.
fn kept(chance: &mut SplitMix64, plan: &mut Value) -> OtherFacts {
    let relief = *chance.one(&["agents", "agents", "agents", "robot"]);
    if let Some(members) = plan.as_object_mut() {
        members.insert("screening".to_owned(), json!({ "relief": relief }));
        let number = *chance.one(&["+12025550100", "+12025550100", "911", ""]);
        if !number.is_empty() {
            members.insert(
                "seller".to_owned(),
                json!({ "name": "Example Bank", "number": number }),
            );
        }
    }
    let as_of = *chance.one(&LIST_DAYS);
    let area = *chance.one(&[None, Some("202"), Some("212")]);
    let abandoned = *chance.one(&[(0, 0), (10, 3), (100, 3), (1_000, 30), (100, 4), (33, 4)]);
    OtherFacts {
        registry: (!chance.in_one_of(8)).then_some((as_of, area)),
        abandoned: (!chance.in_one_of(8)).then_some(abandoned),
        agents: !chance.in_one_of(8),
        hashed: chance.in_one_of(30),
        own_phone: None,
    }
}

/// Returns up to nine dials of the last ten days, oldest first, more of them in the last hours.
fn dials(chance: &mut SplitMix64, at: Timestamp) -> Vec<Dial> {
    let count = chance.below(10);
    let mut dials: Vec<Dial> = (0..count)
        .map(|_| {
            let back = match chance.below(3) {
                0 => chance.below(10 * MINUTE),
                1 => chance.below(DAY),
                _ => chance.below(10 * DAY),
            };
            Dial {
                at: earlier(at, back + 1),
                answered: chance.in_one_of(3),
            }
        })
        .collect();
    dials.sort_by_key(|dial| dial.at);
    dials
}
