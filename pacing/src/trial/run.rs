//! Runs of several days and their results: the occupancy of agents and the share of abandoned answers.

use super::course::AnswerRateCourse;
use super::day::{DAY_S, Day};
use crate::floor::{Pacer, TickEvents};
use crate::{ABANDONED_PERCENT_MAX, TICK_S};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Number of days over which the law measures the abandon rate (16 CFR 310.4(b)(4)(i)).
pub(super) const WINDOW_DAYS: usize = 30;
/// Fewest answers that a day's drop budget assumes, so that a day's first drops are allowed.
const STRICT_ANSWERS: u64 = 100;

/// The parameters of a trial: agents, answer rate, days and seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    pub agents: u32,
    /// Answer rate, which the course modifies.
    pub rate: f64,
    pub course: AnswerRateCourse,
    pub ledger: DropLimitPeriod,
    pub days: usize,
    pub seed: u64,
}

/// The period over which drops are limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropLimitPeriod {
    ThirtyDays,
    /// Each single day in addition to the thirty days.
    EachDay,
}

/// Answers and drops so far, in the current thirty days and on the current day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Account {
    pub answers: u64,
    pub drops: u64,
    day_answers: u64,
    day_drops: u64,
    served: u64,
}

impl Account {
    pub(super) fn add(&mut self, events: TickEvents) {
        self.answers += u64::from(events.answers);
        self.drops += u64::from(events.drops);
        self.day_answers += u64::from(events.answers);
        self.day_drops += u64::from(events.drops);
        self.served += u64::from(events.served);
    }

    /// Returns how many more drops the legal limit allows; negative if it is exceeded.
    pub(super) fn budget(&self, ledger: DropLimitPeriod) -> i64 {
        let window = budget(self.answers, self.drops);
        match ledger {
            DropLimitPeriod::ThirtyDays => window,
            DropLimitPeriod::EachDay => {
                window.min(budget(self.day_answers.max(STRICT_ANSWERS), self.day_drops))
            }
        }
    }
}

/// Returns how many more drops three percent of `answers` allow: ⌊3·answers ÷ 100⌋ − drops; negative if the
/// limit is exceeded.
pub fn budget(answers: u64, drops: u64) -> i64 {
    let allowed = answers.saturating_mul(u64::from(ABANDONED_PERCENT_MAX)) / 100;
    i64::try_from(allowed).unwrap_or(i64::MAX) - i64::try_from(drops).unwrap_or(i64::MAX)
}

/// The results of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TrialOutcome {
    pub answers: u64,
    pub drops: u64,
    pub served: u64,
    /// Share of the agents' time in calls or wrap-up.
    pub occupancy_ratio: f64,
    /// Largest share of abandoned answers in any thirty days.
    pub abandon_ratio_max: f64,
    /// Number of days with at least one hundred answers and an abandon rate above three percent.
    pub days_above: usize,
}

/// Returns the agents' occupancy (0 to 1) under progressive dialing at this answer rate, in closed form
/// (`docs/pacing.md`, Score).
pub fn progressive_occupancy(rate: f64) -> f64 {
    140.0 / (140.0 + 25.0 * (1.0 / rate - 1.0) + 8.62 + TICK_S / (2.0 * rate))
}

impl TrialOutcome {
    /// Returns the gain over progressive dialing, as a share of the distance to full occupancy. Full
    /// occupancy (1) is an upper bound; even perfect foresight stays a little below it.
    pub fn gain(&self, rate: f64) -> f64 {
        let least = progressive_occupancy(rate);
        (self.occupancy_ratio - least) / (1.0 - least)
    }
}

/// Simulates the days of a trial with `pacer`. Returns occupancy, answers and drops; the same trial gives
/// the same results.
pub fn run(trial: &Trial, pacer: &mut dyn Pacer) -> TrialOutcome {
    let mut random = ChaCha8Rng::seed_from_u64(trial.seed);
    let (mut account, mut outcome, mut busy) = (Account::default(), TrialOutcome::default(), 0);
    let mut days: Vec<(u64, u64)> = Vec::new();
    for day in 0..trial.days {
        if day % WINDOW_DAYS == 0 {
            (account.answers, account.drops) = (0, 0);
        }
        (account.day_answers, account.day_drops) = (0, 0);
        busy += Day::new(trial, &mut random).run(pacer, &mut account);
        days.push((account.day_answers, account.day_drops));
    }
    let sum = |days: &[(u64, u64)]| {
        days.iter()
            .fold((0, 0), |sum, day| (sum.0 + day.0, sum.1 + day.1))
    };
    (outcome.answers, outcome.drops) = sum(&days);
    outcome.served = account.served;
    let windows = days.chunks(WINDOW_DAYS).map(|window| ratio(sum(window)));
    outcome.abandon_ratio_max = windows.fold(0.0, f64::max);
    let is_above = |day: &&(u64, u64)| day.0 >= STRICT_ANSWERS && ratio(**day) > 0.03;
    outcome.days_above = days.iter().filter(is_above).count();
    let worked = f64::from(trial.agents) * DAY_S * 1e6 * crate::times::float(trial.days);
    outcome.occupancy_ratio = float(busy) / worked;
    outcome
}

fn ratio(of: (u64, u64)) -> f64 {
    if of.0 == 0 { 0.0 } else { float(of.1) / float(of.0) }
}

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds of a trial")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PredictivePacer;
    use crate::baselines::ProgressivePacer;
    use crate::floor::TimeDistributions;

    const DAY: Trial = Trial {
        agents: 8,
        rate: 0.3,
        course: AnswerRateCourse::Steady,
        ledger: DropLimitPeriod::EachDay,
        days: 1,
        seed: 0,
    };

    #[test]
    fn the_account_is_in_whole_drops_as_the_table_says() {
        for (answers, drops, left) in [
            (33, 0, 0),
            (34, 0, 1),
            (99, 2, 0),
            (100, 2, 1),
            (100, 3, 0),
            (700, 20, 1),
        ] {
            assert_eq!(budget(answers, drops), left, "{answers} {drops}");
        }
    }

    #[test]
    fn no_day_of_a_hundred_answers_is_above_three_of_a_hundred_whatever_its_seed_and_course() {
        let shape = TimeDistributions::default();
        for (seed, course) in (1..).zip(AnswerRateCourse::ALL) {
            let trial = Trial { seed, course, ..DAY };
            let outcome = run(&trial, &mut PredictivePacer::new(shape.clone()));
            assert!(outcome.answers >= 100, "{outcome:?}");
            assert_eq!(outcome.days_above, 0, "{trial:?} {outcome:?}");
            assert!(
                outcome.gain(trial.rate) > 0.0 || course != AnswerRateCourse::Steady,
                "{outcome:?}"
            );
        }
    }

    #[test]
    fn one_call_for_one_free_agent_drops_no_call() {
        for seed in 1..=3 {
            let trial = Trial { seed, ..DAY };
            assert_eq!(run(&trial, &mut ProgressivePacer).drops, 0, "{seed}");
        }
    }

    #[test]
    fn equal_seeds_give_equal_days_and_other_seeds_others() {
        let of = |seed| run(&Trial { seed, ..DAY }, &mut ProgressivePacer);
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }
}
