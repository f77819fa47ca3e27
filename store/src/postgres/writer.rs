//! The writer's task: takes all queued appends, commits them as one group, then answers them.
//!
//! It is a group commit without timers: at low load a group is one batch, under load it grows. Batches of one
//! stream share a group only if each follows the one before it.

use super::appender::Appender;
use super::group::{Answer, Batch};
use super::peer_stores::PeerStores;
use super::write_status::WriteStatus;
use crate::group_wait::GroupWait;
use crate::lanes::{BEHIND_GROUP_BYTES_MAX, Lanes, QueuePermit};
use crate::subscription::{Head, closed};
use domain::ids::StreamId;
use domain::ports::event_store::StoreError;
use domain::stored_event::WritePriority;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// The most requests taken from the queue at once.
pub(super) const GROUP_APPENDS_MAX: usize = 4_096;

/// The most events of one group commit. More would gain little and make the first one wait long.
const GROUP_EVENTS_MAX: usize = 4_096;

/// The most record bytes of one group commit: 4,096 events of about 1 KiB. A single larger batch is a group
/// of its own.
const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A request to the writer.
pub(super) enum Request {
    Append(Append),
    /// Commits the queued appends and ends. The sender is dropped when the connection is closed.
    Close(oneshot::Sender<()>),
}

/// An append that waits for its answer.
pub(super) struct Append {
    pub(super) batch: Batch,
    pub(super) urgency: WritePriority,
    pub(super) answer: oneshot::Sender<Answer>,
    pub(super) share: QueuePermit,
}

/// The writer's state. `run` returns after `Close`, or when all senders are dropped.
pub(super) struct Writer {
    pub(super) appender: Appender,
    pub(super) head: Arc<watch::Sender<Head>>,
    pub(super) others: Arc<PeerStores>,
    pub(super) writable: Arc<WriteStatus>,
    /// The number of appends that the last round of groups answered. Their callers are likely to append
    /// again.
    pub(super) answered: usize,
}

impl Writer {
    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut buffer = Vec::new();
        let mut queued = Lanes::default();
        let mut closers = Vec::new();
        loop {
            if !queued.is_empty() {
                // Appends that arrived meanwhile may go before those still waiting.
                let more = std::iter::from_fn(|| requests.try_recv().ok());
                buffer.extend(more.take(GROUP_APPENDS_MAX));
            } else if !self.gather(&mut requests, &mut buffer).await {
                break;
            }
            for request in buffer.drain(..) {
                match request {
                    Request::Append(append) => {
                        let urgency = append.urgency;
                        queued.push(append, urgency);
                    }
                    Request::Close(closer) => {
                        requests.close();
                        closers.push(closer);
                    }
                }
            }
            if !queued.is_empty() {
                let (lane, urgency) = queued.next();
                let group = take_group(lane, bytes_max(urgency), |stream| self.appender.known(stream));
                self.commit(group).await;
            }
        }
        self.head.send_modify(|head| {
            head.failed.get_or_insert_with(closed);
        });
        // The connection is closed before the callers of `close` are notified.
        drop(self);
        drop(closers);
    }

    /// Waits for the requests of a new round and adds them to `buffer`. Returns false if the queue is
    /// closed and empty.
    async fn gather(&mut self, requests: &mut mpsc::Receiver<Request>, buffer: &mut Vec<Request>) -> bool {
        let clock = Arc::clone(self.appender.clock());
        let was_idle = requests.is_empty();
        if requests.recv_many(buffer, GROUP_APPENDS_MAX).await == 0 {
            return false;
        }
        let waiting = if was_idle { 0 } else { buffer.len() };
        let mut gathering = GroupWait::of(GROUP_APPENDS_MAX.min(self.answered + waiting));
        while gathering.look(requests, buffer, || clock.now()) {
            tokio::task::yield_now().await;
        }
        self.answered = 0;
        true
    }

    async fn commit(&mut self, group: Vec<Append>) {
        let mut batches = Vec::with_capacity(group.len());
        let mut answers = Vec::with_capacity(group.len());
        // The share of the queue is held until the append is answered.
        let mut shares = Vec::with_capacity(group.len());
        for append in group {
            batches.push(append.batch);
            answers.push(append.answer);
            shares.push(append.share);
        }
        self.writable.note_asked(self.appender.clock().now());
        let outcomes = self.appender.commit(&batches).await;
        let refused = outcomes.iter().find_map(|outcome| match outcome {
            Err(error @ StoreError::Unavailable(_)) => Some(error),
            Ok(_) | Err(_) => None,
        });
        let is_taken = outcomes.iter().any(Result::is_ok);
        let now = self.appender.clock().now();
        self.writable.note_answered(now, is_taken, refused);
        self.answered += batches.len();
        let position = self.appender.last();
        self.head.send_if_modified(|head| {
            let moved = head.position < position;
            head.position = head.position.max(position);
            moved
        });
        self.others.written(self.appender.unannounced());
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // If the caller has gone, the answer is dropped; the append is stored all the same.
            drop(answer.send(outcome));
        }
    }
}

