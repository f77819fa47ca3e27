//! A campaign that is told to start before its time begins when its time comes, once, and dials nobody
//! before.

use crate::testing::line::{FakeLine, failed, ringing};
use crate::testing::world::{World, no_flow, plan};
use crate::testing::{on_one_thread, settle};
use domain::ports::clock::Clock;
use domain::ports::line::DialOrder;
use domain::running_plan::{After, Reached, RunningPlan};

/// One minute in milliseconds.
const MINUTE_MS: u64 = 60_000;

fn world() -> World {
    World::new(vec![FakeLine::new(
        "busy",
        Box::new(|_: &DialOrder| vec![ringing(), failed(486, true)]),
    )])
}

async fn watch(world: &World, seconds: u64) {
    for _ in 0..seconds {
        settle().await;
        world.fakes.clock.advance_ms(1_000);
    }
    settle().await;
}

#[test]
fn the_clock_starts_it_and_nobody_is_dialed_before() {
    on_one_thread(async {
        let world = world();
        let starts_at = world.fakes.clock.now().plus_ms(MINUTE_MS);
        let mut plan = plan(5);
        plan.running = Some(Box::new(RunningPlan {
            starts_at: Some(starts_at),
            ..RunningPlan::default()
        }));
        world.run_plan(2, &|_, _| {}, no_flow(), plan).await;
        assert_eq!(world.count("campaign.start_scheduled"), 1);
        let _drivers = world.start_drivers().await;
        watch(&world, 55).await;
        assert_eq!(
            (world.count("campaign.started"), world.count("call.dialing")),
            (0, 0)
        );
        watch(&world, 30).await;
        assert_eq!(world.count("campaign.started"), 1);
        assert!(world.count("call.dialing") >= 2);
    });
}

#[test]
fn behind_a_campaign_that_never_comes_it_does_not_begin() {
    on_one_thread(async {
        let world = world();
        let mut plan = plan(5);
        plan.running = Some(Box::new(RunningPlan {
            after: Some(After {
                campaign: "ANOTHER".parse().expect("an id"),
                reached: Reached::Completed,
            }),
            ..RunningPlan::default()
        }));
        world.run_plan(2, &|_, _| {}, no_flow(), plan).await;
        let _drivers = world.start_drivers().await;
        watch(&world, 60).await;
        assert_eq!(
            (world.count("campaign.started"), world.count("call.dialing")),
            (0, 0)
        );
    });
}
