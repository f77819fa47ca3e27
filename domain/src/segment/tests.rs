//! Tests of segments: the example of the requirement, refusals with their position, and results for one
//! customer.

use super::*;
use crate::attribute::{Attribute, TagLevel};
use crate::customer::{CustomerEvent, Profile, ProfileOrigin};
use crate::personal::Personal;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// The example of requirement CUS-5, character by character.
const FIRST: &str = "SELECT * FROM customers WHERE age BETWEEN 25 AND 35 AND last_call_time > DATE_SUB(NOW(), \
                     INTERVAL 30 DAY) AND tag LIKE '%信用卡%'";

fn now() -> Timestamp {
    "2026-11-23T10:00:00+08:00".parse().unwrap()
}

fn person(values: &[(&str, &str)], tags: &[(TagLevel, &str)]) -> Profile {
    let mut profile = Profile::default();
    profile.evolve(&CustomerEvent::Registered {
        external_id: Personal::open_hashed("C001".to_owned()),
        name: None,
        time_zone: None,
    });
    let attributes: BTreeMap<String, Personal<String>> = values
        .iter()
        .map(|(name, text)| {
            let attribute = Attribute::named(name).unwrap();
            let value = attribute.read(text).unwrap().written();
            (attribute.to_string(), Personal::open(value))
        })
        .collect();
    profile.evolve(&CustomerEvent::AttributesSet {
        attributes,
        cleared: Vec::new(),
        origin: ProfileOrigin::Person,
    });
    for (level, tag) in tags {
        profile.evolve(&CustomerEvent::Tagged {
            level: *level,
            added: vec![Personal::open((*tag).to_owned())],
            removed: Vec::new(),
            origin: ProfileOrigin::Person,
        });
    }
    profile
}

