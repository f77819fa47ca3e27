//! Confidence intervals at 95 %: Wilson's interval for shares, Newcombe's (1998, method 10) for the
//! difference of two shares, and intervals for means from the variation of their hours or days.
//!
//! Calls of one hour resemble each other (line, list, time of day), so the error of a mean is not computed
//! as if calls were independent: the hours are the sample, and the mean is a ratio of their sums (Cochran,
//! Sampling Techniques, 6.4). Pure: counts in, bounds out.

/// Standard errors on each side of a 95 % interval of the normal distribution.
const Z: f64 = 1.959_964;

/// Fewest cases for an interval. With fewer it would be wider than a third of the range.
pub(super) const CASES_MIN: u64 = 30;

/// Fewest hours or days with cases for the interval of a mean.
pub(super) const CLUSTERS_MIN: usize = 6;

/// A count of hits among a count of cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    pub hits: u64,
    pub cases: u64,
}

/// A figure or a difference with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntervalEstimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// Returns the share of hits with Wilson's 95 % interval; `None` with fewer than `CASES_MIN` cases.
pub fn wilson(counted: Proportion) -> Option<IntervalEstimate> {
    let Proportion { hits, cases } = counted;
    if cases < CASES_MIN {
        return None;
    }
    let (count, value) = (float(cases), float(hits) / float(cases));
    let z2 = Z * Z / count;
    let middle = (value + z2 / 2.0) / (1.0 + z2);
    let off = Z / (1.0 + z2) * (value * (1.0 - value) / count + z2 / (4.0 * count)).sqrt();
    Some(IntervalEstimate {
        value,
        low: (middle - off).max(0.0),
        high: (middle + off).min(1.0),
    })
}

/// Returns the difference of two shares, `period` minus `base`, with Newcombe's 95 % interval.
pub(super) fn newcombe(period: IntervalEstimate, base: IntervalEstimate) -> IntervalEstimate {
    let value = period.value - base.value;
    IntervalEstimate {
        value,
        low: value - (period.value - period.low).hypot(base.high - base.value),
        high: value + (period.high - period.value).hypot(base.value - base.low),
    }
}

/// The part of one hour or day in a mean: a sum over a number of cases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cluster {
    pub(super) sum: f64,
    pub(super) cases: f64,
}

/// A mean with its standard error and degrees of freedom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mean {
    value: f64,
    error: f64,
    freedom: f64,
}

impl Mean {
    /// Returns the mean over all cases of the clusters, with its error; `None` with fewer than `CASES_MIN`
    /// cases or `CLUSTERS_MIN` clusters with cases.
    pub(super) fn of(clusters: &[Cluster]) -> Option<Self> {
        let clusters: Vec<&Cluster> = clusters.iter().filter(|one| one.cases > 0.0).collect();
        let cases: f64 = clusters.iter().map(|one| one.cases).sum();
        if clusters.len() < CLUSTERS_MIN || cases < float(CASES_MIN) {
            return None;
        }
        let value = clusters.iter().map(|one| one.sum).sum::<f64>() / cases;
        let number = float(u64::try_from(clusters.len()).ok()?);
        let squares: f64 = clusters
            .iter()
            .map(|one| (one.sum - value * one.cases).powi(2))
            .sum();
        Some(Self {
            value,
            error: (number / (number - 1.0) * squares).sqrt() / cases,
            freedom: number - 1.0,
        })
    }

    /// Returns the mean with its 95 % interval.
    pub(super) fn bounds(&self) -> IntervalEstimate {
        around(self.value, self.error, self.freedom)
    }
}

/// Returns the difference of two means, `period` minus `base`, with its 95 % interval (Welch's test with
/// Satterthwaite's degrees of freedom).
pub(super) fn welch(period: &Mean, base: &Mean) -> IntervalEstimate {
    let variance = period.error.powi(2) + base.error.powi(2);
    let parts = period.error.powi(4) / period.freedom + base.error.powi(4) / base.freedom;
    let freedom = if parts > 0.0 {
        variance.powi(2) / parts
    } else {
        period.freedom + base.freedom
    };
    around(period.value - base.value, variance.sqrt(), freedom)
}

