//! How questions wait for a thread: few places, a full queue refuses, and nobody works for an asker who
//! has gone: what runs then is stopped.

use super::{AskError, AskLimits, Asked};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// A question that has passed the guard, and where its answer goes.
pub(crate) struct Job {
    sql: String,
    limits: AskLimits,
    asking: Arc<Asking>,
    done: oneshot::Sender<Result<Asked, AskError>>,
}

/// Ends a query that runs; must not wait.
pub(crate) type Stop = Box<dyn FnOnce() + Send>;

/// Whether somebody waits for an answer, and how to stop making it once nobody does.
#[derive(Default)]
pub(crate) struct Asking(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Waiting,
    Running(Stop),
    /// Whoever asked has gone.
    Gone,
}

impl Asking {
    fn swap(&self, next: impl FnOnce(&State) -> Option<State>) -> State {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match next(&state) {
            Some(next) => std::mem::replace(&mut state, next),
            None => State::Gone,
        }
    }

    /// The query begins; `false` when nobody waits for it any more.
    pub(crate) fn begin(&self, stop: Stop) -> bool {
        let is_wanted = |state: &State| !matches!(state, State::Gone);
        let before = self.swap(|state| is_wanted(state).then_some(State::Running(stop)));
        is_wanted(&before)
    }

    /// Whether somebody still waits. Asked between two statements of one query: what stops a statement that
    /// runs is lost on a connection where none does.
    pub(crate) fn is_wanted(&self) -> bool {
        !matches!(
            *self.0.lock().unwrap_or_else(PoisonError::into_inner),
            State::Gone
        )
    }

    /// The query has ended; `false` when it was, or is about to be, stopped.
    pub(crate) fn end(&self) -> bool {
        let before = self.swap(|state| (!matches!(state, State::Gone)).then_some(State::Waiting));
        !matches!(before, State::Gone)
    }

    /// Nobody waits any more.
    fn give_up(&self) {
        if let State::Running(stop) = self.swap(|_| Some(State::Gone)) {
            stop();
        }
    }
}

/// Gives a question up when it is no longer waited for; after its answer that does nothing.
struct Waiting(Arc<Asking>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// The way in; empty once the process is stopping.
pub(crate) type Queue = Mutex<Option<mpsc::Sender<Job>>>;

/// Waits for the answer of a thread; `Busy` when every place is taken.
pub(crate) async fn ask(queue: &Queue, sql: String, limits: AskLimits) -> Result<Asked, AskError> {
    let sender = queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let sender = sender.ok_or_else(|| AskError::Unavailable("the server is stopping".to_owned()))?;
    let (done, answer) = oneshot::channel();
    let waiting = Waiting(Arc::default());
    let asking = Arc::clone(&waiting.0);
    sender
        .try_send(Job {
            sql,
            limits,
            asking,
            done,
        })
        .map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => AskError::Busy,
            mpsc::error::TrySendError::Closed(_) => ended(),
        })?;
    drop(sender);
    answer.await.unwrap_or_else(|_| Err(ended()))
}

fn ended() -> AskError {
    AskError::Unavailable("the questions' thread has ended".to_owned())
}

/// One thread: answers questions until the queue is closed and empty.
pub(crate) fn serve(
    jobs: &Mutex<mpsc::Receiver<Job>>,
    mut answer: impl FnMut(&str, AskLimits, &Asking) -> Result<Asked, AskError>,
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
        // Whoever asked has gone: nobody would read the answer.
        if !done.is_closed() {
            drop(done.send(answer(&sql, limits, &asking)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn stop(stopped: &Arc<AtomicBool>) -> Stop {
        let stopped = Arc::clone(stopped);
        Box::new(move || stopped.store(true, Ordering::SeqCst))
    }

    #[test]
    fn a_query_is_stopped_while_it_runs_and_never_before_or_after() {
        let stopped = Arc::new(AtomicBool::new(false));
        let asking = Arc::new(Asking::default());
        assert!(asking.begin(stop(&stopped)));
        assert!(asking.is_wanted());
        drop(Waiting(Arc::clone(&asking)));
        assert!(stopped.load(Ordering::SeqCst));
        assert!(!asking.is_wanted());
        assert!(!asking.end(), "it was stopped");
        let stopped = Arc::new(AtomicBool::new(false));
        let asking = Arc::new(Asking::default());
        assert!(asking.begin(stop(&stopped)));
        assert!(asking.end());
        drop(Waiting(Arc::clone(&asking)));
        assert!(!asking.begin(stop(&stopped)), "nobody waits");
        assert!(!stopped.load(Ordering::SeqCst));
    }
}
