//! Which of a line's numbers a call may show: those whose licence lasts, in turn, and each for so many calls
//! at once where the line says so.
//!
//! Calls are counted by the number over all lines, so that two trunks which have the same one do not show it
//! twice. It is memory alone: what a crash left open is ended before anybody is dialed again.

use domain::caller_number::CallerNumber;
use domain::compliance::{days_licensed, judge_caller_number};
use domain::ports::line::LineFacts;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Microseconds of a second: days begin and end with one.
const SECOND_US: i64 = 1_000_000;

/// How many calls show each number now.
#[derive(Debug, Default)]
pub(crate) struct Shown(BTreeMap<String, u32>);

impl Shown {
    fn calls(&self, number: &str) -> u32 {
        self.0.get(number).copied().unwrap_or(0)
    }

    fn take(&mut self, number: &str) {
        let calls = self.0.entry(number.to_owned()).or_default();
        *calls = calls.saturating_add(1);
    }

    /// A call that showed it is over.
    pub(crate) fn give_back(&mut self, number: &str) {
        if let Some(calls) = self.0.get_mut(number) {
            *calls = calls.saturating_sub(1);
        }
        self.0.retain(|_, calls| *calls > 0);
    }
}

/// A line's number at a moment, for whoever watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerUse {
    pub caller: CallerNumber,
    /// Calls that show it, over all lines.
    pub calls: u32,
    /// Days that its licence lasts beyond today; below nothing once it has ended.
    pub days_left: Option<i64>,
}

impl CallerUse {
    /// Its licence has ended: it is shown no more.
    pub fn is_expired(&self) -> bool {
        self.days_left.is_some_and(|days| days < 0)
    }
}

/// The numbers of one line.
pub(crate) struct Callers {
    numbers: Vec<CallerNumber>,
    /// Most calls at once that show the same one.
    calls_max: Option<u32>,
    /// Those whose licence lasts, and in which second that was found.
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

    /// How many further calls could show a number of this line now; no bound on a line that shows none.
    pub(crate) fn free(&mut self, shown: &Shown, now: Timestamp) -> u32 {
        if self.numbers.is_empty() {
            return u32::MAX;
        }
        self.find_licensed(now);
        let free = self.licensed.iter().filter_map(|index| self.numbers.get(*index));
        free.map(|caller| self.left_of(caller, shown))
            .fold(0, u32::saturating_add)
    }

    /// The next number in turn that may be shown, taken for a call.
    pub(crate) fn take(&mut self, shown: &mut Shown, now: Timestamp) -> Option<CallerNumber> {
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

    /// Each of them now.
    pub(crate) fn uses(&self, shown: &Shown, now: Timestamp) -> Vec<CallerUse> {
        let uses = self.numbers.iter().map(|caller| CallerUse {
            calls: shown.calls(&caller.number),
            days_left: days_licensed(caller, now),
            caller: caller.clone(),
        });
        uses.collect()
    }

    fn left_of(&self, caller: &CallerNumber, shown: &Shown) -> u32 {
        self.calls_max
            .map_or(u32::MAX, |max| max.saturating_sub(shown.calls(&caller.number)))
    }

    /// A licence ends with a day, and a day with a second: within one nothing changes.
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
