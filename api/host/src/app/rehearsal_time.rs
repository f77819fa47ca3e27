//! Keeps the clock of a rehearsal in step with the other processes on its log.

use crate::clock::RehearsalClock;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::tasks::{StopSignal, Tasks};
use std::sync::Arc;

/// Milliseconds between two comparisons of a rehearsal's clock with the last recorded event.
const FOLLOW_CLOCK_MS: u64 = 1_000;

/// Keeps a rehearsal's clock from falling behind the other processes on its log.
async fn follow_clock(clock: Arc<RehearsalClock>, store: Arc<dyn EventStore>, stop: Arc<dyn StopSignal>) {
    loop {
        let next = clock.now().plus_ms(FOLLOW_CLOCK_MS);
        tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = clock.wait_until(next) => {}
        }
        // If the database is unavailable it is asked again at the next turn; its users report the failure.
        if let Ok(Some(last)) = store.last_recorded_at().await {
            clock.go_on_from(last);
        }
    }
}

/// Starts the task that keeps the clock of a rehearsal in step.
pub(super) fn begin_to_follow_clock(
    clock: &Arc<RehearsalClock>,
    store: &Arc<dyn EventStore>,
    tasks: &dyn Tasks,
) {
    let following = follow_clock(Arc::clone(clock), Arc::clone(store), tasks.stop_signal());
    tasks.spawn("rehearsal clock", Box::pin(following));
}
