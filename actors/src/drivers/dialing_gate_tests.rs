//! After a restore no call is dialed until a person confirms. Calls that were in flight are closed without
//! any message to the network.

use crate::testing::line::{FakeLine, ringing};
use crate::testing::test_system::{TestSystem, count, no_flow};
use crate::testing::{FakeClock, FakeStore, on_one_thread, settle};
use domain::ids::LogId;
use domain::installation::InstallationCommand;
use domain::installation::event::RestoreFacts;
use domain::ports::clock::Clock;
use domain::ports::line::DialOrder;
use domain::ports::vault::Vault;
use domain::stored_event::Position;
use std::sync::Arc;
use std::time::Duration;

/// Moves of the clock during which a closed gate is watched: more than any driver waits for.
const WATCHED_MOVES: usize = 50;

fn ringing_only() -> Arc<FakeLine> {
    FakeLine::new("ringing", Box::new(|_: &DialOrder| vec![ringing()]))
}

async fn ask(world: &TestSystem, command: InstallationCommand) {
    let asked = world
        .system
        .installation
        .ask(&LogId, command, world.outside())
        .await;
    asked.expect("the installation takes the command");
}

async fn note_restore(world: &TestSystem) {
    let head = Position(world.fakes.store.kinds().len() as u64);
    let facts = RestoreFacts {
        source_head: head,
        to_position: head,
        backup_made_at: world.fakes.clock.now(),
        log_root: None,
    };
    ask(world, InstallationCommand::Restore(facts)).await;
}

async fn confirm(world: &TestSystem) {
    let (by, reason) = (
        Some("wang".to_owned()),
        "looked at the carrier's records".to_owned(),
    );
    ask(world, InstallationCommand::ConfirmDialing { by, reason }).await;
}

/// A log with one call in flight, as a backup could contain it.
fn one_in_flight() -> (Arc<FakeStore>, Arc<FakeClock>) {
    let (store, clock) = (Arc::new(FakeStore::new()), Arc::new(FakeClock::new()));
    on_one_thread(async {
        let world = TestSystem::over(Arc::clone(&store), Arc::clone(&clock), vec![ringing_only()]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(2, 1, no_flow()).await;
        world
            .until("a ringing phone", |log| count(log, "call.ringing") == 1)
            .await;
    });
    (store, clock)
}

async fn let_time_pass(world: &TestSystem) {
    for _ in 0..WATCHED_MOVES {
        settle().await;
        world.fakes.clock.advance_to_next();
    }
}

#[test]
fn a_restored_log_dials_no_call_until_a_person_confirms_and_tells_the_network_nothing() {
    let (store, clock) = one_in_flight();
    on_one_thread(async {
        let world = TestSystem::over(store, clock, vec![ringing_only()]);
        note_restore(&world).await;
        let restored = world.fakes.store.kinds().len();
        let drivers = world.start_drivers().await;
        assert!(drivers.is_dialing_paused());
        let_time_pass(&world).await;
        assert_eq!(
            world.fakes.store.kinds().len(),
            restored,
            "nothing happens behind the gate"
        );

        confirm(&world).await;
        world
            .until("the next dial", |log| count(log, "call.dialing") >= 2)
            .await;
        assert!(!drivers.is_dialing_paused());
        let ended = world.data("call.ended");
        assert_eq!(
            (ended.len(), &ended[0]["disposition"]),
            (1, &"interrupted".into())
        );
        let said = world.lines[0].entries();
        assert!(said.iter().all(|entry| entry.starts_with("dial ")), "{said:?}");
    });
}

#[test]
fn a_confirmed_restore_and_a_crash_after_it_start_as_ever() {
    let (store, clock) = one_in_flight();
    on_one_thread(async {
        let world = TestSystem::over(Arc::clone(&store), Arc::clone(&clock), vec![ringing_only()]);
        note_restore(&world).await;
        confirm(&world).await;
        let drivers = world.start_drivers().await;
        assert!(!drivers.is_dialing_paused());
        world
            .until("the next dial", |log| count(log, "call.dialing") == 2)
            .await;
    });
    on_one_thread(async {
        let world = TestSystem::over(store, clock, vec![ringing_only()]);
        let drivers = world.start_drivers().await;
        assert!(!drivers.is_dialing_paused());
        let said = world.lines[0].entries();
        assert!(
            said.iter().any(|entry| entry.starts_with("left_over ")),
            "a leg dialed after the restore is ended at the far end: {said:?}"
        );
    });
}

#[test]
fn a_drain_before_the_confirmation_ends_at_once_and_a_later_confirmation_begins_nothing() {
    let (store, clock) = one_in_flight();
    on_one_thread(async {
        let world = TestSystem::over(store, clock, vec![ringing_only()]);
        note_restore(&world).await;
        let drivers = world.start_drivers().await;
        let before = world.fakes.clock.now();
        drivers.drain(Duration::from_secs(60)).await;
        assert_eq!(world.fakes.clock.now(), before);
        confirm(&world).await;
        let_time_pass(&world).await;
        assert_eq!(world.lines[0].dialed_count(), 0);
        assert!(drivers.is_dialing_paused());
    });
}

#[test]
fn who_was_erased_after_the_backup_is_never_dialed_though_the_restored_log_does_not_know_it() {
    let (store, clock) = one_in_flight();
    on_one_thread(async {
        let world = TestSystem::over(store, clock, vec![ringing_only()]);
        for index in 0..2 {
            let (person, now) = (world.customer(index), world.fakes.clock.now());
            let destroyed = world.fakes.vault.destroy(&person, now);
            destroyed.await.expect("the list of destroyed keys is applied");
        }
        note_restore(&world).await;
        confirm(&world).await;
        let _drivers = world.start_drivers().await;
        world
            .until("both settled", |log| {
                count(log, "customer.enrolment_settled") == 2
            })
            .await;
        assert_eq!(world.count("customer.erased"), 0);
        assert_eq!(world.lines[0].dialed_count(), 0);
        let settled = world.data("customer.enrolment_settled");
        // The log does not contain the erasure; it can only record that no key exists.
        assert!(
            settled.iter().all(|one| one["rule"] == "key_missing"),
            "{settled:?}"
        );
    });
}
