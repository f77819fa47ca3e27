//! The deadlines of all legs, sorted, so that a message of one leg costs nothing for the thousand others that
//! wait.
//!
//! Each leg has at most one deadline, the last one that its state machine set. When it moves, the old one is
//! removed and causes no wake-up.

use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The owner of a deadline: a leg or a left-over leg, by its Call-ID.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DeadlineOwner {
    Leg(String),
    LeftOver(String),
}

/// The deadlines of all legs, one per owner, sorted by time.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    soonest: BTreeSet<(Timestamp, DeadlineOwner)>,
    /// The same deadlines by owner.
    named: BTreeMap<DeadlineOwner, Timestamp>,
}

impl Deadlines {
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.soonest.first().map(|(at, _)| *at)
    }

    /// Sets the deadline of one owner and replaces the old one; `None` removes it.
    pub(super) fn set(&mut self, waiting: DeadlineOwner, at: Option<Timestamp>) {
        let before = self.named.get(&waiting).copied();
        if before == at {
            return;
        }
        let mut entry = (at.unwrap_or(Timestamp::EPOCH), waiting);
        if let Some(before) = before {
            let now = std::mem::replace(&mut entry.0, before);
            self.soonest.remove(&entry);
            entry.0 = now;
        }
        if at.is_none() {
            self.named.remove(&entry.1);
            return;
        }
        self.named.insert(entry.1.clone(), entry.0);
        self.soonest.insert(entry);
    }

    /// Removes and returns an owner with a deadline at or before `now`, the earliest first; `None` if there
    /// is none.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<DeadlineOwner> {
        if self.next()? > now {
            return None;
        }
        let (_, waiting) = self.soonest.pop_first()?;
        self.named.remove(&waiting);
        Some(waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(number: u64) -> DeadlineOwner {
        DeadlineOwner::Leg(format!("leg-{number}"))
    }

    fn at(ms: u64) -> Timestamp {
        Timestamp::EPOCH.plus_ms(ms)
    }

    #[test]
    fn a_deadline_that_moved_wakes_no_leg_at_its_old_time() {
        let mut deadlines = Deadlines::default();
        deadlines.set(leg(1), Some(at(10)));
        deadlines.set(leg(1), Some(at(30)));
        assert_eq!(
            (deadlines.next(), deadlines.take_due(at(29))),
            (Some(at(30)), None)
        );
        deadlines.set(leg(1), Some(at(20)));
        assert_eq!(deadlines.take_due(at(20)), Some(leg(1)));
        assert_eq!((deadlines.next(), deadlines.take_due(at(99))), (None, None));
        deadlines.set(leg(1), Some(at(40)));
        deadlines.set(leg(1), None);
        assert_eq!(deadlines.next(), None);
    }

    #[test]
    fn a_leg_and_what_is_left_over_of_it_wait_each_for_itself() {
        let mut deadlines = Deadlines::default();
        let left_over = DeadlineOwner::LeftOver("leg-1".to_owned());
        deadlines.set(leg(1), Some(at(10)));
        deadlines.set(left_over.clone(), Some(at(10)));
        deadlines.set(leg(1), None);
        assert_eq!(deadlines.take_due(at(10)), Some(left_over));
    }

    /// Compared with a scan over all, after each of many moves from a fixed sequence.
    #[test]
    fn what_is_due_is_what_a_walk_over_all_would_find() {
        let (mut deadlines, mut walked) = (Deadlines::default(), BTreeMap::new());
        let mut drawn = 7_u64;
        for step in 0..4_000_u64 {
            drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (number, ms) = ((drawn >> 33) % 40, step + (drawn >> 40) % 50);
            let moved = (drawn >> 20).is_multiple_of(5);
            deadlines.set(leg(number), (!moved).then(|| at(ms)));
            walked.remove(&leg(number));
            if !moved {
                walked.insert(leg(number), at(ms));
            }
            assert_eq!(deadlines.next(), walked.values().min().copied());
            if step.is_multiple_of(7) {
                let mut due: Vec<DeadlineOwner> =
                    std::iter::from_fn(|| deadlines.take_due(at(step))).collect();
                due.sort();
                let expected: Vec<DeadlineOwner> = walked
                    .extract_if(.., |_, one| *one <= at(step))
                    .map(|(who, _)| who)
                    .collect();
                assert_eq!(due, expected);
            }
        }
        assert!(deadlines.soonest.len() == walked.len() && deadlines.named.len() == walked.len());
    }
}
