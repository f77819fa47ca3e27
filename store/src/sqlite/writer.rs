//! The writer thread: takes all queued appends, commits them as one group, then answers them.
//!
//! It is a group commit without timers: at low load a group is one batch, under load it grows. After a failed
//! commit nothing is acknowledged until the log has been opened again and contains all acknowledged events
//! (`appender/recovery.rs`); a separate task requests that repeatedly.

use super::appender::{Answer, Appender, Batch, RecoveryFailure};
use crate::group_wait::GroupWait;
use crate::lanes::{BEHIND_GROUP_BYTES_MAX, Lanes, QueuePermit};
use crate::log_import::ImportBatch;
use crate::subscription::{Head, closed};
use domain::ports::event_store::StoreError;
use domain::ports::tasks::Tasks;
use domain::stored_event::WritePriority;
use std::collections::VecDeque;
use tokio::sync::{mpsc, oneshot, watch};

/// The most requests taken from the queue at once: more than fit into one group.
pub(super) const GROUP_APPENDS_MAX: usize = 4_096;

/// The most record bytes of one group commit, except for a single larger batch. More would gain little and
/// make the first one wait long. Records usually have less than 1,000 bytes, so this is about 4,096 events.
pub(super) const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The most answers of a group that the writer sends itself. Each answer from a thread outside the runtime
/// wakes the runtime, so those of a larger group are sent by a task inside it.
const ANSWERS_SENT_HERE_MAX: usize = 8;

/// The most groups of answers that wait for the task that sends them.
const TELLING_GROUPS_MAX: usize = 4;

/// The answers of one group.
type GroupAnswers = Vec<(oneshot::Sender<Answer>, Answer)>;

/// A request to the writer.
pub(super) enum Request {
    Append(Append),
    /// Load batches of another log, after the appends that are already queued.
    Load(Vec<ImportBatch>, oneshot::Sender<Answer>),
    /// Commit the queued appends and end. The sender is dropped when the connection is closed.
    Close(oneshot::Sender<()>),
    /// After a failed commit: open the log again and continue, if possible. The sender reports that it
    /// was attempted.
    Mend(oneshot::Sender<()>),
}

/// An append that waits for its answer.
pub(super) struct Append {
    pub(super) batch: Batch,
    pub(super) urgency: WritePriority,
    pub(super) answer: oneshot::Sender<Answer>,
    pub(super) _share: QueuePermit,
}

/// The writer's state. `run` needs a thread of its own; it returns after `Close`, or when all senders
/// are dropped.
pub(super) struct Writer {
    pub(super) appender: Appender,
    pub(super) head: watch::Sender<Head>,
    pub(super) failed: Option<StoreError>,
    /// The number of appends that the last round of groups answered. Their callers are likely to append
    /// again.
    pub(super) answered: usize,
    /// The channel to the task that sends the answers of large groups.
    pub(super) answer_sender: mpsc::Sender<GroupAnswers>,
}

/// Starts the task that sends the answers of large groups. It ends when the returned sender is dropped.
pub(super) fn start_answer_task(tasks: &dyn Tasks) -> mpsc::Sender<GroupAnswers> {
    let (answer_sender, mut groups) = mpsc::channel::<GroupAnswers>(TELLING_GROUPS_MAX);
    let telling = async move {
        while let Some(group) = groups.recv().await {
            for (answer, outcome) in group {
                tell(answer, outcome);
            }
        }
    };
    tasks.spawn("event store answers", Box::pin(telling));
    answer_sender
}

