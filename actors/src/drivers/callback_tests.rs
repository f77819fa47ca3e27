//! Callbacks: not dialed before their time, dialed before the rest of the list, and taken by the agent they
//! are bound to.

use crate::testing::agents::FakeAgents;
use crate::testing::line::{FakeLine, dialog, failed, ringing};
use crate::testing::test_system::{TestSystem, campaign, count, no_flow, plan, publish_flow};
use crate::testing::{on_one_thread, settle};
use domain::calling_plan::CallingPlan;
use domain::campaign::command::CampaignCommand;
use domain::customer::{CallbackOrder, CustomerCommand};
use domain::dialing_plan::{DialingMode, DialingPlan};
use domain::flow::FlowDefinition;
use domain::ids::UserId;
use domain::ports::line::{DialOrder, LegEvent};
use domain::time::Timestamp;
use serde_json::json;
use std::sync::Arc;

const ASKS_WHEN: &str = "flow: asks_when
presets: [zh_outbound]
notices: {recording: 本次通话将录音。}
start: when
on_exception: bye
dialogue:
  slots:
    callback_at: {type: time}
nodes:
  when:
    ask:
      text: 请问什么时候方便给您回电？
      expect: speech
      slots: [callback_at]
      on_filled: bye
      timeout_ms: 3000
      on_silence: {then: bye}
      on_unclear: {then: bye}
  bye:
    end: {text: 再见。, outcome: callback}
";

fn answering() -> Arc<FakeLine> {
    FakeLine::new(
        "answering",
        Box::new(|_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())]),
    )
}

fn for_agents() -> CallingPlan {
    CallingPlan {
        dialing: Some(DialingPlan {
            mode: DialingMode::Progressive,
            holds_each_day: false,
            ..DialingPlan::default()
        }),
        ..plan(20)
    }
}

async fn call_back(world: &TestSystem, person: usize, at: Timestamp, agent: Option<UserId>) {
    let loaded = world.system.campaigns.state(&campaign()).await.unwrap();
    let order = CallbackOrder {
        at,
        agent,
        reason: None,
        by: None,
        facts: loaded.state.facts(campaign()).unwrap(),
    };
    let command = CustomerCommand::RequestCallback(Box::new(order));
    let customer = world.customer(person);
    let asked = world.system.customers.ask(&customer, command, world.outside());
    asked.await.expect("the time is allowed");
}

#[test]
fn a_callback_of_one_agent_is_made_by_that_agent_alone_and_before_the_list() {
    on_one_thread(async {
        let mut world = TestSystem::new(vec![answering()]);
        let agents = Arc::new(FakeAgents::new(2));
        world.agents = Some(Arc::clone(&agents));
        world.run_plan(5, &|_, _| {}, no_flow(), for_agents()).await;
        let named_at = world.fakes.environment.clock.now().plus_ms(60_000);
        let bound_to: UserId = "agent-1".parse().unwrap();
        call_back(&world, 4, named_at, Some(bound_to)).await;
        let _drivers = world.start_drivers().await;
        world
            .until("two talk", |log| count(log, "call.agent_connected") == 2)
            .await;
        while world.fakes.environment.clock.now() < named_at.plus_ms(1_000) {
            settle().await;
            assert!(world.fakes.clock.advance_to_next());
        }
        assert_eq!(
            world.lines[0].dialed_count(),
            2,
            "both talk, and no other agent is free"
        );
        agents.hang_up(agents.call_of("agent-0").unwrap());
        world
            .until("the third talks", |log| count(log, "call.agent_connected") == 3)
            .await;
        assert_eq!(world.data("call.agent_connected")[2]["agent"], "agent-0");
        assert_eq!(
            world.count("customer.callback_ended"),
            0,
            "who is free is not the one"
        );
        agents.hang_up(agents.call_of("agent-1").unwrap());
        world
            .until("one of both", |log| count(log, "call.agent_connected") == 4)
            .await;
        for _ in 0..2 {
            agents.talking().into_iter().for_each(|call| agents.hang_up(call));
            settle().await;
        }
        world
            .until("completion", |log| {
                agents.talking().into_iter().for_each(|call| agents.hang_up(call));
                count(log, "campaign.completed") == 1
            })
            .await;
        let ended = world.data("customer.callback_ended");
        assert_eq!((ended.len(), &ended[0]["how"]), (1, &"kept".into()));
        let kept_by = &ended[0]["call"];
        let calls = world.fakes.store.envelopes();
        let connected = calls.iter().filter(|one| one.kind == "call.agent_connected");
        let mut taken = connected.filter(|one| kept_by == one.stream.id());
        assert!(taken.next().unwrap().data.get().contains("agent-1"));
        assert!(
            world
                .data("call.ended")
                .iter()
                .all(|one| one["disposition"] == "answered")
        );
    });
}

