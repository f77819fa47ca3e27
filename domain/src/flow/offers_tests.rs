//! Tests of offers: which offer is chosen for a customer and why, that the recorded facts give the same
//! choice again, which texts follow from it, and which faults are found.

use super::FlowDefinition;
use super::{FlowAction, FlowInput, FlowRun, OfferRule, Offers};
use crate::attribute::{Attribute, TagLevel};
use crate::event_members::personal_of;
use crate::offering::{OfferAnswer, OfferFacts, OfferReason, Profile};
use crate::personal::Personal;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

const FLOW: &str = r#"
flow: offered
notices: {recording: 本次通话将录音。}
start: pitch
on_exception: bye
offers:
  plain: standard
  candidates:
    - {offer: premium, when: "balance >= 500000 OR tag = '高净值'"}
    - {offer: regular, when: "success_count >= 1 AND last_answered_time > DATE_SUB(NOW(), INTERVAL 90 DAY)"}
    - {offer: standard}
nodes:
  pitch:
    say:
      text: 我们有一款新产品。
      by_offer: {premium: 我们为您准备了专属产品。, regular: 感谢您一直以来的信任。}
      next: sort
  sort:
    decide:
      rules:
        - {when: [{offer: [premium]}], next: manager}
      otherwise: bye
  manager: {end: {text: 客户经理会联系您。, outcome: callback}}
  bye: {end: {text: 再见。, outcome: success}}
"#;

fn flow() -> FlowDefinition {
    FlowDefinition::from_yaml(FLOW).unwrap()
}

fn offers() -> Offers {
    flow().offers.unwrap()
}

fn profile(values: &[(&str, &str)], tags: &[&str]) -> Profile {
    let values = values.iter().map(|(name, text)| {
        let attribute = Attribute::named(name).unwrap();
        let value = attribute.read(text).unwrap();
        (attribute, value)
    });
    let tags = tags.iter().map(|tag| (TagLevel::Business, (*tag).to_owned()));
    Profile::of_registered(values.collect(), tags.collect())
}

fn facts(values: &[(&str, &str)], tags: &[&str]) -> OfferFacts {
    OfferFacts::of(profile(values, tags), false)
}

#[test]
fn an_offer_is_the_first_that_holds_and_says_by_what() {
    for (values, tags, offer, reason) in [
        (
            &[("balance", "500000")][..],
            &[][..],
            "premium",
            OfferReason::FirstThatHolds,
        ),
        (
            &[("balance", "499999.9999")],
            &[],
            "standard",
            OfferReason::NoneHolds,
        ),
        (&[], &["高净值"], "premium", OfferReason::FirstThatHolds),
        (&[], &["信用卡"], "standard", OfferReason::NoneHolds),
        (
            &[("success_count", "1"), ("last_answered_time", "2026-01-01")],
            &[],
            "regular",
            OfferReason::FirstThatHolds,
        ),
        (&[("success_count", "1")], &[], "standard", OfferReason::NoneHolds),
        (&[("age", "31")], &[], "standard", OfferReason::NothingKnown),
    ] {
        let chosen = offers().chosen(&facts(values, tags), NOW);
        assert_eq!(
            (chosen.offer.as_str(), chosen.reason),
            (offer, reason),
            "{values:?} {tags:?}"
        );
    }
    let chosen = offers().chosen(
        &facts(&[("balance", "10"), ("age", "31")], &["高净值", "信用卡"]),
        NOW,
    );
    let premium = &chosen.candidates[0];
    assert_eq!(
        (premium.by.as_slice(), premium.answer),
        (&["balance".to_owned(), "tag".to_owned()][..], OfferAnswer::Holds)
    );
    assert_eq!(chosen.candidates[1].answer, OfferAnswer::Unknown);
    assert_eq!(
        chosen.candidates[1].missing,
        ["success_count", "last_answered_time"]
    );
    let known: Vec<&str> = chosen.known.keys().map(String::as_str).collect();
    assert_eq!(
        known,
        ["balance"],
        "an age that nothing asks of is not written down"
    );
    let tags: Vec<Option<&String>> = chosen.tags.iter().map(|one| one.tag.value()).collect();
    assert_eq!(tags, [Some(&"高净值".to_owned())]);
}

