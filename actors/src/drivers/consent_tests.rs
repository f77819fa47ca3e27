//! A consent is withdrawn while the phone rings: the call of that scope is canceled, a call of another scope
//! keeps ringing.

use crate::testing::line::{FakeLine, ringing};
use crate::testing::test_system::{TestSystem, count, no_flow};
use crate::testing::{on_one_thread, settle};
use domain::customer::command::CustomerCommand;

/// Moves of the followers within which an order would long have arrived.
const WATCHED_SETTLES: usize = 20;

async fn withdraw(world: &TestSystem, scope: &str) {
    let command = CustomerCommand::WithdrawConsent {
        scope: scope.to_owned(),
        source: "hotline".to_owned(),
    };
    let customer = world.customer(0);
    let asked = world.system.customers.ask(&customer, command, world.outside());
    asked.await.unwrap();
    for _ in 0..WATCHED_SETTLES {
        settle().await;
    }
}

#[test]
fn a_withdrawal_cancels_the_ringing_call_of_its_scope_and_no_other_and_prevents_later_dials() {
    on_one_thread(async {
        let rings = FakeLine::new("rings", Box::new(|_| vec![ringing()]));
        let world = TestSystem::new(vec![rings]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 5, no_flow()).await;
        world
            .until("ringing", |log| count(log, "call.ringing") == 1)
            .await;
        withdraw(&world, "of-another-scope").await;
        assert_eq!(world.count("call.cancel_requested"), 0);
        withdraw(&world, "loan_reminder").await;
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.data("call.cancel_requested")[0]["reason"], "opted_out");
        let withdrawn = world.data("customer.consent_withdrawn");
        assert!(withdrawn[0].get("open_calls").is_none(), "{withdrawn:?}");
        assert_eq!(withdrawn[1]["open_calls"].as_array().unwrap().len(), 1);
        world
            .until("settling", |log| count(log, "customer.enrolment_settled") == 1)
            .await;
        assert_eq!(world.data("customer.enrolment_settled")[0]["rule"], "consent");
        assert_eq!(world.lines[0].dialed_count(), 1);
    });
}