#[test]
fn what_a_callee_names_to_the_robot_is_when_they_are_called_again() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answering()]).that_listens();
        let _drivers = world.start_drivers().await;
        let definition = FlowDefinition::from_yaml(ASKS_WHEN).expect("a good flow");
        let flow = publish_flow(&world, &definition).await;
        world.run_plan(1, &|_, _| {}, flow, plan(1)).await;
        world
            .until("the question", |log| count(log, "call.node_entered") == 1)
            .await;
        settle().await;
        world.ear().say("2026-03-02T15:00:00+08:00", 200, 600);
        world
            .until("the callback", |log| {
                count(log, "customer.callback_requested") == 1
            })
            .await;
        let named = world.data("customer.callback_requested");
        assert_eq!(named[0]["callback_at"], "2026-03-02T07:00:00.000000Z");
        world
            .until("the second call", |log| count(log, "call.dialing") == 2)
            .await;
        let now = world.fakes.environment.clock.now();
        let due: Timestamp = "2026-03-02T15:00:00+08:00".parse().unwrap();
        assert!(now >= due && now < due.plus_ms(1_000), "{now}");
    });
}

/// Moves of the clock within which a driver would long have tried again.
const WATCHED_MOVES: usize = 20;

#[test]
fn a_callback_of_a_campaign_that_is_stopped_has_an_end_on_record_also_behind_a_restart() {
    for begins_first in [true, false] {
        on_one_thread(async {
            let world = TestSystem::new(vec![answering()]);
            world.run_plan(2, &|_, _| {}, no_flow(), for_agents()).await;
            let named_at = world.fakes.environment.clock.now().plus_ms(600_000);
            call_back(&world, 1, named_at, None).await;
            let drivers = match begins_first {
                true => Some(world.start_drivers().await),
                false => None,
            };
            let reason = "a mistake".to_owned();
            let stop = CampaignCommand::Stop { reason };
            let id = campaign();
            let asked = world.system.campaigns.ask(&id, stop, world.outside());
            asked.await.expect("it can be stopped");
            let _drivers = match drivers {
                Some(drivers) => drivers,
                None => world.start_drivers().await,
            };
            world
                .until("the callback's end", |log| {
                    count(log, "customer.callback_ended") == 1
                })
                .await;
            for _ in 0..WATCHED_MOVES {
                settle().await;
                world.fakes.clock.advance_to_next();
            }
            let ended = world.data("customer.callback_ended");
            assert_eq!((ended.len(), &ended[0]["how"]), (1, &"canceled".into()));
            assert_eq!(ended[0]["reason"], "its campaign was stopped");
        });
    }
}

/// A plan for a campaign that calls only customers with a callback. All customers of its list are due
/// already.
fn of_callbacks() -> CallingPlan {
    let mut plan = CallingPlan {
        dialing: Some(DialingPlan {
            mode: DialingMode::Callback,
            holds_each_day: false,
            ..DialingPlan::default()
        }),
        ..plan(20)
    };
    plan.retry_policy.rules.clear();
    plan
}

#[test]
fn a_campaign_of_callbacks_calls_at_the_named_times_regardless_of_its_list() {
    on_one_thread(async {
        let world = TestSystem::new(vec![FakeLine::new(
            "busy",
            Box::new(|_: &DialOrder| vec![ringing(), failed(486, true)]),
        )]);
        world.run_plan(40, &|_, _| {}, no_flow(), of_callbacks()).await;
        let _drivers = world.start_drivers().await;
        settle().await;
        let begun_at = world.fakes.environment.clock.now();
        // The second callback is requested while the dialer already waits for the first.
        for (person, after_ms) in [(3, 18_000), (7, 5_300), (11, 18_000), (5, 700_000)] {
            let at = begun_at.plus_ms(after_ms);
            call_back(&world, person, at, None).await;
            settle().await;
        }
        world
            .until("the callbacks", |log| count(log, "call.dialing") == 4)
            .await;
        let envelopes = world.fakes.store.envelopes();
        let dialed = envelopes.iter().filter(|one| one.kind == "call.dialing");
        let after_ms: Vec<u64> = dialed.map(|one| one.at.ms_since(begun_at)).collect();
        for (named_ms, after_ms) in [5_300, 18_000, 18_000, 700_000].into_iter().zip(&after_ms) {
            assert!((named_ms..named_ms + 1_000).contains(after_ms), "{after_ms:?}");
        }
    });
}

#[test]
fn a_callback_is_made_in_time_though_a_full_quota_keeps_others_waiting() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answering()]);
        let mut plan = plan(20);
        plan.retry_policy.rules.clear();
        let group = format!("{} * FROM customers WHERE follow_up_state = 'to_call'", "SELECT");
        let quotas = json!([{ "name": "all", "where": group, "dials": 1, "per": "campaign" }]);
        plan.quotas = serde_json::from_value(quotas).expect("quotas");
        world.run_plan(3, &|_, _| {}, no_flow(), plan).await;
        let named_at = world.fakes.environment.clock.now().plus_ms(9_000);
        call_back(&world, 2, named_at, None).await;
        let _drivers = world.start_drivers().await;
        let is_refused = |log: &[String]| count(log, "customer.dial_refused") == 2;
        world.until("two are refused", is_refused).await;
        let refused = world.data("customer.dial_refused");
        let envelopes = world.fakes.store.envelopes();
        let at = envelopes
            .iter()
            .filter(|one| one.kind == "customer.dial_refused")
            .map(|one| one.at)
            .max();
        let late_ms = at.expect("two were refused").ms_since(named_at);
        assert!(late_ms < 1_000, "{late_ms} {refused:?}");
    });
}
