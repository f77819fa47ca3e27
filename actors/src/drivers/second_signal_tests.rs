//! A second signal while calls are drained: every leg ends at once, and the ends are stored.

use crate::testing::line::{FakeLine, ringing};
use crate::testing::world::{World, count, no_flow};
use crate::testing::{on_one_thread, settle};
use domain::ports::clock::Clock;
use domain::ports::line::DialOrder;
use std::sync::Arc;
use std::time::Duration;

fn rings() -> Arc<FakeLine> {
    FakeLine::new("rings", Box::new(|_: &DialOrder| vec![ringing()]))
}

#[test]
fn a_second_signal_ends_every_call_long_before_the_drain_would() {
    on_one_thread(async {
        let world = World::new(vec![rings()]);
        let drivers = world.start_drivers().await;
        world.run_campaign(4, 2, no_flow()).await;
        world.until("two", |log| count(log, "call.ringing") == 2).await;
        let draining = drivers.clone();
        let (done, mut drained) = tokio::sync::oneshot::channel();
        let drain = async move {
            draining.drain(Duration::from_secs(600)).await;
            done.send(()).unwrap();
        };
        world.fakes.environment.tasks.spawn("drain", Box::pin(drain));
        settle().await;
        let begun = world.fakes.clock.now();
        drivers.end_calls();
        while drained.try_recv().is_err() {
            settle().await;
            assert!(world.fakes.clock.advance_to_next(), "the drain ends");
        }
        assert!(world.fakes.clock.now().ms_since(begun) < 5_000);
        let ended = world.data("call.ended");
        assert_eq!(ended.len(), 2);
        assert!(ended.iter().all(|one| one["disposition"] == "interrupted"));
        assert_eq!(world.count("call.cancel_requested"), 2);
        assert_eq!(world.count("customer.call_closed"), 2);
    });
}
