//! How callbacks end: recorded whenever the enrolment ends, and with the waits of the retry policy after
//! them.

use super::calling_back::{at, ended_how, for_agents, granted_at, order, requested, windowed};
use super::*;
use crate::customer::ENROLMENT_WITHDRAWN;
use values::ids::UserId;

/// One day in milliseconds.
const DAY_MS: u64 = 86_400_000;

fn cancel() -> CustomerCommand {
    CustomerCommand::CancelCallback {
        facts: Box::new(windowed()),
        reason: "paid".to_owned(),
        by: None,
    }
}

fn due_of(events: &[CustomerEvent]) -> Option<Timestamp> {
    let [CustomerEvent::CallbackEnded { due_at, .. }] = events else {
        panic!("{events:?}");
    };
    *due_at
}

/// Returns how the callback ended and the rule; panics unless the enrolment's settlement follows directly.
fn ended_and_settled(events: &[CustomerEvent]) -> (CallbackEnd, Option<&str>) {
    let [
        ..,
        CustomerEvent::CallbackEnded { how, rule, .. },
        CustomerEvent::EnrolmentSettled { .. },
    ] = events
    else {
        panic!("{events:?}");
    };
    (*how, rule.as_deref())
}

#[test]
fn a_callback_that_is_canceled_behind_a_call_leaves_the_policys_wait() {
    let named = at("15:00:00").plus_ms(DAY_MS);
    let given = person(&[granted(1), requested(named, None)]);
    let no_answer = closing(1, Disposition::NoAnswer);
    let retry = facts().plan.retry_rule(Disposition::NoAnswer).unwrap();
    let waits_until = no_answer.ended_at.plus_ms(retry.waits_ms[0]);
    assert!(waits_until > now(), "{retry:?}");
    let events = decide(&given, close_with(no_answer, windowed())).unwrap();
    let given = [given, events].concat();
    assert!(matches!(
        given.last(),
        Some(CustomerEvent::CallClosed { next_due_at, .. }) if *next_due_at == Some(named)
    ));
    assert_eq!(due_of(&decide(&given, cancel()).unwrap()), Some(waits_until));
    // The hold-off of a silent trunk applies, too.
    let given = person(&[granted(1), requested(named, None)]);
    let silent = CallClosing {
        charged: false,
        hold_off_ms: 7_200_000,
        ..closing(1, Disposition::TrunkTimeout)
    };
    let held_until = silent.dialed_at.plus_ms(silent.hold_off_ms);
    let events = decide(&given, close_with(silent, windowed())).unwrap();
    let due_at = due_of(&decide(&[given, events].concat(), cancel()).unwrap());
    assert!(due_at >= Some(held_until), "{due_at:?}");
}

#[test]
fn a_rule_that_defers_beyond_a_callback_does_not_shorten_the_policys_wait() {
    let named = at("15:00:00");
    let later = now().plus_ms(4 * DAY_MS);
    let busy = closed(&closing(1, Disposition::Busy), Some(later));
    let given = person(&[granted(1), busy, requested(named, None)]);
    let mut shut = windowed();
    shut.plan.window = window("09:00-12:00");
    let events = decide_at(&given, grant_with(shut), "2026-03-02T15:00:00+08:00").unwrap();
    assert_eq!(due_of(&events[1..]), Some(later));
}

#[test]
fn a_corrected_time_leaves_what_was_there_before_the_first() {
    let (far, soon) = (now().plus_ms(20 * DAY_MS), at("11:00:00"));
    let mut given = person(&[]);
    for named in [far, soon] {
        given.extend(decide(&given, order(named, None, windowed())).unwrap());
    }
    assert_eq!(
        state_at(&given, now()).enrolment(&campaign()).unwrap().due_at,
        soon
    );
    assert_eq!(due_of(&decide(&given, cancel()).unwrap()), Some(now()));
}

