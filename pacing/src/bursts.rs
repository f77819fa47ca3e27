//! Bursts of calls for a number of free agents: how many answers find no agent, by the binomial distribution.

use libm::{exp, lgamma, log};

/// Largest share of answers that may find no agent.
const SHARE_MAX: f64 = 0.03;

/// Largest burst that is considered. One hundred agents never need more.
const BURST_MAX: u32 = 100_000;

/// Returns the probability that exactly `answers` of `dialed` calls are answered.
fn chance(dialed: u32, answers: u32, rate: f64) -> f64 {
    if answers > dialed {
        return 0.0;
    }
    let (n, x) = (f64::from(dialed), f64::from(answers));
    let ways = lgamma(n + 1.0) - lgamma(x + 1.0) - lgamma(n - x + 1.0);
    let answered = if answers == 0 { 0.0 } else { x * log(rate) };
    let unanswered = if answers == dialed {
        0.0
    } else {
        (n - x) * log(1.0 - rate)
    };
    exp(ways + answered + unanswered)
}

/// Returns the expected share of answers without a free agent if `dialed` calls are started for `free`
/// agents: E\[(X − a)⁺\] ÷ E\[X\], X binomial. 0 if no answer is expected.
pub fn abandoned_share(dialed: u32, free: u32, rate: f64) -> f64 {
    let expected = f64::from(dialed) * rate;
    if expected <= 0.0 {
        return 0.0;
    }
    let unused = |answers: u32| f64::from(free - answers) * chance(dialed, answers, rate);
    let spare: f64 = (0..free).map(unused).sum();
    ((expected - f64::from(free) + spare) / expected).max(0.0)
}

/// Returns the most calls that can be started for `free` agents while at most three percent of the answers
/// are expected to find none; at least `free`.
pub fn safe_burst(free: u32, rate: f64) -> u32 {
    let fits = |dialed: &u32| abandoned_share(*dialed, free, rate) <= SHARE_MAX;
    (free..BURST_MAX).take_while(fits).last().unwrap_or(free)
}

/// Returns how many calls give one expected answer per free agent (`free` ÷ `rate`), rounded to the nearest
/// integer.
pub fn naive_burst(free: u32, rate: f64) -> u32 {
    crate::times::count(libm::round(f64::from(free) / rate))
}

/// Returns the probability that at least `free` of `ringing` calls are answered, so that one more answer
/// would find no agent.
pub fn chance_of_none_free(ringing: u32, free: u32, rate: f64) -> f64 {
    let fewer: f64 = (0..free).map(|answers| chance(ringing, answers, rate)).sum();
    (1.0 - fewer).clamp(0.0, 1.0)
}

/// Returns the largest number of calls to start for `free` agents so that the answer to the last one finds
/// no agent with a probability of at most `chance_max`.
pub fn largest_burst(free: u32, rate: f64, chance_max: f64) -> u32 {
    let fits = |dialed: &u32| chance_of_none_free(dialed - 1, free, rate) <= chance_max;
    (1..BURST_MAX).take_while(fits).last().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: [u32; 7] = [1, 2, 5, 10, 20, 50, 100];

    #[test]
    fn safe_bursts_are_those_of_the_table() {
        for (rate, bursts) in [
            (0.20, [1, 3, 15, 37, 86, 237, 493]),
            (0.35, [1, 2, 9, 22, 50, 137, 284]),
        ] {
            assert_eq!(FREE.map(|free| safe_burst(free, rate)), bursts, "{rate}");
        }
    }

    #[test]
    fn naive_bursts_abandon_as_much_as_the_table_says() {
        for (rate, percents) in [
            (0.20, [32.8, 24.2, 15.7, 11.2, 7.9, 5.0, 3.6]),
            (0.35, [30.9, 23.5, 13.3, 10.7, 7.0, 4.6, 3.3]),
        ] {
            for (free, percent) in FREE.into_iter().zip(percents) {
                let share = abandoned_share(naive_burst(free, rate), free, rate) * 100.0;
                assert!((share - percent).abs() < 0.051, "{rate} {free}: {share}");
            }
        }
    }

    #[test]
    fn the_last_call_of_a_burst_costs_a_drop_as_often_as_the_table_says() {
        assert!((chance_of_none_free(4, 2, 0.2) - 0.1808).abs() < 1e-9);
        let free = [1, 2, 3, 5, 10, 20];
        for (rate, bursts) in [
            (0.1, [1, 3, 7, 17, 49, 123]),
            (0.2, [1, 2, 4, 10, 26, 64]),
            (0.35, [1, 2, 3, 6, 16, 39]),
            (0.6, [1, 2, 3, 5, 11, 25]),
        ] {
            assert_eq!(free.map(|free| largest_burst(free, rate, 0.02)), bursts, "{rate}");
        }
    }
}
