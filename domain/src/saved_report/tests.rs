//! Tests of the saved report decider: ownership, due times, and one sending per due time.

use super::plan::PlanFault;
use super::*;
use crate::record::stored_event::Position;
use std::collections::BTreeSet;
use values::digest::SecretDigest;

pub(super) fn plan() -> ReportPlan {
    ReportPlan {
        title: "接通率周报".to_owned(),
        metrics: vec!["answer_ratio_per_call".to_owned()],
        campaigns: BTreeSet::from(["LOAN_REMIND_20231101".parse().unwrap()]),
        days: 7,
        zone: "Asia/Shanghai".to_owned(),
        schedule: Some(ReportSchedule {
            every: ReportInterval::Week,
            day: Some(1),
            minute: 540,
        }),
        channels: BTreeSet::from(["308b38fa-b3fa-59e5-b685-93b305968d97".parse().unwrap()]),
        is_shared: false,
    }
}

pub(super) fn sending(due: Option<&str>) -> ReportSending {
    ReportSending {
        title: "接通率周报".to_owned(),
        due: due.map(at),
        from: at("2026-02-22T16:00:00Z"),
        to: at("2026-03-01T16:00:00Z"),
        position: Position(1_574),
        digest: SecretDigest::of("[]"),
        figures: Vec::new(),
        figures_left_out: 0,
        channels: plan().channels,
        fault: None,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn state(given: &[(&str, SavedReportEvent)]) -> SavedReportState {
    let mut state = SavedReportState::default();
    for (when, event) in given {
        SavedReport::evolve(&mut state, event, at(when));
    }
    state
}

fn saved(plan: ReportPlan) -> SavedReportEvent {
    SavedReportEvent::Saved {
        plan: Box::new(plan),
        owner: Some("wang".parse().unwrap()),
    }
}

fn sent(due: Option<&str>) -> SavedReportEvent {
    SavedReportEvent::Sent {
        sending: Box::new(sending(due)),
    }
}

fn decide(
    state: &SavedReportState,
    command: SavedReportCommand,
    now: &str,
) -> Result<Vec<SavedReportEvent>, SavedReportRefusal> {
    SavedReport::decide(state, command, Context { now: at(now) })
}

fn save(plan: ReportPlan, owner: &str) -> SavedReportCommand {
    SavedReportCommand::Save {
        plan: Box::new(plan),
        owner: Some(owner.parse().unwrap()),
        is_new: false,
    }
}

fn send(due: Option<&str>) -> SavedReportCommand {
    SavedReportCommand::Send {
        sending: Box::new(sending(due)),
    }
}

/// Monday, nine in the morning in China.
const MONDAY: &str = "2026-03-02T01:00:00Z";
const BEFORE: &str = "2026-03-02T00:59:59Z";

#[test]
fn it_is_due_from_its_time_on_and_never_for_a_time_before_it_was_saved() {
    let given = state(&[("2026-02-27T00:00:00Z", saved(plan()))]);
    assert_eq!(given.due_at(at(BEFORE)), None);
    assert_eq!(given.due_at(at(MONDAY)), Some(at(MONDAY)));
    // A server that was down sends for the last due time once, and not for the missed ones before.
    assert_eq!(
        given.due_at(at("2026-03-19T00:00:00Z")),
        Some(at("2026-03-16T01:00:00Z"))
    );
    let given = state(&[(MONDAY, saved(plan()))]);
    assert_eq!(given.due_at(at("2026-03-03T00:00:00Z")), None);
}

#[test]
fn for_each_time_it_is_sent_once() {
    let given = state(&[("2026-02-27T00:00:00Z", saved(plan()))]);
    assert_eq!(
        decide(&given, send(Some(MONDAY)), MONDAY),
        Ok(vec![sent(Some(MONDAY))])
    );
    let due = at(MONDAY);
    assert_eq!(
        decide(&given, send(Some(MONDAY)), BEFORE),
        Err(SavedReportRefusal::NotDue { due })
    );
    let given = state(&[
        ("2026-02-27T00:00:00Z", saved(plan())),
        ("2026-03-02T01:00:05Z", sent(Some(MONDAY))),
    ]);
    assert_eq!(given.due_at(at("2026-03-02T02:00:00Z")), None);
    assert_eq!(
        decide(&given, send(Some(MONDAY)), "2026-03-02T02:00:00Z"),
        Err(SavedReportRefusal::SentAlready { due })
    );
    // A sending on request does not change the schedule.
    assert_eq!(
        decide(&given, send(None), "2026-03-02T02:00:00Z"),
        Ok(vec![sent(None)])
    );
    assert_eq!(
        given.due_at(at("2026-03-09T01:00:00Z")),
        Some(at("2026-03-09T01:00:00Z"))
    );
}

#[test]
fn removed_and_saved_again_it_is_not_sent_twice_for_a_time() {
    let given = state(&[
        ("2026-02-27T00:00:00Z", saved(plan())),
        ("2026-03-02T01:00:05Z", sent(Some(MONDAY))),
        ("2026-03-02T01:01:00Z", SavedReportEvent::Removed {}),
    ]);
    assert_eq!(
        decide(&given, send(None), MONDAY),
        Err(SavedReportRefusal::Nothing)
    );
    assert_eq!(decide(&given, SavedReportCommand::Remove, MONDAY), Ok(vec![]));
    assert_eq!(
        decide(&given, save(plan(), "li"), MONDAY).map(|events| events.len()),
        Ok(1)
    );
}

#[test]
fn no_user_saves_over_another_s_and_the_same_again_says_nothing() {
    let given = state(&[("2026-02-27T00:00:00Z", saved(plan()))]);
    assert_eq!(decide(&given, save(plan(), "wang"), MONDAY), Ok(vec![]));
    assert_eq!(
        decide(&given, save(plan(), "li"), MONDAY),
        Err(SavedReportRefusal::NotTheirs)
    );
    let new = SavedReportCommand::Save {
        plan: Box::new(plan()),
        owner: Some("wang".parse().unwrap()),
        is_new: true,
    };
    assert_eq!(decide(&given, new, MONDAY), Err(SavedReportRefusal::Taken));
}

#[test]
fn its_owner_is_known_after_it_was_removed() {
    let wang = "wang".parse().unwrap();
    let given = state(&[
        ("2026-02-27T00:00:00Z", saved(plan())),
        (MONDAY, SavedReportEvent::Removed {}),
    ]);
    assert!(given.saved().is_none());
    assert!(given.was_of(Some(&wang)) && !given.was_of(None));
    assert!(!SavedReportState::default().was_of(None));
}

#[test]
fn the_last_permitted_plan_is_taken_and_the_first_forbidden_one_is_not() {
    let faulty = |change: fn(&mut ReportPlan)| {
        let mut plan = plan();
        change(&mut plan);
        plan.check(at(MONDAY)).err()
    };
    assert_eq!(faulty(|_| {}), None);
    assert_eq!(faulty(|plan| plan.days = 366), None);
    assert_eq!(faulty(|plan| plan.days = 367), Some(PlanFault::Days));
    assert_eq!(faulty(|plan| plan.days = 0), Some(PlanFault::Days));
    assert_eq!(faulty(|plan| plan.title = " ".to_owned()), Some(PlanFault::Title));
    assert_eq!(faulty(|plan| plan.metrics.clear()), Some(PlanFault::Metrics));
    assert_eq!(
        faulty(|plan| plan.metrics.push("answer_ratio_per_call".to_owned())),
        Some(PlanFault::Metrics)
    );
    assert_eq!(faulty(|plan| plan.channels.clear()), Some(PlanFault::NoChannel));
    let zone = |zone: &str| {
        let mut plan = plan();
        plan.zone = zone.to_owned();
        plan.check(at(MONDAY)).is_ok()
    };
    assert!(zone("America/New_York") && !zone("Asia/Kolkata") && !zone("Mars"));
    let schedule = |every, day, minute| {
        let mut plan = plan();
        plan.schedule = Some(ReportSchedule { every, day, minute });
        plan.check(at(MONDAY)).is_ok()
    };
    assert!(schedule(ReportInterval::Day, None, 1_439) && !schedule(ReportInterval::Day, None, 1_440));
    assert!(schedule(ReportInterval::Week, Some(7), 0) && !schedule(ReportInterval::Week, Some(8), 0));
    assert!(schedule(ReportInterval::Month, Some(28), 0) && !schedule(ReportInterval::Month, Some(29), 0));
    assert!(!schedule(ReportInterval::Day, Some(1), 0) && !schedule(ReportInterval::Month, None, 0));
}

#[test]
fn its_days_are_those_of_its_zone_and_a_skipped_hour_comes_later() {
    let of = plan();
    let window = of.window(at(MONDAY));
    assert_eq!(
        window,
        Some((at("2026-02-22T16:00:00Z"), at("2026-03-01T16:00:00Z")))
    );
    let mut skipped = plan();
    skipped.zone = "America/New_York".to_owned();
    skipped.schedule = Some(ReportSchedule {
        every: ReportInterval::Day,
        day: None,
        minute: 150,
    });
    // 02:30 does not exist on 8 March 2026 in this zone.
    let next = skipped.next_due(at("2026-03-08T05:00:00Z"));
    assert_eq!(next, Some(at("2026-03-08T07:30:00Z")));
    let month = ReportPlan {
        schedule: Some(ReportSchedule {
            every: ReportInterval::Month,
            day: Some(28),
            minute: 0,
        }),
        ..plan()
    };
    assert_eq!(month.last_due(at(MONDAY)), Some(at("2026-02-27T16:00:00Z")));
    assert_eq!(month.next_due(at(MONDAY)), Some(at("2026-03-27T16:00:00Z")));
}

fn take_over(owner: Option<&str>, reason: &str) -> SavedReportCommand {
    SavedReportCommand::TakeOver {
        owner: owner.map(|owner| owner.parse().unwrap()),
        reason: reason.to_owned(),
    }
}

#[test]
fn a_report_that_was_taken_over_is_sent_for_its_next_time_as_the_new_owner_s() {
    let mut faulty = sending(Some("2026-03-02T01:00:00Z"));
    faulty.fault = Some(SendingFault::Owner);
    let given = [
        ("2026-03-01T00:00:00Z", saved(plan())),
        (
            "2026-03-02T01:00:10Z",
            SavedReportEvent::Sent {
                sending: Box::new(faulty),
            },
        ),
    ];
    let before = state(&given);
    let now = "2026-03-02T02:00:00Z";
    let taken = SavedReportEvent::TakenOver {
        owner: Some("chen".parse().unwrap()),
        reason: "wang left".to_owned(),
    };
    assert_eq!(
        decide(&before, take_over(Some("chen"), "wang left"), now),
        Ok(vec![taken.clone()])
    );
    let again = SavedReportEvent::TakenOver {
        owner: Some("wang".parse().unwrap()),
        reason: "is back".to_owned(),
    };
    assert_eq!(
        decide(&before, take_over(Some("wang"), "is back"), now),
        Ok(vec![again]),
        "an owner with the permission again"
    );
    let mut after = before.clone();
    SavedReport::evolve(&mut after, &taken, at(now));
    assert_eq!(decide(&after, take_over(Some("chen"), "x"), now), Ok(vec![]));
    let owner = after.saved().and_then(|saved| saved.owner.clone());
    assert_eq!(owner.map(|owner| owner.to_string()).as_deref(), Some("chen"));
    assert!(before.is_owner_lost() && !after.is_owner_lost());
    assert_eq!(after.due_at(at("2026-03-08T00:00:00Z")), None);
    assert_eq!(
        after.due_at(at("2026-03-09T01:00:00Z")),
        Some(at("2026-03-09T01:00:00Z"))
    );
    // From now on only the new owner can change it.
    assert_eq!(
        decide(&after, save(plan(), "wang"), now),
        Err(SavedReportRefusal::NotTheirs)
    );
    for (reason, refusal) in [
        (" ".to_owned(), SavedReportRefusal::NoReason),
        (
            "x".repeat(257),
            SavedReportRefusal::ReasonTooLong {
                bytes: 257,
                bytes_max: REASON_BYTES_MAX,
            },
        ),
    ] {
        assert_eq!(
            decide(&before, take_over(Some("chen"), &reason), now),
            Err(refusal)
        );
    }
    assert_eq!(
        decide(&SavedReportState::default(), take_over(None, "x"), now),
        Err(SavedReportRefusal::Nothing)
    );
}
