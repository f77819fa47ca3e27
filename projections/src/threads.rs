//! The threads of a read database: one writer and some readers, each behind a bounded queue of units of
//! work. They end when their owner is dropped or the process stops, after the queued work is done.

use crate::database::TxWork;
use crate::error::ProjectionError;
use domain::ports::tasks::Tasks;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// The number of reading connections, each with a thread of its own: on two cores, a long report and short
/// queries run in parallel.
pub(crate) const READERS_COUNT: usize = 2;

/// Most units of work that wait in a queue, one per concurrent request, with a wide margin; a further one
/// is refused.
const QUEUE_WORK_MAX: usize = 256;

/// A function that runs one unit of work on its connection.
pub(crate) type Worker = Box<dyn FnMut(TxWork) -> Result<(), ProjectionError> + Send>;

/// A unit of work with the channel for its result.
struct Job {
    work: TxWork,
    done: oneshot::Sender<Result<(), ProjectionError>>,
}

type Queue = Mutex<Option<mpsc::Sender<Job>>>;

/// The senders of the two queues. They are taken out when the process stops, so that the threads end.
pub(crate) struct Threads {
    writer: Queue,
    readers: Queue,
}

impl Threads {
    /// Starts one thread per worker. Without a writer, every write is refused.
    pub(crate) fn begin(writer: Option<Worker>, readers: Vec<Worker>, tasks: &dyn Tasks) -> Arc<Self> {
        let (write, write_jobs) = mpsc::channel(QUEUE_WORK_MAX);
        let (read, read_jobs) = mpsc::channel(QUEUE_WORK_MAX);
        if let Some(writer) = writer {
            let jobs = Mutex::new(write_jobs);
            tasks.thread("views-writer", Box::new(move || serve(writer, &jobs)));
        }
        let read_jobs = Arc::new(Mutex::new(read_jobs));
        for reader in readers {
            let jobs = Arc::clone(&read_jobs);
            tasks.thread("views-reader", Box::new(move || serve(reader, &jobs)));
        }
        let threads = Arc::new(Self {
            writer: Mutex::new(Some(write)),
            readers: Mutex::new(Some(read)),
        });
        close_when_stopping(&threads, tasks);
        threads
    }

    pub(crate) async fn write(&self, work: TxWork) -> Result<(), ProjectionError> {
        ask(&self.writer, work).await
    }

    pub(crate) async fn read(&self, work: TxWork) -> Result<(), ProjectionError> {
        ask(&self.readers, work).await
    }
}

/// Locks a mutex, also a poisoned one: a panic in a unit of work rolled its transaction back, and the
/// guarded value is intact.
pub(crate) fn lock_mutex<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn ask(queue: &Queue, work: TxWork) -> Result<(), ProjectionError> {
    let unavailable = |why: &str| ProjectionError::Unavailable(why.to_owned());
    let sender = lock_mutex(queue)
        .clone()
        .ok_or_else(|| unavailable("the server is stopping"))?;
    let (done, answer) = oneshot::channel();
    sender
        .try_send(Job { work, done })
        .map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => unavailable("too many questions are waiting"),
            mpsc::error::TrySendError::Closed(_) => unavailable("the database thread has ended"),
        })?;
    drop(sender);
    answer
        .await
        .unwrap_or_else(|_| Err(unavailable("the database thread has ended")))
}

fn close_when_stopping(threads: &Arc<Threads>, tasks: &dyn Tasks) {
    let weak = Arc::downgrade(threads);
    let stop = tasks.stop_signal();
    tasks.spawn(
        "views-close",
        Box::pin(async move {
            stop.stopping().await;
            if let Some(threads) = weak.upgrade() {
                // Queued work is still done; new work is refused.
                lock_mutex(&threads.writer).take();
                lock_mutex(&threads.readers).take();
            }
        }),
    );
}

/// Runs the units of work of a queue one after another, until it is closed and empty. Readers share a
/// queue.
fn serve(mut worker: Worker, jobs: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        // Readers share a queue: the thread that holds the lock waits for the next unit, the others wait
        // for the lock.
        let next = lock_mutex(jobs).blocking_recv();
        let Some(Job { work, done }) = next else {
            return;
        };
        let result = worker(work);
        // The requester may have given up; the work stays done.
        drop(done.send(result));
    }
}
