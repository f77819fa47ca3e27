//! A value shared by threads, and a wait that ends when a thread changes it.

use crate::passing_time::time_left;
use crate::program::deadline;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A value behind a lock, with a condition variable: waiting threads are woken by each change and do not
/// poll.
#[derive(Debug, Default)]
pub struct WatchedValue<T> {
    held: Mutex<T>,
    changed: Condvar,
}

impl<T> WatchedValue<T> {
    pub const fn new(held: T) -> Self {
        Self {
            held: Mutex::new(held),
            changed: Condvar::new(),
        }
    }

    /// Locks the value for reading. A change through this guard wakes no waiting thread.
    pub fn look(&self) -> MutexGuard<'_, T> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the value and wakes all waiting threads.
    pub fn change<R>(&self, make: impl FnOnce(&mut T) -> R) -> R {
        let made = make(&mut self.look());
        self.changed.notify_all();
        made
    }

    /// Calls `wanted` now and after each change until it returns something; `None` after `within`.
    pub fn until<R>(&self, within: Duration, mut wanted: impl FnMut(&mut T) -> Option<R>) -> Option<R> {
        let until = deadline(within);
        let mut held = self.look();
        loop {
            if let Some(found) = wanted(&mut held) {
                return Some(found);
            }
            let left = time_left(until);
            if left.is_zero() {
                return None;
            }
            let waited = self.changed.wait_timeout(held, left);
            held = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passing_time::HUNG_AFTER;

    #[test]
    fn a_change_ends_the_wait_and_nothing_ends_it_without_one() {
        let watched = WatchedValue::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| watched.change(|count| *count = 7));
            let found = watched.until(HUNG_AFTER, |count| (*count == 7).then_some(*count));
            assert_eq!(found, Some(7));
        });
        let none = watched.until(Duration::from_millis(1), |count| (*count == 8).then_some(()));
        assert_eq!(none, None);
    }
}
