//! Runs work that grows with the size of a request's body on threads of its own.
//!
//! Reading JSON or YAML, checking a definition and hashing it take time in proportion to the body. On the
//! threads that answer requests, this work would delay health checks, the emergency stop and opt-outs. Here
//! `BODY_THREADS_MAX` threads do it. Callers wait in a queue of limited length and get an error at a
//! deadline. The thread itself is free when its work ends: each kind of body has a limit of bytes and of
//! nesting, and its work is linear in them.

use crate::as_of::slot_queue::SlotQueue;
use actors::Environment;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::problem::{Problem, ProblemKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};
use tokio::sync::oneshot;

/// Number of bodies that are worked on at once. Two use the cores of a small server; two more keep a short
/// body from waiting for two long ones.
pub const BODY_THREADS_MAX: usize = 4;

/// Callers that may wait for a body thread; a further one is refused with `bodies-busy`. At 200 ms per
/// body, the last one waits for at most `WAIT_MS_MAX`.
const WAITING_MAX: usize = 64;

/// Longest wait of a caller for a thread, in milliseconds.
const WAIT_MS_MAX: u64 = 5_000;

/// Longest wait of a caller for the result of its work, in milliseconds; then `body-too-slow`. It is 25
/// times the 200 ms that the largest body takes. The work itself continues on its thread.
const DEADLINE_MS: u64 = 5_000;

/// Largest body that `run_sized` reads on the caller's own thread: 16 KiB of JSON take about 0.1 ms.
pub const INLINE_BYTES_MAX: usize = 16 * 1024;

static THREADS: LazyLock<SlotQueue> =
    LazyLock::new(|| SlotQueue::new(BODY_THREADS_MAX, WAITING_MAX, WAIT_MS_MAX));

/// A handle that runs work on request bodies on the body threads.
#[derive(Clone)]
pub struct BodyWork {
    tasks: Arc<dyn Tasks>,
    clock: Arc<dyn Clock>,
}

impl BodyWork {
    /// Creates a handle; all handles of the process share the body threads.
    pub fn of(environment: &Environment) -> Self {
        Self {
            tasks: Arc::clone(&environment.tasks),
            clock: Arc::clone(&environment.clock),
        }
    }

    /// Runs `work` on a body thread and returns its result. Refuses with `bodies-busy` if the queue is
    /// full, and with `body-too-slow` after `DEADLINE_MS`. A panic of the work is a fault of this request
    /// only.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        self.run_in(&THREADS, work).await
    }

    /// Runs `work` at once if the body has at most `INLINE_BYTES_MAX` bytes, otherwise on a body thread as
    /// `run` does.
    pub async fn run_sized<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        if bytes <= INLINE_BYTES_MAX {
            return Ok(work());
        }
        self.run(work).await
    }

    async fn run_in<T: Send + 'static>(
        &self,
        threads: &SlotQueue,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let thread = threads.place(self.clock.as_ref(), busy).await?;
        let (done, answer) = oneshot::channel::<Option<T>>();
        let run = move || {
            // The supervisor ends the process when a thread panics. A request body must not be able to
            // cause that.
            let found = catch_unwind(AssertUnwindSafe(work)).ok();
            drop(thread);
            drop(done.send(found));
        };
        let until = self.clock.now().plus_ms(DEADLINE_MS);
        self.tasks.thread("body", Box::new(run));
        tokio::select! {
            biased;
            answer = answer => match answer {
                Ok(Some(found)) => Ok(found),
                Ok(None) => Err(Problem::fault("the work on this body panicked")),
                Err(_stopped) => Err(Problem::unavailable("the server is shutting down")),
            },
            () = self.clock.wait_until(until) => Err(Problem::new(
                ProblemKind::Unavailable,
                "body-too-slow",
                format!("the body was not read within {DEADLINE_MS} ms: send it in smaller parts"),
            )),
        }
    }
}

fn busy() -> Problem {
    Problem::new(
        ProblemKind::Busy,
        "bodies-busy",
        format!(
            "{BODY_THREADS_MAX} bodies are being read and others are waiting: send the request again in a \
             moment"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::Supervisor;
    use store::test_ports::StepClock;
    use store::test_ports::StoppedClock;
    use tokio::runtime::Handle;

    fn work_by(clock: Arc<dyn Clock>) -> BodyWork {
        let tasks = Supervisor::new(Handle::current(), Arc::clone(&clock));
        BodyWork { tasks, clock }
    }

    #[tokio::test]
    async fn work_on_a_body_runs_on_another_thread() {
        let work = work_by(Arc::new(StoppedClock::default()));
        let caller = std::thread::current().id();
        let there = work.run(|| std::thread::current().id()).await.unwrap();
        assert_ne!(there, caller);
        let short = work.run_sized(INLINE_BYTES_MAX, || std::thread::current().id());
        assert_eq!(short.await.unwrap(), caller);
        let long = work.run_sized(INLINE_BYTES_MAX + 1, || std::thread::current().id());
        assert_ne!(long.await.unwrap(), caller);
    }

    #[tokio::test]
    async fn a_panic_of_the_work_is_a_fault_of_one_request() {
        let work = work_by(Arc::new(StoppedClock::default()));
        let fault = work.run(|| -> () { panic!("a body") }).await.unwrap_err();
        assert_eq!(fault.kind, ProblemKind::Fault);
        assert_eq!(work.run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_deadline_frees_the_caller_and_the_end_of_the_work_frees_the_thread() {
        let work = work_by(Arc::new(StepClock::default()));
        let threads = SlotQueue::new(1, 1, WAIT_MS_MAX);
        let (go_on, held) = std::sync::mpsc::sync_channel::<()>(1);
        let fault = work
            .run_in(&threads, move || held.recv().is_ok())
            .await
            .unwrap_err();
        assert_eq!(fault.code, "body-too-slow");
        let clock = StoppedClock::default();
        let mut next = Box::pin(threads.place(&clock, busy));
        assert!(futures_util::poll!(&mut next).is_pending());
        let beyond = threads.place(&StoppedClock::default(), busy).await.unwrap_err();
        assert_eq!(beyond.code, "bodies-busy");
        go_on.send(()).unwrap();
        assert!(next.await.is_ok());
    }
}
