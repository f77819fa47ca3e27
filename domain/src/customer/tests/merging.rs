//! Two ids of one person: which one is called afterwards, which restrictions apply, and how a merge is
//! undone.

use super::*;
use crate::compliance::{CountedCalls, JoinedFacts, MERGED_PERSON};
use crate::customer::{MERGED_MAX, MergeOrder, MergeSide, UnmergeOrder};
use values::call_caps::{CallCap, CapScope};
use values::ids::CustomerId;

fn other() -> CustomerId {
    "99112233445566778899aabbccddeeff".parse().unwrap()
}

fn merge(side: MergeSide) -> CustomerCommand {
    CustomerCommand::Merge(MergeOrder {
        customer: customer(),
        with: other(),
        side,
        reason: "two accounts".to_owned(),
        by: None,
    })
}

fn unmerge() -> CustomerCommand {
    CustomerCommand::Unmerge(UnmergeOrder {
        with: other(),
        reason: "two persons".to_owned(),
        by: None,
    })
}

fn merged_with(with: CustomerId, side: MergeSide) -> CustomerEvent {
    CustomerEvent::Merged {
        with,
        side,
        reason: "two accounts".to_owned(),
        by: None,
    }
}

fn merged(side: MergeSide) -> CustomerEvent {
    merged_with(other(), side)
}

fn unmerged() -> CustomerEvent {
    CustomerEvent::Unmerged {
        with: other(),
        reason: "two persons".to_owned(),
        by: None,
    }
}

fn settled_by_merge() -> CustomerEvent {
    CustomerEvent::EnrolmentSettled {
        campaign: campaign(),
        disposition: Disposition::NotPermitted,
        outcome: None,
        calls_count: 0,
        rule: Some(MERGED_PERSON.to_owned()),
        facts: BTreeMap::from([("merged_with".to_owned(), other().to_string())]),
    }
}

fn grant(joined: Vec<JoinedFacts>) -> CustomerCommand {
    CustomerCommand::GrantDial {
        customer: customer(),
        facts: Box::new(facts()),
        joined,
    }
}

/// Returns the restrictions in another id's own events.
fn joined_facts(given: &[CustomerEvent]) -> JoinedFacts {
    state_at(given, now()).as_joined(other())
}

fn refused_by(then: &DecideResult) -> Option<&str> {
    let events = then.as_ref().ok()?;
    events.iter().find_map(|event| {
        let CustomerEvent::DialRefused { verdict, .. } = event else {
            return None;
        };
        Some(verdict.rule.as_str())
    })
}

fn is_granted(then: &DecideResult) -> bool {
    then.as_ref()
        .is_ok_and(|events| matches!(events.as_slice(), [CustomerEvent::DialGranted { .. }]))
}

#[test]
fn who_is_merged_into_another_is_called_by_that_one_alone() {
    let joined = [merged(MergeSide::Other), settled_by_merge()];
    check(&person(&[]), merge(MergeSide::Other), Ok(joined.to_vec()));
    // A repeat makes no event; an enrolment for which one append had no room is settled by it.
    check(&person(&joined), merge(MergeSide::Other), Ok(vec![]));
    check(
        &person(&joined[..1]),
        merge(MergeSide::Other),
        Ok(vec![settled_by_merge()]),
    );
    let into = CustomerRefusal::MergedInto { customer: other() };
    check(&person(&joined[..1]), grant(vec![]), Err(into));
    // A list with the merged id counts it, and it is not called.
    let given = [
        registered(),
        added(number(), "+8613800138000"),
        merged(MergeSide::Other),
    ];
    let listed = decide(&given, enrol(row())).unwrap();
    assert_eq!(listed.last(), Some(&settled_by_merge()), "{listed:?}");
}

