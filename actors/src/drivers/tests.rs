//! Whole calls over scripted lines: what is stored, in which order, and which actions follow.

use super::DriversHandle;
use crate::testing::line::{FakeLine, failed, ringing};
use crate::testing::test_system::{TestSystem, count, no_flow};
use crate::testing::{FakeClock, FakeStore, on_one_thread, settle};
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::PauseReason;
use domain::number::command::NumberCommand;
use domain::number::event::OptOutSource;
use domain::ports::clock::Clock;
use domain::ports::line::{DialOrder, LegEvent};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

fn busy() -> Arc<FakeLine> {
    FakeLine::new(
        "busy",
        Box::new(|_: &DialOrder| vec![ringing(), failed(486, true)]),
    )
}

pub(super) fn rings() -> Arc<FakeLine> {
    FakeLine::new("rings", Box::new(|_: &DialOrder| vec![ringing()]))
}

/// Starts a drain while two calls ring. The receiver is notified of its end.
pub(super) async fn drain_two_calls(
    world: &TestSystem,
    within: Duration,
) -> (DriversHandle, oneshot::Receiver<()>) {
    let drivers = world.start_drivers().await;
    world.run_campaign(4, 2, no_flow()).await;
    world.until("two", |log| count(log, "call.ringing") == 2).await;
    let draining = drivers.clone();
    let (done, drained) = oneshot::channel();
    let drain = async move {
        draining.drain(within).await;
        done.send(()).unwrap();
    };
    world.fakes.environment.tasks.spawn("drain", Box::pin(drain));
    settle().await;
    (drivers, drained)
}

/// Lets time pass until the drain has ended.
pub(super) async fn until_drained(world: &TestSystem, mut drained: oneshot::Receiver<()>) {
    while drained.try_recv().is_err() {
        settle().await;
        assert!(world.fakes.clock.advance_to_next(), "the drain ends");
    }
}

fn always(name: &str, event: LegEvent) -> Arc<FakeLine> {
    FakeLine::new(name, Box::new(move |_: &DialOrder| vec![event.clone()]))
}

fn opt_out() -> NumberCommand {
    NumberCommand::OptOut {
        reason: "asked".to_owned(),
        source: OptOutSource::Import,
        call: None,
    }
}

#[test]
fn a_busy_callee_is_tried_as_often_as_the_policy_says_and_the_campaign_completes() {
    on_one_thread(async {
        let world = TestSystem::new(vec![busy()]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 5, no_flow()).await;
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        let once = [
            "call.permitted",
            "call.dialing",
            "call.ringing",
            "call.leg_failed",
            "call.ended",
        ];
        assert_eq!(world.call_kinds(), [once, once].concat());
        let closed = world.data("customer.call_closed");
        assert_eq!(
            (&closed[0]["disposition"], &closed[1]["disposition"]),
            (&"busy".into(), &"busy".into())
        );
        assert_eq!(
            (
                world.count("number.call_closed"),
                world.count("customer.enrolment_settled")
            ),
            (2, 1)
        );
        assert_eq!(world.lines[0].dialed_count(), 2);
    });
}

#[test]
fn an_opted_out_number_is_refused_and_the_enrolment_settles_without_a_dial() {
    on_one_thread(async {
        let world = TestSystem::new(vec![busy()]);
        let number = world.number(0);
        world
            .system
            .numbers
            .ask(&number, opt_out(), world.outside())
            .await
            .unwrap();
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 5, no_flow()).await;
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        assert_eq!(
            world.data("customer.enrolment_settled")[0]["disposition"],
            "not_permitted"
        );
        assert_eq!(
            (
                world.count("number.dial_refused"),
                world.count("customer.dial_released")
            ),
            (1, 1)
        );
        assert_eq!(
            (world.count("call.permitted"), world.lines[0].dialed_count()),
            (0, 0)
        );
    });
}

#[test]
fn a_definite_failure_is_followed_by_a_leg_on_another_line_and_by_no_third() {
    on_one_thread(async {
        let world = TestSystem::new(vec![always("first", failed(503, false)), busy()]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 5, no_flow()).await;
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        let dialed = world.data("call.dialing");
        assert_eq!(
            (&dialed[0]["trunk"], &dialed[1]["trunk"]),
            (&"first".into(), &"busy".into())
        );
        assert_ne!(dialed[0]["sip_call_id"], dialed[1]["sip_call_id"]);
        assert_eq!(world.data("call.ended")[0]["disposition"], "busy");
        assert_eq!(world.lines[1].entries()[0], "dial 2");
    });
}

