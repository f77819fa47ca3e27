//! The person's side of a permit: granted, refused with an event, or refused without being judged.

use super::*;
use crate::compliance::closed_for_all;

fn ask(given: &[CustomerEvent]) -> DecideResult {
    decide(given, grant_with(facts()))
}

#[test]
fn a_due_enrolment_is_granted_for_two_seconds_with_every_verdict() {
    let events = ask(&person(&[])).unwrap();
    let [CustomerEvent::DialGranted { attempt, grant }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!((*attempt, grant.call, &grant.number), (1, nth_call(1), &number()));
    assert_eq!(grant.valid_until, now().plus_ms(2_000));
    assert!(grant.verdicts.iter().all(Verdict::allows));
    let rules: Vec<&str> = grant
        .verdicts
        .iter()
        .map(|verdict| verdict.rule.as_str())
        .collect();
    assert_eq!(
        rules,
        [
            "campaign_state",
            "missing_fact",
            "erased_person",
            "consent",
            "home_location",
            "calling_window",
            "retry_policy",
            "frequency_cap"
        ]
    );
}

/// A leg may be dialed up to eight seconds after the grant: two until the first, six more until the last.
#[test]
fn no_leg_of_a_call_is_dialed_once_the_window_has_closed_or_the_campaign_has_ended() {
    let last = Timestamp::from_micros(instant("2026-03-02T20:00:00+08:00").micros() - 1);
    let ends_at = now().plus_ms(4_000);
    let mut ending = facts();
    ending.plan.ends_at = Some(ends_at);
    let before_the_end = Timestamp::from_micros(ends_at.micros() - 1);
    for (facts, asked_at, legs_until) in [
        (facts(), "2026-03-02T19:59:51.999+08:00", None),
        (facts(), "2026-03-02T19:59:52+08:00", Some(last)),
        (facts(), "2026-03-02T19:59:55+08:00", Some(last)),
        (ending, NOW, Some(before_the_end)),
    ] {
        let events = decide_at(&person(&[]), grant_with(facts), asked_at).unwrap();
        let [CustomerEvent::DialGranted { grant, .. }] = events.as_slice() else {
            panic!("{asked_at}: {events:?}");
        };
        assert_eq!(grant.legs_until, legs_until, "{asked_at}");
    }
}

#[test]
fn a_grant_ends_with_the_window_and_with_the_campaign() {
    let closes = instant("2026-03-02T20:00:00+08:00");
    let last = Timestamp::from_micros(closes.micros() - 1);
    let mut ending = facts();
    ending.plan.ends_at = Some(now().plus_ms(500));
    let campaigns_last = Timestamp::from_micros(now().micros() + 499_999);
    for (facts, asked_at, valid_until) in [
        (facts(), "2026-03-02T19:59:57.999999+08:00", last),
        (facts(), "2026-03-02T19:59:58+08:00", last),
        (facts(), "2026-03-02T19:59:59.999999+08:00", last),
        (ending, NOW, campaigns_last),
    ] {
        let events = decide_at(&person(&[]), grant_with(facts), asked_at).unwrap();
        let [CustomerEvent::DialGranted { grant, .. }] = events.as_slice() else {
            panic!("{asked_at}: {events:?}");
        };
        assert_eq!(grant.valid_until, valid_until, "{asked_at}");
    }
}

#[test]
fn attempts_run_on_over_released_grants() {
    let events = ask(&person(&[granted(1), released(1, None)])).unwrap();
    let [CustomerEvent::DialGranted { attempt, grant }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!((*attempt, grant.call), (2, nth_call(2)));
}

#[test]
fn what_is_unknown_open_settled_or_not_due_is_refused_without_an_event() {
    let (campaign, call) = (campaign(), nth_call(1));
    let later = now().plus_ms(1);
    let settled_as = Disposition::NoAnswer;
    for (given, refusal) in [
        (
            vec![registered()],
            CustomerRefusal::NotEnrolled {
                campaign: campaign.clone(),
            },
        ),
        (person(&[granted(1)]), CustomerRefusal::AlreadyGranted { call }),
        (
            person(&[settled(settled_as, None, 1)]),
            CustomerRefusal::Settled {
                campaign,
                disposition: settled_as,
            },
        ),
        (
            person(&[granted(1), released(1, Some(later))]),
            CustomerRefusal::NotDue { due_at: later },
        ),
    ] {
        assert_eq!(ask(&given), Err(refusal));
    }
    assert!(ask(&person(&[granted(1), released(1, Some(now()))])).is_ok());
}

#[test]
fn a_closed_window_defers_once_to_its_opening_and_the_next_ask_is_only_not_due() {
    let evening = "2026-03-02T20:00:00+08:00";
    let opens = instant("2026-03-03T09:00:00+08:00");
    let refusal = decide_at(&person(&[]), grant_with(facts()), evening);
    assert_eq!(
        refused(&refusal),
        ("calling_window".to_owned(), Some(opens), None)
    );
    let given = person(&refusal.unwrap());
    let due_at = opens;
    let again = |at| decide_at(&given, grant_with(facts()), at);
    assert_eq!(again(evening), Err(CustomerRefusal::NotDue { due_at }));
    assert_eq!(
        again("2026-03-03T08:59:59.999999+08:00"),
        Err(CustomerRefusal::NotDue { due_at })
    );
    assert!(again("2026-03-03T09:00:00+08:00").is_ok());
}

#[test]
fn an_opening_that_is_not_before_the_campaigns_end_settles() {
    let evening = "2026-03-02T20:00:00+08:00";
    let mut facts = facts();
    for (ends_at, settles) in [
        ("2026-03-03T09:00:00+08:00", true),
        ("2026-03-03T09:00:00.000001+08:00", false),
    ] {
        facts.plan.ends_at = Some(instant(ends_at));
        let (rule, not_before, settled) =
            refused(&decide_at(&person(&[]), grant_with(facts.clone()), evening));
        assert_eq!(rule, "calling_window");
        assert_eq!(not_before.is_none(), settles);
        assert_eq!(settled, settles.then_some(Disposition::NotPermitted));
    }
}

#[test]
fn a_rule_that_forbids_settles_with_the_last_disposition_or_not_permitted() {
    let mut marketing = facts();
    marketing.plan.preset = Preset::CnMarketing;
    let refusal = decide(&person(&[]), grant_with(marketing.clone()));
    assert_eq!(
        refused(&refusal),
        ("consent".to_owned(), None, Some(Disposition::NotPermitted))
    );
    let busy = closing(1, Disposition::Busy);
    let dialed = person(&[granted(1), closed(&busy, Some(now()))]);
    assert_eq!(
        refused(&decide(&dialed, grant_with(marketing))),
        ("consent".to_owned(), None, Some(Disposition::Busy))
    );
}

#[test]
fn a_forbid_is_stricter_than_the_latest_defer() {
    let mut marketing = facts();
    marketing.plan.preset = Preset::CnMarketing;
    let night = "2026-03-02T23:00:00+08:00";
    let (rule, _, _) = refused(&decide_at(&person(&[]), grant_with(marketing), night));
    assert_eq!(rule, "consent");
}

#[test]
fn a_withdrawal_of_consent_stops_the_next_dial() {
    let withdrawn = CustomerEvent::ConsentWithdrawn {
        scope: "service".to_owned(),
        source: "operator".to_owned(),
        open_calls: Vec::new(),
    };
    let (rule, _, settled) = refused(&ask(&person(&[withdrawn])));
    assert_eq!(
        (rule.as_str(), settled),
        ("consent", Some(Disposition::NotPermitted))
    );
}

#[test]
fn a_debtors_cap_counts_all_campaigns_and_opens_with_the_next_days_window() {
    let mut given = person(&[]);
    for attempt in 1..=3 {
        let answered = closing(attempt, Disposition::Answered);
        given.extend([granted(attempt), closed(&answered, Some(now()))]);
    }
    given.push(CustomerEvent::Enrolled {
        campaign: "OTHER".parse().unwrap(),
        list: list(),
        number: number(),
        basis: Basis::Contract,
        due_at: now(),
        variables: BTreeMap::new(),
        placing: None,
    });
    let mut collection = campaign_facts(Preset::CnCollection);
    collection.campaign = "OTHER".parse().unwrap();
    let opens = Some(instant("2026-03-03T08:00:00+08:00"));
    assert_eq!(
        refused(&decide(&given, grant_with(collection))),
        ("frequency_cap".to_owned(), opens, None)
    );
}

#[test]
fn a_campaign_that_does_not_run_defers_with_one_event_a_day() {
    let mut paused = facts();
    paused.running = false;
    let refusal = decide(&person(&[]), grant_with(paused.clone()));
    let soon = now().plus_ms(1_000);
    assert_eq!(refused(&refusal), ("campaign_state".to_owned(), Some(soon), None));
    let given = person(&refusal.unwrap());
    assert_eq!(
        decide_at(&given, grant_with(paused.clone()), "2026-03-02T10:00:01+08:00"),
        Err(CustomerRefusal::NotDue {
            due_at: now().plus_ms(2_000)
        })
    );
    let tomorrow = decide_at(&given, grant_with(paused), "2026-03-03T10:00:00+08:00");
    assert_eq!(refused(&tomorrow).0, "campaign_state");
    assert!(decide_at(&given, grant_with(facts()), "2026-03-02T10:00:01+08:00").is_ok());
}

#[test]
fn a_rule_may_refuse_twice_a_day_when_a_call_came_between() {
    let mut paused = facts();
    paused.running = false;
    let refusal = decide(&person(&[]), grant_with(paused.clone())).unwrap();
    let busy = closing(1, Disposition::Busy);
    let between = [refusal, vec![granted(1), closed(&busy, Some(now()))]].concat();
    let again = decide_at(&person(&between), grant_with(paused), "2026-03-02T10:00:01+08:00");
    assert_eq!(refused(&again).0, "campaign_state");
}

#[test]
fn an_erased_person_is_not_called() {
    let erased = [
        CustomerEvent::Registered {
            external_id: Personal::Erased { hash: None },
            name: None,
            time_zone: None,
        },
        CustomerEvent::NumberAdded {
            number: number(),
            phone: Personal::Erased { hash: None },
            country: None,
        },
        enrolled(),
        CustomerEvent::ErasureRequested {
            reason: "asked".to_owned(),
            requested_by: None,
            approved_by: None,
            four_eyes: None,
        },
    ];
    let refusal = decide(&erased, grant_with(facts()));
    assert_eq!(
        refused(&refusal),
        ("erased_person".to_owned(), None, Some(Disposition::NotPermitted))
    );
    let call = [erased.to_vec(), vec![granted(1)]].concat();
    assert!(decide(&call, close(closing(1, Disposition::NoAnswer))).is_ok());
}

#[test]
fn a_trial_dials_at_night_but_not_after_consent_was_withdrawn() {
    let mut trial = facts();
    trial.plan.trial = true;
    let night = "2026-03-02T03:00:00+08:00";
    let mut given = person(&[]);
    given.pop();
    given.push(CustomerEvent::Enrolled {
        campaign: campaign(),
        list: list(),
        number: number(),
        basis: Basis::Contract,
        due_at: instant(night),
        variables: BTreeMap::new(),
        placing: None,
    });
    let events = decide_at(&given, grant_with(trial.clone()), night).unwrap();
    assert!(matches!(events.as_slice(), [CustomerEvent::DialGranted { .. }]));
    trial.plan.window = window("09:00-20:00");
    let refusal = decide_at(&given, grant_with(trial), night);
    assert_eq!(refused(&refusal).0, "calling_window");
}

#[test]
fn a_closed_window_speaks_for_customers_waiting_behind_it_and_for_no_others() {
    let opens = now().plus_ms(3_600_000);
    let plan = facts().plan;
    let night = instant("2026-03-02T23:00:00+08:00");
    let mut closed = closed_for_all(&plan, &Default::default(), night).unwrap();
    closed.until = opens;
    let by = |given: &[CustomerEvent]| {
        let state = state_at(&person(given), now());
        let enrolment = state.enrolments().values().next().unwrap().clone();
        let why = enrolment.why_not_dialed(Some(&closed));
        (why.map(|why| why.rule), enrolment.due_behind(Some(&closed)))
    };
    let for_all = (Some("calling_window".to_owned()), opens);
    assert_eq!(by(&[]), for_all);
    // Released, and due before the window opens.
    let before = Some(opens.minus_ms(1));
    assert_eq!(by(&[granted(1), released(1, before)]), for_all);
    // Due when the window opens, or later: its own reason counts.
    let (rule, due_at) = by(&[granted(1), released(1, Some(opens))]);
    assert!(rule.is_some_and(|rule| rule != "calling_window") && due_at == opens);
    let (rule, _) = by(&[granted(1)]);
    assert_eq!(rule, None, "being called");
    let over = [
        granted(1),
        released(1, before),
        settled(Disposition::NotPermitted, None, 0),
    ];
    let (rule, _) = by(&over);
    assert_ne!(rule, for_all.0, "settled");
}
