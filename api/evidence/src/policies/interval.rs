//! The 95 % confidence interval of a share (Wilson). Few cases give a wide interval.

use application::figures::{Proportion, wilson};
use schemars::JsonSchema;
use serde::Serialize;

/// A share, per 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ShareWithBounds")]
pub struct Share {
    pub cases: u64,
    pub per_mille: u64,
    pub low_per_mille: u64,
    pub high_per_mille: u64,
}

/// Returns a share with its 95 % bounds (value, low, high; 0 to 1); `None` if there are too few cases.
pub(super) fn bounds(hits: u64, cases: u64) -> Option<(f64, f64, f64)> {
    let found = wilson(Proportion { hits, cases })?;
    Some((found.value, found.low, found.high))
}

impl Share {
    pub(super) fn of(hits: u64, cases: u64) -> Option<Self> {
        let (share, low, high) = bounds(hits, cases)?;
        Some(Self {
            cases,
            per_mille: round_to_integer(share * 1_000.0),
            low_per_mille: round_to_integer(low * 1_000.0),
            high_per_mille: round_to_integer(high * 1_000.0),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^53")]
pub(super) const fn float(count: u64) -> f64 {
    count as f64
}

/// Rounds a number to the nearest integer; negative ones to 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "far below 2^53 and never negative; NaN becomes 0"
)]
pub(super) fn round_to_integer(value: f64) -> u64 {
    value.max(0.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_wilsons_bounds_and_few_cases_have_none() {
        // 30 of 100: 0.2189 to 0.3958 (Wilson 1927, as in published tables).
        let share = Share::of(30, 100).unwrap();
        assert_eq!(
            (share.per_mille, share.low_per_mille, share.high_per_mille),
            (300, 219, 396)
        );
        assert_eq!(Share::of(29, 29), None);
        let none = Share::of(0, 30).unwrap();
        assert_eq!((none.low_per_mille, none.high_per_mille), (0, 114));
    }
}
