//! The abandonment account (呼损台账) of a campaign: answered and abandoned calls by the hour, and how many more
//! calls may be abandoned.
//!
//! It counts live answers, and those of them that got no agent or robot within the limit. The law allows 3 in
//! 100 of the answers of 30 days (16 CFR 310.4(b)(4)(i)); a stricter plan applies this to each day as well.
//! The figures come from the campaign's own events, so that the basis of a decision can always be read in the
//! log.

use crate::calendar::{DAY_MICROS, HOUR_MICROS};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most abandoned calls per hundred live answers that the law allows (16 CFR 310.4(b)(4)(i)).
const DROPS_A_HUNDRED: u64 = 3;

/// Fewest answers that a day's budget assumes: with fewer, the first abandoned call would exceed the day's
/// share.
const DAY_ANSWERS_MIN: u64 = 100;

/// The window of the account in days: the last 30, as in the law.
pub const WINDOW_DAYS: i64 = 30;

/// The most hours kept: those of the window and the current one. Older ones are dropped.
const HOURS_MAX: usize = 24 * 30 + 1;

/// Numbers of calls that a person answered, and of those that were abandoned.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[open(answers, drops)]
pub struct AbandonmentCounts {
    /// Calls that a person answered.
    pub answers: u64,
    /// Answered calls that got neither an agent nor, if the definition allows one, a robot in time.
    pub drops: u64,
}

impl AbandonmentCounts {
    /// Returns how many more calls may be abandoned (3 of 100 answers); negative if the limit is exceeded.
    pub fn budget(self) -> i64 {
        let allowed = self.answers.saturating_mul(DROPS_A_HUNDRED) / 100;
        difference(allowed, self.drops)
    }

    fn plus(self, more: Self) -> Self {
        Self {
            answers: self.answers.saturating_add(more.answers),
            drops: self.drops.saturating_add(more.drops),
        }
    }
}

fn difference(allowed: u64, drops: u64) -> i64 {
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    signed(allowed).saturating_sub(signed(drops))
}

/// A campaign's answered and abandoned calls, by the hour in which the calls ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AbandonmentAccount {
    hours: BTreeMap<i64, AbandonmentCounts>,
}

impl AbandonmentAccount {
    /// Adds counts to the hour of `ended_at`. Beyond `HOURS_MAX` hours the oldest are dropped; the log
    /// keeps them.
    pub fn add(&mut self, ended_at: Timestamp, counted: AbandonmentCounts) {
        let hour = ended_at.micros().div_euclid(HOUR_MICROS);
        let before = self.hours.get(&hour).copied().unwrap_or_default();
        self.hours.insert(hour, before.plus(counted));
        while self.hours.len() > HOURS_MAX {
            self.hours.pop_first();
        }
    }

    /// Returns the sum of the last 30 days, including the hour of `now`.
    pub fn window(&self, now: Timestamp) -> AbandonmentCounts {
        let next = now.micros().div_euclid(HOUR_MICROS).saturating_add(1);
        self.between(next.saturating_sub(24 * WINDOW_DAYS), next)
    }

    /// Returns the sum of the day of `now` so far, in a zone `ahead_micros` microseconds ahead of UTC.
    fn day(&self, now: Timestamp, ahead_micros: i64) -> AbandonmentCounts {
        let local = now.micros().saturating_add(ahead_micros);
        let midnight = local.div_euclid(DAY_MICROS).saturating_mul(DAY_MICROS) - ahead_micros;
        let next = now.micros().div_euclid(HOUR_MICROS).saturating_add(1);
        self.between(midnight.div_euclid(HOUR_MICROS), next)
    }

    fn between(&self, from: i64, to: i64) -> AbandonmentCounts {
        if from >= to {
            return AbandonmentCounts::default();
        }
        let hours = self.hours.range(from..to).map(|(_, counted)| *counted);
        hours.fold(AbandonmentCounts::default(), AbandonmentCounts::plus)
    }

    /// Returns how many more calls may be abandoned in the 30 days; with `holds_each_day`, at most as many
    /// as the day in Beijing allows.
    pub fn budget(&self, now: Timestamp, holds_each_day: bool) -> i64 {
        let by_window = self.window(now).budget();
        if !holds_each_day {
            return by_window;
        }
        let day = self.day(now, crate::calendar::BEIJING_MICROS);
        let taken_for = AbandonmentCounts {
            answers: day.answers.max(DAY_ANSWERS_MIN),
            ..day
        };
        by_window.min(taken_for.budget())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const fn counted(answers: u64, drops: u64) -> AbandonmentCounts {
        AbandonmentCounts { answers, drops }
    }

    /// The small examples in `docs/pacing.md`.
    #[test]
    fn three_of_a_hundred_in_integers() {
        for (answers, drops, budget) in [
            (0, 0, 0),
            (33, 0, 0),
            (34, 0, 1),
            (99, 2, 0),
            (100, 2, 1),
            (100, 3, 0),
            (700, 20, 1),
            (10, 1, -1),
        ] {
            assert_eq!(counted(answers, drops).budget(), budget, "{answers} {drops}");
        }
    }

    #[test]
    fn what_is_thirty_days_old_binds_no_more_and_what_ends_in_this_hour_does() {
        let mut account = AbandonmentAccount::default();
        let first = instant("2026-03-01T08:30:00Z");
        account.add(first, counted(100, 5));
        account.add(instant("2026-03-31T07:59:59Z"), counted(100, 0));
        for (now, answers, budget) in [
            ("2026-03-31T07:59:59Z", 200, 1),
            ("2026-03-31T08:00:00Z", 100, 3),
            ("2026-03-31T09:00:00Z", 100, 3),
        ] {
            let now = instant(now);
            assert_eq!(account.window(now).answers, answers, "{now}");
            assert_eq!(account.budget(now, false), budget, "{now}");
        }
    }

    #[test]
    fn a_day_begins_in_beijing_and_is_taken_for_a_hundred_answers_while_it_has_fewer() {
        let mut account = AbandonmentAccount::default();
        account.add(instant("2026-03-01T15:59:00Z"), counted(1_000, 4));
        let (evening, morning) = (instant("2026-03-01T15:59:30Z"), instant("2026-03-02T01:00:00Z"));
        assert_eq!(account.budget(evening, true), 26);
        account.add(instant("2026-03-02T00:30:00Z"), counted(2, 2));
        assert_eq!(account.budget(morning, true), 1, "3 of a hundred, 2 are used");
        assert_eq!(account.budget(morning, false), 24);
        account.add(instant("2026-03-02T00:40:00Z"), counted(3, 2));
        assert_eq!(account.budget(morning, true), -1);
    }

    #[test]
    fn its_memory_is_bounded_by_the_window() {
        let mut account = AbandonmentAccount::default();
        let begin = instant("2026-01-01T00:00:00Z");
        for hour in 0..2_000 {
            account.add(begin.plus_ms(hour * 3_600_000), counted(1, 0));
        }
        assert_eq!(account.hours.len(), HOURS_MAX);
        assert_eq!(account.window(begin.plus_ms(1_999 * 3_600_000)).answers, 720);
    }
}