#[test]
fn what_ends_after_the_campaign_is_settled_with_its_callback() {
    let named = at("15:00:00");
    let busy = closed(&closing(1, Disposition::Busy), Some(now().plus_ms(DAY_MS)));
    let given = person(&[granted(1), busy, requested(named, None)]);
    let mut ends = windowed();
    ends.plan.ends_at = Some(at("18:00:00"));
    let command = CustomerCommand::CancelCallback {
        facts: Box::new(ends),
        reason: "paid".to_owned(),
        by: None,
    };
    let events = decide(&given, command).unwrap();
    assert_eq!(ended_and_settled(&events).0, CallbackEnd::Canceled);
}

#[test]
fn a_customer_who_named_a_time_is_not_called_now_and_keeps_the_callback() {
    let named = at("15:00:00");
    let given = person(&[requested(named, None)]);
    let now_please = CustomerCommand::CallNow {
        campaign: campaign(),
        deadline: None,
    };
    let waits = CustomerRefusal::CallbackWaits {
        campaign: campaign(),
        at: named,
    };
    check(&given, now_please.clone(), Err(waits.clone()));
    assert!(decide(&person(&[]), now_please).is_ok());
    assert!(granted_at(&given, windowed(), "2026-03-02T15:00:00+08:00"));
    // Nor does the order to call back after a cut-off.
    let cut_off = CallClosing {
        answered: true,
        ..closing(1, Disposition::Interrupted)
    };
    let cut_off = closed(&cut_off, Some(now().plus_ms(DAY_MS)));
    let given = person(&[granted(1), cut_off, requested(named, None)]);
    let back = CustomerCommand::CallBack {
        campaign: campaign(),
        by: None,
    };
    check(&given, back, Err(waits));
}

#[test]
fn who_asked_before_the_time_was_named_is_bound_to_the_agent_from_then_on_alone() {
    let named = at("15:00:00");
    let wang: UserId = "wang".parse().unwrap();
    let callback = crate::callback::Callback {
        at: named,
        until: named.plus_ms(CALLBACK_LATE_MS_MAX),
        agent: Some(wang.clone()),
        due_before: now(),
    };
    assert_eq!(callback.only_by(named.minus_ms(1)), None);
    assert_eq!(callback.only_by(named), Some(&wang));
    assert!(for_agents().plan.dialing_mode().needs_agents());
}

#[test]
fn a_grant_that_is_given_back_waits_for_the_time_that_was_named_meanwhile() {
    let named = at("15:00:00");
    let release = |not_before| CustomerCommand::ReleaseDial {
        call: nth_call(1),
        reason: "no_place".to_owned(),
        not_before,
        forbidden_by: None,
        facts: None,
    };
    let later = named.plus_ms(60_000);
    let meanwhile = person(&[granted(1), requested(named, None)]);
    let before = person(&[requested(named, None), granted(1)]);
    for (given, asked, due) in [
        (&meanwhile, None, Some(named)),
        (&meanwhile, Some(now().plus_ms(1)), Some(named)),
        (&meanwhile, Some(later), Some(later)),
        (&before, None, None),
        (&before, Some(later), Some(later)),
    ] {
        let events = decide(given, release(asked)).unwrap();
        let [CustomerEvent::DialReleased { not_before, .. }] = events.as_slice() else {
            panic!("{events:?}");
        };
        assert_eq!(*not_before, due, "{asked:?}");
    }
}

