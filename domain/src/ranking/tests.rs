//! Tests of the order: by value, by waiting time, by the hour; and that every customer is called in the end.

use super::*;
use crate::calling_plan::Preset;
use crate::compliance::zone_of_campaign;
use std::collections::{BTreeMap, BTreeSet};

/// One minute in milliseconds.
const MINUTE_MS: u64 = 60_000;
/// One hour in milliseconds.
const HOUR_MS: u64 = 60 * MINUTE_MS;

fn plan(json: &str) -> PriorityPlan {
    serde_json::from_str(json).unwrap()
}

/// Returns a plan with one hour of being overtaken and golden hours from ten to twelve.
fn golden() -> PriorityPlan {
    plan(
        r#"{"by":{"tags":{"values":{"VIP":9}}},"overtaken_ms_max":3600000,"golden_hours":[["10:00","12:00"]]}"#,
    )
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn order<'a>(plan: &'a PriorityPlan, now: &str) -> Order<'a> {
    Order {
        plan,
        zone: zone_of_campaign(Preset::CnCollection),
        now: at(now),
        ahead: BetterHourGroups::default(),
    }
}

fn standing(due_at: Timestamp, value: u8) -> RankingFacts {
    RankingFacts {
        asked: false,
        due_at,
        value: CallValue::try_from(value).unwrap(),
        times_group: 0,
    }
}

fn known<'a>(columns: &'a BTreeMap<String, String>, tags: &[&'a str]) -> EnrolmentFacts<'a> {
    EnrolmentFacts {
        columns,
        attributes: None,
        tags: tags.iter().copied().collect::<BTreeSet<_>>(),
        now: at("2026-03-02T02:00:00Z"),
    }
}

#[test]
fn a_value_comes_from_a_column_a_tag_or_nothing() {
    let by_word = plan(r#"{"by":{"column":{"name":"级别","values":{"A":9,"B":5}}}}"#);
    let by_number = plan(
        r#"{"by":{"column":{"name":"balance","at_least":[{"number":100000,"value":8},{"number":1000,"value":3}]}}}"#,
    );
    let by_tag = plan(r#"{"by":{"tags":{"values":{"VIP":9,"信用卡":4}}}}"#);
    let columns = |name: &str, text: &str| BTreeMap::from([(name.to_owned(), text.to_owned())]);
    for (plan, columns, tags, value) in [
        (&by_word, columns("级别", " A "), &[][..], 9),
        (&by_word, columns("级别", "C"), &[], 0),
        (&by_word, columns("balance", "A"), &[], 0),
        (&by_number, columns("balance", "100,000.00"), &[], 8),
        (&by_number, columns("balance", "99999.99"), &[], 3),
        (&by_number, columns("balance", "999"), &[], 0),
        (&by_number, columns("balance", "many"), &[], 0),
        (&by_tag, BTreeMap::new(), &["信用卡", "VIP"], 9),
        (&by_tag, BTreeMap::new(), &["vip"], 0),
    ] {
        let placing = EnrolmentRanking::of(Some(plan), None, &known(&columns, tags)).unwrap();
        assert_eq!(
            placing.value.map(CallValue::get),
            Some(value),
            "{columns:?} {tags:?}"
        );
    }
    assert_eq!(
        EnrolmentRanking::of(None, None, &known(&BTreeMap::new(), &["VIP"])),
        None
    );
}

#[test]
fn a_grade_comes_from_attributes_and_unknown_is_worth_nothing() {
    let plan = plan(
        r#"{"by":{"rfm":{"grades":{"champion":9,"lost":1},"limits":{"recency_days":[180,90,30,7],
            "orders_count":[2,4,8,16],"amount":[100,500,1000,5000]}}}}"#,
    );
    let columns = BTreeMap::new();
    let attribute = |name: &str, text: &str| {
        let attribute = crate::attribute::Attribute::named(name).unwrap();
        let value = attribute.read(text).unwrap();
        (attribute, value)
    };
    let good = BTreeMap::from([
        attribute("last_order_date", "2026-02-28"),
        attribute("orders_count", "9"),
        attribute("orders_amount", "1200.50"),
    ]);
    let mut poor = good.clone();
    poor.extend([
        attribute("last_order_date", "2024-01-01"),
        attribute("orders_count", "1"),
        attribute("orders_amount", "10"),
    ]);
    let mut unknown = good.clone();
    unknown.remove(&attribute("orders_count", "1").0);
    for (attributes, value) in [(&good, 9), (&poor, 1), (&unknown, 0)] {
        let known = EnrolmentFacts {
            attributes: Some(attributes),
            ..known(&columns, &[])
        };
        let placing = EnrolmentRanking::of(Some(&plan), None, &known).unwrap();
        assert_eq!(placing.value.map(CallValue::get), Some(value));
    }
}

