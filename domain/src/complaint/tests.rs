//! Tests of the complaint decider: given events, when a command, then events or a refusal.

use super::{
    Complaint, ComplaintCommand, ComplaintEvent, ComplaintOutcome, ComplaintRefusal, ComplaintSource,
    ComplaintState, NewComplaint,
};
use crate::case::{CASE_TEXT_BYTES_MAX, CaseAbout, CaseTextError, Deadline};
use crate::decider::{Context, Decider};
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

fn opening() -> NewComplaint {
    NewComplaint {
        source: ComplaintSource::Own,
        about: CaseAbout {
            campaign: Some("T".parse().unwrap()),
            ..CaseAbout::default()
        },
        reference: None,
        what: "called at night".to_owned(),
        received_at: NOW,
        due_at: None,
        owner: None,
    }
}

fn opened(from: &NewComplaint) -> ComplaintEvent {
    ComplaintEvent::Opened {
        source: from.source,
        about: from.about.clone(),
        reference: from.reference.clone(),
        what: from.what.clone(),
        received_at: from.received_at,
        deadline: Deadline::after(from.received_at, from.source.deadline()),
        owner: from.owner.clone(),
    }
}

fn resolve(note: &str) -> ComplaintCommand {
    ComplaintCommand::Resolve {
        outcome: ComplaintOutcome::Upheld,
        note: note.to_owned(),
    }
}

fn resolved() -> ComplaintEvent {
    ComplaintEvent::Resolved {
        outcome: ComplaintOutcome::Upheld,
        note: "it was late".to_owned(),
    }
}

fn assign(to: &str) -> ComplaintCommand {
    ComplaintCommand::Assign { to: to.to_owned() }
}

fn state(given: &[ComplaintEvent]) -> ComplaintState {
    let mut state = ComplaintState::default();
    for event in given {
        Complaint::evolve(&mut state, event, NOW);
    }
    state
}

fn decide(given: &[ComplaintEvent], when: ComplaintCommand) -> Result<Vec<ComplaintEvent>, ComplaintRefusal> {
    Complaint::decide(&state(given), when, Context { now: NOW })
}

#[test]
fn each_source_fixes_the_deadline_and_what_it_rests_on() {
    for source in ComplaintSource::ALL {
        let from = NewComplaint { source, ..opening() };
        assert_eq!(
            decide(&[], ComplaintCommand::Open(from.clone())),
            Ok(vec![opened(&from)])
        );
        assert!(!source.deadline().source.is_empty() && source.deadline().days > 0);
    }
}

#[test]
fn a_day_that_the_source_set_counts_instead() {
    let from = NewComplaint {
        due_at: Some(NOW.plus_ms(3 * 86_400_000)),
        ..opening()
    };
    let events = decide(&[], ComplaintCommand::Open(from.clone())).unwrap();
    let [ComplaintEvent::Opened { deadline, .. }] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((Some(deadline.due_at), deadline.days), (from.due_at, 3));
    let before = NewComplaint {
        due_at: Some(NOW),
        ..opening()
    };
    assert_eq!(
        decide(&[], ComplaintCommand::Open(before)),
        Err(ComplaintRefusal::DueBefore)
    );
}

#[test]
fn what_says_nothing_or_comes_from_later_is_refused() {
    let no_subject = NewComplaint {
        about: CaseAbout::default(),
        ..opening()
    };
    assert_eq!(
        decide(&[], ComplaintCommand::Open(no_subject)),
        Err(ComplaintRefusal::NoSubject)
    );
    let later = NewComplaint {
        received_at: NOW.plus_ms(1),
        ..opening()
    };
    assert_eq!(
        decide(&[], ComplaintCommand::Open(later)),
        Err(ComplaintRefusal::ReceivedLater)
    );
    let blank = NewComplaint {
        what: " ".to_owned(),
        ..opening()
    };
    let missing = CaseTextError::Missing { member: "what" };
    assert_eq!(decide(&[], ComplaintCommand::Open(blank)), Err(missing.into()));
    let long = NewComplaint {
        what: "x".repeat(CASE_TEXT_BYTES_MAX + 1),
        ..opening()
    };
    assert!(decide(&[], ComplaintCommand::Open(long)).is_err());
}

#[test]
fn it_is_opened_once_taken_by_one_at_a_time_and_resolved_once() {
    let given = [opened(&opening())];
    assert_eq!(decide(&given, ComplaintCommand::Open(opening())), Ok(vec![]));
    let assigned = |to: &str, before: Option<&str>| ComplaintEvent::Assigned {
        to: to.to_owned(),
        before: before.map(str::to_owned),
    };
    assert_eq!(decide(&given, assign("wang")), Ok(vec![assigned("wang", None)]));
    let taken = [given[0].clone(), assigned("wang", None)];
    assert_eq!(decide(&taken, assign("wang")), Ok(vec![]));
    assert_eq!(
        decide(&taken, assign("li")),
        Ok(vec![assigned("li", Some("wang"))])
    );
    assert_eq!(decide(&given, resolve("it was late")), Ok(vec![resolved()]));
    let over = [given[0].clone(), resolved()];
    for command in [resolve("again"), assign("li")] {
        assert_eq!(decide(&over, command), Err(ComplaintRefusal::Resolved));
    }
    for command in [resolve("again"), assign("li")] {
        assert_eq!(decide(&[], command), Err(ComplaintRefusal::Unknown));
    }
}

#[test]
fn it_is_overdue_from_its_deadline_on_until_it_was_answered_in_time() {
    let open = state(&[opened(&opening())]);
    let due_at = open.opened().unwrap().deadline.due_at;
    assert!(!open.is_overdue(due_at.minus_ms(1)) && open.is_overdue(due_at));
    let answered = state(&[opened(&opening()), resolved()]);
    assert!(!answered.is_overdue(due_at), "it was answered in time");
}
