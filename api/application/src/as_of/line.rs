//! Few places for work that takes a while, and a line before them that has an end: who finds no room in it,
//! or waits too long, is told to ask again.

use domain::ports::clock::Clock;
use domain::problem::Problem;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places, and the room in the line before them.
pub(crate) struct Line {
    places: Arc<Semaphore>,
    waiting: Semaphore,
    wait_ms_max: u64,
}

impl Line {
    pub(crate) fn new(places: usize, waiting_max: usize, wait_ms_max: u64) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            waiting: Semaphore::new(waiting_max),
            wait_ms_max,
        }
    }

    /// A place. Who finds none waits in line, where there is room in it, and leaves it by going away.
    pub(crate) async fn place(
        &self,
        clock: &dyn Clock,
        busy: impl Fn() -> Problem,
    ) -> Result<OwnedSemaphorePermit, Problem> {
        // Places that come free go to the line: one that is free here has nobody before it.
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

#[cfg(test)]
pub(crate) mod testing {
    use async_trait::async_trait;
    use domain::ports::clock::Clock;
    use domain::time::Timestamp;

    /// A clock on which no deadline comes.
    pub(crate) struct StandingClock;

    #[async_trait]
    impl Clock for StandingClock {
        fn now(&self) -> Timestamp {
            Timestamp::EPOCH
        }
        async fn wait_until(&self, _: Timestamp) {
            std::future::pending::<()>().await;
        }
    }
}
