//! A crash at every append of a run, and another during recovery: no leg is dialed twice, and no customer is
//! left unsettled.

use crate::testing::line::{FakeLine, dialog, failed, ringing};
use crate::testing::test_system::{TestSystem, campaign, count, publish};
use crate::testing::{FakeClock, FakeStore, on_one_thread, settle};
use domain::ids::CallId;
use domain::ports::line::{DialOrder, LegEvent};
use domain::stored_event::Envelope;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Number of customers: one answers, one is busy, one is reached over the second line only.
const PEOPLE: usize = 3;
/// Most moves of the clock for one process.
const MOVES_MAX: usize = 3_000;

fn last_digit(order: &DialOrder) -> Option<char> {
    order.callee.chars().last()
}

fn lines() -> Vec<Arc<FakeLine>> {
    let first = |order: &DialOrder| match last_digit(order) {
        Some('0') => vec![failed(503, false)],
        Some('1') => vec![ringing(), failed(486, true)],
        _ => vec![ringing(), LegEvent::Answered(dialog())],
    };
    let second = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    vec![
        FakeLine::new("first", Box::new(first)),
        FakeLine::new("second", Box::new(second)),
    ]
}

/// Runs one process. Returns true when the campaign completed, false when it crashed.
fn live(store: &Arc<FakeStore>, clock: &Arc<FakeClock>, dialed: &mut Vec<(CallId, u8)>) -> bool {
    let lines = lines();
    let used = lines.clone();
    let completed = on_one_thread(async {
        let world = TestSystem::over(Arc::clone(store), Arc::clone(clock), lines);
        let begun = async {
            let _drivers = world.start_drivers().await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            () = begun => false,
            completed = run_out(store, clock) => completed,
        }
    });
    dialed.extend(used.iter().flat_map(|line| line.dialed()));
    completed
}

async fn run_out(store: &FakeStore, clock: &FakeClock) -> bool {
    for _ in 0..MOVES_MAX {
        settle().await;
        if store.has_crashed() {
            return false;
        }
        if count(&store.kinds(), "campaign.completed") == 1 {
            return true;
        }
        clock.advance_to_next();
    }
    panic!(
        "the campaign never completed; the log is {}",
        store.kinds().join(" ")
    );
}

fn prepared() -> (Arc<FakeStore>, Arc<FakeClock>) {
    let (store, clock) = (Arc::new(FakeStore::new()), Arc::new(FakeClock::new()));
    on_one_thread(async {
        let world = TestSystem::over(Arc::clone(&store), Arc::clone(&clock), lines());
        let flow = publish(&world).await;
        world.run_campaign(PEOPLE, 2, flow).await;
    });
    (store, clock)
}

/// Number of dials of customers after one of their answered calls was cut off by us.
fn dialed_after_cut_off(log: &[Envelope]) -> usize {
    let (mut answered, mut cut_off) = (BTreeSet::new(), BTreeSet::new());
    let mut dialed = 0;
    for one in log {
        let interrupted = || one.data.get().contains("\"disposition\":\"interrupted\"");
        match one.kind.as_str() {
            "call.dialing" => dialed += usize::from(cut_off.contains(&one.customer)),
            "call.answered" => drop(answered.insert(one.stream.clone())),
            "call.ended" if answered.contains(&one.stream) && interrupted() => {
                cut_off.insert(one.customer.clone());
            }
            _ => {}
        }
    }
    dialed
}

fn check(crash: usize, log: &[Envelope], dialed: &[(CallId, u8)]) {
    let mut legs = BTreeSet::new();
    for leg in dialed {
        assert!(legs.insert(*leg), "crash {crash}: {leg:?} was dialed twice");
    }
    let mut streams: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for envelope in log {
        streams
            .entry(envelope.stream.as_str())
            .or_default()
            .push(&envelope.kind);
    }
    for (stream, kinds) in streams.iter().filter(|(stream, _)| stream.starts_with("call-")) {
        let of_kind = |kind: &str| kinds.iter().filter(|one| **one == kind).count();
        assert_eq!(of_kind("call.ended"), 1, "crash {crash}: {stream} {kinds:?}");
        let dialing = of_kind("call.dialing");
        assert!(
            dialing <= 1 + of_kind("call.leg_failed"),
            "crash {crash}: {stream} {kinds:?}"
        );
        let sent = dialed
            .iter()
            .filter(|(call, _)| format!("call-{call}") == **stream)
            .count();
        assert!(
            sent <= dialing,
            "crash {crash}: {stream} was dialed without a record"
        );
    }
    assert_eq!(dialed_after_cut_off(log), 0, "crash {crash}");
    let settled = log
        .iter()
        .filter(|one| one.kind == "customer.enrolment_settled")
        .count();
    assert_eq!(settled, PEOPLE, "crash {crash}");
    let granted = log
        .iter()
        .filter(|one| one.kind == "customer.dial_granted")
        .count();
    let given_back = |kind: &str| log.iter().filter(|one| one.kind == kind).count();
    let closed = given_back("customer.call_closed") + given_back("customer.dial_released");
    assert_eq!(granted, closed, "crash {crash}: a grant stayed open");
    assert!(log.iter().any(|one| one.campaign.as_ref() == Some(&campaign())));
}

#[test]
fn a_crash_at_any_append_and_again_in_recovery_repeats_no_dial_and_forgets_no_customer() {
    let mut crash = 0;
    loop {
        let (store, clock) = prepared();
        let mut dialed = Vec::new();
        store.crash_after(Some(crash));
        let undisturbed = live(&store, &clock, &mut dialed);
        if !undisturbed {
            store.crash_after(Some(crash % 7));
            let recovered = live(&store, &clock, &mut dialed);
            store.crash_after(None);
            assert!(recovered || live(&store, &clock, &mut dialed));
        }
        check(crash, &store.envelopes(), &dialed);
        if undisturbed {
            break;
        }
        crash += 1;
    }
    assert!(crash > 50, "only {crash} appends were crashed at");
}
