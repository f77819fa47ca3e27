//! The queue of queries for a thread. It is short, and a full queue refuses. A query is stopped when its
//! caller has gone.

use super::{QueryError, QueryLimits, QueryResult};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// A query that has passed the guard, with the channel for its result.
pub(crate) struct Job {
    sql: String,
    limits: QueryLimits,
    asking: Arc<QueryControl>,
    done: oneshot::Sender<Result<QueryResult, QueryError>>,
}

/// A function that ends a running query; it must not wait.
pub(crate) type StopCallback = Box<dyn FnOnce() + Send>;

/// Shared state of one query: whether its caller still waits, and how to stop it if not.
#[derive(Default)]
pub(crate) struct QueryControl(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Waiting,
    Running(StopCallback),
    /// The caller no longer waits.
    Gone,
}

impl QueryControl {
    fn swap(&self, next: impl FnOnce(&State) -> Option<State>) -> State {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match next(&state) {
            Some(next) => std::mem::replace(&mut state, next),
            None => State::Gone,
        }
    }

    /// Marks the query as running; `stop` ends it. Returns false, without running it, if the caller no
    /// longer waits.
    pub(crate) fn begin(&self, stop: StopCallback) -> bool {
        let is_wanted = |state: &State| !matches!(state, State::Gone);
        let before = self.swap(|state| is_wanted(state).then_some(State::Running(stop)));
        is_wanted(&before)
    }

    /// Returns true while the caller waits. Checked between two statements of one query, because a stop
    /// request is lost on a connection where no statement runs.
    pub(crate) fn is_wanted(&self) -> bool {
        !matches!(
            *self.0.lock().unwrap_or_else(PoisonError::into_inner),
            State::Gone
        )
    }

    /// Marks the query as ended. Returns false if it was stopped or is about to be.
    pub(crate) fn end(&self) -> bool {
        let before = self.swap(|state| (!matches!(state, State::Gone)).then_some(State::Waiting));
        !matches!(before, State::Gone)
    }

    /// Records that the caller no longer waits, and stops the query if it runs.
    fn give_up(&self) {
        if let State::Running(stop) = self.swap(|_| Some(State::Gone)) {
            stop();
        }
    }
}

/// Gives the query up when the caller's future is dropped. After the result this has no effect.
struct CancelGuard(Arc<QueryControl>);

impl Drop for CancelGuard {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// The sender of the queue; `None` once the process is stopping.
pub(crate) type Queue = Mutex<Option<mpsc::Sender<Job>>>;

/// Queues a query and waits for its result. Returns `Busy` if the queue is full. Dropping the future stops
/// the query.
pub(crate) async fn ask(queue: &Queue, sql: String, limits: QueryLimits) -> Result<QueryResult, QueryError> {
    let sender = queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let sender = sender.ok_or_else(|| QueryError::Unavailable("the server is stopping".to_owned()))?;
    let (done, answer) = oneshot::channel();
    let waiting = CancelGuard(Arc::default());
    let asking = Arc::clone(&waiting.0);
    sender
        .try_send(Job {
            sql,
            limits,
            asking,
            done,
        })
        .map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => QueryError::Busy,
            mpsc::error::TrySendError::Closed(_) => ended(),
        })?;
    drop(sender);
    answer.await.unwrap_or_else(|_| Err(ended()))
}

fn ended() -> QueryError {
    QueryError::Unavailable("the query thread has ended".to_owned())
}

/// Runs the queries of the queue one after another, until the queue is closed and empty. Several threads
/// may share a queue.
pub(crate) fn serve(
    jobs: &Mutex<mpsc::Receiver<Job>>,
    mut answer: impl FnMut(&str, QueryLimits, &QueryControl) -> Result<QueryResult, QueryError>,
) {
    loop {
        let next = jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(Job {
            sql,
            limits,
            asking,
            done,
        }) = next
        else {
            return;
        };
        // A query is skipped if its caller no longer waits.
        if !done.is_closed() {
            drop(done.send(answer(&sql, limits, &asking)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn stop(stopped: &Arc<AtomicBool>) -> StopCallback {
        let stopped = Arc::clone(stopped);
        Box::new(move || stopped.store(true, Ordering::SeqCst))
    }

    #[test]
    fn a_query_is_stopped_while_it_runs_and_never_before_or_after() {
        let stopped = Arc::new(AtomicBool::new(false));
        let asking = Arc::new(QueryControl::default());
        assert!(asking.begin(stop(&stopped)));
        assert!(asking.is_wanted());
        drop(CancelGuard(Arc::clone(&asking)));
        assert!(stopped.load(Ordering::SeqCst));
        assert!(!asking.is_wanted());
        assert!(!asking.end(), "it was stopped");
        let stopped = Arc::new(AtomicBool::new(false));
        let asking = Arc::new(QueryControl::default());
        assert!(asking.begin(stop(&stopped)));
        assert!(asking.end());
        drop(CancelGuard(Arc::clone(&asking)));
        assert!(!asking.begin(stop(&stopped)), "the caller has gone");
        assert!(!stopped.load(Ordering::SeqCst));
    }
}