#[test]
fn in_a_burst_every_definite_failure_waits_for_its_second_leg() {
    on_one_thread(async {
        let slow = FakeLine::with_rate(
            "slow",
            1,
            Box::new(|_: &DialOrder| vec![ringing(), failed(486, true)]),
        );
        let world = TestSystem::new(vec![always("first", failed(503, false)), slow]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(4, 5, no_flow()).await;
        world.until("the end", |log| count(log, "call.ended") == 4).await;
        let trunk = |dialing: &serde_json::Value| dialing["trunk"] == "slow";
        let second = world.data("call.dialing").iter().filter(|one| trunk(one)).count();
        assert_eq!(
            second, 4,
            "the slow line takes one a second, and six seconds are allowed"
        );
        for ended in world.data("call.ended") {
            assert_eq!(ended["disposition"], "busy");
        }
    });
}

#[test]
fn a_busy_callee_gets_no_second_leg() {
    on_one_thread(async {
        let world = TestSystem::new(vec![busy(), rings()]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 5, no_flow()).await;
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.lines[1].dialed_count(), 0);
    });
}

#[test]
fn a_phone_that_rings_too_long_is_canceled_after_the_request_is_stored() {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings()]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 5, no_flow()).await;
        world
            .until("ringing", |log| count(log, "call.ringing") == 1)
            .await;
        world.fakes.clock.advance_ms(59_999);
        settle().await;
        assert_eq!(world.count("call.cancel_requested"), 0);
        world.fakes.clock.advance_ms(1);
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        let once = ["call.permitted", "call.dialing", "call.ringing"];
        let over = ["call.cancel_requested", "call.leg_failed", "call.ended"];
        assert_eq!(world.call_kinds()[..6], [once, over].concat());
        let ended = &world.data("call.ended")[0];
        assert_eq!(
            (&ended["disposition"], &ended["reason"]),
            (&"no_answer".into(), &"ring_timeout".into())
        );
    });
}

#[test]
fn an_opt_out_while_it_rings_cancels_the_leg_after_the_request_is_stored() {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings()]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 5, no_flow()).await;
        world
            .until("ringing", |log| count(log, "call.ringing") == 1)
            .await;
        let number = world.number(0);
        world
            .system
            .numbers
            .ask(&number, opt_out(), world.outside())
            .await
            .unwrap();
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.data("call.cancel_requested")[0]["reason"], "opted_out");
        assert_eq!(world.lines[0].entries()[..2], ["dial 1", "cancel"]);
        world
            .until("settling", |log| count(log, "customer.enrolment_settled") == 1)
            .await;
        assert_eq!(world.lines[0].dialed_count(), 1);
    });
}

#[test]
fn after_a_crash_the_open_call_is_ended_as_interrupted_and_never_dialed_again() {
    let (store, clock) = on_one_thread(async {
        let world = TestSystem::new(vec![rings()]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 5, no_flow()).await;
        world
            .until("ringing", |log| count(log, "call.ringing") == 1)
            .await;
        (Arc::clone(&world.fakes.store), Arc::clone(&world.fakes.clock))
    });
    let crashed_at = clock.now();
    on_one_thread(async {
        let world = TestSystem::over(store, clock, vec![rings()]);
        let _drivers = world.start_drivers().await;
        let ended = world.data("call.ended");
        assert_eq!(
            (ended.len(), &ended[0]["disposition"]),
            (1, &"interrupted".into())
        );
        assert_eq!(world.lines[0].entries(), ["left_over cancel 1"]);
        world
            .until("the retry", |log| count(log, "call.dialing") == 2)
            .await;
        assert!(
            world.fakes.clock.now().ms_since(crashed_at) >= 4_000,
            "the hold-off had not passed"
        );
        let dialed = world.data("call.dialing");
        assert_ne!(dialed[0]["sip_call_id"], dialed[1]["sip_call_id"]);
    });
}

#[test]
fn a_grant_that_a_crash_left_is_withdrawn_and_released() {
    let (store, clock) = on_one_thread(async {
        let world = TestSystem::new(vec![rings()]);
        world.fakes.store.hold_kind(Some("call.dialing"));
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 5, no_flow()).await;
        world
            .until("a permit", |log| count(log, "call.permitted") == 1)
            .await;
        world.fakes.store.hold_kind(None);
        (Arc::clone(&world.fakes.store), Arc::clone(&world.fakes.clock))
    });
    on_one_thread(async {
        let world = TestSystem::over(store, clock, vec![rings()]);
        let _drivers = world.start_drivers().await;
        assert_eq!(world.data("call.ended")[0]["disposition"], "withdrawn");
        assert_eq!(
            (
                world.count("number.dial_released"),
                world.count("customer.dial_released")
            ),
            (1, 1)
        );
        world
            .until("the next attempt", |log| count(log, "call.dialing") == 1)
            .await;
        assert_eq!(world.count("customer.call_closed"), 0, "it was no attempt");
    });
}

