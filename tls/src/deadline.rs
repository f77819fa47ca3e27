//! A deadline for an exchange with an outside peer. The exchange runs in a task of its own, and the deadline
//! is polled first.
//!
//! A peer that always has more data keeps its reader ready. A deadline polled after the reader would never
//! fire, because timers take part in the runtime's budget of one turn, which the reader uses up. Here the
//! deadline is polled first and the exchange is aborted, so it cannot hold up its caller.

use domain::ports::clock::Clock;
use std::future::Future;
use std::panic::resume_unwind;
use tokio::task::JoinHandle;

/// Runs `work` in a task of its own, for at most `ms` milliseconds. Returns `None` if it took longer and was
/// aborted. It is also aborted if the caller is dropped; a panic of `work` is passed on to the caller.
#[expect(
    clippy::disallowed_methods,
    reason = "the task ends with its caller, within the deadline"
)]
pub async fn with_deadline<T: Send + 'static>(
    clock: &dyn Clock,
    ms: u64,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let late = clock.wait_until(clock.now().plus_ms(ms));
    let mut exchange = Exchange(tokio::task::spawn(work));
    let done = tokio::select! {
        biased;
        () = late => return None,
        done = &mut exchange.0 => done,
    };
    match done {
        Ok(done) => Some(done),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime is being shut down.
            Err(_cancelled) => None,
        },
    }
}

struct Exchange<T>(JoinHandle<T>);

impl<T> Drop for Exchange<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use domain::time::Timestamp;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::sync::mpsc;

    /// A clock with a deadline that has passed already and, like timers, takes part in the budget of a turn.
    struct PassedDeadline;

    #[async_trait]
    impl Clock for PassedDeadline {
        fn now(&self) -> Timestamp {
            Timestamp::EPOCH
        }
        async fn wait_until(&self, _: Timestamp) {
            tokio::task::yield_now().await;
            tokio::task::coop::consume_budget().await;
        }
    }

    struct DropFlag(Arc<AtomicBool>);

    impl Drop for DropFlag {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn a_peer_that_always_has_more_to_say_is_given_up_at_the_deadline() {
        let is_dropped = Arc::<AtomicBool>::default();
        let held = DropFlag(Arc::clone(&is_dropped));
        let (more, mut says) = mpsc::channel(1);
        let flood = async move {
            let _held = held;
            // Each turn uses up its whole budget.
            loop {
                let _full = more.try_send(());
                let _said = says.recv().await;
            }
        };
        assert_eq!(with_deadline::<()>(&PassedDeadline, 1, flood).await, None);
        tokio::task::yield_now().await;
        assert!(is_dropped.load(Ordering::Relaxed), "it is aborted");
    }
}
