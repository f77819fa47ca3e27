//! Estimate of the answer rate from ringing calls, not only from ended ones.
//!
//! A call that has rung for one second and one that has rung for twenty carry different information: each
//! tick counts by the part of its chance of an answer that has passed (the exposure). Old observations fade,
//! by one hundred answers and by half an hour.

use crate::TICK_S;
use crate::times::RingTimes;
use libm::{exp, log, sqrt};

/// Number of answers after which an earlier observation's weight has fallen to 1/e (about a third).
const FADES_BY_ANSWERS: f64 = 100.0;
/// Seconds after which an earlier observation's weight has fallen to 1/e (about a third).
const FADES_BY_S: f64 = 1_800.0;
/// Weight of the initial rate, in calls.
const EXPECTED_CALLS: f64 = 5.0;
/// The initial rate, before any observation.
const EXPECTED_RATE: f64 = 0.3;
/// Lowest estimated rate. It prevents a division by zero.
const RATE_MIN: f64 = 0.005;
/// Highest estimated rate.
const RATE_MAX: f64 = 0.98;

/// A running estimate of a campaign's answer rate. Starts at 0.3 with the weight of five calls.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerRate {
    answers: f64,
    exposure: f64,
    expected: f64,
}

impl Default for AnswerRate {
    fn default() -> Self {
        Self {
            answers: 0.0,
            exposure: 0.0,
            expected: EXPECTED_RATE,
        }
    }
}

impl AnswerRate {
    /// Returns the estimated answer rate, answered calls ÷ dialed calls, between 0.005 and 0.98.
    pub fn rate(&self) -> f64 {
        let expected = EXPECTED_CALLS * self.expected;
        ((self.answers + expected) / (self.exposure + EXPECTED_CALLS)).clamp(RATE_MIN, RATE_MAX)
    }

    /// Returns the approximate relative error of the rate: 2 ÷ √(answers + 5). It shrinks as answers are
    /// observed.
    pub fn error(&self) -> f64 {
        2.0 / sqrt(self.answers + EXPECTED_CALLS)
    }

    /// Updates the estimate with one tick. `ringing`: number of ringing calls at its start, by age in half
    /// seconds. `answers`: answers during the tick.
    pub fn passed(&mut self, ring: &RingTimes, ringing: &[u32], answers: u32) {
        let rate = self.rate();
        let used = ringing.iter().enumerate().map(|(age, calls)| {
            let before = 1.0 - rate * ring.answered_by(age);
            let after = 1.0 - rate * ring.answered_by(age + 1);
            if *calls == 0 || after <= 0.0 {
                return 0.0;
            }
            f64::from(*calls) * log(before / after)
        });
        let exposure = used.sum::<f64>() / rate;
        let fades = exp(-(exposure * rate / FADES_BY_ANSWERS + TICK_S / FADES_BY_S));
        self.answers = self.answers * fades + f64::from(answers);
        self.exposure = self.exposure * fades + exposure;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_expected_weighs_five_calls() {
        let seen = AnswerRate {
            answers: 10.0,
            exposure: 50.0,
            expected: 0.3,
        };
        assert!((seen.rate() - 0.209_091).abs() < 1e-6);
        assert_eq!(AnswerRate::default().rate(), 0.3);
    }

    #[test]
    fn calls_that_ring_out_lower_it_before_they_have_ended() {
        let (ring, mut rate) = (RingTimes::default(), AnswerRate::default());
        let mut ringing = vec![0; ring.ages()];
        for age in 0..30 {
            ringing.fill(0);
            if let Some(calls) = ringing.get_mut(age) {
                *calls = 100;
            }
            rate.passed(&ring, &ringing, 0);
        }
        assert!(rate.rate() < 0.03, "{rate:?}");
    }
}
