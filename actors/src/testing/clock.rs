//! A clock that does not move until a test moves it: to the next waiter's time or by an amount.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use std::sync::Mutex;
use tokio::sync::watch;

pub(crate) struct FakeClock {
    now: watch::Sender<Timestamp>,
    waiting: Mutex<Vec<Timestamp>>,
}

impl FakeClock {
    /// Starts at 2026-03-02T10:00:00+08:00, a Monday inside every calling window.
    pub(crate) fn new() -> Self {
        let start = "2026-03-02T10:00:00+08:00".parse().expect("a literal instant");
        Self {
            now: watch::Sender::new(start),
            waiting: Mutex::new(Vec::new()),
        }
    }

    pub(crate) fn advance_ms(&self, millis: u64) {
        self.now.send_modify(|now| *now = now.plus_ms(millis));
    }

    /// Moves to the earliest time for which a task waits. Returns false if no task waits.
    pub(crate) fn advance_to_next(&self) -> bool {
        let now = self.now();
        let mut waiting = self.waiting.lock().expect("no test panics while holding it");
        waiting.retain(|at| *at > now);
        let next = waiting.iter().min().copied();
        drop(waiting);
        next.map(|at| self.now.send_replace(at)).is_some()
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }
    async fn wait_until(&self, at: Timestamp) {
        self.waiting
            .lock()
            .expect("no test panics while holding it")
            .push(at);
        drop(self.now.subscribe().wait_for(|now| *now >= at).await);
    }
}
