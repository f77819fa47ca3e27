//! The capacity of the lines, over all campaigns: simultaneous legs and dials per second, and the health of
//! each line.
//!
//! A slot on a line is taken before any grant is requested, and given back when the leg is over. Lines are
//! ordered by preference. A line with 3 trunk-attributable failures in a row rests while another serves; when
//! every line has failed this way, the dialer pauses the campaigns. A line that has answered a probe before
//! carries no calls while it does not answer, or after it failed this way, until it answers the next probe
//! (`line_health.rs`).

use crate::callers::{CallerNumberCounts, Callers};
use crate::line_health::LineHealth;
use crate::line_load::LineLoad;
use domain::caller_number::CallerNumber;
use domain::ports::clock::Clock;
use domain::ports::line::{LineFacts, ProbeAnswer};
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

pub(crate) use crate::line_health::TrunkSign;

/// The period over which `dials_per_second` is counted, in milliseconds.
const RATE_WINDOW_MS: u64 = 1_000;

/// The slots of all lines, shared by the dialer and its calls.
pub(crate) struct Capacity {
    lines: Mutex<Lines>,
    freed: Notify,
    /// Notified like `freed`, for legs that follow a failed one: all waiting ones wake, while `freed` wakes
    /// only the dialer.
    freed_for_next_legs: Notify,
    /// Number of following legs that wait for a slot. They get a freed slot before a new call.
    next_legs_waiting: AtomicU32,
}

/// The use of each line, in order of preference, and of the caller numbers.
struct Lines {
    uses: Vec<LineUse>,
    shown: CallerNumberCounts,
}

struct LineUse {
    facts: LineFacts,
    legs_count: u32,
    /// The times at which slots were taken within the last second, oldest first; at most
    /// `dials_per_second`.
    dialed: VecDeque<Timestamp>,
    /// The times at which the last `dials_per_second` legs left, or will leave.
    left: VecDeque<Timestamp>,
    callers: Callers,
    health: LineHealth,
    /// True while an emergency stop applies to the line: no leg begins on it.
    is_stopped: bool,
}

/// A slot for one leg on one line. Dropping it frees the slot.
pub(crate) struct LegSlot {
    capacity: Arc<Capacity>,
    line: usize,
    caller: Option<CallerNumber>,
}

/// Counts a waiting following leg until it is dropped.
struct NextLegWaiter(Arc<Capacity>);

impl NextLegWaiter {
    fn new(capacity: &Arc<Capacity>) -> Self {
        capacity.next_legs_waiting.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(capacity))
    }
}

impl Drop for NextLegWaiter {
    fn drop(&mut self) {
        self.0.next_legs_waiting.fetch_sub(1, Ordering::Relaxed);
        self.0.freed.notify_one();
    }
}

impl Capacity {
    pub(crate) fn new(facts: Vec<LineFacts>) -> Arc<Self> {
        let line = |facts: LineFacts| LineUse {
            callers: Callers::of(&facts),
            facts,
            legs_count: 0,
            dialed: VecDeque::new(),
            left: VecDeque::new(),
            health: LineHealth::default(),
            is_stopped: false,
        };
        Arc::new(Self {
            lines: Mutex::new(Lines {
                uses: facts.into_iter().map(line).collect(),
                shown: CallerNumberCounts::default(),
            }),
            freed: Notify::new(),
            freed_for_next_legs: Notify::new(),
            next_legs_waiting: AtomicU32::new(0),
        })
    }

    /// Takes a slot on the first line that has one now and is not in `except`. `None` if there is none.
    pub(crate) fn take(self: &Arc<Self>, now: Timestamp, except: &[usize]) -> Option<LegSlot> {
        let mut lines = self.lock();
        let Lines { uses, shown } = &mut *lines;
        for (index, line) in uses.iter_mut().enumerate() {
            if !except.contains(&index) && line.free_at(now, shown).is_some_and(|at| at <= now) {
                let caller = line.dial(now, shown);
                return Some(LegSlot {
                    capacity: Arc::clone(self),
                    line: index,
                    caller,
                });
            }
        }
        None
    }

    /// Takes a slot for the first leg of a new call, on the first line that has one now. `None` unless more
    /// slots are free than following legs wait for: those must be dialed within seconds, while a new call
    /// can wait a moment.
    pub(crate) fn take_first(self: &Arc<Self>, now: Timestamp) -> Option<LegSlot> {
        if self.free_count(now) == 0 {
            return None;
        }
        self.take(now, &[])
    }