#[test]
fn who_refuses_or_is_held_gets_the_plain_one_and_nothing_of_them_is_written_down() {
    let rich = [("balance", "900000")];
    let refuses = [("balance", "900000"), ("is_profiling_refused", "true")];
    let agrees = [("balance", "900000"), ("is_profiling_refused", "false")];
    assert_eq!(offers().chosen(&facts(&agrees, &[]), NOW).offer, "premium");
    let held = OfferFacts::of(profile(&rich, &[]), true);
    for restricted in [facts(&refuses, &[]), held] {
        let chosen = offers().chosen(&restricted, NOW);
        assert_eq!(
            (chosen.offer.as_str(), chosen.reason),
            ("standard", OfferReason::Restricted)
        );
        assert!(chosen.known.is_empty() && chosen.tags.is_empty() && chosen.candidates.is_empty());
    }
    let unread = offers().chosen(&OfferFacts::NotRead, NOW);
    assert_eq!(
        (unread.offer.as_str(), unread.reason),
        ("standard", OfferReason::NotRead)
    );
}

#[test]
fn the_highest_score_wins_and_of_equals_the_first() {
    let text = r#"{plain: standard, choose: highest_score, candidates: [
        {offer: a, when: "balance > 0", score: 10,
         scores: [{when: "tag = 'x'", add: 5}, {when: "age > 60", add: -20}]},
        {offer: b, when: "balance > 0", score: 12},
        {offer: c, when: "balance > 0", score: 12},
        {offer: standard, score: 1}]}"#;
    let offers: Offers = serde_json::from_value(FlowDefinition::yaml_value(text).unwrap()).unwrap();
    assert_eq!(offers.choose, OfferRule::HighestScore);
    for (values, tags, offer) in [
        (&[("balance", "1")][..], &["x"][..], "a"),
        (&[("balance", "1")], &[], "b"),
        (&[("balance", "1"), ("age", "61")], &["x"], "b"),
        (&[("balance", "0")], &["x"], "standard"),
    ] {
        assert_eq!(
            offers.chosen(&facts(values, tags), NOW).offer,
            offer,
            "{values:?} {tags:?}"
        );
    }
    let chosen = offers.chosen(&facts(&[("balance", "1"), ("age", "61")], &["x"]), NOW);
    assert_eq!(
        (
            chosen.candidates[0].score,
            chosen.candidates[0].scored_by.as_slice()
        ),
        (Some(-5), &[0, 1][..])
    );
}

#[test]
fn what_was_recorded_chooses_the_same_again_and_what_is_erased_nothing() {
    let tags = ["高净值", "信用卡"];
    for values in [
        &[("balance", "500000.5"), ("success_count", "2"), ("age", "31")][..],
        &[("success_count", "2"), ("last_answered_time", "2026-02-28 10:00")],
        &[],
    ] {
        for tags in [&tags[..], &[]] {
            let chosen = offers().chosen(&facts(values, tags), NOW);
            let again = offers().chosen(&chosen.restore_known_facts().unwrap(), chosen.as_of);
            // Tags that are known but do not count are not recorded, so only `missing` may differ.
            assert_eq!(
                (&again.offer, &again.known, &again.tags),
                (&chosen.offer, &chosen.known, &chosen.tags)
            );
            let answers = |fact: &crate::offering::OfferChosenFact| -> Vec<OfferAnswer> {
                fact.candidates.iter().map(|one| one.answer).collect()
            };
            assert_eq!(answers(&again), answers(&chosen));
        }
    }
    let mut erased = offers().chosen(&facts(&[("balance", "1")], &[]), NOW);
    for (_, value) in personal_of(&mut erased) {
        *value = Personal::Erased { hash: None };
    }
    assert_eq!(erased.restore_known_facts(), None);
}

