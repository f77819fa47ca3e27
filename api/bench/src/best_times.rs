//! `ledgerline-bench best-times`: whether learning finds the hour in which people answer, and how much that
//! improves.
//!
//! Simulated people answer by the hour, with chances from a seed. The same people, with the same random
//! numbers at each attempt, are called twice: by the retry policy alone, and with retries that are moved as
//! the domain moves them. What is learnt is updated once a day, as in a campaign.

use crate::output;
use domain::best_times::{CallHour, CountedTimes, DaySort, HourOfDay, LearntTimes, Retry, better_hour};
use domain::calendar::HOUR_MICROS;
use domain::problem::Problem;
use domain::time::Timestamp;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde_json::json;
use std::collections::BTreeMap;

/// Whether learning finds the best hour that was set, and how many more people answer by it, on seeded people
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Seeds, each with its own hours and people
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    seeds: u16,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// People added to the campaign each day
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    people: u32,
    /// Working days
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(2..=365))]
    days: u64,
    /// Fail unless the best hour is found on 19 of 20 seeds and more people answer than without learning
    #[arg(long)]
    check: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Target: the least per cent of seeds on which the best hour is found.
const FOUND_PERCENT_MIN: u64 = 95;

/// The first hour in which calls are allowed.
const OPENS: u8 = 9;
/// The first closed hour.
const CLOSES: u8 = 20;

/// One hour in milliseconds.
const HOUR_MS: u64 = 3_600_000;
/// One day in milliseconds.
const DAY_MS: u64 = 24 * HOUR_MS;

/// The wait of the retry policy.
const WAIT_MS: u64 = 2 * HOUR_MS;
/// The attempts of one person in all.
const ATTEMPTS_MAX: u32 = 4;

/// The answers to a hundred dials in usual hours.
const USUAL: u64 = 15;
/// The answers to a hundred dials in the two hours that are better than usual and not the best.
const BETTER: u64 = 24;
/// In the best hour.
const BEST: u64 = 40;

/// One simulated population: which hours are good for it, and the seed of all its random numbers.
struct SeededHours {
    seed: u64,
    best: u8,
    better: [u8; 2],
}

/// The results of one course of calls.
#[derive(Default)]
struct CallResults {
    dials: u64,
    answers: u64,
    found: Option<u8>,
}

impl SeededHours {
    fn of(seed: u64) -> Self {
        let open = u64::from(CLOSES - OPENS);
        let first = drawn(seed, 0, 0) % open;
        let hour = |step: u64| OPENS + u8::try_from((first + step) % open).unwrap_or(0);
        Self {
            seed,
            best: hour(0),
            better: [hour(3), hour(7)],
        }
    }

    const fn percent(&self, hour: u8) -> u64 {
        if hour == self.best {
            BEST
        } else if hour == self.better[0] || hour == self.better[1] {
            BETTER
        } else {
            USUAL
        }
    }

    fn answers(&self, person: u64, attempt: u32, hour: u8) -> bool {
        drawn(self.seed, person, attempt.into()) % 100 < self.percent(hour)
    }
}

