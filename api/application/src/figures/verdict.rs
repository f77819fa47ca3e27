//! The verdict on the difference of two figures, and the method used for it. Pure.

use super::interval::{Cluster, IntervalEstimate, Mean, Proportion, newcombe, welch, wilson};
use projections::metrics::{Metric, Unit, catalog};
use projections::views::metric_board::{Dimension, Figure};
use schemars::JsonSchema;
use serde::Serialize;

/// The method by which the interval was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ComparedBy {
    /// Shares: Wilson's intervals, and Newcombe's interval of their difference.
    Newcombe,
    /// Means: from the variation of their hours.
    Hours,
    /// Means of long periods: from the variation of their days.
    Days,
    /// A count, or a ratio that is not a share: there is no interval.
    Nothing,
}

/// The verdict on a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// The whole interval is above zero.
    Higher,
    /// The whole interval is below zero.
    Lower,
    /// Zero is within the interval: chance alone may explain the difference.
    Unclear,
    /// There are too few cases, or too few hours, for an interval.
    TooFew,
    /// Figures of this kind have no interval. Only the difference is known.
    NoInterval,
    /// One of the periods has no figure.
    NoFigure,
}

impl ComparedBy {
    /// Returns the method for a metric: shares by Newcombe; means by hours if all hours of the period fit
    /// into one answer, otherwise by days; nothing for other metrics.
    pub(super) fn of(metric: &Metric, fits_hours: bool) -> Self {
        match metric.unit {
            Unit::Ratio if is_of_counts(metric) => Self::Newcombe,
            Unit::Ms if metric.denominator.is_some() => {
                let wanted = if fits_hours { Self::Hours } else { Self::Days };
                let can =
                    |by: Dimension| metric.by.is_empty() || metric.by.iter().any(|name| name == by.code());
                if wanted.by().is_some_and(can) {
                    wanted
                } else {
                    Self::Nothing
                }
            }
            Unit::Ratio | Unit::Ms | Unit::Count => Self::Nothing,
        }
    }

    pub(super) const fn by(self) -> Option<Dimension> {
        match self {
            Self::Hours => Some(Dimension::Hour),
            Self::Days => Some(Dimension::Day),
            Self::Newcombe | Self::Nothing => None,
        }
    }
}

/// One period's figure, and its parts by hour or day.
pub(super) struct PeriodFigure {
    pub(super) figure: Option<Figure>,
    clusters: Vec<Cluster>,
}

impl PeriodFigure {
    pub(super) const fn of(figure: Option<Figure>) -> Self {
        Self {
            figure,
            clusters: Vec::new(),
        }
    }

    /// Sets the parts of the figure, one per hour or day.
    pub(super) fn split(&mut self, groups: &[Figure]) {
        self.clusters = groups.iter().filter_map(cluster).collect();
    }

    pub(super) fn value(&self) -> Option<f64> {
        self.figure.as_ref().and_then(|figure| figure.value)
    }

    /// Returns the figure as a share of hits among cases. `None` if it is not one, for example with more
    /// hits than cases.
    fn counted(&self) -> Option<Proportion> {
        let figure = self.figure.as_ref()?;
        let hits = u64::try_from(figure.numerator).ok()?;
        let cases = u64::try_from(figure.denominator?).ok()?;
        (hits <= cases).then_some(Proportion { hits, cases })
    }
}

/// The result of comparing two periods.
pub(super) struct ComparisonResult {
    pub(super) compared_by: ComparedBy,
    pub(super) verdict: Verdict,
    pub(super) period: Option<IntervalEstimate>,
    pub(super) base: Option<IntervalEstimate>,
    pub(super) difference: Option<IntervalEstimate>,
}

pub(super) fn judge(compared_by: ComparedBy, period: &PeriodFigure, base: &PeriodFigure) -> ComparisonResult {
    let without = |compared_by, verdict| ComparisonResult {
        compared_by,
        verdict,
        period: None,
        base: None,
        difference: None,
    };
    if period.value().is_none() || base.value().is_none() {
        return without(compared_by, Verdict::NoFigure);
    }
    let (of_period, of_base, difference) = match compared_by {
        ComparedBy::Nothing => return without(compared_by, Verdict::NoInterval),
        ComparedBy::Newcombe => {
            let (Some(first), Some(second)) = (period.counted(), base.counted()) else {
                return without(ComparedBy::Nothing, Verdict::NoInterval);
            };
            let both = (wilson(first), wilson(second));
            (
                both.0,
                both.1,
                both.0.zip(both.1).map(|(one, other)| newcombe(one, other)),
            )
        }
        ComparedBy::Hours | ComparedBy::Days => {
            let both = (Mean::of(&period.clusters), Mean::of(&base.clusters));
            let difference = both.0.as_ref().zip(both.1.as_ref());
            (
                both.0.as_ref().map(Mean::bounds),
                both.1.as_ref().map(Mean::bounds),
                difference.map(|(one, other)| welch(one, other)),
            )
        }
    };
    let verdict = match difference {
        None => Verdict::TooFew,
        Some(bounds) if bounds.low > 0.0 => Verdict::Higher,
        Some(bounds) if bounds.high < 0.0 => Verdict::Lower,
        Some(_) => Verdict::Unclear,
    };
    ComparisonResult {
        compared_by,
        verdict,
        period: of_period,
        base: of_base,
        difference,
    }
}

