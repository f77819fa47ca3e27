//! Distributions of ring, talk and wrap-up times, as a pacer needs them: probabilities by time and age.

use libm::{erfc, exp, log, log1p, sqrt};

/// Seconds of the forecast: the longest time that a call rings.
pub const AHEAD_S: usize = 25;
/// Seconds that an answered callee may wait for an agent before the call counts as a drop (16 CFR
/// 310.4(b)(4)(iii)).
pub const WAITS_S: f64 = 2.0;
/// Steps per second in which ages are counted.
pub const STEPS_A_SECOND: usize = 2;
/// Longest talk time with its own probabilities, in seconds. Longer talks use the probabilities of this
/// one.
const TALK_S_MAX: usize = 1_200;
/// Steps per second in the sums over talk and wrap-up.
const GRAIN: usize = 4;

/// Returns the standard normal distribution function: the probability of at most `value`.
pub fn normal(value: f64) -> f64 {
    erfc(-value / std::f64::consts::SQRT_2) / 2.0
}

/// Converts a float to a count: fractions are cut off, negative values and NaN become 0, values too large
/// become `u32::MAX`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates"
)]
pub const fn count(value: f64) -> u32 {
    value as u32
}

/// Converts an index to a float. Indexes of tables are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "an index of a small table")]
pub const fn float(index: usize) -> f64 {
    index as f64
}

/// A lognormal distribution of durations in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lognormal {
    mu: f64,
    sigma: f64,
}

impl Lognormal {
    /// Creates the distribution from its mean (seconds) and coefficient of variation.
    pub fn of(mean: f64, cv: f64) -> Self {
        let variance = log1p(cv * cv);
        Self {
            mu: log(mean) - variance / 2.0,
            sigma: sqrt(variance),
        }
    }

    /// Returns the probability that a duration is at most `time` seconds; 0 for a negative time.
    pub fn within(&self, time: f64) -> f64 {
        if time <= 0.0 {
            return 0.0;
        }
        normal((log(time) - self.mu) / self.sigma)
    }

    /// Returns the duration in seconds at a standard normal value: 0 is the median, 1 one standard
    /// deviation above it.
    pub fn at(&self, normal: f64) -> f64 {
        exp(self.mu + self.sigma * normal)
    }
}

/// The distribution of ring times of answered calls (G of `docs/pacing.md`), by half seconds of age up to
/// `AHEAD_S`.
#[derive(Debug, Clone, PartialEq)]
pub struct RingTimes {
    answered_by: Vec<f64>,
}

impl RingTimes {
    /// Creates the distribution from a lognormal one. It is cut off at `AHEAD_S` seconds, when an
    /// unanswered call is canceled, and scaled to 1.
    pub fn of(times: Lognormal) -> Self {
        let step = |index: usize| float(index) / float(STEPS_A_SECOND);
        let whole = times.within(step(AHEAD_S * STEPS_A_SECOND));
        let answered_by = (0..=AHEAD_S * STEPS_A_SECOND)
            .map(|index| times.within(step(index)) / whole)
            .collect();
        Self { answered_by }
    }

    /// Returns the share of answered calls that were answered within `age` half seconds; 1 beyond the
    /// cut-off.
    pub fn answered_by(&self, age: usize) -> f64 {
        self.answered_by.get(age).copied().unwrap_or(1.0)
    }

    /// Returns the number of half seconds that a call can ring before the cut-off.
    pub fn ages(&self) -> usize {
        self.answered_by.len() - 1
    }

    /// Returns the mean ring time of answered calls, in seconds.
    pub fn mean(&self) -> f64 {
        let left = self.answered_by.windows(2).map(|pair| match pair {
            [before, after] => 1.0 - f64::midpoint(*before, *after),
            _ => 0.0,
        });
        left.sum::<f64>() / float(STEPS_A_SECOND)
    }

    /// Returns the probability that a call that has rung `age` half seconds is still answered, at this
    /// answer rate.
    pub fn still_answered(&self, age: usize, rate: f64) -> f64 {
        let answered = self.answered_by(age);
        rate * (1.0 - answered) / (1.0 - rate * answered)
    }
}

impl Default for RingTimes {
    /// The default: mean 9 s, coefficient of variation 0.6, cut off at 25 s.
    fn default() -> Self {
        Self::of(Lognormal::of(9.0, 0.6))
    }
}

/// Probability that an agent is free again within 1, 2, … `AHEAD_S` + 2 seconds.
pub type Releases = [f64; AHEAD_S + 2];

/// The distribution of the time until a busy agent becomes free: for talking agents by talk time, for
/// wrap-up.
#[derive(Debug, Clone, PartialEq)]
pub struct BusyTimes {
    talking: Vec<Releases>,
    wrapping: Releases,
    mean: f64,
}

