//! Tests of the rows of segments: the columns match the catalogue, and both databases and the in-memory
//! evaluation select the same customers.

use super::*;
use crate::testing::{both_databases, columns_of, customer};
use domain::attribute::TagLevel;
use domain::customer::event::CustomerEvent;
use domain::customer::{Profile, ProfileOrigin, profile_changes};
use domain::personal::Personal;

fn now() -> Timestamp {
    "2026-11-23T10:00:00+08:00".parse().unwrap()
}

/// Random numbers from a seed, the same in every run.
struct SeededNumbers(u64);

impl SeededNumbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const REGIONS: [&str; 6] = ["浙江", "Zhejiang", "ZHEJIANG", "a_b", "a%b", "北京"];
const TAGS_GIVEN: [&str; 5] = ["信用卡", "招行信用卡", "VIP", "vip", "100%"];

fn person(seeded: &mut SeededNumbers) -> Vec<CustomerEvent> {
    let mut events = vec![CustomerEvent::Registered {
        external_id: Personal::open_hashed("C".to_owned()),
        name: None,
        time_zone: None,
    }];
    let mut attributes = BTreeMap::new();
    let mut set = |name: &str, text: String| {
        let attribute = Attribute::named(name).unwrap();
        let written = attribute.read(&text).unwrap().written();
        attributes.insert(attribute.to_string(), Personal::open(written));
    };
    if seeded.below(4) > 0 {
        set("age", (20 + seeded.below(20)).to_string());
    }
    if seeded.below(4) > 0 {
        set("region", seeded.one(&REGIONS).to_owned());
    }
    if seeded.below(3) > 0 {
        set(
            "balance",
            format!("{}.{:02}", seeded.below(50), seeded.below(100)),
        );
    }
    if seeded.below(3) > 0 {
        set(
            "last_call_time",
            format!(
                "2026-11-{:02} {:02}:00:00",
                1 + seeded.below(23),
                seeded.below(24)
            ),
        );
    }
    if seeded.below(3) > 0 {
        set("joined_date", format!("2026-{:02}-15", 1 + seeded.below(11)));
    }
    if seeded.below(3) > 0 {
        set("is_member", (seeded.below(2) == 0).to_string());
    }
    if seeded.below(2) > 0 {
        set("visits_count", seeded.below(5).to_string());
    }
    if seeded.below(2) > 0 {
        set("hobby", seeded.one(&["Golf", "golf", "tea"]).to_owned());
    }
    events.push(CustomerEvent::AttributesSet {
        attributes,
        cleared: Vec::new(),
        origin: ProfileOrigin::Person,
    });
    for _ in 0..seeded.below(3) {
        events.push(CustomerEvent::Tagged {
            level: TagLevel::ALL[seeded.below(3)],
            added: vec![Personal::open(seeded.one(&TAGS_GIVEN).to_owned())],
            removed: vec![Personal::open(seeded.one(&TAGS_GIVEN).to_owned())],
            origin: ProfileOrigin::Person,
        });
    }
    if seeded.below(12) == 0 {
        events.push(CustomerEvent::Erased {
            numbers_count: 1,
            enrolments_count: 0,
        });
    }
    events
}

fn condition(seeded: &mut SeededNumbers, depth: usize) -> String {
    if depth > 0 {
        match seeded.below(4) {
            0 => {
                return format!(
                    "({} AND {})",
                    condition(seeded, depth - 1),
                    condition(seeded, depth - 1)
                );
            }
            1 => {
                return format!(
                    "({} OR {})",
                    condition(seeded, depth - 1),
                    condition(seeded, depth - 1)
                );
            }
            2 => return format!("NOT ({})", condition(seeded, depth - 1)),
            _ => {}
        }
    }
    let not = seeded.one(&["", "NOT "]);
    let sign = seeded.one(&["=", "<>", "<", "<=", ">", ">="]);
    let tag = seeded.one(&["tag", "basic_tag", "business_tag"]);
    let text = seeded.one(&["region", "hobby"]);
    let pattern = seeded.one(&[
        "%信用卡%",
        "v_p",
        "%",
        "zhe%",
        "a\\_b",
        "a\\%b",
        "a_b",
        "_",
        "",
        "%0\\%",
        "GOLF",
    ]);
    match seeded.below(12) {
        0 => format!("age {sign} {}", 18 + seeded.below(24)),
        1 => format!(
            "age {not}BETWEEN {} AND {}",
            18 + seeded.below(24),
            18 + seeded.below(24)
        ),
        2 => format!(
            "age {not}IN ({}, {})",
            20 + seeded.below(20),
            20 + seeded.below(20)
        ),
        3 => format!("balance {sign} {}.5", seeded.below(50)),
        4 => format!(
            "last_call_time {sign} DATE_SUB(NOW(), INTERVAL {} DAY)",
            seeded.below(30)
        ),
        5 => format!(
            "joined_date {sign} DATE_SUB(CURDATE(), INTERVAL {} MONTH)",
            seeded.below(12)
        ),
        6 => format!("is_member {} TRUE", seeded.one(&["=", "<>"])),
        7 => format!("visits_count {sign} {}", seeded.below(5)),
        8 => format!("{text} {not}LIKE '{pattern}'"),
        9 => format!("{tag} {not}LIKE '{pattern}'"),
        10 => format!("{tag} {} '{}'", seeded.one(&["=", "<>"]), seeded.one(&TAGS_GIVEN)),
        _ => {
            let column = seeded.one(&["age", "region", "hobby", "visits_count", "tag", "behavior_tag"]);
            format!("{column} IS {not}NULL")
        }
    }
}

