//! Caps and preferred times of one person, and what a campaign's map makes of a disposition.

use super::*;
use crate::attribute::TagLevel;
use crate::call_caps::{CallCap, CapOver};
use crate::compliance::CountedCalls;
use crate::customer::ProfileOrigin;
use crate::preferred_times::read_all;

fn caps(calls_max: u32) -> Vec<CallCap> {
    vec![CallCap {
        counted: CountedCalls::Dialed,
        over: CapOver::Person,
        local_days: 1,
        calls_max,
    }]
}

fn set_caps(calls_max: u32) -> CustomerCommand {
    CustomerCommand::SetCaps {
        caps: caps(calls_max),
        presets: vec![Preset::CnService],
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
    let Err(CustomerRefusal::Caps(fault)) = decide(&person(&[]), set_caps(3)) else {
        panic!("a looser cap was taken");
    };
    assert!(
        fault
            .to_string()
            .contains("3 dialed in 1 days is looser than 2 dialed"),
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
fn a_map_retries_marks_and_stops_over_the_policy_that_stands() {
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
    // What the map does not name is as the policy says.
    let congested = close(Disposition::Congestion);
    assert_eq!(congested.len(), 1);
}
