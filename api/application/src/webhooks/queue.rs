//! Decides which event of one webhook is sent next. Events about one customer or one stream are sent one
//! after another, others in parallel. Pure: time and results are arguments.
//!
//! The caller keeps it bounded by adding nothing while `is_full`. An event that waits for another attempt
//! is recorded in the log, and so are the events behind it: only their positions are held in memory, and
//! they do not hold back the position up to which everything is settled.

use domain::ids::{CampaignId, CustomerId, EventId, StreamId};
use domain::stored_event::{Envelope, Position, StoredEvent};
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Most events that are read and not settled: one second of a fast receiver, and 4 MB of usual events.
const OPEN_MAX: usize = 2_000;

/// Most events that wait for another attempt, or behind one. A receiver that accepts none of this many
/// accepts nothing: reading pauses and continues when some are accepted or given up.
const WAITING_MAX: usize = 1_000;

/// The key of events that are sent one after another: a customer, or the stream of an event without a
/// customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Customer(CustomerId),
    Stream(StreamId),
}

/// One event in the queue of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) key: Key,
    pub(super) position: Position,
    pub(super) event: EventId,
    pub(super) campaign: Option<CampaignId>,
    pub(super) customer: Option<CustomerId>,
    /// Number of attempts to send it so far.
    pub(super) attempts: u32,
    /// The stored event. Read again from the log if it is not held.
    pub(super) stored: Option<StoredEvent>,
}

impl Item {
    pub(super) fn of(stored: StoredEvent, envelope: Envelope) -> Self {
        let key = match &envelope.customer {
            Some(customer) => Key::Customer(customer.clone()),
            None => Key::Stream(envelope.stream),
        };
        Self {
            key,
            position: stored.position,
            event: envelope.id,
            campaign: envelope.campaign,
            customer: envelope.customer,
            attempts: 0,
            stored: Some(stored),
        }
    }

    /// Returns a copy without the stored event, which is read from the log when it is sent.
    pub(super) fn without_record(&self) -> Self {
        Self {
            stored: None,
            ..self.clone()
        }
    }
}

/// The events of one key, in order of their positions.
struct Lane {
    items: VecDeque<Item>,
    head: Head,
}

/// State of the first event of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    Ready,
    Flying,
    Waiting(Timestamp),
}

/// The unsettled events of one webhook.
#[derive(Default)]
pub(super) struct Queue {
    lanes: BTreeMap<Key, Lane>,
    /// Lanes with a first event that may be sent, in the order in which they became ready.
    ready: VecDeque<Key>,
    due: BTreeMap<Timestamp, BTreeSet<Key>>,
    /// Events that are neither settled nor recorded as waiting.
    open: BTreeSet<Position>,
    waiting: BTreeSet<Position>,
    /// Position up to which all events were added or are not wanted.
    read_to: Position,
}

impl Queue {
    /// Returns an empty queue for the events after a position.
    pub(super) fn behind(read_to: Position) -> Self {
        Self {
            read_to,
            ..Self::default()
        }
    }

    /// Returns true if no further event may be added now: `OPEN_MAX` events are open or `WAITING_MAX` wait.
    pub(super) fn is_full(&self) -> bool {
        self.open.len() >= OPEN_MAX || self.waiting.len() >= WAITING_MAX
    }

    /// Notes that all events up to this position were added or are not wanted.
    pub(super) fn read_to(&mut self, position: Position) {
        self.read_to = self.read_to.max(position);
    }

    /// Adds the event read last. If it has to wait behind an event that is recorded as waiting, returns
    /// that event's position, because the log must record this too.
    pub(super) fn push(&mut self, mut item: Item) -> Option<Position> {
        self.read_to(item.position);
        self.open.insert(item.position);
        let Some(lane) = self.lanes.get_mut(&item.key) else {
            self.begin(item);
            return None;
        };
        let behind = lane.items.front().map(|head| head.position);
        let is_known = lane
            .items
            .front()
            .is_some_and(|head| self.waiting.contains(&head.position));
        if is_known {
            item.stored = None;
            self.waiting.insert(item.position);
        }
        lane.items.push_back(item);
        behind.filter(|_| is_known)
    }

