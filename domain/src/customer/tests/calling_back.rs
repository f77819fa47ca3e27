//! Callbacks: never called before their time, then before ordinary work, and never against a rule.

use super::*;
use crate::customer::command::CallbackOrder;
use crate::dialing_plan::{DialingMode, DialingPlan};
use values::ids::UserId;

pub(super) fn at(text: &str) -> Timestamp {
    instant(&format!("2026-03-02T{text}+08:00"))
}

pub(super) fn windowed() -> CampaignFacts {
    let mut facts = facts();
    facts.plan.window = window("09:00-18:00");
    facts
}

pub(super) fn for_agents() -> CampaignFacts {
    let mut facts = windowed();
    facts.plan.dialing = Some(DialingPlan {
        mode: DialingMode::Progressive,
        holds_each_day: false,
        ..DialingPlan::default()
    });
    facts
}

pub(super) fn order(named: Timestamp, agent: Option<UserId>, facts: CampaignFacts) -> CustomerCommand {
    CustomerCommand::RequestCallback(Box::new(CallbackOrder {
        at: named,
        agent,
        reason: None,
        by: None,
        facts,
    }))
}

pub(super) fn requested(named: Timestamp, agent: Option<UserId>) -> CustomerEvent {
    CustomerEvent::CallbackRequested {
        campaign: campaign(),
        callback_at: named,
        until: named.plus_ms(CALLBACK_LATE_MS_MAX),
        agent,
        call: None,
        reason: None,
        by: None,
    }
}

fn ended(named: Timestamp, how: CallbackEnd, due_at: Option<Timestamp>) -> CustomerEvent {
    CustomerEvent::CallbackEnded {
        campaign: campaign(),
        callback_at: named,
        how,
        call: None,
        rule: None,
        facts: BTreeMap::new(),
        not_before: None,
        due_at,
        reason: None,
        by: None,
    }
}

pub(super) fn ended_how(event: &CustomerEvent) -> Option<CallbackEnd> {
    let CustomerEvent::CallbackEnded { how, .. } = event else {
        return None;
    };
    Some(*how)
}

pub(super) fn granted_at(given: &[CustomerEvent], facts: CampaignFacts, when: &str) -> bool {
    matches!(
        decide_at(given, grant_with(facts), when).as_deref(),
        Ok([CustomerEvent::DialGranted { .. }])
    )
}

#[test]
fn no_customer_is_called_before_the_time_they_named_whatever_a_retry_says() {
    let named = at("15:00:00");
    check(
        &person(&[]),
        order(named, None, windowed()),
        Ok(vec![requested(named, None)]),
    );
    let busy = closed(&closing(1, Disposition::Busy), Some(now().plus_ms(60_000)));
    let given = person(&[granted(1), busy, requested(named, None)]);
    let before = decide_at(&given, grant_with(windowed()), "2026-03-02T14:59:59.999999+08:00");
    assert_eq!(before, Err(CustomerRefusal::NotDue { due_at: named }));
    assert!(granted_at(&given, windowed(), "2026-03-02T15:00:00+08:00"));
    // A repeated request makes no event.
    check(&given, order(named, None, windowed()), Ok(Vec::new()));
    let other = at("16:00:00");
    let replaced = vec![ended(named, CallbackEnd::Replaced, None), requested(other, None)];
    check(&given, order(other, None, windowed()), Ok(replaced));
}

#[test]
fn a_time_that_the_rules_do_not_allow_is_refused_with_the_next_that_they_do() {
    let given = person(&[]);
    for (named, next) in [
        ("2026-03-02T17:59:59+08:00", None),
        ("2026-03-02T18:00:00+08:00", Some("2026-03-03T09:00:00+08:00")),
        ("2026-03-03T08:59:59+08:00", Some("2026-03-03T09:00:00+08:00")),
        ("2026-03-03T09:00:00+08:00", None),
    ] {
        let said = decide(&given, order(instant(named), None, windowed()));
        match (next, said) {
            (None, Ok(events)) => assert_eq!(events, vec![requested(instant(named), None)]),
            (
                Some(next),
                Err(CustomerRefusal::CallbackNotAllowed {
                    rule,
                    not_before,
                    facts,
                    ..
                }),
            ) => {
                assert_eq!(
                    (rule.as_str(), not_before),
                    ("calling_window", Some(instant(next)))
                );
                assert!(facts.contains_key("hours"), "{facts:?}");
            }
            (_, other) => panic!("{named}: {other:?}"),
        }
    }
    let furthest = now().plus_ms(CALLBACK_AHEAD_MS_MAX);
    for wrong in [now(), now().minus_ms(1), furthest.plus_ms(1)] {
        let said = decide(&given, order(wrong, None, windowed()));
        assert_eq!(said, Err(CustomerRefusal::CallbackTime { until: furthest }));
    }
    let mut over = windowed();
    over.plan.ends_at = Some(at("12:00:00"));
    assert!(matches!(
        decide(&given, order(at("12:00:00"), None, over)),
        Err(CustomerRefusal::CallbackNotAllowed { not_before: None, .. })
    ));
    let done = person(&[settled(Disposition::Answered, None, 1)]);
    assert!(matches!(
        decide(&done, order(at("15:00:00"), None, windowed())),
        Err(CustomerRefusal::Settled { .. })
    ));
}

