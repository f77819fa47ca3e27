//! An emergency stop: calls not dialed, ringing and answered; after a restart; and after it is lifted.

use crate::drivers::DriversHandle;
use crate::testing::line::{FakeLine, closed, dialog, hung_up, ringing};
use crate::testing::on_one_thread;
use crate::testing::settle;
use crate::testing::test_system::{TestSystem, campaign, count, no_flow, publish};
use domain::calling_plan::Preset;
use domain::decider::Decider;
use domain::ports::line::{DialOrder, HangupSource, LegEvent};
use domain::stop::{Stop, StopCommand, StopId};
use domain::stored_event::Cause;
use std::sync::Arc;
use tokio::sync::Notify;

/// Moves of the clock within which a campaign would long have dialed.
const WATCHED_MOVES: usize = 30;

fn rings(name: &str) -> Arc<FakeLine> {
    FakeLine::new(name, Box::new(|_: &DialOrder| vec![ringing()]))
}

fn answers() -> Arc<FakeLine> {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    FakeLine::new("answers", Box::new(script))
}

fn engage_command(stop: &StopId, hang_up: bool) -> StopCommand {
    StopCommand::Engage {
        stop: stop.clone(),
        reason: "a test".to_owned(),
        hang_up,
    }
}

async fn tell(world: &TestSystem, stop: &StopId, command: StopCommand) {
    let asked = world.system.stops.ask(stop, command, world.outside()).await;
    asked.expect("the stop takes the command");
}

async fn engage(world: &TestSystem, stop: &StopId, hang_up: bool) {
    tell(world, stop, engage_command(stop, hang_up)).await;
}

async fn lift(world: &TestSystem, stop: &StopId) {
    let reason = "it is over".to_owned();
    tell(world, stop, StopCommand::Lift { reason }).await;
}

async fn let_time_pass(world: &TestSystem) {
    for _ in 0..WATCHED_MOVES {
        settle().await;
        world.fakes.clock.advance_to_next();
    }
    settle().await;
}

/// All scopes that reach a line named `rings` in a campaign of these tests.
fn every_scope() -> [StopId; 4] {
    [
        StopId::All,
        StopId::Trunk("rings".to_owned()),
        StopId::Campaign(campaign()),
        StopId::Preset(Preset::CnService),
    ]
}

/// Checks that no grant is open any more.
fn assert_nothing_open(world: &TestSystem, stop: &str) {
    let ended = world.count("call.ended");
    assert_eq!(world.count("call.permitted"), ended, "{stop}");
    let given_back = world.count("customer.dial_released") + world.count("customer.call_closed");
    assert_eq!(world.count("customer.dial_granted"), given_back, "{stop}");
}

#[test]
fn ringing_calls_are_canceled_no_call_is_dialed_and_dialing_goes_on_once_it_is_lifted() {
    for stop in every_scope() {
        on_one_thread(async {
            let world = TestSystem::new(vec![rings("rings")]);
            let drivers = world.start_drivers().await;
            world.run_campaign(4, 2, no_flow()).await;
            world.until("two", |log| count(log, "call.ringing") == 2).await;
            engage(&world, &stop, false).await;
            settle().await;
            assert_eq!(drivers.engaged_stops(), std::slice::from_ref(&stop));
            assert_eq!(world.count("call.cancel_requested"), 2, "{stop}: at once");
            let_time_pass(&world).await;
            for ended in world.data("call.ended") {
                assert_eq!(ended["disposition"], "interrupted", "{stop}");
                assert_eq!(ended["reason"], "emergency_stop", "{stop}");
            }
            assert_eq!(world.count("call.dialing"), 2, "{stop}");
            assert_nothing_open(&world, &stop.to_string());
            lift(&world, &stop).await;
            settle().await;
            assert!(drivers.engaged_stops().is_empty());
            world.until("a dial", |log| count(log, "call.dialing") > 2).await;
        });
    }
}

#[test]
fn a_stop_of_something_else_stops_nothing_here() {
    for stop in [
        StopId::Trunk("other".to_owned()),
        StopId::Campaign("OTHER".parse().unwrap()),
        StopId::Preset(Preset::CnCollection),
    ] {
        on_one_thread(async {
            let world = TestSystem::new(vec![rings("rings")]);
            let _drivers = world.start_drivers().await;
            engage(&world, &stop, true).await;
            world.run_campaign(1, 1, no_flow()).await;
            world.until("a dial", |log| count(log, "call.ringing") == 1).await;
            settle().await;
            assert_eq!(world.count("call.cancel_requested"), 0, "{stop}");
        });
    }
}

#[test]
fn a_stopped_trunk_leaves_the_calls_to_the_other() {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings("first"), rings("second")]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(4, 2, no_flow()).await;
        world.until("two", |log| count(log, "call.ringing") == 2).await;
        engage(&world, &StopId::Trunk("first".to_owned()), false).await;
        world
            .until("two more", |log| count(log, "call.dialing") == 4)
            .await;
        let trunks: Vec<_> = world
            .data("call.dialing")
            .iter()
            .map(|one| one["trunk"].clone())
            .collect();
        assert_eq!(trunks, ["first", "first", "second", "second"]);
    });
}

