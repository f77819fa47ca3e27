//! Random cases from a seed: presets, windows, days, pasts and instants, most of them near something that
//! changes.

use super::case::{Case, Consent, Dial};
use domain::time::Timestamp;
use serde_json::json;

/// 2025-12-25 in UTC, microseconds: the first instant tried.
const FROM_MICROS: i64 = 1_766_620_800_000_000;

/// So many days are tried, into a year that no calendar is known of.
const DAYS: u64 = 800;

/// A second, a minute and a day in microseconds.
const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;

/// Phones and the zones that records may have for them.
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

/// A small generator (SplitMix64): the same cases on every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let index = usize::try_from(self.below(of.len() as u64)).unwrap_or(0);
        of.get(index).expect("it is below the length")
    }

    fn in_one_of(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

pub(super) fn cases(seed: u64, count: usize) -> Vec<Case> {
    let mut chance = Chance(seed);
    (0..count).map(|_| case(&mut chance)).collect()
}

fn later(at: Timestamp, micros: u64) -> Timestamp {
    Timestamp::from_micros(at.micros() + i64::try_from(micros).unwrap_or(0))
}

fn earlier(at: Timestamp, micros: u64) -> Timestamp {
    Timestamp::from_micros(at.micros() - i64::try_from(micros).unwrap_or(0))
}

/// Half of them within two microseconds of a full or half hour, where windows and days change.
fn instant(chance: &mut Chance) -> Timestamp {
    let from = Timestamp::from_micros(FROM_MICROS);
    if chance.in_one_of(2) {
        return later(from, chance.below(DAYS * DAY));
    }
    let half_hour = 30 * MINUTE;
    let edge = later(from, chance.below(DAYS * 48) * half_hour + 2);
    earlier(edge, chance.below(5))
}

fn case(chance: &mut Chance) -> Case {
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
    case.suppressed_until = chance.in_one_of(10).then(|| later(at, chance.below(5 * DAY)));
    case
}

/// Up to nine dials of the last ten days, oldest first; more of them of the last hours.
fn dials(chance: &mut Chance, at: Timestamp) -> Vec<Dial> {
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
