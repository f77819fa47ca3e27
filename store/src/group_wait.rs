//! Decides how long a writer waits for more appends before it commits the next group. Tasks that were
//! answered by one group are likely to append again at once.
//!
//! They come back one by one, and committing the first of them alone would cost all others a second commit. A
//! lone writer that follows a larger group waits once, for at most the time allowed for one arrival.

use domain::time::Timestamp;
use tokio::sync::mpsc;

/// The longest wait for the next arrival, in microseconds: a sixth of the fastest commit. A task that was
/// just answered appends again within a few microseconds.
const GATHER_US_MAX: i64 = 50;

/// The most checks for an arrival within `GATHER_US_MAX`.
const GATHER_LOOKS_MAX: usize = 1_000;

/// The longest time for gathering one group, in microseconds, even if appends still arrive: the time of
/// some commits of a hundred events.
const GATHER_ALL_US_MAX: i64 = 20_000;

/// The most expected appends that are all waited for; of more, half are. Writing that many takes about as
/// long as a sync.
const GATHERED_WHOLE_MAX: usize = 96;

/// The state of one group that is being gathered.
pub(crate) struct GroupWait {
    expected: usize,
    looks_left: usize,
    waiting_since: Option<Timestamp>,
    begun: Option<Timestamp>,
}

impl GroupWait {
    /// Starts a group for which `expected` appends are likely to arrive. Up to 96 are all waited for,
    /// because a second sync would cost more. Of more, only half are: the tasks of the other half decide
    /// and seal while these are written, so both cores stay busy.
    pub(crate) const fn of(expected: usize) -> Self {
        Self {
            expected: if expected <= GATHERED_WHOLE_MAX {
                expected
            } else {
                expected / 2
            },
            looks_left: GATHER_LOOKS_MAX,
            waiting_since: None,
            begun: None,
        }
    }

    /// Moves the appends that have arrived into `buffer`, up to the expected number. Returns true if the
    /// writer should yield once and call again: fewer are there, and more may still arrive within the
    /// limits.
    pub(crate) fn look<T>(
        &mut self,
        requests: &mut mpsc::Receiver<T>,
        buffer: &mut Vec<T>,
        now: impl Fn() -> Timestamp,
    ) -> bool {
        while buffer.len() < self.expected {
            let Ok(request) = requests.try_recv() else {
                return self.may_arrive(now());
            };
            buffer.push(request);
            self.looks_left = GATHER_LOOKS_MAX;
            self.waiting_since = None;
        }
        false
    }

    fn may_arrive(&mut self, now: Timestamp) -> bool {
        let since = |instant: Timestamp| now.micros() - instant.micros();
        let waited = since(*self.waiting_since.get_or_insert(now));
        let gathered = since(*self.begun.get_or_insert(now));
        self.looks_left = self.looks_left.saturating_sub(1);
        self.looks_left > 0 && waited <= GATHER_US_MAX && gathered <= GATHER_ALL_US_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gathers a group to which nothing is added while the writer yields. Returns its size and the number
    /// of checks.
    fn gathered(requests: &mut mpsc::Receiver<u32>, expected: usize, micros_a_look: i64) -> (usize, usize) {
        let (mut buffer, mut looks) = (Vec::new(), 0);
        let mut gathering = GroupWait::of(expected);
        loop {
            let now = Timestamp::from_micros(looks * micros_a_look);
            if !gathering.look(requests, &mut buffer, || now) {
                return (buffer.len(), usize::try_from(looks).unwrap());
            }
            looks += 1;
        }
    }

    #[test]
    fn those_who_were_answered_are_waited_for_but_never_for_long() {
        let (sender, mut receiver) = mpsc::channel(8);
        for number in 0..3 {
            sender.try_send(number).unwrap();
        }
        // A group of one expects no other append.
        assert_eq!(gathered(&mut receiver, 1, 1), (1, 0));
        // Two are there; the expected third and fourth do not come.
        assert_eq!(gathered(&mut receiver, 4, 10), (2, 6));
        // Nor if the clock does not move.
        assert_eq!(gathered(&mut receiver, 4, 0), (0, GATHER_LOOKS_MAX - 1));
    }

    #[test]
    fn a_group_of_many_is_half_of_them_and_is_not_gathered_for_ever() {
        let (sender, mut receiver) = mpsc::channel(1);
        let (mut buffer, mut gathering) = (Vec::new(), GroupWait::of(4_000));
        assert_eq!(gathering.expected, 2_000);
        let arrivals_us = 40;
        let mut looks = 0;
        while gathering.look(&mut receiver, &mut buffer, || {
            Timestamp::from_micros(looks * arrivals_us)
        }) {
            sender.try_send(0_u32).unwrap();
            looks += 1;
        }
        assert_eq!(looks, GATHER_ALL_US_MAX / arrivals_us + 1);
    }
}