#[test]
fn the_kept_id_is_dialed_only_with_the_facts_of_the_other() {
    let given = person(&[merged(MergeSide::Kept)]);
    let needed = CustomerRefusal::JoinedNeeded {
        customers: vec![other()],
    };
    check(&given, grant(vec![]), Err(needed));
    let nothing = joined_facts(&[registered()]);
    let then = decide(&given, grant(vec![nothing]));
    assert!(is_granted(&then), "{then:?}");
    let events = then.unwrap();
    let (_, granted) = events[0].dial_granted().unwrap();
    assert!(
        granted
            .verdicts
            .iter()
            .any(|verdict| verdict.rule == MERGED_PERSON)
    );
    // Permits of other persons carry no verdict for it.
    let alone = decide(&person(&[]), grant(vec![])).unwrap();
    let (_, granted) = alone[0].dial_granted().unwrap();
    assert!(
        granted
            .verdicts
            .iter()
            .all(|verdict| verdict.rule != MERGED_PERSON)
    );
}

#[test]
fn calls_and_caps_of_both_ids_count_together() {
    let cap = |calls_max| CustomerEvent::CapsSet {
        caps: vec![CallCap {
            counted: CountedCalls::Dialed,
            over: CapScope::Person,
            local_days: 1,
            calls_max,
        }],
        reason: "asked".to_owned(),
        by: None,
    };
    let called = [
        granted(1),
        closed(&closing(1, Disposition::NoAnswer), Some(now().plus_ms(60_000))),
    ];
    let kept = |own: &[CustomerEvent]| person(&[own, &[merged(MergeSide::Kept)]].concat());
    for (own, others, refused) in [
        (vec![], vec![cap(1)], false),
        (vec![], [vec![cap(1)], called.to_vec()].concat(), true),
        (vec![cap(1)], called.to_vec(), true),
        (vec![cap(2)], called.to_vec(), false),
        (vec![], called.to_vec(), false),
    ] {
        let joined = joined_facts(&person(&others));
        let then = decide(&kept(&own), grant(vec![joined]));
        let rule = refused.then_some("own_caps");
        assert_eq!(
            (refused_by(&then), is_granted(&then)),
            (rule, !refused),
            "{then:?}"
        );
    }
}

#[test]
fn a_withdrawal_or_an_erasure_under_the_other_id_settles_the_kept_one() {
    let withdrawn = CustomerEvent::ConsentWithdrawn {
        scope: facts().plan.purpose,
        source: "letter".to_owned(),
        open_calls: Vec::new(),
    };
    let erasing = CustomerEvent::ErasureRequested {
        reason: "asked".to_owned(),
        requested_by: None,
        approved_by: None,
        four_eyes: None,
    };
    let mut silenced = joined_facts(&[registered()]);
    silenced.note_number(true, None);
    for joined in [
        joined_facts(&[registered(), withdrawn]),
        joined_facts(&[registered(), erasing]),
        silenced,
    ] {
        let then = decide(&person(&[merged(MergeSide::Kept)]), grant(vec![joined]));
        assert_eq!(refused_by(&then), Some(MERGED_PERSON), "{then:?}");
        let events = then.unwrap();
        assert!(matches!(
            events.last(),
            Some(CustomerEvent::EnrolmentSettled { .. })
        ));
    }
}

#[test]
fn undone_each_is_called_by_its_own_record_again_and_what_was_settled_stays() {
    for side in [MergeSide::Kept, MergeSide::Other] {
        check(&person(&[merged(side)]), unmerge(), Ok(vec![unmerged()]));
    }
    check(&person(&[]), unmerge(), Ok(vec![]));
    let kept = person(&[merged(MergeSide::Kept), unmerged()]);
    assert!(is_granted(&decide(&kept, grant(vec![]))));
    let other = person(&[merged(MergeSide::Other), settled_by_merge(), unmerged()]);
    let settled = CustomerRefusal::Settled {
        campaign: campaign(),
        disposition: Disposition::NotPermitted,
    };
    check(&other, grant(vec![]), Err(settled));
    // Another list enrols the person again.
    let again = Enrolment {
        campaign: "ANOTHER".parse().unwrap(),
        ..row()
    };
    let listed = decide(&other, enrol(again)).unwrap();
    assert!(
        matches!(listed.as_slice(), [CustomerEvent::Enrolled { .. }]),
        "{listed:?}"
    );
}