    /// Waits for a slot for a following leg, on a line that is not in `except`. `None` if there is none
    /// before `until` or none can become free. Cancel-safe.
    pub(crate) async fn take_next(
        self: &Arc<Self>,
        clock: &dyn Clock,
        except: &[usize],
        until: Timestamp,
    ) -> Option<LegSlot> {
        let mut waiting = None;
        loop {
            // Registered before looking, so that a slot released in between is not missed.
            let freed = self.freed_for_next_legs.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            let now = clock.now();
            if let Some(place) = self.take(now, except) {
                return Some(place);
            }
            let look_at = self.free_by(now, except, until)?;
            waiting.get_or_insert_with(|| NextLegWaiter::new(self));
            tokio::select! {
                biased;
                () = freed => {}
                () = clock.wait_until(look_at) => {
                    if look_at >= until {
                        return self.take(clock.now(), except);
                    }
                }
            }
        }
    }

    /// Returns when to look again for a slot on a line that is not in `except`: when time frees one, or at
    /// `until` if only the end of a leg can. `None` if none of these lines can take a leg by then.
    fn free_by(&self, now: Timestamp, except: &[usize], until: Timestamp) -> Option<Timestamp> {
        let mut lines = self.lock();
        let Lines { uses, shown } = &mut *lines;
        let allowed = uses
            .iter_mut()
            .enumerate()
            .filter(|(index, _)| !except.contains(index));
        let looks = allowed.filter_map(|(_, line)| match line.free_at(now, shown) {
            Some(at) => Some(at).filter(|at| *at <= until),
            None => Some(until),
        });
        looks.min()
    }

    /// Returns the time at which a slot is free without the end of a leg: now or later. `None` while all
    /// legs are in use.
    pub(crate) fn free_at(&self, now: Timestamp) -> Option<Timestamp> {
        let mut lines = self.lock();
        let Lines { uses, shown } = &mut *lines;
        uses.iter_mut().filter_map(|line| line.free_at(now, shown)).min()
    }

    /// Returns how many new calls could begin now, over all lines, without the slots that following legs
    /// wait for.
    pub(crate) fn free_count(&self, now: Timestamp) -> u32 {
        let mut lines = self.lock();
        let Lines { uses, shown } = &mut *lines;
        let free = uses
            .iter_mut()
            .map(|line| line.free_count(now, shown))
            .fold(0, u32::saturating_add);
        free.saturating_sub(self.next_legs_waiting.load(Ordering::Relaxed))
    }

    /// Returns the current load of each line, in order of preference.
    pub(crate) fn loads(&self, now: Timestamp) -> Vec<LineLoad> {
        let lines = self.lock();
        lines
            .uses
            .iter()
            .map(|line| line.load(now, &lines.shown))
            .collect()
    }

    /// Waits until a slot is freed. A slot freed between two calls counts once.
    pub(crate) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Records how a leg on `line` ended. Returns true if every line that is not stopped has now failed too
    /// often.
    pub(crate) fn note(&self, line: usize, sign: TrunkSign, now: Timestamp) -> bool {
        let uses = &mut self.lock().uses;
        if let Some(used) = uses.get_mut(line) {
            used.health.note(sign, now);
        }
        // Stopped lines say nothing about the lines that may serve.
        let mut serving = uses.iter().filter(|line| !line.is_stopped).peekable();
        serving.peek().is_some() && serving.all(|line| line.health.is_out())
    }

    /// Records the result of a probe of `line`. Returns true if the line carries calls again, or does not
    /// any more.
    pub(crate) fn note_probe(&self, line: usize, answer: ProbeAnswer) -> bool {
        let changed = match self.lock().uses.get_mut(line) {
            Some(used) => used.health.note_probe(answer),
            None => false,
        };
        if changed {
            self.freed.notify_one();
            self.freed_for_next_legs.notify_waiters();
        }
        changed
    }

    /// Stops or permits new legs on a line, and wakes those that wait for a slot.
    pub(crate) fn set_stopped(&self, line: usize, is_stopped: bool) {
        if let Some(line) = self.lock().uses.get_mut(line) {
            line.is_stopped = is_stopped;
        }
        self.freed.notify_one();
        self.freed_for_next_legs.notify_waiters();
    }