impl BusyTimes {
    /// Creates the distribution: lognormal talk time, then exponential wrap-up time with the mean `wrap_up`
    /// (seconds, above 0).
    pub fn of(talk: Lognormal, wrap_up: f64) -> Self {
        let at = |grain: usize| float(grain) / float(GRAIN);
        let grains = (TALK_S_MAX + AHEAD_S + 3) * GRAIN;
        let ended: Vec<f64> = (0..grains).map(|grain| talk.within(at(grain))).collect();
        let ahead = (AHEAD_S + 2) * GRAIN;
        let halfway = |grain: usize| at(grain) + 0.5 / float(GRAIN);
        let wrapped: Vec<f64> = (0..ahead)
            .map(|grain| wrapped_within(halfway(grain), wrap_up))
            .collect();
        let first = |age: usize| age * GRAIN / STEPS_A_SECOND;
        let ages = (0..TALK_S_MAX * STEPS_A_SECOND)
            .map(|age| releases(ended.get(first(age)..).unwrap_or_default(), &wrapped));
        Self {
            talking: ages.collect(),
            wrapping: std::array::from_fn(|index| wrapped_within(float(index + 1), wrap_up)),
            mean: exp(talk.mu + talk.sigma * talk.sigma / 2.0) + wrap_up,
        }
    }

    /// Returns the probabilities for an agent who has talked for `age` half seconds.
    pub fn talking(&self, age: usize) -> &Releases {
        self.talking
            .get(age)
            .or_else(|| self.talking.last())
            .unwrap_or(&self.wrapping)
    }

    pub const fn wrapping(&self) -> &Releases {
        &self.wrapping
    }

    /// Returns the mean busy time of one call in seconds, talk and wrap-up together.
    pub const fn mean(&self) -> f64 {
        self.mean
    }
}

impl Default for BusyTimes {
    /// The default: talk with mean 120 s and coefficient of variation 0.8; wrap-up with mean 20 s.
    fn default() -> Self {
        Self::of(Lognormal::of(120.0, 0.8), 20.0)
    }
}

fn wrapped_within(seconds: f64, wrap_up: f64) -> f64 {
    1.0 - exp(-seconds / wrap_up)
}

/// Returns the probability that an agent is free within each second ahead: talk ends in a step ahead, and
/// wrap-up takes no longer than the remaining time. `ended`: probability that talk has ended, by quarter
/// seconds from the agent's talk time on; `wrapped`: that wrap-up has ended, at the middle of each quarter
/// second.
fn releases(ended: &[f64], wrapped: &[f64]) -> Releases {
    let before = ended.first().copied().unwrap_or(1.0);
    let left = 1.0 - before;
    std::array::from_fn(|index| {
        let grains = (index + 1) * GRAIN;
        let rest = wrapped.get(..grains).unwrap_or_default();
        if left <= f64::EPSILON {
            return rest.last().copied().unwrap_or_default();
        }
        let ends = ended.windows(2).take(grains).map(|pair| match pair {
            [before, after] => after - before,
            _ => 0.0,
        });
        let free = ends.zip(rest.iter().rev()).map(|(ends, rest)| ends * rest);
        free.sum::<f64>() / left
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64, by: f64) {
        assert!((value - expected).abs() <= by, "{value}, not {expected}");
    }

    #[test]
    fn ringing_is_as_the_table_says() {
        let ring = RingTimes::default();
        for (seconds, answered) in [(2, 0.0076), (5, 0.2206), (9, 0.6198), (15, 0.8999), (25, 1.0)] {
            near(ring.answered_by(seconds * STEPS_A_SECOND), answered, 1e-4);
        }
        near(ring.mean(), 8.62, 5e-3);
    }

    #[test]
    fn what_is_left_of_a_ringing_call_is_as_the_table_says() {
        for (rate, answered, left) in [(0.2, 0.5, 0.111_111), (0.6, 0.8, 0.230_769)] {
            let ring = RingTimes {
                answered_by: vec![answered],
            };
            near(ring.still_answered(0, rate), left, 1e-6);
        }
    }

    #[test]
    fn agents_become_free_as_the_table_says() {
        let busy = BusyTimes::default();
        let within_ten = |releases: &Releases| releases.get(9).copied().unwrap_or_default();
        near(within_ten(busy.wrapping()), 0.393_469, 1e-6);
        for (talked, free) in [(30, 0.012_99), (100, 0.024_97), (300, 0.020_13)] {
            near(within_ten(busy.talking(talked * STEPS_A_SECOND)), free, 5e-6);
        }
        near(busy.mean(), 140.0, 1e-9);
    }
}