#[tokio::test]
async fn the_columns_are_those_of_the_catalogue_in_its_order() {
    let rows = SegmentRows::in_memory().await.unwrap();
    let columns = columns_of(rows.db.as_ref(), &PEOPLE).await;
    let known = CATALOGUE.iter().map(|known| format!("a_{}", known.name));
    let expected: Vec<String> = ["customer".to_owned()].into_iter().chain(known).collect();
    assert_eq!(columns, expected);
}

#[tokio::test]
async fn the_databases_and_the_memory_mean_the_same_people() {
    let mut seeded = SeededNumbers(7);
    let rows = SegmentRows::begin(both_databases().await).await.unwrap();
    let mut profiles = BTreeMap::new();
    for number in 0..150 {
        let (events, mut profile) = (person(&mut seeded), Profile::default());
        for event in &events {
            profile.evolve(event);
            // One event at a time, so that earlier rows are read again.
            rows.take(vec![(customer(number), profile_changes(event))])
                .await
                .unwrap();
        }
        profiles.insert(customer(number), profile);
    }
    for turn in 0..300 {
        let depth = seeded.below(4);
        let sql = format!("SELECT * FROM customers WHERE {}", condition(&mut seeded, depth));
        let segment = Segment::read(&sql).unwrap_or_else(|fault| panic!("{sql}: {fault}"));
        let meant = profiles
            .iter()
            .filter(|(_, profile)| segment.holds(profile, now()));
        let meant: Vec<CustomerId> = meant.map(|(customer, _)| customer.clone()).collect();
        let found = rows.members(&segment, now(), 1_000).await.unwrap();
        assert_eq!(found, meant, "{turn}: {sql}");
        assert_eq!(
            rows.count(&segment, now()).await.unwrap(),
            meant.len() as u64,
            "{sql}"
        );
    }
}

#[tokio::test]
async fn an_order_puts_those_without_a_value_first_upwards_and_a_limit_cuts() {
    let rows = SegmentRows::begin(both_databases().await).await.unwrap();
    for (number, age) in [(1, Some("30")), (2, None), (3, Some("20")), (4, Some("30"))] {
        let mut changes = vec![ProfileChange::Begin];
        let attribute = Attribute::named("age").unwrap();
        changes.extend(age.map(|age| ProfileChange::Set(attribute.clone(), attribute.read(age).unwrap())));
        rows.take(vec![(customer(number), changes)]).await.unwrap();
    }
    let ask = async |sql: &str| {
        let segment = Segment::read(sql).unwrap();
        (
            rows.members(&segment, now(), 100).await.unwrap(),
            rows.count(&segment, now()).await.unwrap(),
        )
    };
    let people = |numbers: &[u32]| -> Vec<CustomerId> { numbers.iter().map(|at| customer(*at)).collect() };
    let upwards = ask("SELECT * FROM customers ORDER BY age").await;
    assert_eq!(upwards, (people(&[2, 3, 1, 4]), 4));
    let downwards = ask("SELECT * FROM customers ORDER BY age DESC LIMIT 2").await;
    assert_eq!(downwards, (people(&[1, 4]), 2));
    assert_eq!(ask("SELECT * FROM customers LIMIT 0").await, (Vec::new(), 0));
}

#[tokio::test]
async fn an_attribute_without_customers_differs_from_one_with_customers() {
    let rows = SegmentRows::begin(both_databases().await).await.unwrap();
    let shoe = Attribute::named("shoe_count").unwrap();
    let value = shoe.read("42").unwrap();
    rows.take(vec![(
        customer(1),
        vec![ProfileChange::Begin, ProfileChange::Set(shoe, value)],
    )])
    .await
    .unwrap();
    let first =
        |names: &[&str]| rows.find_unused_attribute(names.iter().map(|&name| name.to_owned()).collect());
    assert_eq!(first(&["shoe_count"]).await.unwrap(), None);
    assert_eq!(
        first(&["regoin", "shoe_count"]).await.unwrap(),
        Some("regoin".to_owned())
    );
}
