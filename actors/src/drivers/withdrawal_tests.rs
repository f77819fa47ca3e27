//! A customer is withdrawn, a list undone or a plan changed between the grants and the dial.

use super::DriversHandle;
use crate::testing::line::{FakeLine, ringing};
use crate::testing::test_system::{TestSystem, campaign, count, no_flow};
use crate::testing::{on_one_thread, settle};
use domain::campaign::PlanChange;
use domain::campaign::command::CampaignCommand;
use domain::customer::command::CustomerCommand;
use domain::ids::{CommandId, ListId};

/// Moves of the clock within which a due customer would long have been dialed.
const WATCHED_MOVES: usize = 60;

/// A world in which customer and number have granted the first customer's dial and the permit waits to be
/// stored.
async fn granted() -> (TestSystem, DriversHandle) {
    let rings = FakeLine::new("rings", Box::new(|_| vec![ringing()]));
    let world = TestSystem::new(vec![rings]);
    world.fakes.store.make_wait(Some("call.permitted"));
    let drivers = world.start_drivers().await;
    world.run_campaign(1, 1, no_flow()).await;
    world
        .until("a grant", |log| count(log, "number.dial_granted") == 1)
        .await;
    settle().await;
    (world, drivers)
}

async fn let_time_pass(world: &TestSystem) {
    for _ in 0..WATCHED_MOVES {
        settle().await;
        world.fakes.clock.advance_to_next();
    }
    settle().await;
}

/// Checks that no call was dialed and that the enrolment is settled by the withdrawal and nothing else.
fn is_settled_as_withdrawn(world: &TestSystem) {
    assert_eq!(
        (world.lines[0].dialed_count(), world.count("call.dialing")),
        (0, 0)
    );
    let settled = world.data("customer.enrolment_settled");
    assert_eq!(settled.len(), 1, "{:#?}", world.fakes.store.kinds());
    assert_eq!(settled[0]["rule"], "enrolment_withdrawn");
}

#[test]
fn who_is_withdrawn_before_the_dial_is_not_dialed_and_settles_by_that_and_not_by_an_order() {
    on_one_thread(async {
        let (world, _drivers) = granted().await;
        let command = CustomerCommand::WithdrawEnrolment {
            campaign: campaign(),
            list: None,
            reason: "a mistake".to_owned(),
            by: None,
        };
        let customer = world.customer(0);
        let asked = world.system.customers.ask(&customer, command, world.outside());
        asked.await.unwrap();
        settle().await;
        world.fakes.store.make_wait(None);
        let_time_pass(&world).await;
        is_settled_as_withdrawn(&world);
    });
}

#[test]
fn customers_of_an_undone_list_are_not_dialed_even_if_granted_before() {
    on_one_thread(async {
        let (world, _drivers) = granted().await;
        world
            .tell_campaign(CampaignCommand::UndoList {
                list: ListId::new(CommandId::derive_from_text("list").uuid()),
                reason: "the wrong file".to_owned(),
                by: None,
            })
            .await;
        world.fakes.store.make_wait(None);
        let_time_pass(&world).await;
        is_settled_as_withdrawn(&world);
    });
}

/// The grants of the older plan are given back; the next batch follows the new plan.
#[test]
fn a_grant_under_an_older_plan_is_given_back_and_the_dial_follows_the_new_one() {
    on_one_thread(async {
        let (world, _drivers) = granted().await;
        let change = PlanChange {
            max_concurrent: Some(2),
            reason: "more agents".to_owned(),
            ..PlanChange::default()
        };
        world
            .tell_campaign(CampaignCommand::ChangePlan(Box::new(change)))
            .await;
        world.fakes.store.make_wait(None);
        world.until("a dial", |log| count(log, "call.dialing") == 1).await;
        let ends = world.data("call.ended");
        assert_eq!(ends.len(), 1, "of the older plan: {ends:#?}");
        assert_eq!(ends[0]["reason"], "grant_expired");
        let kinds = world.fakes.store.kinds();
        let last = |kind: &str| kinds.iter().rposition(|one| one == kind);
        let (ended, granted) = (last("call.ended"), last("campaign.dials_granted"));
        assert!(granted > ended, "another batch: {kinds:#?}");
    });
}
