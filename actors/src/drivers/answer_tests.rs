//! An answer is stored before it is acknowledged. If the store is unavailable, or a crash comes between, it
//! is stored later, and the customer is not called again that day.

use super::tests::rings;
use crate::dial_right::DialRight;
use crate::testing::dial_right::FakeRight;
use crate::testing::error_log::LoggedErrors;
use crate::testing::left_over::LeftOverScript;
use crate::testing::line::{FakeLine, closed, dialog, hung_up, ringing};
use crate::testing::test_system::{TestSystem, count, no_flow};
use crate::testing::{FakeClock, FakeStore, on_one_thread, settle};
use domain::call::EndCause;
use domain::ports::clock::Clock;
use domain::ports::line::{DialOrder, HangupSource, LeftOverEvent, LegEvent};
use domain::time::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

fn acknowledged(line: &FakeLine) -> usize {
    line.entries()
        .iter()
        .filter(|entry| *entry == "acknowledge")
        .count()
}

/// A world with one ringing call, for tests that make the store unavailable.
async fn ringing_without_store() -> TestSystem {
    let world = TestSystem::new(vec![rings()]);
    world.run_campaign(1, 1, no_flow()).await;
    world
}

async fn until_rings(world: &TestSystem) {
    world
        .until("ringing", |log| count(log, "call.ringing") == 1)
        .await;
}

/// Checks that the one call ended as cut off and that the customer is not due before midnight, Beijing time.
fn is_cut_off(world: &TestSystem) {
    let ended = world.data("call.ended");
    assert_eq!(
        (ended.len(), &ended[0]["disposition"]),
        (1, &"interrupted".into())
    );
    // The plan's own policy may settle the enrolment after a cut-off.
    let is_settled = world.count("customer.enrolment_settled") == 1;
    assert!(
        is_settled || moves_to_the_next_day(world),
        "{:#?}",
        world.data("customer.call_closed")
    );
    assert_eq!(world.lines[0].dialed_count(), 1);
}

fn moves_to_the_next_day(world: &TestSystem) -> bool {
    let due_at = |data: &Value| data.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let closed = world.data("customer.call_closed");
    let late = world.data("customer.late_answered");
    let due_times = [
        closed.first().and_then(|data| due_at(&data["next_due_at"])),
        late.first().and_then(|data| due_at(&data["due_at"])),
    ];
    let last = due_times.into_iter().flatten().max();
    let now = world.fakes.clock.now();
    last.is_some_and(|due_at| due_at > now.plus_ms(3_600_000))
}

#[test]
fn the_ack_of_an_answer_follows_its_record() {
    on_one_thread(async {
        let world = ringing_without_store().await;
        let line = Arc::clone(&world.lines[0]);
        let _drivers = world.start_drivers().await;
        until_rings(&world).await;
        world.fakes.store.make_wait(Some("call.answered"));
        line.tell(0, LegEvent::Answered(dialog()));
        settle().await;
        assert_eq!(acknowledged(&line), 0, "{:?}", line.entries());
        world.fakes.store.make_wait(None);
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(acknowledged(&line), 1);
        let entries = line.entries();
        assert_eq!(entries[..2], ["dial 1", "acknowledge"], "{entries:?}");
    });
}

#[test]
fn a_store_that_comes_back_within_the_time_of_an_answer_saves_the_call() {
    on_one_thread(async {
        let world = ringing_without_store().await;
        let line = Arc::clone(&world.lines[0]);
        let _drivers = world.start_drivers().await;
        until_rings(&world).await;
        world.fakes.store.set_down(true);
        line.tell(0, LegEvent::Answered(dialog()));
        for _ in 0..8 {
            settle().await;
            world.fakes.clock.advance_ms(250);
        }
        assert_eq!((acknowledged(&line), world.count("call.answered")), (0, 0));
        world.fakes.store.set_down(false);
        world
            .until("the answer", |log| count(log, "call.answered") == 1)
            .await;
        settle().await;
        assert_eq!(acknowledged(&line), 1);
        assert_eq!(world.lines[0].dialed_count(), 1);
    });
}

