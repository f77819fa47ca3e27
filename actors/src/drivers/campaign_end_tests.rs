//! Ends of campaigns under difficulties: a pause, an outage, a call that starts late.

use crate::testing::line::{FakeLine, failed, ringing};
use crate::testing::test_system::{TestSystem, count, no_flow};
use crate::testing::{on_one_thread, settle};
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::PauseReason;
use domain::ports::clock::Clock;
use domain::ports::line::DialOrder;
use std::sync::Arc;

fn declining() -> Arc<FakeLine> {
    FakeLine::new(
        "declining",
        Box::new(|_: &DialOrder| vec![ringing(), failed(603, true)]),
    )
}

fn ringing_only() -> Arc<FakeLine> {
    FakeLine::new("ringing", Box::new(|_: &DialOrder| vec![ringing()]))
}

#[test]
fn who_waits_in_a_paused_campaign_is_settled_at_its_end_and_the_campaign_completes() {
    on_one_thread(async {
        let world = TestSystem::new(vec![ringing_only()]);
        let _drivers = world.start_drivers().await;
        let ends_at = world.fakes.clock.now().plus_ms(3_600_000);
        world.run_campaign_until(3, ends_at).await;
        world
            .until("ringing", |log| count(log, "call.ringing") == 1)
            .await;
        let reason = PauseReason::Requested;
        world.tell_campaign(CampaignCommand::Pause { reason }).await;
        settle().await;
        world.lines[0].tell(0, failed(603, true));
        world
            .until("the first", |log| count(log, "customer.enrolment_settled") == 1)
            .await;
        assert!(world.fakes.clock.now() < ends_at, "no enrolment is settled early");
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        assert!(world.fakes.clock.now() >= ends_at);
        let settled = world.data("customer.enrolment_settled");
        let by_rule = settled.iter().filter(|one| one["rule"] == "campaign_state");
        assert_eq!((settled.len(), by_rule.count()), (3, 2));
        assert_eq!(world.lines[0].dialed_count(), 1, "no other customer is dialed");
    });
}

#[test]
fn a_campaign_that_could_not_be_asked_to_complete_is_asked_again() {
    on_one_thread(async {
        let world = TestSystem::new(vec![declining()]);
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 1, no_flow()).await;
        world
            .until("the end", |log| count(log, "customer.enrolment_settled") == 1)
            .await;
        world.fakes.store.set_down(true);
        world.fakes.clock.advance_ms(1_000);
        settle().await;
        world.fakes.store.set_down(false);
        assert_eq!(world.count("campaign.completed"), 0);
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
    });
}
