//! Tests of the retention decider: given events, when a command, then events or a refusal.

use super::{
    DISPOSAL_ITEMS_MAX, DataClass, DisposalBasis, DisposalRequest, DisposalResult, DisposedItems,
    GENERAL_FLOOR, PERIOD_DAYS_MAX, REASON_BYTES_MAX, Retention, RetentionCommand, RetentionEvent,
    RetentionRefusal, RetentionState, compute_cutoff, floor,
};
use crate::calling_plan::Preset;
use crate::decider::{Context, Decider};
use crate::time::Timestamp;
use values::ids::CallId;

const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

fn state(given: &[RetentionEvent]) -> RetentionState {
    let mut state = RetentionState::default();
    for event in given {
        Retention::evolve(&mut state, event, NOW);
    }
    state
}

fn check(
    given: &[RetentionEvent],
    command: RetentionCommand,
    then: Result<Vec<RetentionEvent>, RetentionRefusal>,
) {
    assert_eq!(
        Retention::decide(&state(given), command, Context { now: NOW }),
        then
    );
}

fn set(preset: Option<Preset>, days: Option<u32>) -> RetentionCommand {
    RetentionCommand::SetPeriod {
        class: DataClass::Recordings,
        preset,
        days,
        reason: "policy 4".to_owned(),
    }
}

fn was_set(preset: Option<Preset>, before_days: Option<u32>, after_days: Option<u32>) -> RetentionEvent {
    RetentionEvent::PeriodSet {
        preset,
        before_days,
        after_days,
        reason: "policy 4".to_owned(),
    }
}

fn call(number: u32) -> CallId {
    format!("308b38fa-b3fa-59e5-b685-{number:012x}").parse().unwrap()
}

fn begin(count: u32, newest_at: Timestamp) -> RetentionCommand {
    RetentionCommand::BeginDisposal(Box::new(DisposalRequest {
        class: DataClass::Recordings,
        preset: Preset::CnService,
        oldest_at: newest_at.minus_ms(1),
        newest_at,
        what: DisposedItems {
            calls: (0..count).map(call).collect(),
            ..DisposedItems::default()
        },
        under: DisposalBasis::Period,
    }))
}

/// Returns the event of a disposal after a period of one year was set for all presets.
fn begun() -> RetentionEvent {
    let given = state(&[was_set(None, None, Some(365))]);
    let events = Retention::decide(&given, begin(1, compute_cutoff(NOW, 365)), Context { now: NOW });
    events.unwrap().pop().unwrap()
}

#[test]
fn an_order_goes_by_the_preset_that_keeps_for_longest_whatever_their_floors() {
    let (own, further) = (Preset::CnService, Preset::CnMarketing);
    assert_eq!(
        floor(DataClass::Transcripts, own).days,
        floor(DataClass::Transcripts, further).days
    );
    for (given, presets, wanted, days) in [
        (vec![], vec![own, further], own, GENERAL_FLOOR.days),
        (
            vec![was_set(Some(own), None, Some(800))],
            vec![own, further],
            own,
            800,
        ),
        (
            vec![was_set(Some(further), None, Some(800))],
            vec![own, further],
            further,
            800,
        ),
        (
            vec![was_set(Some(own), None, Some(800))],
            vec![own, Preset::UsTsr],
            Preset::UsTsr,
            1_827,
        ),
        (vec![was_set(None, None, Some(365))], vec![own, further], own, 365),
    ] {
        let state = state(&given);
        let longest = state.longest_of_order(DataClass::Transcripts, &presets);
        let period = state.period_of_order(DataClass::Transcripts, longest);
        assert_eq!((longest, period.days), (wanted, days), "{given:?}");
    }
}

#[test]
fn a_period_is_set_with_a_reason_from_its_floor_on_and_says_what_was_before() {
    let least = GENERAL_FLOOR.days;
    check(
        &[],
        set(None, Some(least)),
        Ok(vec![was_set(None, None, Some(least))]),
    );
    let below = |days, floor: super::Floor| RetentionRefusal::BelowFloor {
        days,
        least: floor.days,
        rests_on: floor.source,
    };
    check(
        &[],
        set(None, Some(least - 1)),
        Err(below(least - 1, GENERAL_FLOOR)),
    );
    let collection = floor(DataClass::Recordings, Preset::CnCollection);
    let own = Some(Preset::CnCollection);
    check(&[], set(own, Some(730)), Err(below(730, collection)));
    check(&[], set(own, Some(731)), Ok(vec![was_set(own, None, Some(731))]));
    check(
        &[],
        set(None, Some(PERIOD_DAYS_MAX)),
        Ok(vec![was_set(None, None, Some(PERIOD_DAYS_MAX))]),
    );
    let above = PERIOD_DAYS_MAX + 1;
    check(
        &[],
        set(None, Some(above)),
        Err(RetentionRefusal::AboveMax { days: above }),
    );
    let given = [was_set(None, None, Some(365))];
    check(&given, set(None, Some(365)), Ok(vec![]));
    check(
        &given,
        set(None, Some(400)),
        Ok(vec![was_set(None, Some(365), Some(400))]),
    );
    check(&given, set(None, None), Ok(vec![was_set(None, Some(365), None)]));
    check(&[], set(None, None), Ok(vec![]));
    for (reason, refusal) in [
        (" ".to_owned(), RetentionRefusal::NoReason),
        (
            "x".repeat(REASON_BYTES_MAX + 1),
            RetentionRefusal::TooLong {
                bytes: REASON_BYTES_MAX + 1,
                bytes_max: REASON_BYTES_MAX,
            },
        ),
    ] {
        let command = RetentionCommand::SetPeriod {
            class: DataClass::Recordings,
            preset: None,
            days: Some(365),
            reason,
        };
        check(&[], command, Err(refusal));
    }
}

