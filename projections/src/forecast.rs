//! A seasonal naive forecast with intervals: the next season repeats the last one, and its error is as
//! large as the rule's error so far.
//!
//! The value `k` seasons ahead is the last season's value at the same place. Its interval is the central
//! part of the rule's past errors, widened by √k. The forecast needs two seasons and ignores holidays.

use serde::Serialize;

/// The forecast of one future value, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Forecast {
    pub value: f64,
    /// The lower end of the interval; never below 0, because volumes are forecast.
    pub low: f64,
    pub high: f64,
}

/// Most values of one forecast, a year of days; further values of the requested horizon are left out.
pub const HORIZON_MAX: usize = 366;

/// Forecasts the `horizon` values after `series`, a series that repeats every `season` values. The
/// intervals contain a share of `coverage` (0 to 1) of future values. Returns no values if there are
/// fewer than two seasons.
pub fn forecast(series: &[f64], season: usize, horizon: usize, coverage: f64) -> Vec<Forecast> {
    if season == 0 || series.len() < season.saturating_mul(2) {
        return Vec::new();
    }
    let Some(last) = series.get(series.len() - season..) else {
        return Vec::new();
    };
    let later = series.iter().skip(season);
    let mut errors: Vec<f64> = series.iter().zip(later).map(|(was, is)| is - was).collect();
    errors.sort_by(f64::total_cmp);
    let tail = (1.0 - coverage.clamp(0.0, 1.0)) / 2.0;
    let (low, high) = (quantile(&errors, tail), quantile(&errors, 1.0 - tail));
    let cycle = last.iter().copied().cycle();
    let ahead = |index: usize| u32::try_from(index / season + 1).unwrap_or(u32::MAX);
    cycle
        .take(horizon.min(HORIZON_MAX))
        .enumerate()
        .map(|(index, value)| {
            let widened = f64::from(ahead(index)).sqrt();
            Forecast {
                value,
                low: (value + low.min(0.0) * widened).max(0.0),
                high: value + high.max(0.0) * widened,
            }
        })
        .collect()
}

/// Returns the quantile of the ascending values `sorted` at `part` (0 to 1), interpolated between
/// neighbors.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let last = u32::try_from(sorted.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let place = part.clamp(0.0, 1.0) * f64::from(last);
    let below = place.floor();
    // Finds the value at a rank by counting, so that no float becomes an index.
    let at = |rank: f64| {
        let found = sorted
            .iter()
            .zip(0_u32..)
            .find(|(_, index)| f64::from(*index) >= rank);
        found
            .or(sorted.last().zip(Some(last)))
            .map_or(0.0, |(value, _)| *value)
    };
    let (one, other) = (at(below), at(below + 1.0));
    one + (other - one) * (place - below)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A weekly pattern with uniform noise from a seed.
    fn noisy(days: usize, mut seed: u64) -> Vec<f64> {
        let week = [900.0, 950.0, 1_000.0, 980.0, 940.0, 300.0, 200.0];
        (0..days)
            .map(|day| {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let unit = f64::from(u32::try_from(seed >> 32).unwrap()) / f64::from(u32::MAX);
                week[day % 7] + (unit - 0.5) * 120.0
            })
            .collect()
    }

    #[test]
    fn a_pattern_that_repeats_is_forecast_exactly() {
        let series: Vec<f64> = (0..28).map(|day| f64::from(day % 7)).collect();
        let ahead = forecast(&series, 7, 14, 0.8);
        assert_eq!(ahead.len(), 14);
        for (day, one) in (28_u32..).zip(&ahead) {
            assert_eq!(
                (one.value, one.low, one.high),
                (f64::from(day % 7), f64::from(day % 7), f64::from(day % 7))
            );
        }
    }

    #[test]
    fn four_of_five_values_fall_into_the_intervals_of_eighty_per_cent() {
        let (mut held, mut all) = (0_u32, 0_u32);
        for seed in 0..60 {
            let series = noisy(7 * 16, seed);
            let (past, future) = series.split_at(7 * 15);
            for (ahead, came) in forecast(past, 7, 7, 0.8).iter().zip(future) {
                held += u32::from(ahead.low <= *came && *came <= ahead.high);
                all += 1;
            }
        }
        let coverage = f64::from(held) / f64::from(all);
        assert!((0.74..=0.86).contains(&coverage), "{coverage}");
    }

    #[test]
    fn further_seasons_are_less_certain_and_nothing_falls_below_zero() {
        let series = noisy(7 * 8, 3);
        let ahead = forecast(&series, 7, 21, 0.9);
        let width = |one: &Forecast| one.high - one.low;
        assert!(width(&ahead[7]) > width(&ahead[0]) && width(&ahead[14]) > width(&ahead[7]));
        let small: Vec<f64> = [5.0, 0.0, 0.0, 9.0].into();
        assert!(forecast(&small, 2, 4, 0.8).iter().all(|one| one.low >= 0.0));
    }

    #[test]
    fn less_than_two_seasons_give_no_forecast() {
        assert!(forecast(&[1.0; 13], 7, 7, 0.8).is_empty());
        assert_eq!(forecast(&[1.0; 14], 7, 7, 0.8).len(), 7);
        assert!(forecast(&[], 0, 7, 0.8).is_empty());
    }
}