#[test]
fn value_is_a_head_start_and_in_golden_hours_and_outside_of_them_others_are_first() {
    let without = plan(r#"{"by":{"tags":{"values":{"VIP":9}}},"overtaken_ms_max":3600000}"#);
    let due = at("2026-03-02T03:00:00Z");
    let (vip, other) = (standing(due, 9), standing(due.minus_ms(53 * MINUTE_MS), 0));
    let now = "2026-03-02T03:05:00Z";
    // Nine tenths of an hour are 54 minutes. One minute later the head start is used up.
    assert!(order(&without, now).place(vip) < order(&without, now).place(other));
    let earlier = standing(due.minus_ms(54 * MINUTE_MS + 1), 0);
    assert!(order(&without, now).place(earlier) < order(&without, now).place(vip));
    // 11:05 in Beijing is a golden minute, 12:00 is not; 10:00 is the first one.
    let golden = golden();
    for (now, vip_first) in [
        ("2026-03-02T01:59:59Z", false),
        ("2026-03-02T02:00:00Z", true),
        ("2026-03-02T03:59:59Z", true),
        ("2026-03-02T04:00:00Z", false),
    ] {
        let order = order(&golden, now);
        let (vip, other) = (standing(order.now, 9), standing(order.now, 0));
        assert_eq!(order.place(vip) < order.place(other), vip_first, "{now}");
    }
}

#[test]
fn who_was_asked_for_is_first_and_who_has_waited_the_bound_is_next() {
    let golden = golden();
    let order = order(&golden, "2026-03-02T02:30:00Z");
    let asked = RankingFacts {
        asked: true,
        ..standing(order.now, 0)
    };
    let last_overtaken = standing(order.now.minus_ms(HOUR_MS - 1), 0);
    let waited = standing(order.now.minus_ms(HOUR_MS), 0);
    let waited_longer = standing(order.now.minus_ms(2 * HOUR_MS), 0);
    let vip = standing(order.now, 9);
    let those = [last_overtaken, vip, waited, asked, waited_longer];
    let those = those
        .into_iter()
        .zip(["last", "vip", "waited", "asked", "longer"]);
    let first = order.first(those.collect(), 4);
    assert_eq!(first, ["asked", "longer", "waited", "vip"]);
}

/// In every case: after a customer has waited the bound, no customer who became due later is called first.
#[test]
fn a_customer_who_has_waited_the_bound_is_not_overtaken_while_the_best_keep_coming() {
    let golden = golden();
    let begin = at("2026-03-02T01:00:00Z");
    let mut waiting: Vec<RankingFacts> = (0..5).map(|nth| standing(begin.plus_ms(nth), 0)).collect();
    let mut called = Vec::new();
    // Two customers of high value or of the others become due per minute and one is called, so the queue only
    // grows.
    for minute in 0..600 {
        let now = begin.plus_ms(minute * MINUTE_MS);
        let order = Order {
            plan: &golden,
            zone: zone_of_campaign(Preset::CnCollection),
            now,
            ahead: BetterHourGroups::default(),
        };
        let best = if minute % 200 < 100 { 9 } else { 1 };
        waiting.extend([standing(now, best), standing(now, 9 - best)]);
        let places = waiting
            .iter()
            .enumerate()
            .map(|(nth, one)| (order.place(*one), nth));
        let (_, next) = places.min().unwrap();
        let next = waiting.swap_remove(next);
        let overtaken = waiting
            .iter()
            .filter(|one| one.due_at < next.due_at && now.ms_since(one.due_at) >= HOUR_MS);
        assert_eq!(overtaken.count(), 0, "minute {minute}");
        called.push((now, next));
    }
    let of_nothing = called.iter().filter(|(_, one)| one.value == CallValue::NONE);
    let waits: Vec<u64> = of_nothing.map(|(at, one)| at.ms_since(one.due_at)).collect();
    assert!(waits.len() >= 5, "those of no value are called too: {waits:?}");
}

#[test]
fn the_first_of_each_value_are_enough_to_know_the_first_of_all() {
    let golden = golden();
    let order = order(&golden, "2026-03-02T03:00:00Z");
    let mut seed = 7_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    for _ in 0..200 {
        let mut all: Vec<(RankingFacts, u64)> = (0..60)
            .map(|nth| {
                let value = u8::try_from(next(10)).unwrap();
                (standing(order.now.minus_ms(next(2 * HOUR_MS)), value), nth)
            })
            .collect();
        let limit = usize::try_from(next(12)).unwrap() + 1;
        let whole = order.first(all.clone(), limit);
        all.sort_by_key(|(one, nth)| (one.due_at, *nth));
        let mut of_each = Vec::new();
        for value in 0..=9 {
            let those = all.iter().filter(|(one, _)| one.value.get() == value);
            of_each.extend(those.take(limit).copied());
        }
        assert_eq!(order.first(of_each, limit), whole);
    }
}

#[test]
fn a_plan_that_makes_no_sense_is_named_and_the_order_says_why() {
    for (text, faulty) in [
        (r#"{"by":{"tags":{"values":{}}}}"#, true),
        (r#"{"by":{"tags":{"values":{"":1}}}}"#, true),
        (
            r#"{"by":{"tags":{"values":{"VIP":1}}},"overtaken_ms_max":59999}"#,
            true,
        ),
        (
            r#"{"by":{"tags":{"values":{"VIP":1}}},"overtaken_ms_max":60000}"#,
            false,
        ),
        (
            r#"{"by":{"tags":{"values":{"VIP":1}}},"golden_hours":[["12:00","10:00"]]}"#,
            true,
        ),
        (
            r#"{"by":{"rfm":{"grades":{"best":9},"limits":{"recency_days":[4,3,2,1],"orders_count":[1,2,3,4],"amount":[1,2,3,4]}}}}"#,
            true,
        ),
    ] {
        assert_eq!(plan(text).fault().is_some(), faulty, "{text}");
    }
    assert!(serde_json::from_str::<PriorityPlan>(r#"{"by":{"tags":{"values":{"VIP":10}}}}"#).is_err());
    let golden = golden();
    let order = order(&golden, "2026-03-02T03:00:00Z");
    let why = order.why(standing(order.now.minus_ms(MINUTE_MS), 9));
    let fact = |name: &str| why.get(name).map(String::as_str);
    assert_eq!(
        (fact("class"), fact("hour"), fact("waited_ms")),
        (Some("of_the_hour"), Some("golden"), Some("60000"))
    );
}
