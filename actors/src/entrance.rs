//! Requests from outside the runtime of calls: bounded in number, and served on that runtime.
//!
//! A driver's request is served in the driver's own task. HTTP, reports and imports run on another runtime,
//! with threads that may be busy for long. Their requests become tasks on the runtime of calls, so that an
//! entity never waits for one of those threads. A full entrance returns `Busy` at once. Imports have slots of
//! their own, so that they cannot delay an opt-out or an emergency stop. See decision 0192.

use crate::error::AskError;
use domain::ports::tasks::Tasks;
use domain::stored_event::WritePriority;
use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use tokio::runtime::{Handle, Id};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Most requests from other runtimes that are accepted and not answered; a further one gets `Busy`. Four
/// times the limit of imports.
const REQUESTS_MAX: usize = 4_096;

/// Most requests of imports that are accepted and not answered; a further one gets `Busy`. Two imports at
/// full speed have 512 each (`AT_ONCE_IDLE_MAX` of an import).
const IMPORT_REQUESTS_MAX: usize = 1_024;

/// Accepts requests from other runtimes to the entities of one runtime.
pub(crate) struct Entrance {
    /// The runtime on which the entities run.
    runtime: Id,
    requests: Arc<Semaphore>,
    imports: Arc<Semaphore>,
}

impl Entrance {
    pub(crate) fn new(runtime: Id) -> Self {
        Self {
            runtime,
            requests: Arc::new(Semaphore::new(REQUESTS_MAX)),
            imports: Arc::new(Semaphore::new(IMPORT_REQUESTS_MAX)),
        }
    }

    /// Returns true if the caller runs on the entities' own runtime.
    pub(crate) fn is_inside(&self) -> bool {
        Handle::try_current().is_ok_and(|current| current.id() == self.runtime)
    }

    /// Runs a request as a task of `tasks`, on the entities' runtime, and waits for its answer. Returns
    /// `Busy` at the limit. The request continues if the caller is dropped.
    pub(crate) async fn serve<T: Send + 'static, R: Error + Send + 'static>(
        &self,
        tasks: &dyn Tasks,
        urgency: WritePriority,
        work: impl Future<Output = Result<T, AskError<R>>> + Send + 'static,
    ) -> Result<T, AskError<R>> {
        let Some(place) = self.place(urgency) else {
            return Err(AskError::Busy);
        };
        let (reply, answer) = oneshot::channel();
        let serving = async move {
            let answer = work.await;
            drop(place);
            // If the caller was dropped, the decision is stored all the same.
            drop(reply.send(answer));
        };
        tasks.spawn("entity request", Box::pin(serving));
        match answer.await {
            Ok(answer) => answer,
            // The task was dropped with its runtime, or it panicked.
            Err(_) if tasks.stop_signal().is_stopping() => Err(AskError::Unavailable),
            Err(_) => Err(AskError::Fault),
        }
    }

    fn place(&self, urgency: WritePriority) -> Option<OwnedSemaphorePermit> {
        let places = match urgency {
            WritePriority::First => &self.requests,
            WritePriority::Behind => &self.imports,
        };
        Arc::clone(places).try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervisor::Supervisor;
    use crate::testing::FakeClock;
    use std::task::Poll;
    use tokio::runtime::{Builder, Runtime};

    type Answer = Result<Id, AskError<std::fmt::Error>>;

    fn runtime() -> Runtime {
        Builder::new_multi_thread().worker_threads(1).build().unwrap()
    }

    fn here() -> impl Future<Output = Answer> + Send + 'static {
        std::future::poll_fn(|_| Poll::Ready(Ok(Handle::current().id())))
    }

    #[test]
    fn a_request_from_another_runtime_is_served_on_the_entities_own() {
        let (calls, outside) = (runtime(), runtime());
        let entrance = Entrance::new(calls.handle().id());
        let tasks = Supervisor::new(calls.handle().clone(), Arc::new(FakeClock::new()));
        assert!(!entrance.is_inside(), "no runtime at all");
        assert!(calls.block_on(async { entrance.is_inside() }));
        outside.block_on(async {
            assert!(!entrance.is_inside());
            let served = entrance.serve(tasks.as_ref(), WritePriority::First, here()).await;
            assert_eq!(served, Ok(calls.handle().id()));
        });
    }

    #[test]
    fn a_full_entrance_is_busy_for_imports_alone_and_free_again_after_the_answer() {
        let (calls, outside) = (runtime(), runtime());
        let entrance = Entrance::new(calls.handle().id());
        let tasks = Supervisor::new(calls.handle().clone(), Arc::new(FakeClock::new()));
        outside.block_on(async {
            let taken: Vec<_> = (0..IMPORT_REQUESTS_MAX)
                .map(|_| entrance.place(WritePriority::Behind).unwrap())
                .collect();
            let refused = entrance
                .serve(tasks.as_ref(), WritePriority::Behind, here())
                .await;
            assert_eq!(refused, Err(AskError::Busy));
            assert!(
                entrance
                    .serve(tasks.as_ref(), WritePriority::First, here())
                    .await
                    .is_ok()
            );
            drop(taken);
            for _ in 0..=IMPORT_REQUESTS_MAX {
                assert!(
                    entrance
                        .serve(tasks.as_ref(), WritePriority::Behind, here())
                        .await
                        .is_ok()
                );
            }
        });
    }
}
