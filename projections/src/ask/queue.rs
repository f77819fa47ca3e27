//! How questions wait for a thread: few places, a full queue refuses, and nobody works for an asker who
//! has gone.

use super::{AskError, AskLimits, Asked};
use std::sync::{Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// A question that has passed the guard, and where its answer goes.
pub(crate) struct Job {
    sql: String,
    limits: AskLimits,
    done: oneshot::Sender<Result<Asked, AskError>>,
}

/// The way in; empty once the process is stopping.
pub(crate) type Queue = Mutex<Option<mpsc::Sender<Job>>>;

/// Waits for the answer of a thread; `Busy` when every place is taken.
pub(crate) async fn ask(queue: &Queue, sql: String, limits: AskLimits) -> Result<Asked, AskError> {
    let sender = queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let sender = sender.ok_or_else(|| AskError::Unavailable("the process is stopping".to_owned()))?;
    let (done, answer) = oneshot::channel();
    sender
        .try_send(Job { sql, limits, done })
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
    mut answer: impl FnMut(&str, AskLimits) -> Result<Asked, AskError>,
) {
    loop {
        let next = jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(Job { sql, limits, done }) = next else {
            return;
        };
        // Whoever asked has gone: nobody would read the answer.
        if !done.is_closed() {
            drop(done.send(answer(&sql, limits)));
        }
    }
}