#[test]
fn what_a_callee_names_is_due_then_though_the_policy_is_done_and_is_kept_by_its_call() {
    let named = at("15:00:00");
    let said = CallClosing {
        callback_at: Some(named),
        ..closing(1, Disposition::Answered)
    };
    let given = person(&[granted(1)]);
    let events = decide(&given, close_with(said.clone(), windowed())).unwrap();
    let CustomerEvent::CallbackRequested {
        callback_at, call, ..
    } = &events[0]
    else {
        panic!("{events:?}");
    };
    assert_eq!((*callback_at, *call), (named, Some(nth_call(1))));
    assert_eq!(events[1..], [closed(&said, Some(named))]);
    let waits = [given, events].concat();
    assert!(granted_at(&waits, windowed(), "2026-03-02T15:00:00+08:00"));
    let mut spent = windowed();
    spent.plan.retry_policy.retries_max = 0;
    assert!(
        granted_at(&waits, spent.clone(), "2026-03-02T15:00:00+08:00"),
        "beyond the policy"
    );

    let second = [waits, vec![granted(2)]].concat();
    let answered = CallClosing {
        dialed_at: named.plus_ms(500),
        ended_at: named.plus_ms(60_000),
        ..closing(2, Disposition::Answered)
    };
    let events = decide_at(&second, close_with(answered, spent), "2026-03-02T15:01:00+08:00").unwrap();
    assert!(
        matches!(
            events.as_slice(),
            [
                CustomerEvent::CallClosed {
                    next_due_at: None,
                    ..
                },
                CustomerEvent::CallbackEnded {
                    how: CallbackEnd::Kept,
                    ..
                },
                CustomerEvent::EnrolmentSettled {
                    disposition: Disposition::Answered,
                    ..
                },
            ]
        ),
        "{events:?}"
    );
}

#[test]
fn what_a_callee_names_outside_of_the_window_is_refused_on_record_with_the_next_allowed() {
    let said = CallClosing {
        callback_at: Some(at("20:00:00")),
        ..closing(1, Disposition::Answered)
    };
    let events = decide(&person(&[granted(1)]), close_with(said, windowed())).unwrap();
    let CustomerEvent::CallbackEnded {
        how,
        rule,
        not_before,
        ..
    } = &events[0]
    else {
        panic!("{events:?}");
    };
    let next = instant("2026-03-03T09:00:00+08:00");
    assert_eq!(
        (*how, rule.as_deref(), *not_before),
        (CallbackEnd::Refused, Some("calling_window"), Some(next))
    );
    assert!(
        matches!(events[2], CustomerEvent::EnrolmentSettled { .. }),
        "{events:?}"
    );
}

#[test]
fn a_customer_who_opts_out_has_no_callback_any_more() {
    let named = at("15:00:00");
    let refused = CallClosing {
        outcome: Some(Outcome::OptedOut),
        ..closing(1, Disposition::Answered)
    };
    let given = person(&[granted(1), requested(named, None)]);
    let events = decide(&given, close_with(refused, windowed())).unwrap();
    assert!(
        matches!(
            events.as_slice(),
            [
                CustomerEvent::CallClosed {
                    next_due_at: None,
                    ..
                },
                CustomerEvent::CallbackEnded {
                    how: CallbackEnd::Canceled,
                    ..
                },
                CustomerEvent::EnrolmentSettled { .. },
            ]
        ),
        "{events:?}"
    );
    let settled = state_at(&[given, events].concat(), now());
    assert_eq!(settled.enrolment(&campaign()).unwrap().callback, None);
}

