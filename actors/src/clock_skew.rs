//! The offset of this process's clock from other clocks, as last measured. While it is wrong, no call is
//! dialed.
//!
//! Calling windows, caps and earliest times depend on the time of day. While the last offset of any source is
//! beyond `CLOCK_SKEW_MS_MAX`, no new dial is granted; conversations may finish.

use domain::installation::{CLOCK_SKEW_MS_MAX, ClockDoubt, ClockOffset};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The last measured offset of this clock from each other clock, and whether the wall clock is doubted.
/// Shared by everything in this process that dials.
#[derive(Debug, Default)]
pub struct ClockSkew {
    offsets: Mutex<BTreeMap<String, (ClockOffset, Timestamp)>>,
    doubt: Mutex<Option<ClockDoubt>>,
}

impl ClockSkew {
    /// Stores a measured offset, and logs when the clock becomes wrong or right. The number of sources is
    /// bounded by the configuration.
    pub fn measured(&self, offset: ClockOffset, at: Timestamp) {
        let is_wrong = is_wrong(&offset);
        let before = self.lock().insert(offset.source.clone(), (offset.clone(), at));
        if is_wrong != before.is_some_and(|(before, _)| self::is_wrong(&before)) {
            let ClockOffset {
                offset_ms, source, ..
            } = &offset;
            if is_wrong {
                tracing::error!(
                    offset_ms,
                    source,
                    "this clock is wrong: no call is dialed until it is right"
                );
            } else {
                tracing::warn!(offset_ms, source, "this clock is right again: dialing resumes");
            }
        }
    }

    /// Returns an offset by which this clock is wrong, of the first source in order of name; `None` if
    /// there is none.
    pub fn exceeded(&self) -> Option<ClockOffset> {
        let offsets = self.lock();
        let mut all = offsets.values().map(|(offset, _)| offset);
        all.find(|offset| is_wrong(offset)).cloned()
    }

    /// Returns the last offset of each source, and when it was measured.
    pub fn all(&self) -> Vec<(ClockOffset, Timestamp)> {
        self.lock().values().cloned().collect()
    }

    /// Marks the wall clock as doubted: no call is dialed until `believe`. Logged if the cause is new.
    pub fn doubt(&self, doubt: ClockDoubt) {
        let before = self.doubt_now().replace(doubt);
        if before.map(|before| before.cause) != Some(doubt.cause) {
            let (cause, apart_ms) = (doubt.cause, doubt.apart_ms);
            tracing::error!(
                ?cause,
                apart_ms,
                "the wall clock is doubted: no call is dialed until it agrees again or a user confirms it"
            );
        }
    }

    /// Ends the doubt about the wall clock. Does nothing without a doubt.
    pub fn believe(&self) {
        if self.doubt_now().take().is_some() {
            tracing::warn!("the wall clock is no longer doubted: dialing resumes");
        }
    }

    /// Returns why the wall clock is doubted; `None` while it is not.
    pub fn doubted(&self) -> Option<ClockDoubt> {
        *self.doubt_now()
    }

    /// Returns true if no call may be dialed because of the clock: an offset is too large, or the clock is
    /// doubted.
    pub fn stops_dialing(&self) -> bool {
        self.exceeded().is_some() || self.doubted().is_some()
    }

    fn doubt_now(&self) -> std::sync::MutexGuard<'_, Option<ClockDoubt>> {
        self.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (ClockOffset, Timestamp)>> {
        self.offsets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn is_wrong(offset: &ClockOffset) -> bool {
    offset.offset_ms.unsigned_abs() > CLOCK_SKEW_MS_MAX
}