/// The line has sent ACK and BYE after its four seconds; minutes later the store is available again.
#[test]
fn an_answer_that_was_hung_up_without_a_record_is_stored_once_the_store_is_back() {
    on_one_thread(async {
        let world = ringing_without_store().await;
        let line = Arc::clone(&world.lines[0]);
        line.acknowledge_too_late();
        let _drivers = world.start_drivers().await;
        until_rings(&world).await;
        world.fakes.store.set_down(true);
        line.tell(0, LegEvent::Answered(dialog()));
        line.tell(0, hung_up(HangupSource::Media(EndCause::AnswerNotStored)));
        line.tell(0, closed());
        for _ in 0..40 {
            settle().await;
            world.fakes.clock.advance_ms(5_000);
        }
        world.fakes.store.set_down(false);
        world
            .until("its close", |log| count(log, "customer.call_closed") == 1)
            .await;
        assert_eq!(world.count("call.answered"), 1);
        assert_eq!(world.data("call.ended")[0]["cause"], "answer_not_stored");
        is_cut_off(&world);
        let left_over = line.entries().iter().any(|entry| entry.starts_with("left_over"));
        assert!(!left_over, "one BYE: {:?}", line.entries());
    });
}

/// Another process dials by the time the store is available again; it cannot know of the answer.
#[test]
fn an_answer_without_a_record_is_handed_over_to_the_process_that_took_over() {
    on_one_thread(async {
        let mut world = ringing_without_store().await;
        let right = FakeRight::new(Some(true));
        let held: Arc<dyn DialRight> = Arc::<FakeRight>::clone(&right);
        world.system = world.system.with_dial_right(&held);
        let line = Arc::clone(&world.lines[0]);
        line.acknowledge_too_late();
        let _drivers = world.start_drivers().await;
        until_rings(&world).await;
        world.fakes.store.set_down(true);
        line.tell(0, LegEvent::Answered(dialog()));
        line.tell(0, hung_up(HangupSource::Media(EndCause::AnswerNotStored)));
        line.tell(0, closed());
        settle().await;
        right.set(Some(false));
        world.fakes.store.set_down(false);
        world
            .until("the late answer", |log| count(log, "customer.late_answered") == 1)
            .await;
        assert_eq!(world.count("call.late_answered"), 1);
        assert_eq!(world.count("call.answered") + world.count("call.ended"), 0);
        assert!(moves_to_the_next_day(&world));
    });
}

/// A drain retries the record of the answer to its end. Then the answer is lost, and an error names call and
/// leg.
#[test]
fn a_planned_stop_that_loses_an_answer_logs_it_as_an_error() {
    let errors = LoggedErrors::default();
    let run = || {
        on_one_thread(async {
            let world = ringing_without_store().await;
            let line = Arc::clone(&world.lines[0]);
            line.acknowledge_too_late();
            let drivers = world.start_drivers().await;
            until_rings(&world).await;
            world.fakes.store.set_down(true);
            line.tell(0, LegEvent::Answered(dialog()));
            line.tell(0, hung_up(HangupSource::Media(EndCause::AnswerNotStored)));
            line.tell(0, closed());
            let lost = [
                "an answer is not stored",
                "leg=1",
                &line.dialed()[0].0.to_string(),
            ];
            while_time_passes(&world, drivers.drain(Duration::from_secs(60))).await;
            assert_eq!(errors.count(&lost), 0, "it is retried until the process stops");
            while_time_passes(&world, world.fakes.environment.tasks.stop()).await;
            assert_eq!(errors.count(&lost), 1);
        });
    };
    tracing::subscriber::with_default(errors.clone(), run);
}

async fn while_time_passes(world: &TestSystem, work: impl Future<Output = ()>) {
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            () = &mut work => return,
            () = async {
                settle().await;
                world.fakes.clock.advance_to_next();
            } => {}
        }
    }
}

/// No event of the leg could be stored, not even its ringing.
#[test]
fn an_answer_across_the_cancel_of_an_unrecorded_leg_is_stored_once_the_store_is_back() {
    on_one_thread(async {
        let silent = FakeLine::new("silent", Box::new(|_: &DialOrder| Vec::new()));
        let world = TestSystem::new(vec![silent]);
        let line = Arc::clone(&world.lines[0]);
        line.cross_cancels();
        world.run_campaign(1, 1, no_flow()).await;
        let _drivers = world.start_drivers().await;
        world
            .until("its dial", |log| count(log, "call.dialing") == 1)
            .await;
        settle().await;
        world.fakes.store.set_down(true);
        line.tell(0, ringing());
        for _ in 0..10 {
            settle().await;
            world.fakes.clock.advance_ms(5_000);
        }
        assert_eq!(line.entries()[..2], ["dial 1", "cancel"]);
        world.fakes.store.set_down(false);
        world
            .until("its close", |log| count(log, "customer.call_closed") == 1)
            .await;
        assert_eq!(world.count("call.late_answered"), 1);
        assert_eq!(world.data("call.ended")[0]["late_answer"], true);
        is_cut_off(&world);
    });
}

