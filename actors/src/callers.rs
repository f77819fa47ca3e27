//! The caller numbers of a line that a call may show: those with a valid licence, in turn, each for a limited
//! number of simultaneous calls if the line says so.
//!
//! Calls are counted per number over all lines, so that two trunks with the same number do not exceed its
//! limit. The counts are only in memory: calls that a crash left open are ended before new ones are dialed.

use domain::caller_number::CallerNumber;
use domain::compliance::{days_licensed, judge_caller_number};
use domain::ports::line::LineFacts;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Microseconds per second: days begin and end on a second.
const SECOND_US: i64 = 1_000_000;

/// The number of calls that show each caller number now, over all lines.
#[derive(Debug, Default)]
pub(crate) struct CallerNumberCounts(BTreeMap<String, u32>);

impl CallerNumberCounts {
    fn calls(&self, number: &str) -> u32 {
        self.0.get(number).copied().unwrap_or(0)
    }

    fn take(&mut self, number: &str) {
        let calls = self.0.entry(number.to_owned()).or_default();
        *calls = calls.saturating_add(1);
    }

    /// Removes an ended call from a caller number's count.
    pub(crate) fn give_back(&mut self, number: &str) {
        if let Some(calls) = self.0.get_mut(number) {
            *calls = calls.saturating_sub(1);
        }
        self.0.retain(|_, calls| *calls > 0);
    }
}

/// The use of one of a line's caller numbers at a moment, for monitoring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerUse {
    pub caller: CallerNumber,
    /// Calls that show it now, over all lines.
    pub calls: u32,
    /// Days for which its licence lasts after today; negative if it has ended, `None` without an end.
    pub days_left: Option<i64>,
}

impl CallerUse {
    /// Returns true if its licence has ended; it is not shown any more.
    pub fn is_expired(&self) -> bool {
        self.days_left.is_some_and(|days| days < 0)
    }
}

/// The caller numbers of one line, and which one is next.
pub(crate) struct Callers {
    numbers: Vec<CallerNumber>,
    /// Most simultaneous calls that show the same number.
    calls_max: Option<u32>,
    /// Indices of the numbers with a valid licence, as of the second `found_in`.
    licensed: Vec<usize>,
    found_in: Option<i64>,
    next: usize,
}

impl Callers {
    pub(crate) fn of(facts: &LineFacts) -> Self {
        Self {
            numbers: facts.caller_numbers.clone(),
            calls_max: facts.calls_per_number_max,
            licensed: Vec::new(),
            found_in: None,
            next: 0,
        }
    }

    /// Returns how many further calls could show a number of this line now; `u32::MAX` for a line without
    /// numbers.
    pub(crate) fn free(&mut self, shown: &CallerNumberCounts, now: Timestamp) -> u32 {
        if self.numbers.is_empty() {
            return u32::MAX;
        }
        self.find_licensed(now);
        let free = self.licensed.iter().filter_map(|index| self.numbers.get(*index));
        free.map(|caller| self.left_of(caller, shown))
            .fold(0, u32::saturating_add)
    }

    /// Takes the next number in turn that may be shown, and counts one call for it. `None` if there is
    /// none.
    pub(crate) fn take(&mut self, shown: &mut CallerNumberCounts, now: Timestamp) -> Option<CallerNumber> {
        self.find_licensed(now);
        let count = self.licensed.len();
        let turns = (0..count).map(|turn| self.next.wrapping_add(turn));
        let found = turns.filter_map(|turn| Some((turn, *self.licensed.get(turn.checked_rem(count)?)?)));
        let mut free = found.filter_map(|(turn, index)| {
            let caller = self.numbers.get(index)?;
            (self.left_of(caller, shown) > 0).then(|| (turn, caller.clone()))
        });
        let (turn, caller) = free.next()?;
        drop(free);
        self.next = turn.wrapping_add(1);
        shown.take(&caller.number);
        Some(caller)
    }

    /// Returns the use of each number now.
    pub(crate) fn uses(&self, shown: &CallerNumberCounts, now: Timestamp) -> Vec<CallerUse> {
        let uses = self.numbers.iter().map(|caller| CallerUse {
            calls: shown.calls(&caller.number),
            days_left: days_licensed(caller, now),
            caller: caller.clone(),
        });
        uses.collect()
    }

    fn left_of(&self, caller: &CallerNumber, shown: &CallerNumberCounts) -> u32 {
        self.calls_max
            .map_or(u32::MAX, |max| max.saturating_sub(shown.calls(&caller.number)))
    }

    /// Determines the numbers with a valid licence, at most once per second, because licences end with a
    /// day.
    fn find_licensed(&mut self, now: Timestamp) {
        let second = now.micros().div_euclid(SECOND_US);
        if self.found_in == Some(second) {
            return;
        }
        self.found_in = Some(second);
        self.licensed.clear();
        for (index, caller) in self.numbers.iter().enumerate() {
            if caller.valid_until.is_none() || judge_caller_number(caller, now).allows() {
                self.licensed.push(index);
            }
        }
    }
}
