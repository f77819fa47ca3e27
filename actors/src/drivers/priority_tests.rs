//! A campaign with an order: customers with the highest value are dialed first, and customers with an asked
//! call before them.

use crate::testing::line::{FakeLine, failed, ringing};
use crate::testing::test_system::{TestSystem, campaign, no_flow, plan};
use crate::testing::{on_one_thread, settle};
use domain::customer::CustomerCommand;
use domain::dialing_plan::{DialingMode, DialingPlan};
use domain::ports::line::DialOrder;
use domain::ranking::PriorityPlan;
use std::sync::Arc;

/// A world in which every callee is busy and no customer is called again.
fn world() -> TestSystem {
    TestSystem::new(vec![FakeLine::new(
        "busy",
        Box::new(|_: &DialOrder| vec![ringing(), failed(486, true)]),
    )])
}

#[test]
fn customers_worth_most_are_called_first_and_requested_calls_before_them() {
    on_one_thread(async {
        let world = world();
        let order: PriorityPlan = serde_json::from_str(
            r#"{"by":{"column":{"name":"name","values":{"person 3":9,"person 1":5,"person 4":9}}}}"#,
        )
        .expect("an order");
        let order = Arc::new(order);
        let mut plan = plan(1);
        plan.retry_policy.rules.clear();
        plan.priority = Some(Box::new(order.as_ref().clone()));
        let ranked = Arc::clone(&order);
        world
            .run_plan(
                6,
                &|_, row| row.priority = Some(Arc::clone(&ranked)),
                no_flow(),
                plan,
            )
            .await;
        let asked = CustomerCommand::CallNow {
            campaign: campaign(),
            deadline: None,
        };
        let customer = world.customer(5);
        let answer = world
            .system
            .customers
            .ask(&customer, asked, world.outside())
            .await;
        answer.expect("a call may be asked for");
        let _drivers = world.start_drivers().await;
        let done = |kinds: &[String]| kinds.iter().filter(|kind| *kind == "call.ended").count() == 6;
        world.until("the end of all calls", done).await;
        let grants = world.data("customer.dial_granted");
        let people: Vec<&str> = grants.iter().filter_map(|one| one["customer"].as_str()).collect();
        let place = |index: usize| {
            let id = world.customer(index).to_string();
            people.iter().position(|one| *one == id)
        };
        assert_eq!((place(5), place(1)), (Some(0), Some(3)), "{people:?}");
        assert!(place(3) < Some(3) && place(4) < Some(3), "{people:?}");
    });
}

#[test]
fn a_campaign_of_callbacks_makes_requested_calls_and_lets_the_list_wait() {
    on_one_thread(async {
        let world = world();
        let mut plan = plan(5);
        plan.retry_policy.rules.clear();
        plan.dialing = Some(DialingPlan {
            mode: DialingMode::Callback,
            holds_each_day: false,
            ..DialingPlan::default()
        });
        world.run_plan(4, &|_, _| {}, no_flow(), plan).await;
        let _drivers = world.start_drivers().await;
        for _ in 0..10 {
            settle().await;
            world.fakes.clock.advance_ms(1_000);
        }
        assert_eq!(world.count("campaign.dials_granted"), 0, "no call was asked for");
        let asked = CustomerCommand::CallNow {
            campaign: campaign(),
            deadline: None,
        };
        let customer = world.customer(2);
        let answer = world
            .system
            .customers
            .ask(&customer, asked, world.outside())
            .await;
        answer.expect("a call may be asked for");
        let done = |kinds: &[String]| kinds.iter().any(|kind| kind == "call.ended");
        world.until("the end of the call", done).await;
        let grants = world.data("customer.dial_granted");
        assert_eq!(grants.len(), 1);
        assert_eq!(grants[0]["customer"], customer.to_string());
    });
}
