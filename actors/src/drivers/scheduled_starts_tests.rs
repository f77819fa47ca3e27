//! A campaign with a scheduled start begins once, at its time, and dials no call before.

use crate::testing::line::{FakeLine, failed, ringing};
use crate::testing::test_system::{TestSystem, no_flow, plan};
use crate::testing::{on_one_thread, settle};
use domain::calling_plan::CallingPlan;
use domain::campaign::command::CampaignCommand;
use domain::ids::{CampaignId, CommandId, ListId};
use domain::ports::clock::Clock;
use domain::ports::line::DialOrder;
use domain::running_plan::{CampaignMilestone, PredecessorCampaign, RunningPlan};

/// One minute in milliseconds.
const MINUTE_MS: u64 = 60_000;

fn world() -> TestSystem {
    TestSystem::new(vec![FakeLine::new(
        "busy",
        Box::new(|_: &DialOrder| vec![ringing(), failed(486, true)]),
    )])
}

async fn watch(world: &TestSystem, seconds: u64) {
    for _ in 0..seconds {
        settle().await;
        world.fakes.clock.advance_ms(1_000);
    }
    settle().await;
}

#[test]
fn the_clock_starts_it_and_no_call_is_dialed_before() {
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
            after: Some(PredecessorCampaign {
                campaign: "ANOTHER".parse().expect("an id"),
                reached: CampaignMilestone::Completed,
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

fn behind(another: &CampaignId, reached: CampaignMilestone) -> CallingPlan {
    CallingPlan {
        running: Some(Box::new(RunningPlan {
            after: Some(PredecessorCampaign {
                campaign: another.clone(),
                reached,
            }),
            ..RunningPlan::default()
        })),
        ..plan(5)
    }
}

/// Creates another campaign with a closed, empty list.
async fn make(world: &TestSystem, another: &CampaignId) {
    let list = ListId::new(CommandId::derive_from_text("another list").uuid());
    for command in [
        CampaignCommand::Create {
            campaign: another.clone(),
            customer_segment: None,
            flow: no_flow(),
            plan: plan(1),
        },
        CampaignCommand::OpenList {
            list,
            source: "a test".to_owned(),
            four_eyes: None,
            request_key: None,
        },
        CampaignCommand::CloseList { list, count: 0 },
    ] {
        tell(world, another, command).await;
    }
}

async fn tell(world: &TestSystem, another: &CampaignId, command: CampaignCommand) {
    let asked = world
        .system
        .campaigns
        .ask(another, command, world.outside())
        .await;
    asked.expect("the other campaign takes the command");
}

#[test]
fn behind_a_campaign_without_stages_it_begins_with_that_ones_start_and_not_before() {
    for reached in [CampaignMilestone::Full, CampaignMilestone::Pilot] {
        on_one_thread(async move {
            let world = world();
            let another: CampaignId = "ANOTHER".parse().expect("an id");
            make(&world, &another).await;
            world
                .run_plan(2, &|_, _| {}, no_flow(), behind(&another, reached))
                .await;
            let _drivers = world.start_drivers().await;
            watch(&world, 60).await;
            assert_eq!(
                (world.count("campaign.started"), world.count("call.dialing")),
                (0, 0),
                "{reached:?}"
            );
            tell(&world, &another, CampaignCommand::Start).await;
            watch(&world, 5).await;
            assert_eq!(world.count("campaign.started"), 2, "{reached:?}");
        });
    }
}

#[test]
fn its_end_stops_it_while_it_waits_and_no_call_is_dialed() {
    on_one_thread(async {
        let world = world();
        let another = "ANOTHER".parse().expect("an id");
        let mut plan = behind(&another, CampaignMilestone::Completed);
        plan.ends_at = Some(world.fakes.clock.now().plus_ms(MINUTE_MS));
        world.run_plan(2, &|_, _| {}, no_flow(), plan).await;
        let _drivers = world.start_drivers().await;
        watch(&world, 58).await;
        assert_eq!(world.count("campaign.stopped"), 0);
        watch(&world, 5).await;
        assert_eq!(
            (world.count("campaign.stopped"), world.count("campaign.started")),
            (1, 0)
        );
        assert_eq!(world.count("call.dialing"), 0);
    });
}