    /// Clears the failures of all lines. Called when the campaigns are paused: the user who resumes them
    /// has checked the trunks.
    pub(crate) fn forget_failures(&self) {
        for line in &mut self.lock().uses {
            line.health.forget_failures();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LineUse {
    fn free_at(&mut self, now: Timestamp, shown: &CallerNumberCounts) -> Option<Timestamp> {
        if self.is_stopped || self.legs_count >= self.health.legs_max(self.facts.legs_max) {
            return None;
        }
        if self.callers.free(shown, now) == 0 {
            return None;
        }
        while self
            .dialed
            .front()
            .is_some_and(|at| now.ms_since(*at) >= RATE_WINDOW_MS)
        {
            self.dialed.pop_front();
        }
        let rests_until = self.health.rests_until().unwrap_or(now);
        let dialed_count = u32::try_from(self.dialed.len()).unwrap_or(u32::MAX);
        if dialed_count < self.facts.dials_per_second {
            return Some(rests_until.max(now));
        }
        let oldest = self.dialed.front()?;
        Some(oldest.plus_ms(RATE_WINDOW_MS).max(rests_until))
    }

    fn free_count(&mut self, now: Timestamp, shown: &CallerNumberCounts) -> u32 {
        if self.free_at(now, shown).is_none_or(|at| at > now) {
            return 0;
        }
        let by_numbers = self.callers.free(shown, now);
        let dialed_count = u32::try_from(self.dialed.len()).unwrap_or(u32::MAX);
        let by_rate = self.facts.dials_per_second.saturating_sub(dialed_count);
        by_rate.min(by_numbers).min(
            self.health
                .legs_max(self.facts.legs_max)
                .saturating_sub(self.legs_count),
        )
    }

    fn load(&self, now: Timestamp, shown: &CallerNumberCounts) -> LineLoad {
        let within = |at: &&Timestamp| now.ms_since(**at) < RATE_WINDOW_MS;
        let dialed = self.dialed.iter().filter(within).count();
        LineLoad {
            trunk: self.facts.name.clone(),
            legs: self.legs_count,
            legs_max: self.facts.legs_max,
            dialed_last_second: u32::try_from(dialed).unwrap_or(u32::MAX),
            dials_per_second_max: self.facts.dials_per_second,
            failures_in_a_row: self.health.failures_in_a_row(),
            rests_until: self.health.rests_until().filter(|until| *until > now),
            carries: self.health.carries(),
            is_stopped: self.is_stopped,
            is_loopback: self.facts.loopback,
            callers: self.callers.uses(shown, now),
            calls_per_number_max: self.facts.calls_per_number_max,
        }
    }

    fn dial(&mut self, now: Timestamp, shown: &mut CallerNumberCounts) -> Option<CallerNumber> {
        self.legs_count += 1;
        self.dialed.push_back(now);
        self.health.note_dial(now);
        self.callers.take(shown, now)
    }

    fn leaves_at(&mut self, now: Timestamp) -> Timestamp {
        let rate = usize::try_from(self.facts.dials_per_second).unwrap_or(usize::MAX);
        let surplus = self.left.len().saturating_sub(rate);
        self.left.drain(..surplus);
        let is_full = self.left.len() == rate;
        let oldest = self.left.front().filter(|_| is_full);
        let at = oldest.map_or(now, |oldest| oldest.plus_ms(RATE_WINDOW_MS).max(now));
        self.left.push_back(at);
        at
    }
}

impl LegSlot {
    /// Returns the index of the slot's line, in order of preference.
    pub(crate) const fn line(&self) -> usize {
        self.line
    }
    /// Returns when this leg may leave: now, or when the line's rate permits. Storing the grants takes
    /// time, so slots taken in two different seconds may be ready in the same one.
    pub(crate) fn leaves_at(&self, now: Timestamp) -> Timestamp {
        let mut lines = self.capacity.lock();
        let line = lines.uses.get_mut(self.line);
        line.map_or(now, |line| line.leaves_at(now))
    }
    /// Returns the caller number that the leg shows; `None` for a line without numbers.
    pub(crate) fn caller(&self) -> Option<CallerNumber> {
        self.caller.clone()
    }
}

impl Drop for LegSlot {
    fn drop(&mut self) {
        let mut lines = self.capacity.lock();
        if let Some(line) = lines.uses.get_mut(self.line) {
            line.legs_count = line.legs_count.saturating_sub(1);
        }
        if let Some(caller) = &self.caller {
            lines.shown.give_back(&caller.number);
        }
        drop(lines);
        self.capacity.freed.notify_one();
        self.capacity.freed_for_next_legs.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line_health::REST_MS;
    use crate::testing::{FakeClock, on_one_thread};
    use std::task::Poll;

    /// Polls a future once.
    async fn looked_at<F: Future + Unpin>(future: F) -> Poll<F::Output> {
        let mut future = Some(future);
        std::future::poll_fn(move |context| {
            let polled = future.as_mut().map(|one| std::pin::Pin::new(one).poll(context));
            Poll::Ready(polled.unwrap_or(Poll::Pending))
        })
        .await
    }

    fn line(name: &str, legs_max: u32, dials_per_second: u32) -> LineFacts {
        LineFacts {
            name: name.to_owned(),
            local: "127.0.0.1:5060".to_owned(),
            loopback: true,
            legs_max,
            dials_per_second,
            ring_timeout_ms: 6_000,
            first_response_ms: 4_000,
            hold_off_ms: 5_000,
            caller_numbers: ["+15550101", "+15550102"].map(CallerNumber::without_end).into(),
            calls_per_number_max: None,
        }
    }

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const FAILED: TrunkSign = TrunkSign::Failed { retry_after_ms: None };

    #[test]
    fn a_further_leg_waits_for_the_other_line_and_a_new_call_does_not_take_its_place() {
        on_one_thread(async {
            let clock = FakeClock::new();
            let capacity = Capacity::new(vec![line("a", 9, 9), line("b", 9, 1)]);
            let begun = clock.now();
            let _used = capacity.take(begun, &[0]).unwrap();
            let next = capacity.take_next(&clock, &[0], begun.plus_ms(6_000));
            tokio::pin!(next);
            assert!(looked_at(next.as_mut()).await.is_pending());
            assert_eq!(capacity.free_count(begun), 8, "one of nine is kept");
            clock.advance_ms(1_000);
            assert_eq!(next.await.map(|place| place.line()), Some(1));
            assert_eq!(capacity.free_count(clock.now()), 9);
        });
    }

    #[test]
    fn a_further_leg_takes_what_a_leg_gives_back_and_gives_up_when_its_time_is_over() {
        on_one_thread(async {
            let clock = FakeClock::new();
            let capacity = Capacity::new(vec![line("a", 1, 9), line("b", 1, 9)]);
            let until = clock.now().plus_ms(6_000);
            let used = capacity.take(clock.now(), &[0]).unwrap();
            let next = capacity.take_next(&clock, &[0], until);
            tokio::pin!(next);
            assert!(looked_at(next.as_mut()).await.is_pending());
            drop(used);
            let held = next.await;
            assert_eq!(held.as_ref().map(LegSlot::line), Some(1));
            let late = capacity.take_next(&clock, &[0], until);
            tokio::pin!(late);
            assert!(looked_at(late.as_mut()).await.is_pending());
            clock.advance_ms(6_000);
            assert!(late.await.is_none());
            assert!(
                capacity
                    .take_next(&clock, &[0, 1], clock.now().plus_ms(6_000))
                    .await
                    .is_none(),
                "no line is left: there is nothing to wait for"
            );
        });
    }

    #[test]
    fn the_last_leg_is_given_and_the_next_only_after_one_is_back() {
        let capacity = Capacity::new(vec![line("a", 2, 100)]);
        let first = capacity.take(NOW, &[]).unwrap();
        let _second = capacity.take(NOW, &[]).unwrap();
        assert!(capacity.take(NOW, &[]).is_none());
        assert_eq!(capacity.free_at(NOW), None);
        drop(first);
        assert!(capacity.take(NOW, &[]).is_some());
    }

    #[test]
    fn the_dial_after_the_rate_waits_one_second_from_the_oldest() {
        let capacity = Capacity::new(vec![line("a", 100, 2)]);
        let _one = capacity.take(NOW, &[]).unwrap();
        let _two = capacity.take(NOW.plus_ms(400), &[]).unwrap();
        assert!(capacity.take(NOW.plus_ms(999), &[]).is_none());
        assert_eq!(capacity.free_at(NOW.plus_ms(999)), Some(NOW.plus_ms(1_000)));
        assert!(capacity.take(NOW.plus_ms(1_000), &[]).is_some());
        assert!(capacity.take(NOW.plus_ms(1_399), &[]).is_none());
    }

    #[test]
    fn legs_that_were_late_leave_at_the_lines_rate_all_the_same() {
        let capacity = Capacity::new(vec![line("a", 100, 2)]);
        let place = |at: Timestamp| capacity.take(at, &[]).unwrap();
        let early = [place(NOW), place(NOW)];
        let late = [place(NOW.plus_ms(1_000)), place(NOW.plus_ms(1_000))];
        let ready = NOW.plus_ms(1_100);
        let leave: Vec<u64> = [&early[0], &early[1], &late[0], &late[1]]
            .into_iter()
            .map(|place| place.leaves_at(ready).ms_since(ready))
            .collect();
        assert_eq!(leave, [0, 0, 1_000, 1_000]);
        let afterwards = NOW.plus_ms(5_000);
        assert_eq!(place(afterwards).leaves_at(afterwards), afterwards);
    }

    #[test]
    fn callers_take_turns_and_a_used_line_is_left_out() {
        let capacity = Capacity::new(vec![line("a", 9, 9), line("b", 9, 9)]);
        let callers: Vec<_> = (0..3)
            .map(|_| capacity.take(NOW, &[]).unwrap().caller().unwrap().number)
            .collect();
        assert_eq!(callers, ["+15550101", "+15550102", "+15550101"]);
        assert_eq!(capacity.take(NOW, &[0]).unwrap().line(), 1);
        assert!(capacity.take(NOW, &[0, 1]).is_none());
    }

    #[test]
    fn no_two_calls_show_one_number_where_a_line_says_so_whichever_line_they_are_on() {
        let one_each = |name| LineFacts {
            calls_per_number_max: Some(1),
            ..line(name, 9, 9)
        };
        let capacity = Capacity::new(vec![one_each("a"), one_each("b")]);
        let first = capacity.take(NOW, &[]).unwrap();
        let second = capacity.take(NOW, &[]).unwrap();
        let shown = |place: &LegSlot| place.caller().unwrap().number;
        assert_eq!([shown(&first), shown(&second)], ["+15550101", "+15550102"]);
        assert_eq!(
            capacity.free_count(NOW),
            0,
            "the other line has the same two numbers"
        );
        assert!(capacity.take(NOW, &[]).is_none() && capacity.free_at(NOW).is_none());
        let calls: Vec<u32> = capacity.loads(NOW)[1]
            .callers
            .iter()
            .map(|one| one.calls)
            .collect();
        assert_eq!(calls, [1, 1]);
        drop(first);
        let third = capacity.take(NOW, &[]).unwrap();
        assert_eq!(
            shown(&third),
            "+15550101",
            "the one that came free, though not its turn"
        );
        assert!(capacity.take(NOW, &[]).is_none());
    }

    #[test]
    fn a_number_with_an_ended_licence_is_left_out_and_a_line_without_another_serves_no_call() {
        let licensed = |until: [Option<&str>; 2]| {
            let mut facts = line("a", 9, 9);
            for (caller, until) in facts.caller_numbers.iter_mut().zip(until) {
                caller.number = caller.number.replace("+155501", "955");
                caller.valid_until = until.map(|day| day.parse().unwrap());
            }
            Capacity::new(vec![facts])
        };
        // A carrier's number in its local form belongs to Beijing, where the day ends eight hours before it
        // does in UTC.
        let last: Timestamp = "2026-12-31T15:59:59.999999Z".parse().unwrap();
        let after: Timestamp = "2026-12-31T16:00:00Z".parse().unwrap();
        let shown = |capacity: &Arc<Capacity>, now| {
            let numbers = (0..2).map(|_| capacity.take(now, &[]).unwrap().caller().unwrap().number);
            numbers.collect::<Vec<_>>()
        };
        let one = licensed([Some("2026-12-31"), None]);
        assert_eq!(shown(&one, last), ["95501", "95502"]);
        assert_eq!(shown(&one, after), ["95502", "95502"]);
        let both = licensed([Some("2026-12-31"), Some("2026-12-31")]);
        assert!(both.take(last, &[]).is_some());
        assert!(both.take(after, &[]).is_none() && both.free_at(after).is_none());
        assert_eq!(both.free_count(after), 0);
        let load = both.loads(after).remove(0);
        assert!(
            load.callers.iter().all(crate::callers::CallerUse::is_expired),
            "{load:?}"
        );
    }

    #[test]
    fn a_line_rests_at_its_third_failure_in_a_row_and_not_at_the_second() {
        let capacity = Capacity::new(vec![line("a", 9, 9), line("b", 9, 9)]);
        capacity.note(0, FAILED, NOW);
        capacity.note(0, FAILED, NOW);
        assert_eq!(capacity.take(NOW, &[]).unwrap().line(), 0);
        assert!(!capacity.note(0, FAILED, NOW), "the other line still serves");
        assert_eq!(capacity.take(NOW.plus_ms(9_999), &[]).unwrap().line(), 1);
        assert_eq!(capacity.take(NOW.plus_ms(10_000), &[]).unwrap().line(), 0);
        let after_the_try = NOW.plus_ms(10_001);
        assert_eq!(capacity.take(after_the_try, &[]).unwrap().line(), 1, "one tries");
        capacity.note(0, TrunkSign::Healthy, after_the_try);
        assert_eq!(capacity.take(after_the_try, &[]).unwrap().line(), 0);
    }

    #[test]
    fn every_line_must_fail_three_times_in_a_row_before_all_is_lost() {
        let capacity = Capacity::new(vec![line("a", 9, 9), line("b", 9, 9)]);
        let noted: Vec<bool> = [0, 0, 0, 1, 1]
            .into_iter()
            .map(|index| capacity.note(index, FAILED, NOW))
            .collect();
        assert_eq!(noted, [false; 5]);
        capacity.note(1, TrunkSign::Healthy, NOW);
        assert!(![1, 1].into_iter().any(|index| capacity.note(index, FAILED, NOW)));
        assert!(capacity.note(1, FAILED, NOW));
        capacity.forget_failures();
        assert!(capacity.take(NOW, &[]).is_some());
    }

    #[test]
    fn a_stopped_line_takes_no_leg_until_it_is_lifted_and_another_serves() {
        let capacity = Capacity::new(vec![line("a", 9, 9), line("b", 9, 9)]);
        capacity.set_stopped(0, true);
        assert_eq!(capacity.take(NOW, &[]).unwrap().line(), 1);
        assert_eq!(capacity.free_count(NOW), 8);
        let noted: Vec<bool> = (0..3).map(|_| capacity.note(1, FAILED, NOW)).collect();
        assert_eq!(noted, [false, false, true], "no line is left that serves");
        capacity.forget_failures();
        capacity.set_stopped(1, true);
        assert!(
            !capacity.note(1, TrunkSign::Neutral, NOW),
            "what is stopped has not failed"
        );
        assert!(capacity.take(NOW, &[]).is_none() && capacity.free_at(NOW).is_none());
        capacity.set_stopped(0, false);
        assert_eq!(capacity.take(NOW, &[]).unwrap().line(), 0);
    }

    #[test]
    fn a_retry_after_suspends_at_once_but_not_for_longer_than_five_minutes() {
        let capacity = Capacity::new(vec![line("a", 9, 9)]);
        let sign = TrunkSign::Failed {
            retry_after_ms: Some(3_600_000),
        };
        capacity.note(0, sign, NOW);
        assert_eq!(capacity.free_at(NOW), Some(NOW.plus_ms(300_000)));
    }

    #[test]
    fn a_line_tells_what_it_carries_of_what_it_may() {
        let capacity = Capacity::new(vec![line("a", 3, 2), line("b", 9, 9)]);
        let first = capacity.take(NOW, &[]).unwrap();
        let _second = capacity.take(NOW.plus_ms(400), &[]).unwrap();
        let first_load = |now| {
            let load = capacity.loads(now).remove(0);
            (
                load.legs,
                load.legs_max,
                load.dialed_last_second,
                load.dials_per_second_max,
            )
        };
        assert_eq!(first_load(NOW.plus_ms(400)), (2, 3, 2, 2));
        assert_eq!(
            first_load(NOW.plus_ms(1_000)),
            (2, 3, 1, 2),
            "a second has passed for one"
        );
        drop(first);
        assert_eq!(first_load(NOW.plus_ms(1_400)), (1, 3, 0, 2));
        for _ in 0..crate::line_health::FAILURES_IN_A_ROW_MAX {
            capacity.note(0, FAILED, NOW);
        }
        let load = capacity.loads(NOW.plus_ms(1)).remove(0);
        assert_eq!(load.rests_until, Some(NOW.plus_ms(REST_MS)));
        assert_eq!(capacity.loads(NOW.plus_ms(REST_MS)).remove(0).rests_until, None);
        capacity.set_stopped(1, true);
        let stopped: Vec<bool> = capacity.loads(NOW).iter().map(|load| load.is_stopped).collect();
        assert_eq!(stopped, [false, true]);
    }
}