/// Kills a process while a call rings, and starts another with a line that reports `events` for the leg.
fn restarted(events: Vec<(u64, LeftOverEvent)>, check: impl AsyncFnOnce(TestSystem)) {
    let (store, clock) = (Arc::new(FakeStore::new()), Arc::new(FakeClock::new()));
    on_one_thread(async {
        let world = TestSystem::over(Arc::clone(&store), Arc::clone(&clock), vec![rings()]);
        world.run_campaign(1, 1, no_flow()).await;
        let _drivers = world.start_drivers().await;
        until_rings(&world).await;
        // Nothing that the first process writes while it is dropped reaches the log.
        store.crash_after(Some(0));
        settle().await;
    });
    store.crash_after(None);
    on_one_thread(async {
        let line = rings();
        let clock_of_line = Arc::clone(&clock) as Arc<dyn Clock>;
        line.leave_over(LeftOverScript {
            clock: clock_of_line,
            events,
        });
        let world = TestSystem::over(Arc::clone(&store), Arc::clone(&clock), vec![line]);
        check(world).await;
    });
}

/// Starts the drivers, which first close open calls. Returns how long the call stayed open, in milliseconds.
async fn stays_open_ms(world: &TestSystem) -> u64 {
    let began = world.fakes.clock.now();
    let starting = async {
        let drivers = world.start_drivers().await;
        // Leaked on purpose, so that they keep running.
        Box::leak(Box::new(drivers));
    };
    while_time_passes(world, starting).await;
    world.until("its end", |log| count(log, "call.ended") == 1).await;
    world.fakes.clock.now().ms_since(began)
}

#[test]
fn a_leg_without_an_answer_keeps_its_call_open_for_five_seconds_unless_the_far_end_refused_it() {
    for (events, open_ms) in [
        (vec![(32_000, LeftOverEvent::Closed)], 5_000..6_000),
        (
            vec![(20, LeftOverEvent::Refused), (32_000, LeftOverEvent::Closed)],
            0..1_000,
        ),
    ] {
        restarted(events, async |world| {
            let stayed_ms = stays_open_ms(&world).await;
            assert!(open_ms.contains(&stayed_ms), "{stayed_ms}");
            assert_eq!(world.lines[0].entries()[0], "left_over cancel 1");
            // No answer came: disposition, charge and due time are the same as without a watch.
            world
                .until("its close", |log| count(log, "customer.call_closed") == 1)
                .await;
            let ended = world.data("call.ended");
            assert_eq!(
                (&ended[0]["disposition"], &ended[0]["charged"]),
                (&"interrupted".into(), &true.into())
            );
            assert_eq!(
                world.count("call.late_answered") + world.count("customer.late_answered"),
                0
            );
            assert!(!moves_to_the_next_day(&world));
        });
    }
}

#[test]
fn an_answer_that_the_far_end_repeats_is_stored_before_the_call_ends() {
    let events = vec![
        (3_500, LeftOverEvent::LateAnswered(dialog())),
        (3_600, LeftOverEvent::Closed),
    ];
    restarted(events, async |world| {
        let stayed_ms = stays_open_ms(&world).await;
        assert!((3_500..5_000).contains(&stayed_ms), "{stayed_ms}");
        world
            .until("its close", |log| count(log, "customer.call_closed") == 1)
            .await;
        assert_eq!(world.data("call.ended")[0]["late_answer"], true);
        assert_eq!(world.count("customer.late_answered"), 1);
        is_cut_off_after_restart(&world);
    });
}

#[test]
fn an_answer_behind_the_calls_end_moves_the_customer_to_the_next_day() {
    // Two seconds before the hold-off of the rehearsal would have made the customer due.
    let events = vec![
        (5_500, LeftOverEvent::LateAnswered(dialog())),
        (5_600, LeftOverEvent::Closed),
    ];
    restarted(events, async |world| {
        stays_open_ms(&world).await;
        world
            .until("the late answer", |log| count(log, "customer.late_answered") == 1)
            .await;
        assert_eq!(world.count("call.late_answered"), 1);
        assert_eq!(world.data("call.ended")[0].get("late_answer"), None);
        let dialed = world.count("call.dialing");
        for _ in 0..20 {
            settle().await;
            world.fakes.clock.advance_ms(30_000);
        }
        assert_eq!(world.count("call.dialing"), dialed, "no call that day");
        assert!(moves_to_the_next_day(&world));
    });
}

