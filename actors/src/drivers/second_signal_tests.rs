//! A second stop signal during a drain: every leg ends at once, and the ends are stored.

use super::tests::{drain_two_calls, rings, until_drained};
use crate::testing::on_one_thread;
use crate::testing::test_system::TestSystem;
use domain::ports::clock::Clock;
use std::time::Duration;

#[test]
fn a_second_signal_ends_every_call_long_before_the_drain_would() {
    on_one_thread(async {
        let world = TestSystem::new(vec![rings()]);
        let (drivers, drained) = drain_two_calls(&world, Duration::from_secs(600)).await;
        let begun = world.fakes.clock.now();
        drivers.end_calls();
        until_drained(&world, drained).await;
        assert!(world.fakes.clock.now().ms_since(begun) < 5_000);
        let ended = world.data("call.ended");
        assert_eq!(ended.len(), 2);
        assert!(ended.iter().all(|one| one["disposition"] == "interrupted"));
        assert_eq!(world.count("call.cancel_requested"), 2);
        assert_eq!(world.count("customer.call_closed"), 2);
    });
}
