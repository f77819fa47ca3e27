//! Converts PostgreSQL values for results of queries, to the same values as SQLite returns for the same
//! query.

use super::value::{Cell, is_readable};
use crate::value::Val;
use postgres::types::{FromSql, Type};

pub(super) fn is_shown(column: &Type) -> bool {
    *column == Type::NUMERIC || is_readable(column)
}

/// A value as SQLite would return it: sums are integers, means are reals.
pub(super) struct ResultValue(pub(super) Val);

impl<'a> FromSql<'a> for ResultValue {
    fn from_sql(found: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        if *found == Type::NUMERIC {
            return numeric(raw)
                .map(Self)
                .ok_or_else(|| "a numeric that is no number".into());
        }
        Cell::from_sql(found, raw).map(|Cell(value)| Self(value))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Val::Null))
    }

    fn accepts(found: &Type) -> bool {
        is_shown(found)
    }
}

/// Parses the wire form of `numeric`: number of digits, weight of the first, sign, scale, then digits to
/// base 10,000. `None` if it is malformed, infinite or not a number.
fn numeric(raw: &[u8]) -> Option<Val> {
    let mut words = raw
        .chunks_exact(2)
        .filter_map(|pair| pair.try_into().ok())
        .map(i16::from_be_bytes);
    let count = usize::try_from(words.next()?).ok()?;
    let weight = i32::from(words.next()?);
    let negative = match u16::from_be_bytes(words.next()?.to_be_bytes()) {
        0x0000 => false,
        0x4000 => true,
        // Infinite, or not a number.
        _ => return None,
    };
    let scale = words.next()?;
    let digits: Vec<i16> = words.take(count).collect();
    if scale == 0
        && let Some(whole) = whole(&digits, weight)
    {
        return Some(Val::Int(if negative { -whole } else { whole }));
    }
    let mut exponent = weight;
    let mut value = 0.0;
    for digit in digits {
        value += f64::from(digit) * 10_000_f64.powi(exponent);
        exponent -= 1;
    }
    Some(Val::Real(if negative { -value } else { value }))
}

fn whole(digits: &[i16], weight: i32) -> Option<i64> {
    let places = usize::try_from(weight + 1).ok()?;
    let padded = digits.iter().copied().chain(std::iter::repeat(0)).take(places);
    padded.into_iter().try_fold(0_i64, |value, digit| {
        value.checked_mul(10_000)?.checked_add(i64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(words: &[i16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn sums_come_back_whole_and_means_as_reals() {
        let sign = i16::from_be_bytes([0x40, 0]);
        for (words, value) in [
            (vec![0, 0, 0, 0], Val::Int(0)),
            (vec![1, 0, 0, 0, 7], Val::Int(7)),
            (vec![2, 1, sign, 0, 1, 2345], Val::Int(-12_345)),
            (vec![1, 2, 0, 0, 3], Val::Int(300_000_000)),
            (vec![2, 0, 0, 4, 2, 5_000], Val::Real(2.5)),
            (vec![1, 0, 0, 16, 2], Val::Real(2.0)),
            (vec![1, -1, 0, 4, 2_500], Val::Real(0.25)),
        ] {
            assert_eq!(numeric(&wire(&words)), Some(value), "{words:?}");
        }
        let largest = wire(&[5, 4, 0, 0, 922, 3372, 368, 5477, 5807]);
        assert_eq!(numeric(&largest), Some(Val::Int(i64::MAX)));
        assert!(matches!(
            numeric(&wire(&[5, 4, 0, 0, 922, 3372, 368, 5477, 5808])),
            Some(Val::Real(_))
        ));
        assert_eq!(numeric(&wire(&[0, 0, i16::from_be_bytes([0xc0, 0]), 0])), None);
        assert_eq!(numeric(&[0]), None);
    }
}