const fn bytes_max(urgency: WritePriority) -> usize {
    match urgency {
        WritePriority::First => GROUP_BYTES_MAX,
        WritePriority::Behind => BEHIND_GROUP_BYTES_MAX,
    }
}

/// Takes appends from the queue's front for one group, at least one, until a limit is reached. A batch that
/// competes with one of the group for its stream stays in the queue, in its order.
fn take_group(
    queued: &mut VecDeque<Append>,
    bytes_max: usize,
    known: impl Fn(&StreamId) -> u64,
) -> Vec<Append> {
    let mut group: Vec<Append> = Vec::new();
    let mut waiting = VecDeque::new();
    let mut after: HashMap<StreamId, u64> = HashMap::new();
    let (mut bytes, mut events) = (0, 0);
    while let Some(next) = queued.front() {
        bytes += next.batch.bytes();
        events += next.batch.records.len();
        if !group.is_empty() && (bytes > bytes_max || events > GROUP_EVENTS_MAX) {
            break;
        }
        let Some(next) = queued.pop_front() else { break };
        let expected = next.batch.expected.0;
        let follows = match after.get(&next.batch.stream) {
            Some(version) => *version == expected,
            None => true,
        };
        // A batch that expects an older version than the known one is only looked up; it conflicts with
        // no other.
        let behind = known(&next.batch.stream) > expected;
        if behind || follows {
            if !behind {
                after.insert(next.batch.stream.clone(), next.batch.version_after());
            }
            group.push(next);
        } else {
            waiting.push_back(next);
        }
    }
    // They arrived before the appends that are still queued.
    while let Some(last) = waiting.pop_back() {
        queued.push_front(last);
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_records::{make_batch, make_record, stream};
    use domain::ids::CommandId;
    use domain::stored_event::{Record, StreamVersion};

    fn append(name: &str, expected: u64, records: Vec<Record>) -> Append {
        Append {
            batch: Batch::new(stream(name), StreamVersion(expected), records),
            urgency: WritePriority::First,
            answer: oneshot::channel().0,
            share: crate::lanes::QueueCapacity::default()
                .share(1, WritePriority::First)
                .unwrap(),
        }
    }

    fn small(name: &str, expected: u64, command: &str) -> Append {
        append(name, expected, make_batch(&stream(name), expected, command, 2))
    }

    fn places(appends: impl IntoIterator<Item = Append>) -> Vec<(String, u64)> {
        let place = |append: Append| (append.batch.stream.to_string(), append.batch.expected.0);
        appends.into_iter().map(place).collect()
    }

    #[test]
    fn batches_that_follow_share_a_group_and_racing_ones_wait_in_their_order() {
        let asked = [
            ("a", 4, "one"),
            ("b", 0, "b"),
            ("a", 6, "two"),
            ("a", 4, "other"),
            ("a", 8, "three"),
            ("c", 1, "behind"),
        ];
        let mut queued: VecDeque<_> = asked
            .into_iter()
            .map(|(name, expected, command)| small(name, expected, command))
            .collect();
        let known = |stream: &StreamId| if stream.as_str() == "number-c" { 5 } else { 0 };
        let at = |name: &str, expected: u64| (format!("number-{name}"), expected);
        let group = places(take_group(&mut queued, GROUP_BYTES_MAX, known));
        assert_eq!(
            group,
            [at("a", 4), at("b", 0), at("a", 6), at("a", 8), at("c", 1)]
        );
        assert_eq!(places(queued), [at("a", 4)]);
    }

    #[test]
    fn a_group_ends_at_its_bytes_or_events_but_holds_one_batch() {
        let command = CommandId::derive_from_text("large");
        let large = make_record(&stream("a"), 1, command, 0, &"x".repeat(64_000));
        let of = |count: usize, events: usize, record: &Record| -> VecDeque<Append> {
            let name = |index: usize| format!("s{index}");
            (0..count)
                .map(|index| append(&name(index), 0, vec![record.clone(); events]))
                .collect()
        };
        let mut queued = of(100, 1, &large);
        let group = take_group(&mut queued, GROUP_BYTES_MAX, |_| 0);
        let bytes: usize = group.iter().map(|append| append.batch.bytes()).sum();
        let each = bytes / group.len();
        assert!(
            bytes <= GROUP_BYTES_MAX && bytes + each > GROUP_BYTES_MAX,
            "{bytes}"
        );
        assert_eq!(
            take_group(&mut of(2, 100, &large), GROUP_BYTES_MAX, |_| 0).len(),
            1
        );
        let tiny = make_record(&stream("a"), 1, command, 0, "");
        assert_eq!(
            take_group(&mut of(20, 256, &tiny), GROUP_BYTES_MAX, |_| 0).len(),
            GROUP_EVENTS_MAX / 256
        );
    }
}
