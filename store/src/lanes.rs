//! Two lanes of appends for one writer. Call control and everything that a person waits for go first; the
//! rows of imports go behind.
//!
//! The rows of imports have a bounded share of the queue, so they can never fill it. Their groups are small,
//! so the next append of the first lane waits for at most one of them. See decision 0192.

use domain::ports::event_store::StoreError;
use domain::stored_event::WritePriority;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most record bytes of the first lane that may wait for the writer, in units of 1 KiB: 64 MiB, which
/// is 64 full groups. A further append is answered `Busy`.
const QUEUED_KIB_MAX: usize = 64 * 1_024;

/// The most record bytes of the second lane that may wait, in units of 1 KiB: 16 MiB. Three quarters are
/// always reserved for the first lane.
const BEHIND_KIB_MAX: usize = 16 * 1_024;

/// The most appends of the second lane that may wait; a further one is answered `Busy`. Enough for two
/// imports at full speed, and a quarter of the queue.
const BEHIND_APPENDS_MAX: usize = 1_024;

/// The most record bytes in one group of the second lane: about 512 rows, some 10 ms of an embedded log.
pub(crate) const BEHIND_GROUP_BYTES_MAX: usize = 512 * 1_024;

/// The number of groups of the first lane that go before a waiting group of the second. An import thus
/// continues even while calls write more than the log can take.
const GROUPS_BEFORE_MAX: usize = 8;

/// The remaining capacity of the queue of appends, for each lane.
pub(crate) struct QueueCapacity {
    kib: Arc<Semaphore>,
    behind_kib: Arc<Semaphore>,
    behind_appends: Arc<Semaphore>,
}

/// The share of the queue that one append holds; dropping it frees the share.
pub(crate) struct QueuePermit {
    _kib: OwnedSemaphorePermit,
    _append: Option<OwnedSemaphorePermit>,
}

impl Default for QueueCapacity {
    fn default() -> Self {
        Self {
            kib: Arc::new(Semaphore::new(QUEUED_KIB_MAX)),
            behind_kib: Arc::new(Semaphore::new(BEHIND_KIB_MAX)),
            behind_appends: Arc::new(Semaphore::new(BEHIND_APPENDS_MAX)),
        }
    }
}

impl QueueCapacity {
    /// Reserves the share of an append with `bytes` of records. Returns `Busy` if its lane is full.
    pub(crate) fn share(&self, bytes: usize, urgency: WritePriority) -> Result<QueuePermit, StoreError> {
        let kib = u32::try_from(bytes.div_ceil(1_024)).unwrap_or(u32::MAX);
        let (kib_left, appends_left) = match urgency {
            WritePriority::First => (&self.kib, None),
            WritePriority::Behind => (&self.behind_kib, Some(&self.behind_appends)),
        };
        let busy = |_full| StoreError::Busy;
        let append = appends_left.map(|left| Arc::clone(left).try_acquire_owned());
        Ok(QueuePermit {
            _kib: Arc::clone(kib_left).try_acquire_many_owned(kib).map_err(busy)?,
            _append: append.transpose().map_err(busy)?,
        })
    }
}

/// The appends that the writer has taken from its queue and not yet written, by lane.
pub(crate) struct Lanes<T> {
    first: VecDeque<T>,
    behind: VecDeque<T>,
    /// The number of groups that the first lane got while the second was waiting.
    groups_before: usize,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self {
            first: VecDeque::new(),
            behind: VecDeque::new(),
            groups_before: 0,
        }
    }
}

impl<T> Lanes<T> {
    pub(crate) fn push(&mut self, append: T, urgency: WritePriority) {
        match urgency {
            WritePriority::First => self.first.push_back(append),
            WritePriority::Behind => self.behind.push_back(append),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.behind.is_empty()
    }

    /// Returns the lane that the writer takes its next group from: the first, unless it is empty or 8
    /// groups of it have gone before a waiting second lane.
    pub(crate) fn next(&mut self) -> (&mut VecDeque<T>, WritePriority) {
        let is_its_turn = self.first.is_empty() || self.groups_before >= GROUPS_BEFORE_MAX;
        if is_its_turn && !self.behind.is_empty() {
            self.groups_before = 0;
            return (&mut self.behind, WritePriority::Behind);
        }
        self.groups_before += usize::from(!self.behind.is_empty());
        (&mut self.first, WritePriority::First)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_control_goes_before_imports_that_were_asked_earlier_and_imports_go_on() {
        let mut lanes = Lanes::default();
        for row in 0..2 {
            lanes.push(("row", row), WritePriority::Behind);
        }
        for append in 0..20 {
            lanes.push(("call", append), WritePriority::First);
        }
        let mut order = Vec::new();
        while !lanes.is_empty() {
            // Groups of one append.
            order.extend(lanes.next().0.pop_front());
        }
        let rows: Vec<_> = order
            .iter()
            .enumerate()
            .filter(|(_, append)| append.0 == "row")
            .collect();
        let turns: Vec<_> = rows.iter().map(|(turn, _)| *turn).collect();
        assert_eq!(turns, [GROUPS_BEFORE_MAX, 2 * GROUPS_BEFORE_MAX + 1]);
        assert_eq!(order.len(), 22);
    }

    #[test]
    fn imports_that_fill_their_share_leave_the_first_lane_free() {
        let room = QueueCapacity::default();
        let shares: Vec<_> = (0..BEHIND_APPENDS_MAX)
            .map(|_| room.share(1, WritePriority::Behind).unwrap())
            .collect();
        assert_eq!(room.share(1, WritePriority::Behind).err(), Some(StoreError::Busy));
        assert!(room.share(1, WritePriority::First).is_ok());
        drop(shares);
        let large = room.share(BEHIND_KIB_MAX * 1_024, WritePriority::Behind).unwrap();
        assert_eq!(room.share(1, WritePriority::Behind).err(), Some(StoreError::Busy));
        assert!(room.share(1, WritePriority::First).is_ok());
        drop(large);
        assert!(room.share(1, WritePriority::Behind).is_ok());
    }
}
