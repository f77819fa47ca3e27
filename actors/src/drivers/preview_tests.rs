//! Preview dialing: no customer is dialed without an acceptance; an accepted customer is dialed once, for
//! that agent, also after a crash, and not after an emergency stop.

use crate::testing::agents::FakeAgents;
use crate::testing::line::{FakeLine, dialog, failed, ringing};
use crate::testing::test_system::{TestSystem, campaign, count, no_flow, plan};
use crate::testing::{on_one_thread, settle};
use domain::calling_plan::CallingPlan;
use domain::campaign::CampaignRefusal;
use domain::campaign::command::{CampaignCommand, PreviewCommand};
use domain::dialing_plan::{DialingMode, DialingPlan};
use domain::ids::UserId;
use domain::ports::line::{DialOrder, LegEvent};
use domain::stop::{StopCommand, StopId};
use domain::working_calendar::Calendars;
use std::sync::Arc;

/// Moves of the clock within which a dialer would long have dialed.
const WATCHED_MOVES: usize = 20;

fn preview() -> CallingPlan {
    CallingPlan {
        dialing: Some(DialingPlan {
            mode: DialingMode::Preview,
            ..DialingPlan::default()
        }),
        ..plan(20)
    }
}

fn answering() -> Arc<FakeLine> {
    FakeLine::new(
        "answering",
        Box::new(|_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())]),
    )
}

fn agent(index: usize) -> UserId {
    format!("agent-{index}").parse().unwrap()
}

async fn ask(world: &TestSystem, command: PreviewCommand) -> Result<usize, CampaignRefusal> {
    let command = CampaignCommand::Preview(command);
    let id = campaign();
    let asked = world.system.campaigns.ask(&id, command, world.outside());
    match asked.await {
        Ok(answer) => Ok(answer.events.len()),
        Err(crate::error::AskError::Refused(refusal)) => Err(refusal),
        Err(other) => panic!("{other:?}"),
    }
}

async fn offer(world: &TestSystem, of: usize, person: usize) {
    let command = PreviewCommand::Offer {
        agent: agent(of),
        customer: world.customer(person),
        calendars: Calendars::default(),
    };
    assert_eq!(ask(world, command).await, Ok(1));
}

async fn accept(world: &TestSystem, of: usize, person: usize) -> Result<usize, CampaignRefusal> {
    let customer = world.customer(person);
    let state = world.system.customers.state(&customer).await.unwrap().state;
    let call = state.next_call(&customer, &campaign()).unwrap();
    let command = PreviewCommand::Accept {
        agent: agent(of),
        customer,
        call,
    };
    ask(world, command).await
}

async fn let_time_pass(world: &TestSystem) {
    for _ in 0..WATCHED_MOVES {
        settle().await;
        world.fakes.clock.advance_ms(1_000);
    }
    settle().await;
}

async fn begun(agents_count: usize) -> (TestSystem, Arc<FakeAgents>) {
    let mut world = TestSystem::new(vec![answering()]);
    let agents = Arc::new(FakeAgents::new(agents_count));
    world.agents = Some(Arc::clone(&agents));
    world.run_plan(4, &|_, _| {}, no_flow(), preview()).await;
    (world, agents)
}

#[test]
fn only_an_accepted_customer_is_dialed_and_the_accepting_agent_has_the_call() {
    on_one_thread(async {
        let (world, agents) = begun(2).await;
        let _drivers = world.start_drivers().await;
        offer(&world, 1, 2).await;
        let_time_pass(&world).await;
        assert_eq!(world.count("campaign.dials_granted"), 0, "an offer is no call");
        assert_eq!(accept(&world, 1, 2).await, Ok(1));
        world
            .until("the two talk", |log| count(log, "call.agent_connected") == 1)
            .await;
        assert_eq!(world.data("call.agent_connected")[0]["agent"], "agent-1");
        let grants = world.data("customer.dial_granted");
        assert_eq!(grants.len(), 1);
        assert_eq!(grants[0]["customer"], world.customer(2).to_string());
        let paced = &world.data("campaign.dials_granted")[0]["paced"];
        assert_eq!((&paced["mode"], &paced["wished"]), (&"preview".into(), &1.into()));
        agents.hang_up(agents.call_of("agent-1").unwrap());
        let_time_pass(&world).await;
        assert_eq!(world.lines[0].dialed_count(), 1, "one acceptance, one call");
    });
}