    /// Adds an event that the log records as waiting, with the time of its next attempt. Used at the start,
    /// in order of positions.
    pub(super) fn push_known(&mut self, item: Item, due_at: Timestamp) {
        self.waiting.insert(item.position);
        if let Some(lane) = self.lanes.get_mut(&item.key) {
            lane.items.push_back(item);
            return;
        }
        let key = item.key.clone();
        let lane = Lane {
            items: [item].into(),
            head: Head::Waiting(due_at),
        };
        self.due.entry(due_at).or_default().insert(key.clone());
        self.lanes.insert(key, lane);
    }

    fn begin(&mut self, item: Item) {
        self.ready.push_back(item.key.clone());
        let lane = Lane {
            items: VecDeque::new(),
            head: Head::Ready,
        };
        let lane = self.lanes.entry(item.key.clone()).or_insert(lane);
        lane.items.push_back(item);
    }

    /// Takes the next event with a retry that is due at `now`; `None` if there is none.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<Item> {
        let mut first = self.due.first_entry()?;
        if *first.key() > now {
            return None;
        }
        let key = first.get_mut().pop_first();
        if first.get().is_empty() {
            first.remove();
        }
        self.fly(&key?)
    }

    /// Takes the next event that may be sent and was never tried; `None` if there is none.
    pub(super) fn take_ready(&mut self) -> Option<Item> {
        let key = self.ready.pop_front()?;
        self.fly(&key)
    }

    fn fly(&mut self, key: &Key) -> Option<Item> {
        let lane = self.lanes.get_mut(key)?;
        lane.head = Head::Flying;
        lane.items.front().cloned()
    }

    /// Returns the time of the earliest retry; `None` if no event waits.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|(at, _)| *at)
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Removes the first event of a key, which was accepted or given up. The next event of the key becomes
    /// ready.
    pub(super) fn settle(&mut self, key: &Key) {
        let Some(lane) = self.lanes.get_mut(key) else {
            return;
        };
        if let Some(head) = lane.items.pop_front() {
            self.waiting.remove(&head.position);
        }
        if lane.items.is_empty() {
            self.lanes.remove(key);
            return;
        }
        lane.head = Head::Ready;
        self.ready.push_back(key.clone());
    }

    /// Schedules a retry of the first event of a key. Returns the events behind it, which wait too from now
    /// on and must be recorded as waiting.
    pub(super) fn wait(&mut self, key: &Key, due_at: Timestamp) -> Vec<Item> {
        let Some(lane) = self.lanes.get_mut(key) else {
            return Vec::new();
        };
        lane.head = Head::Waiting(due_at);
        self.due.entry(due_at).or_default().insert(key.clone());
        let mut deferred = Vec::new();
        for (index, item) in lane.items.iter_mut().enumerate() {
            let is_new = self.waiting.insert(item.position);
            item.stored = None;
            if index == 0 {
                item.attempts += 1;
            } else if is_new {
                deferred.push(item.clone());
            }
        }
        deferred
    }

    /// Puts back an event that was taken but not sent. It stays the first of its lane and is ready again.
    pub(super) fn put_back(&mut self, key: &Key) {
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.head = Head::Ready;
            self.ready.push_back(key.clone());
        }
    }

    /// Notes that the results of these positions are being stored, so that they hold nothing back. Returns
    /// the position up to which everything is settled or recorded as waiting once that is done.
    pub(super) fn stored(&mut self, positions: impl Iterator<Item = Position>) -> Position {
        for position in positions {
            self.open.remove(&position);
        }
        let first = self.open.first();
        first.map_or(self.read_to, |first| Position(first.0.saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::CommandId;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn item(of: &str, position: u64) -> Item {
        Item {
            key: Key::Stream(StreamId::new("call", &of)),
            position: Position(position),
            event: EventId::derive(CommandId::derive_from_text(&position.to_string()), 0),
            campaign: None,
            customer: None,
            attempts: 0,
            stored: None,
        }
    }

    fn taken(item: Option<Item>) -> Option<u64> {
        item.map(|item| item.position.0)
    }

    fn stored(queue: &mut Queue, positions: &[u64]) -> u64 {
        queue
            .stored(positions.iter().map(|position| Position(*position)))
            .0
    }

    #[test]
    fn one_persons_events_go_one_after_another_and_others_side_by_side() {
        let mut queue = Queue::behind(Position(0));
        for (of, position) in [("a", 1), ("a", 2), ("b", 3)] {
            assert_eq!(queue.push(item(of, position)), None);
        }
        assert_eq!(taken(queue.take_ready()), Some(1));
        assert_eq!(taken(queue.take_ready()), Some(3));
        assert_eq!(taken(queue.take_ready()), None);
        queue.settle(&item("b", 3).key);
        assert_eq!(stored(&mut queue, &[3]), 0, "1 and 2 are open");
        queue.settle(&item("a", 1).key);
        assert_eq!(stored(&mut queue, &[1]), 1);
        assert_eq!(taken(queue.take_ready()), Some(2));
        queue.settle(&item("a", 2).key);
        queue.read_to(Position(9));
        assert_eq!(stored(&mut queue, &[2]), 9);
        assert!(queue.lanes.is_empty());
    }

    #[test]
    fn an_undelivered_item_holds_back_its_own_lane_alone() {
        let mut queue = Queue::behind(Position(0));
        for (of, position) in [("a", 1), ("a", 2), ("b", 3)] {
            queue.push(item(of, position));
        }
        queue.take_ready();
        let due = NOW.plus_ms(1_000);
        let deferred = queue.wait(&item("a", 1).key, due);
        assert_eq!(
            deferred.iter().map(|item| item.position.0).collect::<Vec<_>>(),
            [2]
        );
        assert_eq!(queue.push(item("a", 4)), Some(Position(1)));
        assert_eq!(stored(&mut queue, &[1, 2, 4]), 2, "3 is open");
        assert_eq!(taken(queue.take_ready()), Some(3));
        assert_eq!(taken(queue.take_due(NOW)), None);
        let again = queue.take_due(due).unwrap();
        assert_eq!((again.position.0, again.attempts), (1, 1));
        assert_eq!(queue.next_due(), None);
        queue.settle(&item("a", 1).key);
        assert_eq!(taken(queue.take_ready()), Some(2));
        queue.settle(&item("a", 2).key);
        assert_eq!(taken(queue.take_ready()), Some(4));
    }

    #[test]
    fn what_waits_as_a_start_finds_it_keeps_its_order() {
        let mut queue = Queue::behind(Position(7));
        queue.push_known(item("a", 3), NOW.plus_ms(5));
        queue.push_known(item("a", 6), NOW);
        assert_eq!(queue.push(item("a", 8)), Some(Position(3)));
        assert_eq!((taken(queue.take_due(NOW)), queue.waiting.len()), (None, 3));
        assert_eq!(taken(queue.take_due(NOW.plus_ms(5))), Some(3));
        queue.settle(&item("a", 3).key);
        assert_eq!(taken(queue.take_ready()), Some(6));
    }

    #[test]
    fn it_is_full_when_too_much_is_open_or_waits() {
        let mut queue = Queue::behind(Position(0));
        for position in 1..=OPEN_MAX as u64 {
            assert!(!queue.is_full());
            queue.push(item(&position.to_string(), position));
        }
        assert!(queue.is_full());
        queue.take_ready();
        queue.settle(&item("1", 1).key);
        stored(&mut queue, &[1]);
        assert!(!queue.is_full());
    }
}
