//! Generated customers as the oracle sees them: plain fields, and the events that contain the same.

use domain::attribute::{Attribute, TagLevel};
use domain::customer::ProfileOrigin;
use domain::customer::event::CustomerEvent;
use domain::personal::Personal;
use std::collections::{BTreeMap, BTreeSet};

/// The moment of all evaluations: 2026-11-23 10:00 in Beijing, in seconds.
pub(super) const NOW_SECONDS: i64 = 1_795_399_200;

/// A day in seconds.
pub(super) const DAY_SECONDS: i64 = 86_400;

/// A random generator from a seed.
pub(super) struct CustomerRandom(pub(super) u64);

impl CustomerRandom {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    pub(super) fn of<T: Copy>(&mut self, of: &[T]) -> T {
        let at = usize::try_from(self.below(of.len() as u64)).unwrap_or(0);
        *of.get(at).or(of.first()).expect("there is one to choose")
    }

    pub(super) fn signed(&mut self, end: u64) -> i64 {
        i64::try_from(self.below(end)).unwrap_or(0)
    }
}

/// The fields of one customer.
#[derive(Default, Clone)]
pub(super) struct Person {
    pub(super) age: Option<i64>,
    pub(super) region: Option<&'static str>,
    /// The balance in hundredths.
    pub(super) balance: Option<i64>,
    /// The time of the last call, in seconds.
    pub(super) called: Option<i64>,
    pub(super) member: Option<bool>,
    pub(super) visits: Option<i64>,
    pub(super) hobby: Option<&'static str>,
    pub(super) tags: BTreeSet<(TagLevel, &'static str)>,
    pub(super) is_erased: bool,
}

pub(super) const REGIONS: [&str; 5] = ["浙江", "Beijing", "BEIJING", "north_east", "northXeast"];
pub(super) const HOBBIES: [&str; 4] = ["Golf", "golf", "茶", "100%"];
pub(super) const TAGS: [&str; 6] = ["招行信用卡客户", "信用卡", "储蓄卡", "VIP", "vip", "a_b"];

/// Draws a customer, sometimes with values at the edges of the segments.
pub(super) fn draw_person(drawn: &mut CustomerRandom) -> Person {
    let mut person = Person::default();
    if drawn.below(5) > 0 {
        person.age = Some(drawn.of(&[24, 25, 26, 30, 34, 35, 36, 60]));
    }
    if drawn.below(4) > 0 {
        person.region = Some(drawn.of(&REGIONS));
    }
    if drawn.below(3) > 0 {
        person.balance = Some(drawn.signed(1_000_000) - 5_000);
    }
    if drawn.below(4) > 0 {
        let edge = drawn.of(&[-1, 0, 1, 3_600]);
        person.called = Some(NOW_SECONDS - drawn.of(&[1, 7, 29, 30, 31, 60]) * DAY_SECONDS + edge);
    }
    if drawn.below(3) > 0 {
        person.member = Some(drawn.below(2) == 0);
    }
    if drawn.below(2) > 0 {
        person.visits = Some(drawn.signed(6));
    }
    if drawn.below(2) > 0 {
        person.hobby = Some(drawn.of(&HOBBIES));
    }
    for _ in 0..drawn.below(4) {
        person.tags.insert((drawn.of(&TagLevel::ALL), drawn.of(&TAGS)));
    }
    person.is_erased = drawn.below(20) == 0;
    person
}

/// Returns the events of a customer in the log.
pub(super) fn events(person: &Person) -> Vec<CustomerEvent> {
    let mut attributes = BTreeMap::new();
    let mut say = |name: &str, text: Option<String>| {
        let read = text.and_then(|text| Attribute::named(name).ok()?.read(&text).ok());
        attributes.extend(read.map(|value| (name.to_owned(), Personal::open(value.written()))));
    };
    say("age", person.age.map(|age| age.to_string()));
    say("region", person.region.map(str::to_owned));
    say("balance", person.balance.map(of_hundredths));
    say("last_call_time", person.called.map(instant));
    say("is_member", person.member.map(|is| is.to_string()));
    say("visits_count", person.visits.map(|visits| visits.to_string()));
    say("hobby", person.hobby.map(str::to_owned));
    let mut events = vec![CustomerEvent::Registered {
        external_id: Personal::open_hashed("C".to_owned()),
        name: None,
        time_zone: None,
    }];
    if !attributes.is_empty() {
        events.push(CustomerEvent::AttributesSet {
            attributes,
            cleared: Vec::new(),
            origin: ProfileOrigin::Person,
        });
    }
    events.extend(person.tags.iter().map(|(level, tag)| CustomerEvent::Tagged {
        level: *level,
        added: vec![Personal::open((*tag).to_owned())],
        removed: Vec::new(),
        origin: ProfileOrigin::Person,
    }));
    if person.is_erased {
        events.push(CustomerEvent::Erased {
            numbers_count: 0,
            enrolments_count: 0,
        });
    }
    events
}

pub(super) fn of_hundredths(hundredths: i64) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let size = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", size / 100, size % 100)
}

fn instant(seconds: i64) -> String {
    domain::time::Timestamp::from_micros(seconds * 1_000_000).to_string()
}