#[test]
fn a_retry_that_is_due_at_once_needs_another_acceptance() {
    on_one_thread(async {
        let busy = FakeLine::new(
            "busy",
            Box::new(|_: &DialOrder| vec![ringing(), failed(486, true)]),
        );
        let mut world = TestSystem::new(vec![busy]);
        world.agents = Some(Arc::new(FakeAgents::new(1)));
        world.run_plan(1, &|_, _| {}, no_flow(), preview()).await;
        let _drivers = world.start_drivers().await;
        for calls_count in 1..=2 {
            offer(&world, 0, 0).await;
            assert_eq!(accept(&world, 0, 0).await, Ok(1));
            world
                .until("its end", |log| count(log, "customer.call_closed") == calls_count)
                .await;
            // A busy callee would be tried again two seconds later; no agent accepted that call.
            let_time_pass(&world).await;
            let_time_pass(&world).await;
            assert_eq!(world.lines[0].dialed_count(), calls_count);
        }
    });
}

#[test]
fn an_acceptance_from_before_a_crash_is_dialed_behind_it_and_an_offer_is_still_one() {
    on_one_thread(async {
        let (before, _) = begun(2).await;
        offer(&before, 0, 0).await;
        offer(&before, 1, 1).await;
        assert_eq!(accept(&before, 0, 0).await, Ok(1));
        let (store, clock) = (Arc::clone(&before.fakes.store), Arc::clone(&before.fakes.clock));
        drop(before);
        let mut world = TestSystem::over(store, clock, vec![answering()]);
        world.agents = Some(Arc::new(FakeAgents::new(2)));
        let _drivers = world.start_drivers().await;
        world
            .until("the accepted call", |log| count(log, "call.agent_connected") == 1)
            .await;
        assert_eq!(world.data("call.agent_connected")[0]["agent"], "agent-0");
        assert_eq!(accept(&world, 1, 1).await, Ok(1));
        world
            .until("the second", |log| count(log, "call.agent_connected") == 2)
            .await;
        assert_eq!(world.lines[0].dialed_count(), 2);
    });
}

async fn tell_stop(world: &TestSystem, command: StopCommand) {
    let asked = world.system.stops.ask(&StopId::All, command, world.outside());
    asked.await.expect("the stop takes it");
}

#[test]
fn an_emergency_stop_takes_offers_back_for_good_also_where_it_came_before_the_drivers() {
    for is_before in [true, false] {
        on_one_thread(async {
            let (world, _) = begun(2).await;
            offer(&world, 0, 0).await;
            offer(&world, 1, 1).await;
            let engage = StopCommand::Engage {
                stop: StopId::All,
                reason: "a test".to_owned(),
                hang_up: false,
            };
            if is_before {
                assert_eq!(accept(&world, 0, 0).await, Ok(1));
                tell_stop(&world, engage.clone()).await;
            }
            let _drivers = world.start_drivers().await;
            if !is_before {
                tell_stop(&world, engage).await;
            }
            world
                .until("the end of the offers", |log| {
                    count(log, "campaign.previews_withdrawn") == 1
                })
                .await;
            let reason = "it is over".to_owned();
            tell_stop(&world, StopCommand::Lift { reason }).await;
            assert_eq!(accept(&world, 1, 1).await, Err(CampaignRefusal::NoOffer));
            let_time_pass(&world).await;
            assert_eq!(world.count("call.dialing"), 0, "nothing of before is dialed");
        });
    }
}
