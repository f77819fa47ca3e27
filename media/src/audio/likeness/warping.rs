//! Measures the distance between two utterances regardless of their pace: dynamic time warping within a band.

use super::Coefficients;

/// Largest ratio between the lengths of two utterances that are compared; beyond it they have no distance.
const PACE_RATIO_MAX: f64 = 2.2;
/// Half the width of the band around the diagonal in which windows are matched, as a share of the longer
/// utterance.
const BAND_RATIO: f64 = 0.25;

/// Returns the mean distance between the matched windows of two utterances; `None` if one is empty, their
/// lengths differ too much, or the distance exceeds `limit`.
pub fn distance(one: &[Coefficients], other: &[Coefficients], limit: f64) -> Option<f64> {
    let (rows, columns) = (one.len(), other.len());
    let ratio = as_f64(rows.max(columns)) / as_f64(rows.min(columns).max(1));
    if rows == 0 || columns == 0 || ratio > PACE_RATIO_MAX {
        return None;
    }
    let steps = as_f64(rows + columns);
    let band = (as_f64(rows.max(columns)) * BAND_RATIO).max(4.0);
    let mut before = vec![f64::INFINITY; columns + 1];
    if let Some(origin) = before.first_mut() {
        *origin = 0.0;
    }
    for (row, coefficients) in one.iter().enumerate() {
        let mut now = vec![f64::INFINITY; columns + 1];
        let diagonal = as_f64(row) * as_f64(columns) / as_f64(rows);
        let mut least = f64::INFINITY;
        for (column, others) in other.iter().enumerate() {
            if (as_f64(column) - diagonal).abs() > band {
                continue;
            }
            let at = |row: &[f64], index: usize| row.get(index).copied().unwrap_or(f64::INFINITY);
            let cost = apart(coefficients, others);
            let along = (at(&before, column) + 2.0 * cost)
                .min(at(&before, column + 1) + cost)
                .min(at(&now, column) + cost);
            if let Some(place) = now.get_mut(column + 1) {
                *place = along;
            }
            least = least.min(along);
        }
        if least / steps > limit {
            return None;
        }
        before = now;
    }
    let total = before.last().copied().filter(|total| total.is_finite())?;
    Some(total / steps)
}

fn apart(one: &Coefficients, other: &Coefficients) -> f64 {
    let squares = one.iter().zip(other).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::COEFFICIENTS;
    use super::*;

    fn ramp(windows: usize, pace: f64) -> Vec<Coefficients> {
        (0..windows).map(|n| [as_f64(n) * pace; COEFFICIENTS]).collect()
    }

    #[test]
    fn the_same_said_slower_is_nearer_than_something_else_of_the_same_length() {
        let word = ramp(40, 0.1);
        let slower = ramp(60, 0.1 * 40.0 / 60.0);
        let other: Vec<Coefficients> = word.iter().rev().copied().collect();
        let far = f64::INFINITY;
        assert_eq!(distance(&word, &word, far), Some(0.0));
        let near = distance(&word, &slower, far).unwrap();
        assert!(
            near < 0.4 && distance(&word, &other, far).unwrap() > 3.0 * near,
            "{near}"
        );
        assert_eq!(distance(&word, &other, 0.1), None, "beyond the limit");
    }

    #[test]
    fn what_cannot_be_the_same_word_is_not_compared() {
        assert_eq!(distance(&ramp(10, 0.1), &ramp(23, 0.1), 9.0), None);
        assert_eq!(distance(&ramp(10, 0.1), &[], 9.0), None);
        assert!(distance(&ramp(10, 0.1), &ramp(22, 0.1), 9.0).is_some());
    }
}
