//! Attributes and tags: typed, recorded, and erased with the person; values that follow calls.

use super::*;
use crate::attribute::{Attribute, AttributeValue, TagLevel};
use crate::customer::{AttributesChange, Profile, ProfileOrigin, TAG_BYTES_MAX, TagChange};

fn set(values: &[(&str, &str)], cleared: &[&str]) -> CustomerCommand {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    CustomerCommand::SetAttributes(Box::new(AttributesChange {
        values: values.iter().map(owned).collect(),
        cleared: cleared.iter().map(|name| (*name).to_owned()).collect(),
        origin: ProfileOrigin::Person,
    }))
}

fn tag(added: &[&str], removed: &[&str]) -> CustomerCommand {
    let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
    CustomerCommand::Tag(Box::new(TagChange {
        level: TagLevel::Business,
        added: owned(added),
        removed: owned(removed),
        origin: ProfileOrigin::Person,
    }))
}

fn profile(given: &[CustomerEvent]) -> Profile {
    let mut profile = Profile::default();
    for event in given {
        profile.evolve(event);
    }
    profile
}

/// The state's profile must equal the fold over the whole stream.
fn known_to_state(given: &[CustomerEvent]) -> Profile {
    let known = state_at(given, now()).whole_profile();
    assert_eq!(known, profile(given), "{given:?}");
    known
}

fn value(profile: &Profile, name: &str) -> Option<String> {
    let attribute = Attribute::named(name).unwrap();
    profile.value(&attribute).map(AttributeValue::written)
}

#[test]
fn values_are_set_by_either_name_and_what_is_so_already_is_no_event() {
    let mut given = vec![registered()];
    given.extend(decide(&given, set(&[("年龄", "31"), ("region", "浙江")], &[])).unwrap());
    assert_eq!(given.len(), 2);
    let known = profile(&given);
    assert_eq!(value(&known, "age").as_deref(), Some("31"));
    assert_eq!(value(&known, "地域").as_deref(), Some("浙江"));
    assert_eq!(
        decide(&given, set(&[("age", " 31 ")], &["gender"])),
        Ok(Vec::new())
    );
    given.extend(decide(&given, set(&[("age", "32")], &["region"])).unwrap());
    let known = profile(&given);
    assert_eq!(
        (value(&known, "age").as_deref(), value(&known, "region")),
        (Some("32"), None)
    );
    // A value that calls change too is recorded again: the last event counts.
    for _ in 0..2 {
        assert_eq!(
            decide(&given, set(&[("intent_level", "high")], &[]))
                .unwrap()
                .len(),
            1
        );
    }
}

#[test]
fn a_wrong_value_refuses_the_whole_request_and_is_not_repeated() {
    let given = [registered()];
    let refused = decide(&given, set(&[("age", "thirty"), ("region", "浙江")], &[])).unwrap_err();
    assert!(!refused.to_string().contains("thirty") && refused.to_string().contains("age"));
    for command in [
        set(&[("name", "张三")], &[]),
        set(&[("a b", "1")], &[]),
        set(&[("age", "31")], &["年龄"]),
        tag(&[" "], &[]),
        tag(&[&"a".repeat(TAG_BYTES_MAX + 1)], &[]),
        tag(&["a"], &["a"]),
    ] {
        assert!(decide(&given, command.clone()).is_err(), "{command:?}");
        assert_eq!(decide(&[], command), Err(CustomerRefusal::NotRegistered));
    }
    let many: Vec<(String, String)> = (0..200).map(|at| (format!("d{at}"), "x".to_owned())).collect();
    let many: Vec<(&str, &str)> = many
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    assert!(matches!(
        decide(&given, set(&many, &[])),
        Err(CustomerRefusal::TooManyAtOnce { .. })
    ));
}

#[test]
fn a_person_may_have_more_than_two_hundred_attributes_but_not_any_number() {
    let mut given = vec![registered()];
    let mut refused = None;
    for part in 0..20 {
        let values: Vec<(String, String)> = (0..100)
            .map(|at| (format!("dimension_{part}_{at}"), "x".to_owned()))
            .collect();
        let values: Vec<(&str, &str)> = values
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        match decide(&given, set(&values, &[])) {
            Ok(events) => given.extend(events),
            Err(refusal) => {
                refused = Some((part, refusal));
                break;
            }
        }
    }
    assert!(
        matches!(refused, Some((5, CustomerRefusal::TooMany { .. }))),
        "{refused:?}"
    );
}

#[test]
fn tags_are_added_and_removed_once() {
    let mut given = vec![registered()];
    given.extend(decide(&given, tag(&["信用卡", "理财"], &["存款"])).unwrap());
    assert_eq!(profile(&given).tags().len(), 2);
    assert_eq!(decide(&given, tag(&["理财"], &["存款"])), Ok(Vec::new()));
    given.extend(decide(&given, tag(&[], &["理财"])).unwrap());
    let known = profile(&given);
    let left: Vec<&str> = known.tags().iter().map(|(_, tag)| tag.as_str()).collect();
    assert_eq!(left, ["信用卡"]);
}

fn closed(outcome: Option<Outcome>, next_due_at: Option<Timestamp>) -> CustomerEvent {
    CustomerEvent::CallClosed {
        campaign: campaign(),
        call: nth_call(1),
        number: number(),
        disposition: Disposition::Answered,
        outcome,
        charged: true,
        answered: true,
        dialed_at: now(),
        next_due_at,
        next_number: None,
        round: None,
        policy_due_at: None,
        timing: None,
    }
}