/// A kill between `call.late_answered` and `customer.late_answered`: the next start stores the second event
/// before it dials, and a further start adds nothing.
#[test]
fn a_start_completes_a_late_answer_that_only_the_call_has() {
    let events = vec![
        (5_500, LeftOverEvent::LateAnswered(dialog())),
        (5_600, LeftOverEvent::Closed),
    ];
    let mut left = None;
    restarted(events, async |world| {
        world.fakes.store.hold_kind(Some("customer.late_answered"));
        stays_open_ms(&world).await;
        world
            .until("the late answer", |log| count(log, "call.late_answered") == 1)
            .await;
        settle().await;
        assert_eq!(world.data("call.ended")[0].get("late_answer"), None);
        world.fakes.store.crash_after(Some(0));
        settle().await;
        left = Some((Arc::clone(&world.fakes.store), Arc::clone(&world.fakes.clock)));
    });
    let (store, clock) = left.expect("the second process ran");
    store.hold_kind(None);
    store.crash_after(None);
    for _ in 0..2 {
        on_one_thread(async {
            let world = TestSystem::over(Arc::clone(&store), Arc::clone(&clock), vec![rings()]);
            let _drivers = world.start_drivers().await;
            assert_eq!(world.count("customer.late_answered"), 1);
            assert!(moves_to_the_next_day(&world));
            for _ in 0..20 {
                settle().await;
                world.fakes.clock.advance_ms(30_000);
            }
            assert_eq!(world.lines[0].dialed_count(), 0, "no call that day");
        });
    }
}

fn ends_left_overs(world: &TestSystem) -> bool {
    let entries = world.lines[0].entries();
    entries.iter().any(|entry| entry.starts_with("left_over"))
}

/// A second kill after the call ended and within the 32 s: the next start watches the leg again. A start
/// after the answer was stored does not.
#[test]
fn a_leg_is_watched_again_where_a_second_kill_cut_its_watch_short() {
    let mut left = None;
    restarted(vec![(32_000, LeftOverEvent::Closed)], async |world| {
        stays_open_ms(&world).await;
        world
            .until("its close", |log| count(log, "customer.call_closed") == 1)
            .await;
        assert_eq!(world.count("call.late_answered"), 0);
        world.fakes.store.crash_after(Some(0));
        settle().await;
        left = Some((Arc::clone(&world.fakes.store), Arc::clone(&world.fakes.clock)));
    });
    let (store, clock) = left.expect("the second process ran");
    store.crash_after(None);
    clock.advance_ms(500);
    on_one_thread(async {
        let line = rings();
        line.leave_over(LeftOverScript {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            events: vec![
                (200, LeftOverEvent::LateAnswered(dialog())),
                (300, LeftOverEvent::Closed),
            ],
        });
        let world = TestSystem::over(Arc::clone(&store), Arc::clone(&clock), vec![line]);
        let _drivers = world.start_drivers().await;
        assert_eq!(world.lines[0].entries()[0], "left_over cancel 1");
        clock.advance_ms(400);
        world
            .until("the late answer", |log| count(log, "customer.late_answered") == 1)
            .await;
        assert_eq!(
            (world.count("call.late_answered"), world.count("call.ended")),
            (1, 1)
        );
        assert!(moves_to_the_next_day(&world));
        store.crash_after(Some(0));
        settle().await;
    });
    store.crash_after(None);
    on_one_thread(async {
        let world = TestSystem::over(Arc::clone(&store), Arc::clone(&clock), vec![rings()]);
        let _drivers = world.start_drivers().await;
        assert!(!ends_left_overs(&world), "its answer is stored");
    });
}

#[test]
fn a_leg_with_a_watch_that_is_over_is_left_alone() {
    let mut left = None;
    restarted(vec![(32_000, LeftOverEvent::Closed)], async |world| {
        stays_open_ms(&world).await;
        world
            .until("its close", |log| count(log, "customer.call_closed") == 1)
            .await;
        world.fakes.store.crash_after(Some(0));
        settle().await;
        left = Some((Arc::clone(&world.fakes.store), Arc::clone(&world.fakes.clock)));
    });
    let (store, clock) = left.expect("the second process ran");
    store.crash_after(None);
    clock.advance_ms(60_000);
    on_one_thread(async {
        let world = TestSystem::over(store, clock, vec![rings()]);
        let _drivers = world.start_drivers().await;
        assert!(!ends_left_overs(&world));
    });
}

fn is_cut_off_after_restart(world: &TestSystem) {
    assert!(
        moves_to_the_next_day(world),
        "{:#?}",
        world.data("customer.call_closed")
    );
    assert_eq!(world.lines[0].dialed_count(), 0, "the new process starts no call");
}