fn around(value: f64, error: f64, freedom: f64) -> IntervalEstimate {
    let off = student(freedom) * error;
    IntervalEstimate {
        value,
        low: value - off,
        high: value + off,
    }
}

/// Returns the 97.5 % quantile of Student's distribution by Fisher's expansion, accurate to a thousandth
/// from five degrees of freedom on.
fn student(freedom: f64) -> f64 {
    let first = (Z.powi(3) + Z) / 4.0;
    let second = (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0;
    let third = (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * Z.powi(3) - 15.0 * Z) / 384.0;
    let fourth = 79.0 * Z.powi(9) + 776.0 * Z.powi(7) + 1_482.0 * Z.powi(5) - 1_920.0 * Z.powi(3) - 945.0 * Z;
    let later = third / freedom.powi(3) + fourth / 92_160.0 / freedom.powi(4);
    Z + first / freedom + second / freedom.powi(2) + later
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^53")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 0.000_1, "{found} is not {expected}");
    }

    fn share(hits: u64, cases: u64) -> IntervalEstimate {
        wilson(Proportion { hits, cases }).unwrap()
    }

    #[test]
    fn a_share_has_wilsons_bounds_and_few_cases_have_none() {
        // 81 of 263 (Newcombe 1998, the two-sided interval for one proportion, method 3).
        let found = share(81, 263);
        near(found.low, 0.2553);
        near(found.high, 0.3662);
        assert_eq!(wilson(Proportion { hits: 29, cases: 29 }), None);
        near(share(0, 30).low, 0.0);
        near(share(30, 30).high, 1.0);
    }

    #[test]
    fn a_difference_of_shares_has_newcombes_bounds() {
        // 56 of 70 against 48 of 80 (Newcombe 1998, intervals of a difference, table II, method 10).
        let found = newcombe(share(56, 70), share(48, 80));
        near(found.value, 0.2);
        near(found.low, 0.0524);
        near(found.high, 0.3339);
        // Swapped, the result is the same with the other sign.
        let other = newcombe(share(48, 80), share(56, 70));
        near(other.low, -0.3339);
        near(other.high, -0.0524);
    }

    #[test]
    fn students_quantiles_are_those_of_the_tables() {
        for (freedom, expected) in [(5.0, 2.571), (10.0, 2.228), (30.0, 2.042), (120.0, 1.980)] {
            let found = student(freedom);
            assert!((found - expected).abs() < 0.001, "{freedom}: {found}");
        }
    }

    fn hours(sums: &[f64], cases: f64) -> Vec<Cluster> {
        sums.iter().map(|sum| Cluster { sum: *sum, cases }).collect()
    }

    #[test]
    fn a_mean_of_equal_hours_has_the_bounds_of_a_mean_of_their_means() {
        // Six hours of ten calls: means 10 … 15; sd 1.8708, error 0.76376, t(5) 2.5706.
        let mean = Mean::of(&hours(&[100.0, 110.0, 120.0, 130.0, 140.0, 150.0], 10.0)).unwrap();
        let bounds = mean.bounds();
        near(bounds.value, 12.5);
        assert!((bounds.high - bounds.value - 1.963).abs() < 0.005, "{bounds:?}");
        let same = welch(&mean, &mean);
        near(same.value, 0.0);
        // Two with the same error: ten degrees of freedom, and the error times the square root of two.
        assert!((same.high - 2.228 * 1.0801).abs() < 0.005, "{same:?}");
    }

    #[test]
    fn hours_that_are_too_few_tell_nothing_and_hours_without_cases_do_not_count() {
        assert_eq!(Mean::of(&hours(&[100.0; 5], 10.0)), None);
        assert_eq!(Mean::of(&hours(&[10.0; 6], 4.0)), None);
        let mut six = hours(&[100.0; 6], 10.0);
        let steady = Mean::of(&six).unwrap();
        near(steady.bounds().low, steady.bounds().high);
        near(welch(&steady, &steady).low, 0.0);
        six.extend(hours(&[0.0; 4], 0.0));
        assert_eq!(Mean::of(&six), Some(steady));
    }
}
