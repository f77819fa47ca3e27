//! Tests of attribute names, their types, and the reading and writing of values.

use super::*;

fn kind(name: &str) -> AttributeType {
    Attribute::named(name).unwrap().kind()
}

#[test]
fn the_names_of_the_three_levels_are_known_in_both_languages() {
    let named = [
        ("age", "年龄", TagLevel::Basic),
        ("gender", "性别", TagLevel::Basic),
        ("region", "地域", TagLevel::Basic),
        ("last_call_time", "最近通话时间", TagLevel::Behavior),
        ("intent_level", "意向等级", TagLevel::Behavior),
        ("product_preference", "产品偏好", TagLevel::Business),
        ("complaint_history", "投诉历史", TagLevel::Business),
    ];
    for (name, name_zh, level) in named {
        let one = Attribute::named(name).unwrap();
        assert_eq!(one, Attribute::named(name_zh).unwrap());
        assert_eq!((one.name(), one.known().unwrap().level), (name, level));
    }
    let mut names: Vec<&str> = CATALOGUE
        .iter()
        .flat_map(|known| [known.name, known.name_zh])
        .collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "each name occurs once");
    for known in &CATALOGUE {
        assert!(Attribute::named(known.name).is_ok() && Attribute::named(known.name_zh).is_ok());
    }
}

#[test]
fn a_further_name_says_its_type_and_there_may_be_more_than_two_hundred() {
    assert_eq!(kind("visits_count"), AttributeType::Integer);
    assert_eq!(kind("投诉次数"), AttributeType::Integer);
    assert_eq!(kind("loan_amount"), AttributeType::Decimal);
    assert_eq!(kind("贷款金额"), AttributeType::Decimal);
    assert_eq!(kind("due_date"), AttributeType::Date);
    assert_eq!(kind("is_vip"), AttributeType::Boolean);
    assert_eq!(kind("是否有房"), AttributeType::Boolean);
    assert_eq!(kind("favourite_color"), AttributeType::Text);
    let names = (0..250).map(|at| Attribute::named(&format!("dimension_{at}")).unwrap());
    assert_eq!(names.collect::<std::collections::BTreeSet<_>>().len(), 250);
}

#[test]
fn a_name_that_identifies_a_person_is_refused() {
    for name in [
        "name",
        "Phone",
        "身份证号",
        "手机号",
        "customer_id",
        "微信",
        "address",
        "邮箱",
    ] {
        assert!(
            matches!(Attribute::named(name), Err(NameFault::Identifying { .. })),
            "{name}"
        );
    }
    for name in ["", "1st", "a b", "a-b", "x;drop", "_a", &"a".repeat(65)] {
        assert_eq!(Attribute::named(name), Err(NameFault::Shape), "{name}");
    }
}

#[test]
fn values_are_read_as_their_type_and_written_so_that_they_read_the_same() {
    for (name, text, written) in [
        ("age", " 31 ", "31"),
        ("balance", "5000.50", "5000.5"),
        ("balance", "-0.0001", "-0.0001"),
        ("balance", "10", "10"),
        ("region", "浙江", "浙江"),
        ("birth_date", "1994-02-28", "1994-02-28"),
        ("last_visit_time", "2026-11-22", "2026-11-21T16:00:00.000000Z"),
        (
            "last_visit_time",
            "2026-11-22 08:00:00",
            "2026-11-22T00:00:00.000000Z",
        ),
        ("is_member", "是", "true"),
    ] {
        let attribute = Attribute::named(name).unwrap();
        let value = attribute.read(text).unwrap();
        assert_eq!(value.written(), written, "{name} {text}");
        assert_eq!(attribute.read(written).unwrap(), value);
    }
    for (name, text) in [
        ("age", "31.5"),
        ("age", "thirty"),
        ("balance", "1.23456"),
        ("balance", ".5"),
        ("balance", "99999999999999999"),
        ("birth_date", "1994-02-30"),
        ("is_member", "maybe"),
        ("region", ""),
        ("region", "a\nb"),
        ("last_visit_time", "yesterday"),
    ] {
        assert!(
            Attribute::named(name).unwrap().read(text).is_err(),
            "{name} {text}"
        );
    }
    let longest = "a".repeat(TEXT_BYTES_MAX);
    assert!(Attribute::named("region").unwrap().read(&longest).is_ok());
    assert!(
        Attribute::named("region")
            .unwrap()
            .read(&format!("{longest}a"))
            .is_err()
    );
}
