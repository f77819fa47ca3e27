//! Caps and preferred times of one person, and the effect of a campaign's disposition map.

use super::*;
use crate::attribute::TagLevel;
use crate::compliance::CountedCalls;
use crate::customer::ProfileOrigin;
use crate::preferred_times::read_all;
use crate::running_plan::{Recycle, RunningPlan};
use values::call_caps::{CallCap, CapScope};

/// Sets a cap for answered calls per day.
fn answered(calls_max: u32) -> CustomerCommand {
    let mut cap = caps(calls_max);
    cap[0].counted = CountedCalls::Answered;
    CustomerCommand::SetCaps {
        caps: cap,
        presets: vec![Preset::CnService, Preset::CnCollection],
        reason: "asked for it".to_owned(),
        by: None,
    }
}

fn caps(calls_max: u32) -> Vec<CallCap> {
    vec![CallCap {
        counted: CountedCalls::Dialed,
        over: CapScope::Person,
        local_days: 1,
        calls_max,
    }]
}

fn set_caps(calls_max: u32) -> CustomerCommand {
    CustomerCommand::SetCaps {
        caps: caps(calls_max),
        presets: vec![Preset::CnService, Preset::CnCollection],
        reason: "asked for it".to_owned(),
        by: None,
    }
}

#[test]
fn a_persons_own_cap_counts_in_every_campaign_and_is_never_looser_than_the_preset() {
    let set = CustomerEvent::CapsSet {
        caps: caps(1),
        reason: "asked for it".to_owned(),
        by: None,
    };
    check(&person(&[]), set_caps(1), Ok(vec![set.clone()]));
    check(&person(std::slice::from_ref(&set)), set_caps(1), Ok(Vec::new()));
    // Two numbers of one person may each be dialed twice a day: three a day is fewer.
    assert!(decide(&person(&[]), set_caps(3)).is_ok());
    let Err(CustomerRefusal::Caps(fault)) = decide(&person(&[]), answered(4)) else {
        panic!("a looser cap was taken");
    };
    assert!(
        fault
            .to_string()
            .contains("4 answered in 1 days is looser than 3 answered"),
        "{fault}"
    );
    let busy = closed(&closing(1, Disposition::Busy), Some(now().plus_ms(60_000)));
    let called = person(&[set, granted(1), busy]);
    let events = decide_at(&called, grant_with(facts()), "2026-03-02T12:00:00+08:00");
    let (rule, not_before, settles) = refused(&events);
    let tomorrow = instant("2026-03-03T09:00:00+08:00");
    assert_eq!(
        (rule.as_str(), not_before, settles),
        ("own_caps", Some(tomorrow), None)
    );
}

#[test]
fn who_prefers_evenings_is_called_in_them() {
    let times = read_all("mon-fri 18:00-20:00").unwrap();
    let origin = ProfileOrigin::Person;
    let command = |times| CustomerCommand::SetPreferredTimes {
        times,
        origin: ProfileOrigin::Person,
    };
    let set = CustomerEvent::PreferredTimesSet {
        times: times.clone(),
        origin: origin.clone(),
    };
    check(&person(&[]), command(times.clone()), Ok(vec![set.clone()]));
    let given = person(&[set]);
    check(&given, command(times), Ok(Vec::new()));
    let (rule, not_before, _) = refused(&decide(&given, grant_with(facts())));
    let evening = instant("2026-03-02T18:00:00+08:00");
    assert_eq!((rule.as_str(), not_before), ("preferred_times", Some(evening)));
    let mut ignoring = facts();
    ignoring.plan.ignores_preferred_times = true;
    assert!(matches!(
        decide(&given, grant_with(ignoring)).as_deref(),
        Ok([CustomerEvent::DialGranted { .. }])
    ));
    let none = CustomerEvent::PreferredTimesSet {
        times: Vec::new(),
        origin,
    };
    check(&given, command(Vec::new()), Ok(vec![none]));
}