impl Writer {
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut buffer = Vec::new();
        let mut queued = Lanes::default();
        let mut closers = Vec::new();
        loop {
            if !queued.is_empty() {
                // Appends that arrived meanwhile may go before those still waiting.
                let more = std::iter::from_fn(|| requests.try_recv().ok());
                buffer.extend(more.take(GROUP_APPENDS_MAX));
            } else if !self.gather(&mut requests, &mut buffer) {
                break;
            }
            closers.extend(
                buffer
                    .drain(..)
                    .filter_map(|request| self.take_in(request, &mut queued)),
            );
            if !closers.is_empty() {
                requests.close();
            }
            if !queued.is_empty() {
                self.commit_next(&mut queued);
            }
        }
        self.head.send_modify(|head| {
            head.failed.get_or_insert_with(closed);
        });
        // The files are closed before the callers of `close` are notified.
        self.appender.close();
        drop(closers);
    }

    /// Waits for the requests of a new round and adds them to `buffer`. Returns false if the queue is
    /// closed and empty.
    fn gather(&mut self, requests: &mut mpsc::Receiver<Request>, buffer: &mut Vec<Request>) -> bool {
        let was_idle = requests.is_empty();
        if requests.blocking_recv_many(buffer, GROUP_APPENDS_MAX) == 0 {
            return false;
        }
        // The callers of the last round are likely to append again.
        let waiting = if was_idle { 0 } else { buffer.len() };
        let mut gathering = GroupWait::of(GROUP_APPENDS_MAX.min(self.answered + waiting));
        while gathering.look(requests, buffer, || self.appender.now()) {
            std::thread::yield_now();
        }
        self.answered = 0;
        true
    }

    /// Queues an append; handles any other request at once, a load after all queued appends. Returns the
    /// sender of a `Close` request.
    fn take_in(&mut self, request: Request, queued: &mut Lanes<Append>) -> Option<oneshot::Sender<()>> {
        match request {
            Request::Append(append) => {
                let urgency = append.urgency;
                queued.push(append, urgency);
            }
            Request::Load(batches, answer) => {
                while !queued.is_empty() {
                    self.commit_next(queued);
                }
                self.load(&batches, answer);
            }
            Request::Close(closer) => return Some(closer),
            Request::Mend(tried) => {
                self.mend();
                // The receiver is gone if the store is being closed.
                let _heard = tried.send(());
            }
        }
        None
    }

    fn commit_next(&mut self, queued: &mut Lanes<Append>) {
        let (lane, urgency) = queued.next();
        let bytes_max = match urgency {
            WritePriority::First => GROUP_BYTES_MAX,
            WritePriority::Behind => BEHIND_GROUP_BYTES_MAX,
        };
        self.commit(take_group(lane, bytes_max));
    }

    /// Loads batches of another log and sends the answer. A refused load changes nothing.
    fn load(&mut self, batches: &[ImportBatch], answer: oneshot::Sender<Answer>) {
        let loaded = match &self.failed {
            Some(failed) => Err(failed.clone()),
            None => self.appender.load(batches),
        };
        let outcome = match loaded {
            Ok(outcome) => {
                self.show_head();
                outcome
            }
            Err(failed) => Err(self.fail(failed)),
        };
        tell(answer, outcome);
    }

    fn show_head(&self) {
        let (position, recorded_at) = self.appender.last();
        self.head.send_if_modified(|head| {
            let moved = head.position != position;
            head.position = position;
            head.recorded_at = recorded_at;
            moved
        });
    }

    /// Stores, publishes and logs a failed commit. Published first: a log message may be lost, the state
    /// must not be. Returns the failure, for the answers.
    fn fail(&mut self, failed: StoreError) -> StoreError {
        self.failed = Some(failed.clone());
        self.head.send_modify(|head| head.failed = Some(failed.clone()));
        tracing::error!(error = %failed, "a commit failed and nothing more is acknowledged");
        failed
    }

    /// Tries to recover after a failed commit, then publishes the head again. Does nothing if no commit
    /// failed, or if the failure is final: a damaged log is not written again by this process.
    fn mend(&mut self) {
        if self.failed.as_ref().is_none_or(is_final) {
            return;
        }
        match self.appender.mend() {
            Ok(()) => {
                self.failed = None;
                let (position, recorded_at) = self.appender.last();
                self.head.send_modify(|head| {
                    head.position = position;
                    head.recorded_at = recorded_at;
                    head.failed = None;
                });
                tracing::warn!(%position, "the log was opened again and is being written");
            }
            Err(RecoveryFailure::Away(why)) => {
                tracing::warn!(why, "the log cannot be written yet; recovery is retried");
            }
            Err(RecoveryFailure::Lost(why)) => {
                self.fail(StoreError::Damaged(why));
            }
        }
    }

    /// Commits one group and answers it.
    pub(super) fn commit(&mut self, group: Vec<Append>) {
        self.answered += group.len();
        let (batches, answers): (Vec<_>, Vec<_>) = group
            .into_iter()
            .map(|append| (append.batch, append.answer))
            .unzip();
        let group_answers: GroupAnswers = match self.outcome(&batches) {
            Ok(outcomes) => answers.into_iter().zip(outcomes).collect(),
            Err(failed) => {
                let failures = std::iter::repeat_with(|| Err(failed.clone()));
                answers.into_iter().zip(failures).collect()
            }
        };
        if group_answers.len() <= ANSWERS_SENT_HERE_MAX {
            tell_all(group_answers);
        } else if let Err(mpsc::error::SendError(unsent)) = self.answer_sender.blocking_send(group_answers) {
            // The runtime is being stopped.
            tell_all(unsent);
        }
    }

    fn outcome(&mut self, batches: &[Batch]) -> Result<Vec<Answer>, StoreError> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        match self.appender.commit(batches) {
            Ok(outcomes) => {
                self.show_head();
                Ok(outcomes)
            }
            Err(failed) => Err(self.fail(failed)),
        }
    }
}