fn said_and_end(offer: Option<&str>) -> (Vec<(String, String)>, Vec<String>) {
    let (run, _) = FlowRun::begin(&Arc::new(flow()), &BTreeMap::new());
    let mut run = run.of_offer(offer);
    let (mut said, mut nodes) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        for action in run.step(FlowInput::Played) {
            if let FlowAction::Say { text, prompt, .. } = action {
                said.push((prompt.member, text));
            } else if let FlowAction::EnterNode { node } = action {
                nodes.push(node);
            }
        }
    }
    (said, nodes)
}

#[test]
fn an_offer_has_its_own_wording_and_way_and_without_one_all_is_plain() {
    let (said, nodes) = said_and_end(Some("premium"));
    let first = (
        "nodes.pitch.by_offer.premium".to_owned(),
        "我们为您准备了专属产品。".to_owned(),
    );
    assert_eq!((&said[0], nodes.last().unwrap().as_str()), (&first, "manager"));
    for plain in [None, Some("standard"), Some("gone")] {
        let (said, nodes) = said_and_end(plain);
        let first = ("nodes.pitch.text".to_owned(), "我们有一款新产品。".to_owned());
        assert_eq!(
            (&said[0], nodes.last().unwrap().as_str()),
            (&first, "bye"),
            "{plain:?}"
        );
    }
}

#[test]
fn a_check_finds_offers_without_a_plain_one_and_conditions_that_say_nothing() {
    assert_eq!(flow().check(), []);
    assert_eq!(flow().unsaid_offers(), Vec::<&str>::new());
    for (from, to, code) in [
        ("plain: standard", "plain: gone", "no_plain_offer"),
        ("plain: standard", "plain: premium", "no_plain_offer"),
        (
            "{offer: standard}",
            "{offer: standard, when: \"age > 1\"}",
            "no_plain_offer",
        ),
        ("balance >= 500000", "balence >= 500000", "bad_offer"),
        ("balance >= 500000", "balance >= 'much'", "bad_offer"),
        ("balance >= 500000", "phone = '1'", "bad_offer"),
        ("tag = '高净值'", "tag = '高净值' ORDER BY age", "bad_offer"),
        ("tag = '高净值'", "tag = '高净值' LIMIT 1", "bad_offer"),
        (
            "tag = '高净值'",
            "tag = '高净值'; DROP TABLE customers",
            "bad_offer",
        ),
        ("{premium: 我们", "{premiun: 我们", "unknown_offer"),
        ("{premium: 我们", "{standard: 我们", "unknown_offer"),
        ("offer: [premium]", "offer: [gold]", "unknown_offer"),
        ("offer: regular, when", "offer: premium, when", "bad_offer"),
        ("我们为您准备了专属产品。", "\"{{gone}}\"", "undefined_variable"),
    ] {
        assert!(FLOW.contains(from), "{from}");
        let flow = FlowDefinition::from_yaml(&FLOW.replacen(from, to, 1)).unwrap();
        let codes: BTreeSet<&str> = flow.check().iter().map(|fault| fault.code()).collect();
        assert!(codes.contains(code), "{to}: {codes:?}");
    }
    let missing = FLOW.replacen("  plain: standard\n", "", 1);
    assert!(
        FlowDefinition::from_yaml(&missing).is_err(),
        "no plain alternative at all"
    );
    let declared = FLOW.replacen("balance >= 500000", "vip_level = 'a'", 1);
    let declared = declared.replacen("  candidates:", "  attributes: [vip_level]\n  candidates:", 1);
    assert_eq!(FlowDefinition::from_yaml(&declared).unwrap().check(), []);
    let unsaid = FLOW.replacen(", regular: 感谢您一直以来的信任。", "", 1);
    assert_eq!(
        FlowDefinition::from_yaml(&unsaid).unwrap().unsaid_offers(),
        ["regular"]
    );
}