#[test]
fn the_longest_that_applies_counts_and_without_any_nothing_is_due() {
    let days = |given: &[RetentionEvent], preset| {
        let period = state(given).period(DataClass::Recordings, preset);
        period.map(|period| period.days)
    };
    assert_eq!(days(&[], Preset::CnService), None);
    let of_all = was_set(None, None, Some(365));
    let of_own = was_set(Some(Preset::CnService), None, Some(200));
    let both = [of_all.clone(), of_own.clone()];
    assert_eq!(
        days(&both, Preset::CnService),
        Some(365),
        "its own is the shorter"
    );
    assert_eq!(
        days(&both, Preset::CnCollection),
        Some(731),
        "the floor is the longest"
    );
    assert_eq!(days(std::slice::from_ref(&of_own), Preset::CnService), Some(200));
    assert_eq!(
        days(&[of_own], Preset::CnMarketing),
        None,
        "nothing is set for it"
    );
    let taken_back = [of_all, was_set(None, Some(365), None)];
    assert_eq!(days(&taken_back, Preset::CnService), None);
}

#[test]
fn nothing_is_begun_before_its_time_and_one_at_a_time() {
    let given = [was_set(None, None, Some(365))];
    let last = compute_cutoff(NOW, 365);
    check(&[], begin(1, last), Err(RetentionRefusal::NoPeriod));
    check(&given, begin(1, last), Ok(vec![begun()]));
    let early = RetentionRefusal::TooEarly { days: 365 };
    check(&given, begin(1, last.plus_ms(1)), Err(early));
    check(&given, begin(0, last), Err(RetentionRefusal::NotOfClass));
    let most = u32::try_from(DISPOSAL_ITEMS_MAX).unwrap();
    check(&given, begin(most + 1, last), Err(RetentionRefusal::NotOfClass));
    let under_way = [given[0].clone(), begun()];
    check(
        &under_way,
        begin(1, last),
        Err(RetentionRefusal::UnderWay { disposal: 1 }),
    );
}

#[test]
fn a_disposal_is_completed_once_and_says_what_came_of_it() {
    let given = [was_set(None, None, Some(365)), begun()];
    let result = DisposalResult {
        destroyed: 1,
        gone: 0,
        kept: 0,
    };
    let complete = |disposal| RetentionCommand::CompleteDisposal { disposal, result };
    let RetentionEvent::DisposalBegun { under, .. } = begun() else {
        panic!("a disposal begins");
    };
    let disposed = RetentionEvent::Disposed {
        disposal: 1,
        under,
        result,
    };
    check(&given, complete(1), Ok(vec![disposed.clone()]));
    check(
        &given,
        complete(2),
        Err(RetentionRefusal::NotBegun { disposal: 2 }),
    );
    let done = [given.as_slice(), &[disposed]].concat();
    check(&done, complete(1), Ok(vec![]));
    assert_eq!((state(&done).destroyed(), state(&done).disposals()), (1, 1));
    assert!(state(&done).under_way().is_none());
}

#[test]
fn a_disposal_names_what_its_class_is_of_and_nothing_else() {
    let calls = DisposedItems {
        calls: vec![call(1)],
        ..DisposedItems::default()
    };
    let conversations = DisposedItems {
        conversations: vec!["308b38fa-b3fa-59e5-b685-93b305968d97".parse().unwrap()],
        ..DisposedItems::default()
    };
    let customers = DisposedItems {
        customers: vec!["00112233445566778899aabbccddeeff".parse().unwrap()],
        ..DisposedItems::default()
    };
    let both = DisposedItems {
        calls: calls.calls.clone(),
        ..conversations.clone()
    };
    for (class, what, is_of) in [
        (DataClass::Transcripts, &both, true),
        (DataClass::Transcripts, &customers, false),
        (DataClass::Recordings, &calls, true),
        (DataClass::Recordings, &conversations, false),
        (DataClass::Persons, &customers, true),
        (DataClass::Persons, &conversations, false),
        (DataClass::Persons, &calls, false),
    ] {
        let what = what.clone();
        assert_eq!(what.is_of(class), is_of, "{class}: {what:?}");
        let begin = RetentionCommand::BeginDisposal(Box::new(DisposalRequest {
            class,
            preset: Preset::CnService,
            oldest_at: compute_cutoff(NOW, 365),
            newest_at: compute_cutoff(NOW, 365),
            what,
            under: DisposalBasis::Period,
        }));
        let set = [was_set(None, None, Some(365))];
        let decided = Retention::decide(&state(&set), begin, Context { now: NOW });
        assert_eq!(decided.is_ok(), is_of, "{class}: {decided:?}");
    }
}

#[test]
fn an_order_needs_no_period_but_the_floor_and_what_is_set_to_be_past() {
    let of = |at: Timestamp| {
        let RetentionCommand::BeginDisposal(mut beginning) = begin(1, at) else {
            panic!("it begins");
        };
        beginning.under = DisposalBasis::Order;
        RetentionCommand::BeginDisposal(beginning)
    };
    let days = GENERAL_FLOOR.days;
    let past = compute_cutoff(NOW, days);
    let decided =
        |given: &[RetentionEvent], at| Retention::decide(&state(given), of(at), Context { now: NOW });
    assert_eq!(decided(&[], past).map(|events| events.len()), Ok(1));
    assert_eq!(
        decided(&[], past.plus_ms(1)),
        Err(RetentionRefusal::TooEarly { days })
    );
    let given = [was_set(None, None, Some(365))];
    assert_eq!(
        decided(&given, past),
        Err(RetentionRefusal::TooEarly { days: 365 })
    );
}