/// Returns true if no retry can resolve the failure (`Damaged`). Only a restart can, because it rebuilds
/// derived files.
pub(super) const fn is_final(failed: &StoreError) -> bool {
    matches!(failed, StoreError::Damaged(_))
}

fn tell_all(answers: GroupAnswers) {
    for (answer, outcome) in answers {
        tell(answer, outcome);
    }
}

/// Sends an answer. If the caller has gone, it is dropped; the append is stored all the same.
fn tell(answer: oneshot::Sender<Answer>, outcome: Answer) {
    drop(answer.send(outcome));
}

/// Takes appends from the queue's front for one group, at least one, as long as their records have at most
/// `bytes_max` bytes.
fn take_group(queued: &mut VecDeque<Append>, bytes_max: usize) -> Vec<Append> {
    let mut group = Vec::new();
    let mut bytes = 0;
    while let Some(next) = queued.front() {
        bytes += next.batch.bytes();
        if !group.is_empty() && bytes > bytes_max {
            break;
        }
        group.extend(queued.pop_front());
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_records::{make_record, stream};
    use domain::ids::CommandId;
    use domain::stored_event::StreamVersion;

    fn queued(count: usize, events: usize, text: &str) -> VecDeque<Append> {
        let record = make_record(&stream("a"), 1, CommandId::derive_from_text("one"), 0, text);
        let room = crate::lanes::QueueCapacity::default();
        let append = || Append {
            batch: Batch {
                stream: stream("a"),
                expected: StreamVersion(0),
                records: vec![record.clone(); events],
            },
            urgency: WritePriority::First,
            answer: oneshot::channel().0,
            _share: room.share(1, WritePriority::First).unwrap(),
        };
        (0..count).map(|_| append()).collect()
    }

    #[test]
    fn a_group_ends_at_its_bytes_but_holds_one_batch() {
        let mut large = queued(100, 1, &"x".repeat(64_000));
        let group = take_group(&mut large, GROUP_BYTES_MAX);
        let bytes: usize = group.iter().map(|append| append.batch.bytes()).sum();
        let each = bytes / group.len();
        assert!(
            bytes <= GROUP_BYTES_MAX && bytes + each > GROUP_BYTES_MAX,
            "{bytes}"
        );
        let mut huge = queued(2, 70, &"x".repeat(64_000));
        assert_eq!((take_group(&mut huge, GROUP_BYTES_MAX).len(), huge.len()), (1, 1));
    }
}