/// Returns true if numerator and denominator of the metric both count events or people; false if one sums
/// values.
fn is_of_counts(metric: &Metric) -> bool {
    let counts = |name: &Option<String>| {
        let term = name.as_deref().and_then(|name| catalog().ok()?.term(name));
        term.is_some_and(|(_, term)| !term.is_valued())
    };
    counts(&metric.numerator) && counts(&metric.denominator)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of calls are far below 2^53"
)]
fn cluster(figure: &Figure) -> Option<Cluster> {
    Some(Cluster {
        sum: figure.numerator as f64,
        cases: figure.denominator? as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(numerator: i64, denominator: i64) -> Figure {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let value = (denominator != 0).then(|| numerator as f64 / denominator as f64);
        Figure {
            key: None,
            label: None,
            numerator,
            denominator: Some(denominator),
            value,
        }
    }

    fn side(numerator: i64, denominator: i64) -> PeriodFigure {
        PeriodFigure::of(Some(figure(numerator, denominator)))
    }

    fn hours(sums: &[i64]) -> PeriodFigure {
        let mut side = side(sums.iter().sum(), 10 * i64::try_from(sums.len()).unwrap());
        let groups: Vec<Figure> = sums.iter().map(|sum| figure(*sum, 10)).collect();
        side.split(&groups);
        side
    }

    fn verdict(by: ComparedBy, period: &PeriodFigure, base: &PeriodFigure) -> Verdict {
        judge(by, period, base).verdict
    }

    #[test]
    fn shares_differ_as_far_as_their_cases_show() {
        let by = ComparedBy::Newcombe;
        for (period, base, expected) in [
            (side(60, 100), side(40, 100), Verdict::Higher),
            (side(40, 100), side(60, 100), Verdict::Lower),
            (side(50, 100), side(45, 100), Verdict::Unclear),
            (side(29, 29), side(0, 100), Verdict::TooFew),
            (side(30, 30), side(0, 30), Verdict::Higher),
            (side(0, 0), side(40, 100), Verdict::NoFigure),
            // More complaints than calls: not a share.
            (side(101, 100), side(40, 100), Verdict::NoInterval),
            (side(-1, 100), side(40, 100), Verdict::NoInterval),
        ] {
            assert_eq!(verdict(by, &period, &base), expected);
        }
    }

    #[test]
    fn means_differ_by_the_scatter_of_their_hours() {
        let by = ComparedBy::Hours;
        let low = hours(&[100, 110, 90, 105, 95, 100]);
        let high = hours(&[200, 210, 190, 205, 195, 200]);
        let wild = hours(&[10, 400, 90, 300, 20, 100]);
        assert_eq!(verdict(by, &high, &low), Verdict::Higher);
        assert_eq!(verdict(by, &low, &high), Verdict::Lower);
        assert_eq!(verdict(by, &wild, &low), Verdict::Unclear);
        assert_eq!(verdict(by, &hours(&[100; 5]), &low), Verdict::TooFew);
        let counted = judge(ComparedBy::Nothing, &high, &low);
        assert_eq!((counted.verdict, counted.difference), (Verdict::NoInterval, None));
    }

    #[test]
    fn every_metric_is_compared_as_its_unit_and_terms_are() {
        let of = |name: &str| {
            let metric = catalog().unwrap().metric(name, None).unwrap();
            (ComparedBy::of(metric, true), ComparedBy::of(metric, false))
        };
        assert_eq!(
            of("answer_ratio_per_call"),
            (ComparedBy::Newcombe, ComparedBy::Newcombe)
        );
        assert_eq!(of("ring_ms_mean"), (ComparedBy::Hours, ComparedBy::Days));
        assert_eq!(of("conversions"), (ComparedBy::Nothing, ComparedBy::Nothing));
    }
}