/// The log of a process that died, or only seems to have died, between a grant and the permit.
fn granted_and_not_permitted() -> (Arc<FakeStore>, Arc<FakeClock>) {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings()]);
        world.fakes.store.hold_kind(Some("call.permitted"));
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 5, no_flow()).await;
        world
            .until("a grant", |log| count(log, "number.dial_granted") == 1)
            .await;
        settle().await;
        world.fakes.store.hold_kind(None);
        (Arc::clone(&world.fakes.store), Arc::clone(&world.fakes.clock))
    })
}

/// Moves the clock in small steps until the grant is given back.
async fn until_given_back(world: &TestSystem) {
    for _ in 0..100 {
        settle().await;
        if world.count("customer.dial_released") > 0 {
            return;
        }
        world.fakes.clock.advance_ms(100);
    }
}

#[test]
fn on_a_shared_log_a_grant_is_given_back_only_when_its_holder_can_dial_on_it_no_more() {
    for (is_shared, kept_ms) in [(true, 2_000), (false, 0)] {
        let (store, clock) = granted_and_not_permitted();
        if is_shared {
            store.share();
        }
        let taken_over_at = clock.now();
        on_one_thread(async {
            let world = TestSystem::over(store, clock, vec![rings()]);
            let _drivers = tokio::join!(world.start_drivers(), until_given_back(&world));
            let log = world.fakes.store.envelopes();
            let of_grant = ["call.permitted", "customer.dial_released"];
            let first = log.iter().find(|event| of_grant.contains(&event.kind.as_str()));
            let first = first.expect("it is given back");
            assert_eq!(first.kind, "customer.dial_released");
            let kept = first.at.ms_since(taken_over_at);
            assert!(kept >= kept_ms && kept <= kept_ms + 200, "{kept} ms");
        });
    }
}

#[test]
fn a_pause_stops_grants_and_lets_the_ringing_phone_ring() {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings()]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(3, 1, no_flow()).await;
        world
            .until("ringing", |log| count(log, "call.ringing") == 1)
            .await;
        world
            .tell_campaign(CampaignCommand::Pause {
                reason: PauseReason::Requested,
            })
            .await;
        settle().await;
        world.lines[0].tell(0, failed(486, true));
        world
            .until("closing", |log| count(log, "customer.call_closed") == 1)
            .await;
        for _ in 0..20 {
            settle().await;
            world.fakes.clock.advance_to_next();
        }
        assert_eq!(
            (
                world.count("customer.dial_granted"),
                world.count("call.cancel_requested")
            ),
            (1, 0)
        );
        world.tell_campaign(CampaignCommand::Resume).await;
        world
            .until("the next", |log| count(log, "call.dialing") == 2)
            .await;
    });
}

#[test]
fn a_stop_cancels_what_is_not_answered() {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings()]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 1, no_flow()).await;
        world
            .until("ringing", |log| count(log, "call.ringing") == 1)
            .await;
        world
            .tell_campaign(CampaignCommand::Stop {
                reason: "enough".to_owned(),
            })
            .await;
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(
            world.data("call.cancel_requested")[0]["reason"],
            "campaign_stopped"
        );
    });
}

#[test]
fn no_more_calls_are_open_than_the_campaign_allows() {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings()]);
        let drivers = world.start_drivers().await;
        world.run_campaign(8, 3, no_flow()).await;
        world.until("three", |log| count(log, "call.ringing") == 3).await;
        for _ in 0..20 {
            settle().await;
            world.fakes.clock.advance_to_next();
        }
        assert_eq!((drivers.progress().ringing, world.count("call.dialing")), (3, 3));
        world.lines[0].tell(1, failed(603, true));
        world
            .until("a fourth", |log| count(log, "call.dialing") == 4)
            .await;
    });
}

#[test]
fn draining_waits_for_live_calls_and_then_interrupts_them() {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings()]);
        let (_drivers, drained) = drain_two_calls(&world, Duration::from_secs(5)).await;
        world.fakes.clock.advance_ms(4_999);
        settle().await;
        assert_eq!(world.count("call.cancel_requested"), 0, "live calls may finish");
        world.fakes.clock.advance_ms(1);
        until_drained(&world, drained).await;
        let closed_counts = [
            world.count("customer.call_closed"),
            world.count("number.call_closed"),
        ];
        assert_eq!(
            closed_counts,
            [2, 2],
            "customers and numbers have stored the ends before it is done"
        );
        assert_eq!(
            world
                .data("call.ended")
                .iter()
                .filter(|one| one["disposition"] == "interrupted")
                .count(),
            2
        );
        assert_eq!(
            world.count("call.dialing"),
            2,
            "no new dial after the drain began"
        );
    });
}

