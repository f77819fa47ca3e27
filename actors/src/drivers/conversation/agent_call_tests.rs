//! Calls that agents take: taken in time or dropped, and the record of abandoned calls that bounds the next
//! batch.

use crate::testing::agents::FakeAgents;
use crate::testing::line::{FakeLine, dialog, ringing};
use crate::testing::test_system::{TestSystem, count, no_flow, plan, publish};
use crate::testing::{on_one_thread, settle};
use domain::calling_plan::CallingPlan;
use domain::dialing_plan::{DialingMode, DialingPlan};
use domain::ports::line::{DialOrder, LegEvent};
use std::sync::Arc;

fn answering() -> Arc<FakeLine> {
    FakeLine::new(
        "answering",
        Box::new(|_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())]),
    )
}

fn paced(mode: DialingMode) -> CallingPlan {
    CallingPlan {
        dialing: Some(DialingPlan {
            mode,
            holds_each_day: false,
            ..DialingPlan::default()
        }),
        ..plan(20)
    }
}

async fn run(world: &TestSystem, people: usize, mode: DialingMode) {
    world.run_plan(people, &|_, _| {}, no_flow(), paced(mode)).await;
}

fn world(agents: Option<FakeAgents>) -> TestSystem {
    let mut world = TestSystem::new(vec![answering()]);
    world.agents = agents.map(Arc::new);
    world
}

#[test]
fn one_call_goes_out_for_one_free_agent_and_no_call_is_dropped() {
    on_one_thread(async {
        let world = world(Some(FakeAgents::new(3)));
        let agents = world.agents.clone().unwrap();
        let _drivers = world.start_drivers().await;
        run(&world, 7, DialingMode::Progressive).await;
        for done in [3, 6] {
            world
                .until("three talk", |log| count(log, "call.agent_connected") == done)
                .await;
            assert_eq!(world.lines[0].dialed_count(), done);
            for call in agents.talking() {
                agents.hang_up(call);
            }
        }
        world
            .until("the last talks", |log| count(log, "call.agent_connected") == 7)
            .await;
        agents.talking().into_iter().for_each(|call| agents.hang_up(call));
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        for ended in world.data("call.ended") {
            assert_eq!(
                (&ended["disposition"], &ended["reason"]),
                (&"answered".into(), &"agent_hung_up".into())
            );
        }
        let recorded = world.data("campaign.abandonment_recorded");
        let answers: u64 = recorded.iter().filter_map(|one| one["answers"].as_u64()).sum();
        assert_eq!(
            answers, 6,
            "the last is counted before a batch that is not requested: {recorded:?}"
        );
        for granted in world.data("campaign.dials_granted") {
            assert_eq!(granted["paced"]["mode"], "progressive");
            assert!(
                granted["count"].as_u64() <= granted["paced"]["free"].as_u64(),
                "{granted}"
            );
        }
    });
}

#[test]
fn a_key_that_refuses_further_calls_does_so_while_an_agent_talks() {
    on_one_thread(async {
        let world = world(Some(FakeAgents::new(1)));
        let _drivers = world.start_drivers().await;
        let flow = publish(&world).await;
        world
            .run_plan(1, &|_, _| {}, flow, paced(DialingMode::Progressive))
            .await;
        world
            .until("one talks", |log| count(log, "call.agent_connected") == 1)
            .await;
        world.lines[0].tell(0, LegEvent::Keypress { digit: '3' });
        world
            .until("a key", |log| count(log, "call.keypressed") == 1)
            .await;
        assert_eq!(world.count("number.opted_out"), 0, "a key that means nothing");
        world.lines[0].tell(0, LegEvent::Keypress { digit: '9' });
        world
            .until("the end", |log| count(log, "campaign.completed") == 1)
            .await;
        let kinds = world.fakes.store.kinds();
        let at = |kind: &str| kinds.iter().rposition(|one| one == kind).unwrap();
        assert!(at("number.opted_out") < at("call.keypressed"), "{kinds:?}");
        let ended = &world.data("call.ended")[0];
        assert_eq!(
            (&ended["reason"], &ended["outcome"]),
            (&"opted_out".into(), &"opted_out".into())
        );
        assert_eq!(
            world.agents.as_ref().unwrap().talking(),
            [],
            "the agent is let go"
        );
    });
}

#[test]
fn a_key_that_refuses_further_calls_does_so_until_the_line_is_down() {
    for takes in [true, false] {
        on_one_thread(async {
            let agents = match takes {
                true => FakeAgents::new(1),
                false => FakeAgents::who_never_take(1),
            };
            let world = world(Some(agents));
            world.lines[0].press_late('9');
            let _drivers = world.start_drivers().await;
            let flow = publish(&world).await;
            world
                .run_plan(1, &|_, _| {}, flow, paced(DialingMode::Progressive))
                .await;
            world
                .until("the end", |log| {
                    let talking = world.agents.as_ref().unwrap();
                    talking
                        .talking()
                        .into_iter()
                        .for_each(|call| talking.hang_up(call));
                    count(log, "campaign.completed") == 1
                })
                .await;
            // A dropped call had no conversation that could have an outcome.
            let (reason, outcome) = match takes {
                true => ("agent_hung_up", "opted_out".into()),
                false => ("no_agent", serde_json::Value::Null),
            };
            let ended = &world.data("call.ended")[0];
            assert_eq!((&ended["reason"], &ended["outcome"]), (&reason.into(), &outcome));
            let recorded_counts = (world.count("number.opted_out"), world.count("call.keypressed"));
            assert_eq!(recorded_counts, (1, 1), "{reason}");
        });
    }
}