#[test]
fn a_callback_that_could_not_be_made_in_time_is_said_to_be_missed() {
    let named = at("15:00:00");
    let waits = person(&[requested(named, None)]);
    let over = "2026-03-02T17:00:00+08:00";
    // Never called yet: it continues as an ordinary enrolment.
    let missed = ended(named, CallbackEnd::Missed, Some(instant(over)));
    assert_eq!(
        decide_at(&waits, grant_with(windowed()), over),
        Ok(vec![missed.clone()])
    );
    let on = [waits.clone(), vec![missed]].concat();
    assert!(granted_at(&on, windowed(), over));
    assert!(granted_at(&waits, windowed(), "2026-03-02T16:59:59+08:00"));
    // After an answer the policy has no call left: missing the callback settles.
    let answered = closed(&closing(1, Disposition::Answered), Some(named));
    let only = person(&[granted(1), requested(named, None), answered]);
    let events = decide_at(&only, grant_with(windowed()), over).unwrap();
    let [
        CustomerEvent::CallbackEnded { due_at: None, .. },
        CustomerEvent::EnrolmentSettled { rule, .. },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!(rule.as_deref(), Some("callback_missed"));
    // A rule that defers beyond the callback's end ends it at once.
    let mut shut = windowed();
    shut.plan.window = window("09:00-12:00");
    let events = decide_at(&waits, grant_with(shut), "2026-03-02T15:00:00+08:00").unwrap();
    assert!(
        matches!(
            events.as_slice(),
            [
                CustomerEvent::DialRefused {
                    not_before: Some(_),
                    ..
                },
                CustomerEvent::CallbackEnded {
                    how: CallbackEnd::Missed,
                    due_at: Some(_),
                    rule: Some(_),
                    ..
                },
            ]
        ),
        "{events:?}"
    );
}

#[test]
fn a_call_that_the_network_never_carried_keeps_the_callback_for_a_few_tries() {
    let named = at("15:00:00");
    let failed = |attempt| CallClosing {
        charged: false,
        dialed_at: named.plus_ms(500),
        ended_at: named.plus_ms(1_000),
        ..closing(attempt, Disposition::Congestion)
    };
    let mut given = person(&[requested(named, None), granted(1)]);
    for attempt in 1..=3 {
        let events = decide(&given, close_with(failed(attempt), windowed())).unwrap();
        let CustomerEvent::CallClosed { next_due_at, .. } = &events[0] else {
            panic!("{events:?}");
        };
        assert_eq!(*next_due_at, (attempt < 3).then(|| named.plus_ms(61_000)));
        let how = events.iter().find_map(ended_how);
        assert_eq!(how, (attempt == 3).then_some(CallbackEnd::Missed));
        given.extend(events);
        given.push(granted(attempt + 1));
    }
}

#[test]
fn a_canceled_callback_leaves_what_was_there_before_it() {
    let named = at("15:00:00");
    let cancel = || CustomerCommand::CancelCallback {
        facts: Box::new(windowed()),
        reason: "paid".to_owned(),
        by: None,
    };
    check(&person(&[]), cancel(), Ok(Vec::new()));
    let given = person(&[requested(named, None)]);
    let events = decide(&given, cancel()).unwrap();
    let [
        CustomerEvent::CallbackEnded {
            how, due_at, reason, ..
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!(
        (*how, *due_at, reason.as_deref()),
        (CallbackEnd::Canceled, Some(now()), Some("paid"))
    );
    let answered = closed(&closing(1, Disposition::Answered), Some(named));
    let only = person(&[granted(1), requested(named, None), answered]);
    let events = decide(&only, cancel()).unwrap();
    assert!(
        matches!(events[1], CustomerEvent::EnrolmentSettled { .. }),
        "{events:?}"
    );
}

#[test]
fn a_callback_of_one_agent_waits_for_them_and_then_for_any_agent() {
    let named = at("15:00:00");
    let wang: UserId = "wang".parse().unwrap();
    let robots = decide(&person(&[]), order(named, Some(wang.clone()), windowed()));
    assert_eq!(robots, Err(CustomerRefusal::NoAgents { campaign: campaign() }));
    let given = person(&[requested(named, Some(wang.clone()))]);
    let with = |free: &[&UserId]| CampaignFacts {
        free_agents: free.iter().map(|agent| (*agent).clone()).collect(),
        ..for_agents()
    };
    let li: UserId = "li".parse().unwrap();
    let when = "2026-03-02T15:00:00+08:00";
    let refused = decide_at(&given, grant_with(with(&[&li])), when).unwrap();
    let [
        CustomerEvent::DialRefused {
            verdict, not_before, ..
        },
    ] = refused.as_slice()
    else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (
            verdict.rule.as_str(),
            verdict.facts["agent"].as_str(),
            *not_before
        ),
        ("callback_agent", "wang", Some(named.plus_ms(5_000)))
    );
    assert!(granted_at(&given, with(&[&li, &wang]), when));
    assert!(granted_at(&given, with(&[&li]), "2026-03-02T15:15:00+08:00"));
    assert!(!granted_at(&given, with(&[&li]), "2026-03-02T15:14:59+08:00"));
}
