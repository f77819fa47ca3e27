//! Who was answered by one group is likely to ask again: a writer looks for them for a moment before it
//! writes the next.
//!
//! Askers that wait for each answer come back one by one, and the first of them alone would cost all others a
//! second commit. A lone asker behind others is kept waiting once, for as long as an arrival is waited for.

use domain::time::Timestamp;
use tokio::sync::mpsc;

/// How long a writer waits for the next arrival before it stops gathering: a sixth of the fastest commit. An
/// asker that was just answered is back within a few of these microseconds.
const GATHER_US_MAX: i64 = 50;

/// How often it looks within that time, at most.
const GATHER_LOOKS_MAX: usize = 1_000;

/// How long a whole group is gathered, however many still arrive: some commits of a hundred events.
const GATHER_ALL_US_MAX: i64 = 20_000;

/// Most askers that are waited for as a whole: to write as many takes about as long as a sync.
const GATHERED_WHOLE_MAX: usize = 96;

/// One group that is being gathered.
pub(crate) struct Gathering {
    expected: usize,
    looks_left: usize,
    waiting_since: Option<Timestamp>,
    begun: Option<Timestamp>,
}

impl Gathering {
    /// Of askers of whom so many are expected to come back. Few are waited for all, since a second sync would
    /// cost more than they do. Of many only a half: the other half decides and seals while these are written,
    /// and neither core is idle.
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

    /// Takes what has arrived. Whether the writer should give way once and look again: fewer are there than
    /// are expected, and they still arrive.
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

    /// What is gathered, when nobody asks while the writer gives way.
    fn gathered(requests: &mut mpsc::Receiver<u32>, expected: usize, micros_a_look: i64) -> (usize, usize) {
        let (mut buffer, mut looks) = (Vec::new(), 0);
        let mut gathering = Gathering::of(expected);
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
        // A lone asker's group expects nobody else.
        assert_eq!(gathered(&mut receiver, 1, 1), (1, 0));
        // Two are there; the third and fourth that are expected do not come.
        assert_eq!(gathered(&mut receiver, 4, 10), (2, 6));
        // Nor when the clock stands still.
        assert_eq!(gathered(&mut receiver, 4, 0), (0, GATHER_LOOKS_MAX - 1));
    }

    #[test]
    fn a_group_of_many_is_half_of_them_and_is_not_gathered_for_ever() {
        let (sender, mut receiver) = mpsc::channel(1);
        let (mut buffer, mut gathering) = (Vec::new(), Gathering::of(4_000));
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
