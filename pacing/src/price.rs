//! The price of a drop: the drop probability up to which a further call is started.
//!
//! Dual ascent: each served answer raises the price a little, each drop lowers it by as much as 34 answers
//! raise it. So drops settle just below three percent of the answers in every campaign.

use libm::{exp, sqrt};

/// The target share of drops, a little below the legal limit.
const AIM: f64 = 0.029;
/// Step size of the price.
const STEP: f64 = 0.02;
const LOWEST: f64 = 0.003;
const HIGHEST: f64 = 0.3;

/// The price of a drop: a further call is started while its drop probability is below it. Starts at 0.02;
/// between 0.003 and 0.3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DropPrice(f64);

impl Default for DropPrice {
    fn default() -> Self {
        Self(0.02)
    }
}

impl DropPrice {
    pub fn answer_served(&mut self) {
        self.0 = (self.0 * exp(STEP * AIM)).clamp(LOWEST, HIGHEST);
    }

    pub fn answer_dropped(&mut self) {
        self.0 = (self.0 * exp(STEP * (AIM - 1.0))).clamp(LOWEST, HIGHEST);
    }

    /// Returns the price, raised if `drops` are below 2.9 percent of `answers` and lowered if above (factor
    /// 0.2 to 3).
    pub fn given(self, answers: u64, drops: u64) -> f64 {
        let (answers, drops) = (float(answers), float(drops));
        let ahead = 0.15 * (AIM * answers - drops) / (1.0 + 0.1 * sqrt(drops));
        self.0 * exp(ahead).clamp(0.2, 3.0)
    }
}

/// Converts a count to a float. Counts of calls are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of calls")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_by_the_steps_of_the_table() {
        let (mut dropped, mut served) = (DropPrice::default(), DropPrice::default());
        dropped.answer_dropped();
        served.answer_served();
        assert!((dropped.0 - 0.019_615_35).abs() < 5e-9, "{dropped:?}");
        assert!((served.0 - 0.020_011_60).abs() < 5e-9, "{served:?}");
        let given = DropPrice::default().given(200, 4);
        assert!((given - 0.025_046_45).abs() < 5e-9, "{given}");
    }

    #[test]
    fn it_stays_within_its_bounds() {
        let (mut low, mut high) = (DropPrice::default(), DropPrice::default());
        (0..10_000).for_each(|_| low.answer_dropped());
        (0..10_000).for_each(|_| high.answer_served());
        assert_eq!((low.0, high.0), (LOWEST, HIGHEST));
        assert_eq!(high.given(100_000, 0), HIGHEST * 3.0);
    }
}