fn holds(condition: &str, profile: &Profile) -> bool {
    let text = format!("SELECT * FROM customers WHERE {condition}");
    let segment = Segment::read(&text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    segment.holds(profile, now())
}

#[test]
fn the_first_segment_reads_and_answers_as_written() {
    let segment = Segment::read(FIRST).unwrap();
    let fitting = |age: &str, called: &str, tag: &str| {
        let profile = person(
            &[("age", age), ("last_call_time", called)],
            &[(TagLevel::Business, tag)],
        );
        segment.holds(&profile, now())
    };
    assert!(fitting("25", "2026-11-01", "招行信用卡客户"));
    assert!(fitting("35", "2026-10-24 10:00:01", "信用卡"));
    assert!(!fitting("36", "2026-11-01", "信用卡"));
    assert!(!fitting("24", "2026-11-01", "信用卡"));
    assert!(
        !fitting("30", "2026-10-24 10:00:00", "信用卡"),
        "thirty days ago exactly"
    );
    assert!(!fitting("30", "2026-11-01", "储蓄卡"));
    assert!(!segment.holds(
        &person(&[("age", "30")], &[(TagLevel::Business, "信用卡")]),
        now()
    ));
}

#[test]
fn unknown_is_neither_yes_nor_no() {
    let unknown_person = person(&[], &[]);
    for condition in [
        "age = 30",
        "age <> 30",
        "NOT (age = 30)",
        "age NOT IN (1, 2)",
        "age NOT BETWEEN 1 AND 2",
        "region LIKE '%'",
        "region NOT LIKE 'x'",
        "age = 30 OR region = 'x'",
        "NOT (age = 30 AND region = 'x')",
    ] {
        assert!(!holds(condition, &unknown_person), "{condition}");
    }
    for condition in [
        "age IS NULL",
        "NOT (age IS NOT NULL)",
        "age = 30 OR region IS NULL",
        "NOT (age = 30 AND region IS NOT NULL)",
        "tag IS NULL",
        "tag NOT LIKE '%x%'",
        "NOT (tag = 'x')",
        "calls_count = 0",
    ] {
        assert!(holds(condition, &unknown_person), "{condition}");
    }
}

#[test]
fn texts_are_alike_without_regard_to_case_and_patterns_are_those_of_sql() {
    let known = person(
        &[
            ("region", "ZheJiang_1"),
            ("is_member", "true"),
            ("balance", "5000.5"),
        ],
        &[(TagLevel::Basic, "VIP"), (TagLevel::Business, "信用卡")],
    );
    for condition in [
        "region = 'zhejiang_1'",
        "地域 IN ('x', 'ZHEJIANG_1')",
        "region LIKE 'zhe%'",
        "region LIKE '%\\_1'",
        "region LIKE 'zhejian__1'",
        "tag = 'vip'",
        "basic_tag LIKE 'v_p'",
        "business_tag NOT LIKE '%vip%'",
        "is_member = TRUE",
        "balance > 5000",
        "balance = 5000.50",
        "5000 < balance",
        "`region` = 'zhejiang_1' AND \"balance\" <= 5000.5",
    ] {
        assert!(holds(condition, &known), "{condition}");
    }
    for condition in [
        "region LIKE 'zhe'",
        "region LIKE 'zhejiang\\%1'",
        "region = 'zhejiang_1 '",
        "business_tag = 'VIP'",
        "is_member = FALSE",
        "NOT tag IN ('vip')",
    ] {
        assert!(!holds(condition, &known), "{condition}");
    }
    assert!(Pattern::read("%a%a%a%b").unwrap().fits("aaaaaaab"));
    assert!(!Pattern::read("%a%a%a%b").unwrap().fits(&"a".repeat(400)));
    assert!(Pattern::read("").unwrap().fits("") && Pattern::read("%%").unwrap().fits(""));
}

#[test]
fn moments_are_counted_from_when_it_is_asked() {
    let called = |at: &str| {
        person(
            &[("last_call_time", at), ("joined_date", at.get(..10).unwrap())],
            &[],
        )
    };
    assert!(holds(
        "last_call_time > DATE_SUB(NOW(), INTERVAL 1 HOUR)",
        &called("2026-11-23 09:00:01")
    ));
    assert!(!holds(
        "last_call_time > DATE_SUB(NOW(), INTERVAL 1 HOUR)",
        &called("2026-11-23 09:00:00")
    ));
    assert!(holds(
        "last_call_time >= CURDATE()",
        &called("2026-11-23 00:00:00")
    ));
    assert!(!holds(
        "last_call_time >= CURDATE()",
        &called("2026-11-22 23:59:59")
    ));
    assert!(holds(
        "joined_date = DATE_SUB(CURDATE(), INTERVAL 1 MONTH)",
        &called("2026-10-23 01:00:00")
    ));
    assert!(holds(
        "joined_date < DATE_ADD(CURDATE(), INTERVAL '2' WEEK)",
        &called("2026-12-06 01:00:00")
    ));
    assert!(!holds(
        "joined_date < DATE_ADD(CURDATE(), INTERVAL 2 WEEK)",
        &called("2026-12-07 01:00:00")
    ));
}

/// Refused segments, with the kind and column of the fault.
#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn what_is_not_of_segments_is_refused_with_its_place() {
    use FaultKind::{Forbidden, Syntax, TooLarge, UnknownColumn, WrongType};
    let where_ = |condition: &str| format!("SELECT * FROM customers WHERE {condition}");
    let many = vec!["age = 1"; COMPARISONS_MAX + 1].join(" OR ");
    let deep = format!("{}age = 1{}", "(".repeat(60), ")".repeat(60));
    let cases = [
        ("DELETE FROM customers".to_owned(), Forbidden, 0),
        (
            "SELECT * FROM customers; DROP TABLE customers".to_owned(),
            Forbidden,
            0,
        ),
        ("SELECT age FROM customers".to_owned(), Forbidden, 0),
        ("SELECT * FROM calls".to_owned(), Forbidden, 0),
        ("SELECT * FROM customers AS c".to_owned(), Forbidden, 0),
        ("SELECT * FROM customers, calls".to_owned(), Forbidden, 0),
        (
            "SELECT * FROM customers JOIN calls ON TRUE".to_owned(),
            Forbidden,
            0,
        ),
        ("SELECT DISTINCT * FROM customers".to_owned(), Forbidden, 0),
        (
            "SELECT * FROM customers UNION SELECT * FROM customers".to_owned(),
            Forbidden,
            0,
        ),
        ("SELECT * FROM customers GROUP BY age".to_owned(), Forbidden, 0),
        (
            "SELECT * FROM customers LIMIT 1 OFFSET 2".to_owned(),
            Forbidden,
            0,
        ),
        ("SELECT * FROM customers LIMIT -1".to_owned(), WrongType, 0),
        (
            "SELECT * FROM customers ORDER BY region".to_owned(),
            WrongType,
            34,
        ),
        ("SELECT * FROM customers FOR UPDATE".to_owned(), Forbidden, 0),
        (
            "WITH x AS (SELECT * FROM customers) SELECT * FROM customers".to_owned(),
            Forbidden,
            0,
        ),
        ("SELECT * FROM customers WHERE".to_owned(), Syntax, 0),
        (String::new(), Forbidden, 0),
        (where_("phone = '13800138000'"), UnknownColumn, 31),
        (where_("姓名 = 'x'"), UnknownColumn, 31),
        (where_("age = 'thirty'"), WrongType, 37),
        (where_("age = 2.5"), WrongType, 37),
        (where_("age = NULL"), WrongType, 37),
        (where_("age > NOW()"), WrongType, 37),
        (where_("地域 = 5"), WrongType, 36),
        (where_("region > 'a'"), WrongType, 31),
        (where_("tag BETWEEN 'a' AND 'b'"), WrongType, 31),
        (where_("age LIKE '3%'"), WrongType, 0),
        (where_("region LIKE '\\'"), WrongType, 0),
        (where_("age = age"), Forbidden, 37),
        (where_("1 = 1"), Forbidden, 31),
        (where_("TRUE"), Forbidden, 0),
        (where_("age + 1 = 2"), Forbidden, 31),
        (where_("age IN (SELECT 1)"), Forbidden, 0),
        (where_("EXISTS (SELECT 1)"), Forbidden, 0),
        (where_("abs(age) = 1"), Forbidden, 0),
        (where_("age = sleep(10)"), WrongType, 37),
        (where_("customers.age = 1"), Forbidden, 0),
        (
            where_("last_call_time > DATE_SUB(NOW(), INTERVAL 300 YEAR)"),
            WrongType,
            48,
        ),
        (where_("CASE WHEN age = 1 THEN TRUE END"), Forbidden, 0),
        (where_(&many), TooLarge, 0),
        (where_(&deep), TooLarge, 0),
        (
            where_(&format!("region = '{}'", "x".repeat(SEGMENT_BYTES_MAX))),
            TooLarge,
            0,
        ),
    ];
    for (text, kind, column) in cases {
        let shown: String = text.chars().take(80).collect();
        let fault = Segment::read(&text).expect_err(&shown);
        assert_eq!(fault.kind, kind, "{shown}: {fault}");
        if column > 0 {
            assert_eq!((fault.line, fault.column), (1, column), "{shown}: {fault}");
        }
        assert!(!fault.hint.is_empty() && !fault.what.is_empty());
    }
}

