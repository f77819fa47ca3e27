//! Storing that a leg is dialed may take long: an INVITE is not sent after its permit has expired.

use crate::testing::line::{FakeLine, ringing};
use crate::testing::test_system::{TestSystem, count, no_flow};
use crate::testing::{on_one_thread, settle};
use domain::ports::line::DialOrder;
use std::sync::Arc;

/// The number of dials on a line when the record of the first took `takes_ms`.
async fn dialed_when_the_record_takes(takes_ms: u64) -> (TestSystem, usize) {
    let line = FakeLine::new("rings", Box::new(|_: &DialOrder| vec![ringing()]));
    let world = TestSystem::new(vec![line]);
    let _drivers = world.start_drivers().await;
    let clock = Arc::clone(&world.fakes.clock);
    world
        .fakes
        .store
        .run_when_stored("call.dialing", move || clock.advance_ms(takes_ms));
    world.run_campaign(1, 1, no_flow()).await;
    world
        .until("its dial, or its end", |log| {
            count(log, "call.ringing") + count(log, "call.ended") == 1
        })
        .await;
    settle().await;
    let dialed = world.lines[0].dialed_count();
    (world, dialed)
}

#[test]
fn a_record_that_takes_seconds_is_followed_by_its_invite() {
    on_one_thread(async {
        let (world, dialed) = dialed_when_the_record_takes(2_500).await;
        assert_eq!((dialed, world.count("call.ended")), (1, 0));
    });
}

#[test]
fn one_that_outlasts_the_permit_is_not_and_the_person_is_called_again_later() {
    on_one_thread(async {
        let (world, dialed) = dialed_when_the_record_takes(60_000).await;
        assert_eq!(dialed, 0, "the window may have closed since");
        let failed = world.data("call.leg_failed");
        assert_eq!(
            (&failed[0]["cause"], &failed[0]["definite"]),
            (&"local".into(), &true.into())
        );
        assert_eq!(failed[0]["lack"], "too_late", "no word of the trunk");
        let ended = world.data("call.ended");
        assert_eq!((ended.len(), &ended[0]["charged"]), (1, &false.into()));
        assert_eq!(ended[0]["disposition"], "interrupted");
        world
            .until("the call is closed", |log| {
                count(log, "customer.call_closed") == 1
            })
            .await;
        assert!(world.data("customer.call_closed")[0]["next_due_at"].is_string());
    });
}