#[test]
fn a_callback_ends_on_record_wherever_the_enrolment_does() {
    let named = at("15:00:00");
    let waits = person(&[requested(named, None)]);
    let granted = [waits.clone(), vec![granted(1)]].concat();
    let by_rule = |rule: &str| ForbiddingRule {
        rule: rule.to_owned(),
        facts: BTreeMap::new(),
    };
    let release = CustomerCommand::ReleaseDial {
        call: nth_call(1),
        reason: "number_refused".to_owned(),
        not_before: None,
        forbidden_by: Some(by_rule("suppression")),
        facts: None,
    };
    let withdraw = CustomerCommand::WithdrawEnrolment {
        campaign: campaign(),
        list: None,
        reason: "a mistake".to_owned(),
        by: None,
    };
    let mut undone = windowed();
    undone.undone_lists = [list()].into();
    let erase = CustomerCommand::Erase {
        reason: "asked for it".to_owned(),
        requested_by: Some("li".to_owned()),
        approved_by: None,
        four_eyes: None,
    };
    for (given, when, rule) in [
        (&granted, release, "suppression"),
        (&waits, withdraw.clone(), ENROLMENT_WITHDRAWN),
        (&waits, grant_with(undone), ENROLMENT_WITHDRAWN),
        (&waits, erase, "erased_person"),
    ] {
        let said = format!("{when:?}");
        let events = decide_at(given, when, "2026-03-02T15:00:00+08:00").unwrap();
        assert_eq!(
            ended_and_settled(&events),
            (CallbackEnd::Canceled, Some(rule)),
            "{said}"
        );
    }
    // Withdrawn while the call is open: the callback ends with the call, or with the released grant.
    let withdrawn = [granted.clone(), decide(&granted, withdraw).unwrap()].concat();
    let events = decide(&withdrawn, close(closing(1, Disposition::Withdrawn))).unwrap();
    assert_eq!(
        ended_and_settled(&events),
        (CallbackEnd::Canceled, Some(ENROLMENT_WITHDRAWN))
    );
    let events = decide(&withdrawn, close(closing(1, Disposition::NoAnswer))).unwrap();
    assert_eq!(ended_and_settled(&events).0, CallbackEnd::Canceled);
    assert_eq!(events.iter().filter_map(ended_how).count(), 1);
}

#[test]
fn a_number_that_is_none_is_not_called_once_more_because_a_callback_was_canceled() {
    let named = at("15:00:00").plus_ms(DAY_MS);
    let given = person(&[granted(1), requested(named, None)]);
    let invalid = closing(1, Disposition::InvalidNumber);
    let events = decide(&given, close_with(invalid, windowed())).unwrap();
    let events = decide(&[given, events].concat(), cancel()).unwrap();
    assert_eq!(ended_and_settled(&events).0, CallbackEnd::Canceled);
}

#[test]
fn a_grant_given_back_until_behind_the_callback_says_at_once_that_it_was_missed() {
    let named = at("15:00:00");
    let until = named.plus_ms(CALLBACK_LATE_MS_MAX);
    let release = |not_before, facts| CustomerCommand::ReleaseDial {
        call: nth_call(1),
        reason: "number_cap".to_owned(),
        not_before: Some(not_before),
        forbidden_by: None,
        facts,
    };
    let given = person(&[requested(named, None), granted(1)]);
    let in_time = decide(&given, release(until.minus_ms(1), Some(Box::new(windowed())))).unwrap();
    assert!(matches!(in_time.as_slice(), [CustomerEvent::DialReleased { .. }]));
    // Without the campaign's facts the next grant decides.
    let untold = decide(&given, release(until, None)).unwrap();
    assert!(matches!(untold.as_slice(), [CustomerEvent::DialReleased { .. }]));
    let tomorrow = until.plus_ms(DAY_MS);
    let events = decide(&given, release(tomorrow, Some(Box::new(windowed())))).unwrap();
    let [
        CustomerEvent::DialReleased { not_before, .. },
        CustomerEvent::CallbackEnded {
            how, rule, due_at, ..
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!((*not_before, *due_at), (Some(tomorrow), Some(tomorrow)));
    assert_eq!((*how, rule.as_deref()), (CallbackEnd::Missed, Some("number_cap")));
    // If the callback was the only call left, the enrolment ends with it.
    let mut spent = windowed();
    spent.plan.ends_at = Some(tomorrow);
    let events = decide(&given, release(tomorrow, Some(Box::new(spent)))).unwrap();
    let (how, rule) = ended_and_settled(&events);
    assert_eq!((how, rule), (CallbackEnd::Missed, Some("number_cap")));
}