#[test]
fn a_map_retries_marks_and_stops_over_the_policy_in_force() {
    let map = r#"{"busy":{"do":"retry","after_ms":777000,"attempts":2},
        "machine":{"do":"mark","tag":"mailbox"},"no_answer":{"do":"stop"}}"#;
    let mut facts = facts();
    facts.plan.dispositions = serde_json::from_str(map).unwrap();
    let given = person(&[granted(1)]);
    let close = |disposition| decide(&given, close_with(closing(1, disposition), facts.clone())).unwrap();
    let busy = closing(1, Disposition::Busy);
    assert_eq!(
        close(Disposition::Busy),
        [closed(&busy, Some(busy.ended_at.plus_ms(777_000)))]
    );
    let stopped = close(Disposition::NoAnswer);
    assert!(
        matches!(
            stopped.as_slice(),
            [
                CustomerEvent::CallClosed {
                    next_due_at: None,
                    ..
                },
                CustomerEvent::EnrolmentSettled { .. }
            ]
        ),
        "{stopped:?}"
    );
    let marked = close(Disposition::Machine);
    let [
        CustomerEvent::Tagged {
            level, added, origin, ..
        },
        _,
        CustomerEvent::EnrolmentSettled { .. },
    ] = marked.as_slice()
    else {
        panic!("{marked:?}");
    };
    let tag = added[0].value().map(String::as_str);
    let by_call = ProfileOrigin::Call { call: nth_call(1) };
    assert_eq!(
        (*level, tag, origin),
        (TagLevel::Behavior, Some("mailbox"), &by_call)
    );
    // Dispositions that the map does not name follow the policy.
    let congested = close(Disposition::Congestion);
    assert_eq!(congested.len(), 1);
}

#[test]
fn what_the_map_ends_is_not_called_again_by_any_other_way() {
    let map = r#"{"interrupted":{"do":"stop"},"invalid_number":{"do":"mark","tag":"no such number"},
        "no_answer":{"do":"stop"}}"#;
    let mut facts = facts();
    facts.plan.dispositions = serde_json::from_str(map).unwrap();
    facts.plan.running = Some(Box::new(RunningPlan {
        recycle: Some(Recycle {
            dispositions: [Disposition::NoAnswer].into(),
            after_days: 7,
            rounds_max: 3,
        }),
        ..RunningPlan::default()
    }));
    let mut given = person(&[granted(1)]);
    given.insert(2, added(other_number(), "+8613800138001"));
    let cut_off = CallClosing {
        answered: true,
        ..closing(1, Disposition::Interrupted)
    };
    for call in [
        cut_off,
        closing(1, Disposition::InvalidNumber),
        closing(1, Disposition::NoAnswer),
    ] {
        let events = decide(&given, close_with(call.clone(), facts.clone())).unwrap();
        let behind: Vec<_> = events
            .iter()
            .filter(|event| !matches!(event, CustomerEvent::Tagged { .. }))
            .collect();
        assert!(
            matches!(
                behind.as_slice(),
                [
                    CustomerEvent::CallClosed {
                        next_due_at: None,
                        next_number: None,
                        round: None,
                        ..
                    },
                    CustomerEvent::EnrolmentSettled { .. }
                ]
            ),
            "{:?}: {events:?}",
            call.disposition
        );
        // The policy alone would call each of them again.
        let mut unmapped = facts.clone();
        unmapped.plan.dispositions = Default::default();
        let events = decide(&given, close_with(call, unmapped)).unwrap();
        assert_eq!(events.len(), 1, "{events:?}");
    }
}

#[test]
fn a_customer_who_prefers_hours_without_calls_is_settled_and_not_asked_about_for_ever() {
    let set = |times| CustomerEvent::PreferredTimesSet {
        times: read_all(times).unwrap(),
        origin: ProfileOrigin::Person,
    };
    // cn-service calls from 9:00 to 20:00.
    let never = decide(&person(&[set("21:00-22:00")]), grant_with(facts()));
    let (rule, not_before, settles) = refused(&never);
    assert_eq!(
        (rule.as_str(), not_before, settles),
        ("preferred_times", None, Some(Disposition::NotPermitted))
    );
    // One minute a week is enough.
    let rare = decide(&person(&[set("sun 19:59-22:00")]), grant_with(facts()));
    let (_, not_before, settles) = refused(&rare);
    let sunday = instant("2026-03-08T19:59:00+08:00");
    assert_eq!((not_before, settles), (Some(sunday), None));
}
