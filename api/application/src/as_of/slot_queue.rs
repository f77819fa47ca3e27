//! Limits work that takes a while to a few slots, with a bounded queue before them. A caller that finds the
//! queue full, or waits too long, gets an error.

use domain::ports::clock::Clock;
use domain::problem::Problem;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A fixed number of slots with a bounded queue of waiting callers before them.
pub(crate) struct SlotQueue {
    places: Arc<Semaphore>,
    waiting: Semaphore,
    wait_ms_max: u64,
}

impl SlotQueue {
    pub(crate) fn new(places: usize, waiting_max: usize, wait_ms_max: u64) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            waiting: Semaphore::new(waiting_max),
            wait_ms_max,
        }
    }

    /// Waits for a slot and returns its permit, which frees the slot when dropped. Fails with `busy()` if
    /// the queue is full or the wait exceeds `wait_ms_max`. Dropping the future leaves the queue.
    pub(crate) async fn place(
        &self,
        clock: &dyn Clock,
        busy: impl Fn() -> Problem,
    ) -> Result<OwnedSemaphorePermit, Problem> {
        // Slots that become free go to the queue, so a free slot here means that the queue is empty.
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let _waits = self.waiting.try_acquire().map_err(|_full| busy())?;
        let until = clock.now().plus_ms(self.wait_ms_max);
        tokio::select! {
            biased;
            place = Arc::clone(&self.places).acquire_owned() => place.map_err(|_closed| busy()),
            () = clock.wait_until(until) => Err(busy()),
        }
    }
}
