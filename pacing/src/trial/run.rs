//! Days after one another, and what they came to: how busy agents were, and how many answers found nobody.

use super::course::Course;
use super::day::{DAY_S, Day};
use crate::floor::{Pacer, Told};
use crate::{ABANDONED_PERCENT_MAX, TICK_S};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Days that the law counts together (16 CFR 310.4(b)(4)(i)).
pub(super) const WINDOW_DAYS: usize = 30;
/// Answers that a strict day takes for granted before it has them.
const STRICT_ANSWERS: u64 = 100;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    pub agents: u32,
    /// Answer rate of the course.
    pub rate: f64,
    pub course: Course,
    pub ledger: Ledger,
    pub days: usize,
    pub seed: u64,
}

/// Over which time drops are held against answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ledger {
    ThirtyDays,
    /// Also each day by itself.
    EachDay,
}

/// Answers and drops so far: of the window, and of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Account {
    pub answers: u64,
    pub drops: u64,
    day_answers: u64,
    day_drops: u64,
    served: u64,
}

impl Account {
    pub(super) fn add(&mut self, told: Told) {
        self.answers += u64::from(told.answers);
        self.drops += u64::from(told.drops);
        self.day_answers += u64::from(told.answers);
        self.day_drops += u64::from(told.drops);
        self.served += u64::from(told.served);
    }

    /// Drops that are left, in whole numbers.
    pub(super) fn budget(&self, ledger: Ledger) -> i64 {
        let window = budget(self.answers, self.drops);
        match ledger {
            Ledger::ThirtyDays => window,
            Ledger::EachDay => window.min(budget(self.day_answers.max(STRICT_ANSWERS), self.day_drops)),
        }
    }
}

/// Of `answers`, the drops that are left: ⌊3·answers ÷ 100⌋ − drops.
pub fn budget(answers: u64, drops: u64) -> i64 {
    let allowed = answers.saturating_mul(u64::from(ABANDONED_PERCENT_MAX)) / 100;
    i64::try_from(allowed).unwrap_or(i64::MAX) - i64::try_from(drops).unwrap_or(i64::MAX)
}

/// What a trial came to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Outcome {
    pub answers: u64,
    pub drops: u64,
    pub served: u64,
    /// The part of their time in which agents talked or wrapped up.
    pub occupancy_ratio: f64,
    /// The largest part of answers that found nobody in any thirty days.
    pub abandon_ratio_max: f64,
    /// Days of at least a hundred answers on which it was above three of a hundred.
    pub days_above: usize,
}

/// The occupancy of progressive dialing, in closed form (`docs/pacing.md`, Score).
pub fn progressive_occupancy(rate: f64) -> f64 {
    140.0 / (140.0 + 25.0 * (1.0 / rate - 1.0) + 8.62 + TICK_S / (2.0 * rate))
}

impl Outcome {
    /// How much of what lies between one call for one agent and no idle second is gained. Nobody can be
    /// busier than always, so that hindsight is taken for 1: who knows all is a little below.
    pub fn gain(&self, rate: f64) -> f64 {
        let least = progressive_occupancy(rate);
        (self.occupancy_ratio - least) / (1.0 - least)
    }
}

/// Runs a trial.
pub fn run(trial: &Trial, pacer: &mut dyn Pacer) -> Outcome {
    let mut random = ChaCha8Rng::seed_from_u64(trial.seed);
    let (mut account, mut outcome, mut busy) = (Account::default(), Outcome::default(), 0);
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
    use crate::Ledgerline;
    use crate::baselines::Progressive;
    use crate::floor::Shape;

    const DAY: Trial = Trial {
        agents: 8,
        rate: 0.3,
        course: Course::Steady,
        ledger: Ledger::EachDay,
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
        let shape = Shape::default();
        for (seed, course) in (1..).zip(Course::ALL) {
            let trial = Trial { seed, course, ..DAY };
            let outcome = run(&trial, &mut Ledgerline::new(shape.clone()));
            assert!(outcome.answers >= 100, "{outcome:?}");
            assert_eq!(outcome.days_above, 0, "{trial:?} {outcome:?}");
            assert!(
                outcome.gain(trial.rate) > 0.0 || course != Course::Steady,
                "{outcome:?}"
            );
        }
    }

    #[test]
    fn one_call_for_one_free_agent_drops_nobody() {
        for seed in 1..=3 {
            let trial = Trial { seed, ..DAY };
            assert_eq!(run(&trial, &mut Progressive).drops, 0, "{seed}");
        }
    }

    #[test]
    fn equal_seeds_give_equal_days_and_other_seeds_others() {
        let of = |seed| run(&Trial { seed, ..DAY }, &mut Progressive);
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }
}