#[test]
fn chains_calls_under_way_and_too_many_are_refused() {
    let nth = |nth: usize| -> CustomerId { format!("{nth:032x}").parse().unwrap() };
    let in_call = CustomerRefusal::MergeInCall { call: nth_call(1) };
    check(&person(&[granted(1)]), merge(MergeSide::Other), Err(in_call));
    let has = CustomerRefusal::HasMerged { count: 1 };
    let keeps = merged_with(nth(1), MergeSide::Kept);
    check(
        &person(std::slice::from_ref(&keeps)),
        merge(MergeSide::Other),
        Err(has),
    );
    let into = CustomerRefusal::MergedInto { customer: nth(1) };
    let gone = merged_with(nth(1), MergeSide::Other);
    for side in [MergeSide::Kept, MergeSide::Other] {
        check(
            &person(std::slice::from_ref(&gone)),
            merge(side),
            Err(into.clone()),
        );
    }
    let many = |count| -> Vec<CustomerEvent> {
        (0..count)
            .map(|one| merged_with(nth(one), MergeSide::Kept))
            .collect()
    };
    let last = decide(&person(&many(MERGED_MAX - 1)), merge(MergeSide::Kept));
    assert_eq!(last, Ok(vec![merged(MergeSide::Kept)]));
    let over = CustomerRefusal::TooMany {
        count: MERGED_MAX,
        of: "merged ids",
    };
    check(&person(&many(MERGED_MAX)), merge(MergeSide::Kept), Err(over));
    let itself = CustomerCommand::Merge(MergeOrder {
        customer: other(),
        with: other(),
        side: MergeSide::Kept,
        reason: "two accounts".to_owned(),
        by: None,
    });
    check(&person(&[]), itself, Err(CustomerRefusal::MergedWithItself));
    check(&[], merge(MergeSide::Kept), Err(CustomerRefusal::NotRegistered));
}

/// A granted dial or an open call was judged without the other id's restrictions.
#[test]
fn the_kept_id_is_not_merged_in_the_middle_of_its_own_call() {
    let in_call = CustomerRefusal::MergeInCall { call: nth_call(1) };
    check(&person(&[granted(1)]), merge(MergeSide::Kept), Err(in_call));
    let merged_before = person(&[merged(MergeSide::Kept), granted(1)]);
    check(&merged_before, merge(MergeSide::Kept), Ok(vec![]));
    let over = person(&[granted(1), closed(&closing(1, Disposition::NoAnswer), None)]);
    check(&over, merge(MergeSide::Kept), Ok(vec![merged(MergeSide::Kept)]));
}

#[test]
fn a_hold_on_the_other_id_is_asked_about_the_next_day_and_not_beyond_the_end() {
    let held = joined_facts(&[
        registered(),
        CustomerEvent::Held {
            reason: "court".to_owned(),
            by: None,
        },
    ]);
    for ends_at in [None, Some("2026-03-05T10:00:00+08:00")] {
        let mut campaign = facts();
        campaign.plan.ends_at = ends_at.map(instant);
        let asked = CustomerCommand::GrantDial {
            customer: customer(),
            facts: Box::new(campaign),
            joined: vec![held.clone()],
        };
        let then = decide(&person(&[merged(MergeSide::Kept)]), asked).unwrap();
        let [
            CustomerEvent::DialRefused {
                verdict, not_before, ..
            },
        ] = then.as_slice()
        else {
            panic!("{then:?}");
        };
        let tomorrow = Some(instant("2026-03-03T10:00:00+08:00"));
        assert_eq!((verdict.rule.as_str(), *not_before), (MERGED_PERSON, tomorrow));
    }
}