/// Judges a quota's condition by the state of a registered person.
#[test]
fn a_quota_of_a_segment_knows_who_is_of_it_by_attributes_tags_and_calls() {
    let of = |given: &[CustomerEvent], condition: &str| {
        let quota = serde_json::json!({ "name": "q", "dials": 3, "per": "campaign",
            "where": format!("{} * FROM customers WHERE {condition}", "SELECT") });
        let quotas = [serde_json::from_value(quota).unwrap()];
        let members = crate::quota_members::QuotaMatcher::of(&quotas).unwrap();
        members.judge(&state_at(given, now()), now()) == [0]
    };
    let mut given = person(&[]);
    assert!(!of(&given, "region = '上海'"), "it is not known");
    given.extend(decide(&given, set(&[("region", "上海")], &[])).unwrap());
    given.extend(decide(&given, tag(&["VIP"], &[])).unwrap());
    assert!(of(&given, "region = '上海'") && !of(&given, "region = '北京'"));
    assert!(of(&given, "tag = 'VIP' AND region IN ('上海', '北京')"));
    assert!(of(&given, "calls_count = 0 AND follow_up_state = 'to_call'"));
    given.push(closed(Some(Outcome::Callback), Some(now().plus_ms(1))));
    assert!(of(
        &given,
        "calls_count = 1 AND answered_count >= 1 AND success_count = 0"
    ));
    assert!(of(
        &given,
        "last_outcome = 'callback' AND last_disposition = 'answered'"
    ));
    assert!(of(
        &given,
        "intent_level = 'medium' AND follow_up_state = 'to_call_again'"
    ));
    assert!(!of(&given[1..], "region = '上海'"), "no customer was registered");
}

#[test]
fn of_what_calls_and_users_both_say_the_last_word_counts() {
    let mut given = person(&[closed(Some(Outcome::Success), None)]);
    known_to_state(&given);
    given.extend(decide(&given, set(&[("calls_count", "7"), ("intent_level", "C")], &[])).unwrap());
    let known = known_to_state(&given);
    assert_eq!(value(&known, "intent_level").as_deref(), Some("C"));
    given.push(closed(Some(Outcome::Declined), None));
    let known = known_to_state(&given);
    assert_eq!(value(&known, "calls_count").as_deref(), Some("8"));
    assert_eq!(value(&known, "intent_level").as_deref(), Some("low"));
    given.extend(decide(&given, set(&[], &["last_outcome", "success_count"])).unwrap());
    assert_eq!(value(&known_to_state(&given), "last_outcome"), None);
    given.push(closed(Some(Outcome::Success), None));
    assert_eq!(
        value(&known_to_state(&given), "success_count").as_deref(),
        Some("1")
    );
}

#[test]
fn behaviour_follows_the_end_of_calls() {
    let mut given = person(&[]);
    assert_eq!(value(&profile(&given), "calls_count").as_deref(), Some("0"));
    assert_eq!(
        value(&profile(&given), "follow_up_state").as_deref(),
        Some("to_call")
    );
    given.push(closed(Some(Outcome::Callback), Some(now().plus_ms(1))));
    let known = known_to_state(&given);
    assert_eq!(value(&known, "intent_level").as_deref(), Some("medium"));
    assert_eq!(value(&known, "follow_up_state").as_deref(), Some("to_call_again"));
    assert_eq!(value(&known, "last_call_time"), Some(now().to_string()));
    given.push(closed(None, None));
    let known = profile(&given);
    assert_eq!(
        value(&known, "intent_level").as_deref(),
        Some("medium"),
        "nothing new"
    );
    assert_eq!(value(&known, "calls_count").as_deref(), Some("2"));
    given.push(closed(Some(Outcome::Success), None));
    let known = profile(&given);
    assert_eq!(value(&known, "intent_level").as_deref(), Some("high"));
    assert_eq!(value(&known, "success_count").as_deref(), Some("1"));
}

#[test]
fn of_an_erased_person_nothing_is_known_and_nothing_new_is_kept() {
    let mut given = vec![registered()];
    given.extend(decide(&given, set(&[("age", "31")], &[])).unwrap());
    given.extend(decide(&given, tag(&["信用卡"], &[])).unwrap());
    let erase = CustomerCommand::Erase {
        reason: "asked".to_owned(),
        requested_by: None,
        approved_by: None,
        four_eyes: None,
    };
    given.extend(decide(&given, erase).unwrap());
    let known = profile(&given);
    assert!(known.values().is_empty() && known.tags().is_empty() && !known.is_active());
    assert_eq!(state_at(&given, now()).profile(), None);
    assert!(!state_at(&given, now()).whole_profile().is_active());
    assert_eq!(
        decide(&given, set(&[("age", "31")], &[])),
        Err(CustomerRefusal::Erased)
    );
    assert_eq!(decide(&given, tag(&["a"], &[])), Err(CustomerRefusal::Erased));
}

#[test]
fn values_with_a_lost_key_are_not_known() {
    let mut profile = Profile::default();
    let gone = || Personal::Erased { hash: None };
    profile.evolve(&registered());
    profile.evolve(&CustomerEvent::AttributesSet {
        attributes: BTreeMap::from([("age".to_owned(), gone())]),
        cleared: Vec::new(),
        origin: ProfileOrigin::Person,
    });
    profile.evolve(&CustomerEvent::Tagged {
        level: TagLevel::Basic,
        added: vec![gone()],
        removed: Vec::new(),
        origin: ProfileOrigin::Person,
    });
    assert!(profile.tags().is_empty() && value(&profile, "age").is_none());
}