#[test]
fn the_last_that_may_be_asked_is_read() {
    let many = vec!["age = 1"; COMPARISONS_MAX].join(" OR ");
    let values = vec!["1"; IN_VALUES_MAX].join(", ");
    for condition in [
        many,
        format!("age IN ({values})"),
        "NOT NOT NOT age = 1".to_owned(),
    ] {
        assert!(Segment::read(&format!("SELECT * FROM customers WHERE {condition}")).is_ok());
    }
    let values = vec!["1"; IN_VALUES_MAX + 1].join(", ");
    assert!(Segment::read(&format!("SELECT * FROM customers WHERE age IN ({values})")).is_err());
    let ordered = Segment::read("select * from 客户 order by age desc, balance limit 10").unwrap();
    assert_eq!((ordered.order().len(), ordered.limit()), (2, Some(10)));
    assert!(ordered.order()[0].is_descending && ordered.condition().is_none());
}

#[test]
fn an_unregistered_or_erased_person_is_in_no_segment() {
    let all = Segment::read("SELECT * FROM customers").unwrap();
    let mut profile = person(&[], &[]);
    assert!(all.holds(&profile, now()));
    profile.evolve(&CustomerEvent::Erased {
        numbers_count: 0,
        enrolments_count: 0,
    });
    assert!(!all.holds(&profile, now()) && !all.holds(&Profile::default(), now()));
}

#[test]
fn a_digest_is_of_the_text_as_it_was_written() {
    let one = Segment::read("SELECT * FROM customers").unwrap();
    let other = Segment::read("select * from customers").unwrap();
    assert_ne!(one.digest(), other.digest());
    assert_eq!(one.digest().len(), 64);
    assert_ne!(
        members_digest(["a", "b"].into_iter()),
        members_digest(["ab"].into_iter())
    );
}

#[test]
fn what_is_no_column_is_named_wherever_it_occurs() {
    let read = |text: &str| Segment::read(text).unwrap().list_custom_attributes();
    assert!(read("SELECT * FROM customers WHERE age > 3 AND 地域 = 'x' AND tag LIKE '%y%'").is_empty());
    let sql = "SELECT * FROM customers WHERE NOT (regoin = 'x' OR age > 3) AND shoe_count > 40 ORDER BY visits_count";
    let names: Vec<String> = read(sql).into_iter().collect();
    assert_eq!(names, ["regoin", "shoe_count", "visits_count"]);
}

#[test]
fn what_a_list_says_of_a_person_is_sealed_also_in_an_order_and_what_calls_left_is_not() {
    let sealed = |text: &str| {
        let segment = Segment::read(text).unwrap();
        segment.sealed_columns().into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(sealed("SELECT * FROM customers"), "");
    assert_eq!(sealed("SELECT * FROM customers WHERE answered_count > 3"), "");
    assert_eq!(
        sealed("SELECT * FROM customers WHERE answered_count > 3 AND (NOT monthly_income < 5 OR tag = 'a')"),
        "monthly_income tag"
    );
    assert_eq!(
        sealed("SELECT * FROM customers ORDER BY monthly_income DESC LIMIT 1"),
        "monthly_income"
    );
}