#[test]
fn a_callee_without_an_agent_is_dropped_after_two_seconds_and_counted_before_the_next_batch() {
    on_one_thread(async {
        let world = world(Some(FakeAgents::who_never_take(3)));
        let _drivers = world.start_drivers().await;
        run(&world, 9, DialingMode::Predictive).await;
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        assert_eq!(world.count("call.agent_connected"), 0);
        for ended in world.data("call.ended") {
            assert_eq!(
                (&ended["disposition"], &ended["reason"]),
                (&"abandoned".into(), &"no_agent".into())
            );
            let talked = ended["talk_ms"].as_u64().unwrap();
            assert!((2_000..2_100).contains(&talked), "{talked}");
        }
        // Between a call's end and the next batch, its contribution to the record of abandoned calls is
        // stored.
        let (mut ended, mut counted) = (0, 0);
        for one in world.fakes.store.envelopes() {
            let data: serde_json::Value = serde_json::from_str(one.data.get()).unwrap();
            match one.kind.as_str() {
                "call.ended" => ended += 1,
                "campaign.abandonment_recorded" => counted += data["drops"].as_u64().unwrap(),
                "campaign.dials_granted" => {
                    assert!(counted >= data["paced"]["drops"].as_u64().unwrap());
                    assert!(ended - counted <= 1, "{ended} ended, {counted} on the account");
                    if counted > 0 {
                        let (count, free) = (&data["count"], &data["paced"]["free"]);
                        assert!(count.as_u64() <= free.as_u64(), "used up: {data}");
                        assert!(data["paced"]["budget"].as_i64() < Some(0), "{data}");
                    }
                }
                _ => {}
            }
        }
        assert!(counted > 0);
    });
}

#[test]
fn without_a_list_of_agents_no_call_is_dialed() {
    on_one_thread(async {
        let world = world(None);
        let _drivers = world.start_drivers().await;
        run(&world, 2, DialingMode::Predictive).await;
        for _ in 0..50 {
            settle().await;
            world.fakes.clock.advance_to_next();
        }
        assert_eq!(world.lines[0].dialed_count(), 0);
        assert_eq!(world.count("campaign.dials_granted"), 0);
    });
}

#[test]
fn a_call_that_rings_for_one_campaign_leaves_no_agent_for_another() {
    on_one_thread(async {
        let world = TestSystem::new(vec![FakeLine::new(
            "ringing",
            Box::new(|_: &DialOrder| vec![ringing()]),
        )]);
        let live = crate::drivers::live_calls::LiveCalls::new();
        let of = |campaign: &str, index| domain::ids::EnrolmentId {
            campaign: campaign.parse().unwrap(),
            customer: world.customer(index),
        };
        let _one = live.begin(&of("A", 1), &world.number(1)).unwrap();
        let _other = live.begin(&of("B", 2), &world.number(2)).unwrap();
        let _robots = live.begin(&of("C", 3), &world.number(3)).unwrap();
        let for_agents = ["A", "B"].map(|campaign| campaign.parse().unwrap()).into();
        let now = world.fakes.environment.clock.now();
        assert_eq!(live.ringing(&for_agents, now), (vec![0, 0], 0));
    });
}

/// Delays the records of so many answers by `ms` milliseconds.
async fn answer_slowly(world: &TestSystem, calls: usize, ms: u64) {
    world.fakes.store.make_wait(Some("call.answered"));
    for _ in 0..200 {
        settle().await;
        if world.lines[0].dialed_count() == calls {
            break;
        }
        world.fakes.clock.advance_ms(50);
    }
    settle().await;
    world.fakes.clock.advance_ms(ms);
    world.fakes.store.make_wait(None);
    settle().await;
}

async fn pass(world: &TestSystem, seconds: u64) {
    for _ in 0..seconds {
        settle().await;
        world.fakes.clock.advance_ms(1_000);
    }
    settle().await;
}

#[test]
fn the_two_seconds_run_from_the_answer_and_not_from_its_record() {
    on_one_thread(async {
        let world = world(Some(FakeAgents::who_never_take(1)));
        let _drivers = world.start_drivers().await;
        run(&world, 1, DialingMode::Progressive).await;
        answer_slowly(&world, 1, 1_500).await;
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        let ended = &world.data("call.ended")[0];
        assert_eq!(ended["reason"], "no_agent");
        let talked = ended["talk_ms"].as_u64().unwrap();
        assert!((2_000..2_200).contains(&talked), "{talked}");
    });
}

#[test]
fn while_records_are_slow_and_no_drop_is_left_no_call_is_dialed_for_agents() {
    on_one_thread(async {
        let world = world(Some(FakeAgents::new(3)));
        let agents = world.agents.clone().unwrap();
        let _drivers = world.start_drivers().await;
        run(&world, 9, DialingMode::Progressive).await;
        answer_slowly(&world, 3, 2_500).await;
        world
            .until("late, and still given an agent", |log| {
                count(log, "call.agent_connected") == 3
            })
            .await;
        agents.talking().into_iter().for_each(|call| agents.hang_up(call));
        pass(&world, 20).await;
        assert_eq!(
            world.lines[0].dialed_count(),
            3,
            "three agents are free, and records are slow"
        );
        pass(&world, 15).await;
        assert_eq!(world.lines[0].dialed_count(), 6, "records are slow no more");
        let recorded = world.data("campaign.abandonment_recorded");
        let drops: u64 = recorded.iter().filter_map(|one| one["drops"].as_u64()).sum();
        assert_eq!(drops, 3, "{recorded:?}");
    });
}