#[test]
fn wherever_it_comes_between_the_leave_and_the_dial_nothing_stays_open() {
    for stop in every_scope() {
        for kind in [
            "campaign.dials_granted",
            "customer.dial_granted",
            "number.dial_granted",
            "call.permitted",
            "call.dialing",
        ] {
            on_one_thread(async {
                let world = TestSystem::new(vec![rings("rings")]);
                let _drivers = world.start_drivers().await;
                let stored = Arc::new(Notify::new());
                let wake = Arc::clone(&stored);
                world.fakes.store.run_when_stored(kind, move || wake.notify_one());
                let (stops, cause) = (world.system.stops.clone(), world.outside());
                let of = stop.clone();
                let engaging = async move {
                    stored.notified().await;
                    let command = engage_command(&of, false);
                    stops.ask(&of, command, cause).await.expect("it is engaged");
                };
                world.fakes.environment.tasks.spawn("engage", Box::pin(engaging));
                world.run_campaign(3, 3, no_flow()).await;
                let_time_pass(&world).await;
                let (dialed, at) = (world.count("call.dialing"), format!("{stop} at {kind}"));
                assert_eq!(world.count("stop.engaged"), 1, "{at}");
                assert_nothing_open(&world, &at);
                assert_eq!(world.count("call.cancel_requested"), dialed, "{at}");
                let_time_pass(&world).await;
                assert_eq!(world.count("call.dialing"), dialed, "{at}");
            });
        }
    }
}

/// A world with one conversation that lasts until the callee hangs up.
async fn talking(world: &TestSystem) -> DriversHandle {
    let drivers = world.start_drivers().await;
    world.lines[0].stall();
    let flow = publish(world).await;
    world.run_campaign(1, 1, flow).await;
    world
        .until("an answer", |log| count(log, "call.answered") == 1)
        .await;
    settle().await;
    drivers
}

#[test]
fn a_conversation_finishes_and_is_hung_up_only_where_the_stop_says_so() {
    for stop in [StopId::All, StopId::Trunk("answers".to_owned())] {
        on_one_thread(async {
            let world = TestSystem::new(vec![answers()]);
            let _drivers = talking(&world).await;
            engage(&world, &stop, false).await;
            settle().await;
            assert_eq!(world.count("call.hangup_requested"), 0);
            world.lines[0].tell(0, hung_up(HangupSource::Callee));
            world.lines[0].tell(0, closed());
            world.until("the end", |log| count(log, "call.ended") == 1).await;
            assert_eq!(world.data("call.ended")[0]["reason"], "callee_hung_up");
        });
        on_one_thread(async {
            let world = TestSystem::new(vec![answers()]);
            let _drivers = talking(&world).await;
            engage(&world, &stop, false).await;
            settle().await;
            engage(&world, &stop, true).await;
            settle().await;
            assert_eq!(world.count("call.hangup_requested"), 1, "made stronger");
            world.until("the end", |log| count(log, "call.ended") == 1).await;
            let ended = &world.data("call.ended")[0];
            assert_eq!(
                (&ended["reason"], &ended["disposition"]),
                (&"emergency_stop".into(), &"interrupted".into())
            );
        });
    }
}

#[test]
fn a_callee_who_waits_for_a_prompt_is_hung_up_at_once() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]);
        world.synthesizer.hang();
        let _drivers = talking(&world).await;
        engage(&world, &StopId::All, true).await;
        settle().await;
        assert_eq!(world.count("call.hangup_requested"), 1);
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.data("call.ended")[0]["reason"], "emergency_stop");
    });
}

#[test]
fn it_holds_over_a_restart_until_it_is_lifted() {
    for stop in every_scope() {
        on_one_thread(async {
            let before = TestSystem::new(vec![rings("rings")]);
            before.run_campaign(1, 1, no_flow()).await;
            engage(&before, &stop, false).await;
            let (store, clock) = (Arc::clone(&before.fakes.store), Arc::clone(&before.fakes.clock));
            let world = TestSystem::over(store, clock, vec![rings("rings")]);
            let drivers = world.start_drivers().await;
            let_time_pass(&world).await;
            assert_eq!(world.count("customer.dial_granted"), 0, "{stop}");
            assert_eq!(world.count("campaign.dials_granted"), 0, "{stop}");
            assert_eq!(drivers.engaged_stops(), std::slice::from_ref(&stop));
            lift(&world, &stop).await;
            world.until("a dial", |log| count(log, "call.dialing") == 1).await;
        });
    }
}

#[test]
fn no_call_is_dialed_while_the_log_cannot_be_followed() {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings("rings")]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(9, 1, no_flow()).await;
        world.until("one", |log| count(log, "call.ringing") == 1).await;
        world.fakes.store.cut_subscriptions(true);
        let_time_pass(&world).await;
        let before = world.count("call.dialing");
        let_time_pass(&world).await;
        assert_eq!(world.count("call.dialing"), before);
        world.fakes.store.cut_subscriptions(false);
        world
            .until("a dial", |log| count(log, "call.dialing") > before)
            .await;
    });
}

#[test]
fn the_log_says_what_is_engaged_since_when_and_by_which_user() {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings("rings")]);
        let stop = StopId::All;
        let store = world.fakes.environment.store.as_ref();
        assert_eq!(crate::engaged_now(store, &stop).await, Ok(None));
        let by = domain::actor::Actor::new("wang", domain::actor::SignInMethod::Directory);
        let cause = Cause {
            by: Some(by),
            ..world.outside()
        };
        let asked = world
            .system
            .stops
            .ask(&stop, engage_command(&stop, true), cause)
            .await;
        asked.unwrap();
        let engaged = crate::engaged_now(store, &stop).await.unwrap().unwrap();
        assert_eq!((engaged.by, engaged.hang_up), (Some(by), true));
        lift(&world, &stop).await;
        assert_eq!(crate::engaged_now(store, &stop).await, Ok(None));
        assert_eq!(world.data("stop.engaged")[0]["scope"], "all");
        assert_eq!(Stop::stream(&stop).as_str(), "stop-all");
    });
}
