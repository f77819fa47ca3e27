//! Numbers of cells by their decimal digits. Excel keeps 15 digits and rounds those, not the binary value.

/// Digits that Excel keeps (IEEE 754 double, displayed to 15).
const DIGITS: usize = 15;

/// Most digits written before or after the point. A larger number is not an amount.
const PLACES_MAX: usize = 40;

/// A number that is not negative: `digits` with the point after the first `point` of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

impl Decimal {
    /// Returns the decimal digits; `None` if the value is negative or not finite.
    pub(super) fn of(value: f64) -> Option<Self> {
        if !value.is_finite() || value < 0.0 {
            return None;
        }
        let text = format!("{value:.*e}", DIGITS - 1);
        let (mantissa, exponent) = text.split_once('e')?;
        let exponent: i32 = exponent.parse().ok()?;
        let digits = mantissa
            .bytes()
            .filter(u8::is_ascii_digit)
            .map(|digit| digit - b'0');
        Some(Self {
            digits: digits.collect(),
            point: exponent + 1,
        })
    }

    /// Moves the decimal point: multiplies by ten to the power of `places`, which may be negative.
    pub(super) const fn shift(&mut self, places: i32) {
        self.point = self.point.saturating_add(places);
    }

    /// Returns the digits before the point and `decimals` digits after it, rounded half up.
    pub(super) fn rounded(&self, decimals: usize) -> (String, String) {
        let decimals = decimals.min(PLACES_MAX);
        let behind = i32::try_from(decimals).unwrap_or(0);
        let kept = usize::try_from(self.point.saturating_add(behind)).unwrap_or(0);
        let mut all: Vec<u8> = match self.point {
            // Zeros between the point and the first digit.
            point if point < 0 => {
                let zeros = usize::try_from(-point).unwrap_or(0).min(decimals + 1);
                std::iter::repeat_n(0, zeros)
                    .chain(self.digits.iter().copied())
                    .collect()
            }
            _ => self.digits.clone(),
        };
        let kept = if self.point < 0 {
            decimals
        } else {
            kept.min(2 * PLACES_MAX)
        };
        let rounds_up = all.get(kept).is_some_and(|digit| *digit >= 5);
        all.resize(kept, 0);
        if rounds_up {
            increment(&mut all);
        }
        let split = all.len().saturating_sub(decimals);
        let text = |digits: &[u8]| digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        let (whole, part) = all.split_at(split);
        (text(whole), text(part))
    }

    /// Returns the number as plain digits, without redundant zeros.
    pub(super) fn plain(&self) -> String {
        let decimals = DIGITS.saturating_sub(usize::try_from(self.point).unwrap_or(0));
        let leading = usize::try_from(-self.point).unwrap_or(0);
        let (whole, part) = self.rounded(decimals + leading);
        let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
        let whole = if whole.is_empty() { "0" } else { whole };
        match part.is_empty() {
            true => whole.to_owned(),
            false => format!("{whole}.{part}"),
        }
    }
}

/// Adds one to the last of the decimal digits.
fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        match *digit {
            9 => *digit = 0,
            other => {
                *digit = other + 1;
                return;
            }
        }
    }
    digits.insert(0, 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_rounded_as_excel_shows_them() {
        let rounded = |value: f64, decimals| {
            let (whole, part) = Decimal::of(value).unwrap().rounded(decimals);
            format!("{whole}.{part}")
        };
        assert_eq!(rounded(1.005, 2), "1.01");
        assert_eq!(rounded(999.995, 2), "1000.00");
        assert_eq!(rounded(0.004, 2), ".00");
        assert_eq!(rounded(0.005, 2), ".01");
        assert_eq!(rounded(0.000_05, 2), ".00");
        assert_eq!(rounded(0.95, 1), "1.0");
        assert_eq!(rounded(0.5, 0), "1.");
        assert_eq!(rounded(0.05, 0), ".");
        assert_eq!(rounded(12_345.0, 0), "12345.");
    }

    #[test]
    fn a_plain_number_has_the_digits_that_excel_keeps() {
        for (value, wanted) in [
            (0.1 + 0.2, "0.3"),
            (13_800_138_000.0, "13800138000"),
            (999_999_999_999_999.0, "999999999999999"),
            (0.0525, "0.0525"),
            (0.000_012, "0.000012"),
            (0.0, "0"),
            (1_296.388, "1296.388"),
            (51_356_317.21, "51356317.21"),
        ] {
            assert_eq!(Decimal::of(value).unwrap().plain(), wanted);
        }
        assert_eq!(Decimal::of(f64::NAN), None);
    }
}