#[test]
fn a_worker_that_dies_leaves_its_call_to_the_watchdog() {
    on_one_thread(async {
        let dials = AtomicUsize::new(0);
        let script = move |_: &DialOrder| {
            assert!(
                dials.fetch_add(1, Ordering::Relaxed) > 0,
                "the test kills the first worker"
            );
            vec![failed(603, true)]
        };
        let world = TestSystem::new(vec![FakeLine::new("deadly", Box::new(script))]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 5, no_flow()).await;
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.data("call.ended")[0]["disposition"], "interrupted");
        assert_eq!(
            (
                world.fakes.tasks.panicked_count(),
                world.lines[0].entries()[0].as_str()
            ),
            (1, "left_over cancel 1")
        );
        world
            .until("the retry", |log| count(log, "campaign.completed") == 1)
            .await;
        assert_eq!(world.count("call.dialing"), 2);
    });
}

#[test]
fn who_is_due_a_moment_after_another_does_not_wait_for_that_call_to_end() {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings()]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(2, 5, no_flow()).await;
        world.until("two", |log| count(log, "call.ringing") == 2).await;
        world.lines[0].tell(0, failed(486, true));
        settle().await;
        world.fakes.clock.advance_ms(15);
        world.lines[0].tell(1, failed(486, true));
        settle().await;
        let busy_at = world.fakes.clock.now();
        world
            .until("two more", |log| count(log, "call.dialing") == 4)
            .await;
        let waited_ms = world.fakes.clock.now().ms_since(busy_at);
        assert!((2_000..=3_100).contains(&waited_ms), "{waited_ms} ms");
    });
}

/// Four failures of our own machine once paused a campaign as `trunk_unreachable`.
#[test]
fn while_this_machine_lacks_a_port_no_dial_is_requested_and_dialing_goes_on_by_itself() {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings()]);
        world.lines[0].set_lack(true);
        let _drivers = world.start_drivers().await;
        world.run_campaign(4, 5, no_flow()).await;
        for _ in 0..30 {
            settle().await;
            world.fakes.clock.advance_ms(500);
        }
        for kind in ["customer.dial_granted", "call.dialing", "campaign.paused"] {
            assert_eq!(world.count(kind), 0, "{kind}");
        }
        world.lines[0].set_lack(false);
        world
            .until("all four", |log| count(log, "call.ringing") == 4)
            .await;
    });
}

#[test]
fn a_trunk_that_fails_three_times_in_a_row_pauses_the_campaign_and_loses_no_customer() {
    on_one_thread(async {
        let world = TestSystem::new(vec![always("dead", failed(503, false))]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(5, 1, no_flow()).await;
        world
            .until("the pause", |log| count(log, "campaign.alert_raised") == 1)
            .await;
        assert_eq!(world.data("campaign.paused")[0]["reason"], "trunk_unreachable");
        assert_eq!(
            (
                world.count("call.dialing"),
                world.count("customer.enrolment_settled")
            ),
            (3, 0)
        );
        world.tell_campaign(CampaignCommand::Resume).await;
        world
            .until("another try", |log| count(log, "call.dialing") > 3)
            .await;
    });
}

#[test]
fn a_trunk_that_does_not_take_our_offer_is_reported_once() {
    on_one_thread(async {
        let world = TestSystem::new(vec![always("picky", failed(488, false))]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(3, 1, no_flow()).await;
        world.until("all", |log| count(log, "call.ended") == 3).await;
        let alerts = world.data("campaign.alert_raised");
        assert_eq!(alerts.len(), 1);
        assert_eq!(
            (&alerts[0]["alert"], &alerts[0]["detail"]),
            (&"media_incompatible".into(), &"picky".into())
        );
    });
}

#[test]
fn while_the_store_is_away_nothing_is_dialed_and_afterwards_it_goes_on() {
    on_one_thread(async {
        let world = TestSystem::new(vec![busy()]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(2, 1, no_flow()).await;
        world.until("a dial", |log| count(log, "call.dialing") == 1).await;
        world.fakes.store.set_down(true);
        let before = world.lines[0].dialed_count();
        for _ in 0..30 {
            settle().await;
            world.fakes.clock.advance_to_next();
        }
        assert_eq!(world.lines[0].dialed_count(), before);
        world.fakes.store.set_down(false);
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        assert_eq!(world.count("call.dialing"), world.count("call.ended"));
    });
}