/// Returns the random number of one attempt: the same with learning and without.
fn drawn(seed: u64, person: u64, attempt: u64) -> u64 {
    let mut key = [0; 32];
    let parts = [seed, person, attempt, 0];
    for (bytes, part) in key.chunks_exact_mut(8).zip(parts) {
        bytes.copy_from_slice(&part.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key).next_u64()
}

fn hour_of(at: Timestamp) -> HourOfDay {
    let hour = at.micros().div_euclid(HOUR_MICROS).rem_euclid(24);
    HourOfDay {
        hour: u8::try_from(hour).unwrap_or(0),
        day: DaySort::Workday,
    }
}

fn is_open(at: Timestamp) -> bool {
    (OPENS..CLOSES).contains(&hour_of(at).hour)
}

/// Returns the first time from `at` on, in steps of an hour, at which calls are allowed.
fn first_open(at: Timestamp) -> Timestamp {
    (0..24)
        .map(|hours| at.plus_ms(hours * HOUR_MS))
        .find(|at| is_open(*at))
        .unwrap_or(at)
}

fn course(made: &SeededHours, args: &Args, learns: bool) -> CallResults {
    let mut came = CallResults::default();
    let (mut learnt, mut counted) = (LearntTimes::default(), CountedTimes::default());
    let mut due: BTreeMap<(Timestamp, u64), u32> = BTreeMap::new();
    let people = u64::from(args.people);
    for day in 0..args.days {
        let midnight = Timestamp::from_millis(0).plus_ms(day * DAY_MS);
        for person in day * people..(day + 1) * people {
            let open_ms = u64::from(CLOSES - OPENS) * HOUR_MS;
            let opens_at = midnight.plus_ms(u64::from(OPENS) * HOUR_MS);
            let at = opens_at.plus_ms(drawn(made.seed, person, u64::MAX) % open_ms);
            due.insert((at, person), 1);
        }
        let end = midnight.plus_ms(DAY_MS);
        while let Some(((at, person), attempt)) = due.pop_first() {
            if at >= end {
                due.insert((at, person), attempt);
                break;
            }
            let HourOfDay { hour, day } = hour_of(at);
            let answered = made.answers(person, attempt, hour);
            counted.note_own(CallHour { hour, day, group: 0 }, answered);
            came.dials += 1;
            came.answers += u64::from(answered);
            if !answered && attempt < ATTEMPTS_MAX {
                due.insert((next(&learnt, at, learns), person), attempt + 1);
            }
        }
        learnt.counted = counted.clone();
        learnt.through = day + 1;
    }
    let of = |hour: u8| {
        counted.rate(CallHour {
            hour,
            day: DaySort::Workday,
            group: 0,
        })
    };
    came.found = (OPENS..CLOSES).max_by_key(|hour| (of(*hour), std::cmp::Reverse(*hour)));
    came
}

/// Returns when the next attempt is made.
fn next(learnt: &LearntTimes, at: Timestamp, learns: bool) -> Timestamp {
    let retry = Retry {
        due_at: at.plus_ms(WAIT_MS),
        later_ms_max: DAY_MS,
        group: 0,
    };
    let by_policy = first_open(retry.due_at);
    if !learns {
        return by_policy;
    }
    let better = better_hour(learnt, retry, |at| Some(hour_of(at)), is_open);
    better.map_or(by_policy, |(at, _)| at)
}

/// The results over all seeds.
struct LearningResults {
    seeds: u64,
    best_found: u64,
    with: CallResults,
    without: CallResults,
}

impl LearningResults {
    fn gain_percent(&self) -> f64 {
        let share = |came: &CallResults| f64::from(u32::try_from(came.answers).unwrap_or(u32::MAX));
        (share(&self.with) / share(&self.without).max(1.0) - 1.0) * 100.0
    }

    const fn holds(&self) -> bool {
        self.best_found * 100 >= self.seeds * FOUND_PERCENT_MIN && self.with.answers > self.without.answers
    }
}

fn measured(args: &Args) -> LearningResults {
    let mut found = LearningResults {
        seeds: 0,
        best_found: 0,
        with: CallResults::default(),
        without: CallResults::default(),
    };
    for nth in 0..u64::from(args.seeds) {
        let made = SeededHours::of(args.seed.wrapping_add(nth));
        let with = course(&made, args, true);
        found.seeds += 1;
        found.best_found += u64::from(with.found == Some(made.best));
        for (sum, came) in [
            (&mut found.with, with),
            (&mut found.without, course(&made, args, false)),
        ] {
            sum.dials += came.dials;
            sum.answers += came.answers;
        }
    }
    found
}

pub(crate) fn run(args: &Args) -> Result<(), Problem> {
    let found = measured(args);
    if args.json {
        output::json(&json!({
            "seeds": found.seeds, "days": args.days, "people_per_day": args.people,
            "best_found": found.best_found, "found_percent_min": FOUND_PERCENT_MIN,
            "answers_learning": found.with.answers, "answers_without": found.without.answers,
            "dials_learning": found.with.dials, "dials_without": found.without.dials,
            "gain_percent": found.gain_percent(), "holds": found.holds(),
        }))?;
    } else {
        output::line(&format!(
            "the planted best hour was found on {} of {} seeds; {} people answered by {} dials with learning, \
             {} by {} without: {:+.1} %",
            found.best_found,
            found.seeds,
            found.with.answers,
            found.with.dials,
            found.without.answers,
            found.without.dials,
            found.gain_percent(),
        ))?;
    }
    if args.check && !found.holds() {
        return Err(Problem::refused(
            "below-target",
            format!(
                "{} of {} seeds, {:+.1} %",
                found.best_found,
                found.seeds,
                found.gain_percent()
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_planted_hour_is_found_on_nineteen_of_twenty_seeds_and_more_people_answer() {
        let args = Args {
            seeds: 20,
            seed: 1,
            people: 200,
            days: 10,
            check: true,
            json: true,
        };
        let found = measured(&args);
        assert!(
            found.holds(),
            "{} of {}, {:+.1} %",
            found.best_found,
            found.seeds,
            found.gain_percent()
        );
        assert!(found.gain_percent() > 5.0, "{:+.1} %", found.gain_percent());
    }
}
