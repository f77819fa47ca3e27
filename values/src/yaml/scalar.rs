//! The meaning of plain scalars: the core schema of YAML 1.2, and binary integers (`0b101`).
//!
//! `yes`, `on`, `012`, `1_000` and dates are texts. `0o14`, `0x1f` and `0b101` are integers. The rules are
//! those of the earlier parser (serde_yaml 0.9), so that no text changes its meaning.

/// The meaning of a plain YAML scalar without a tag.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum PlainScalar<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    /// An integer of more than 64 bits. Refused where any kind of number is accepted.
    TooLarge,
    Text(&'a str),
}

pub(super) fn plain(text: &str) -> PlainScalar<'_> {
    if text.is_empty() || is_null(text) {
        return PlainScalar::Null;
    }
    if let Some(value) = boolean(text) {
        return PlainScalar::Bool(value);
    }
    if let Some(value) = integer(text) {
        return value;
    }
    match float(text) {
        Some(value) if !has_leading_zeros(text) => PlainScalar::Float(value),
        Some(_) | None => PlainScalar::Text(text),
    }
}

pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "null" | "Null" | "NULL" | "~")
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// Reads a YAML integer (decimal, `0x`, `0o`, `0b`). `TooLarge` above 64 bits; `None` if the text is not an
/// integer (`012`).
pub(super) fn integer(text: &str) -> Option<PlainScalar<'static>> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let based = [("0x", 16), ("0o", 8), ("0b", 2)];
    let based = based.iter().find_map(|(prefix, radix)| {
        let rest = digits.strip_prefix(prefix)?;
        Some((rest, *radix))
    });
    let (digits, radix) = based.unwrap_or((digits, 10));
    let is_integer = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    if !is_integer || (radix == 10 && has_leading_zeros(digits)) {
        return None;
    }
    let read = if is_negative {
        i64::from_str_radix(&format!("-{digits}"), radix).map(PlainScalar::Signed)
    } else {
        u64::from_str_radix(digits, radix).map(PlainScalar::Unsigned)
    };
    Some(read.unwrap_or(PlainScalar::TooLarge))
}

pub(super) fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    if unsigned.len() < text.len() && unsigned.starts_with(['+', '-']) {
        return None;
    }
    match (text, unsigned) {
        (_, ".inf" | ".Inf" | ".INF") => Some(f64::INFINITY),
        ("-.inf" | "-.Inf" | "-.INF", _) => Some(f64::NEG_INFINITY),
        (".nan" | ".NaN" | ".NAN", _) => Some(f64::NAN),
        _ => unsigned.parse().ok().filter(|value: &f64| value.is_finite()),
    }
}

/// Returns true for digits with a leading zero. They are a text (YAML 1.2.2, 10.3.2), so that ids keep their
/// zeros.
fn has_leading_zeros(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_scalar_is_read_by_the_core_schema() {
        let rows = [
            ("", PlainScalar::Null),
            ("~", PlainScalar::Null),
            ("NULL", PlainScalar::Null),
            ("nULL", PlainScalar::Text("nULL")),
            ("True", PlainScalar::Bool(true)),
            ("yes", PlainScalar::Text("yes")),
            ("on", PlainScalar::Text("on")),
            ("0", PlainScalar::Unsigned(0)),
            ("-0", PlainScalar::Signed(0)),
            ("+7", PlainScalar::Unsigned(7)),
            ("+-7", PlainScalar::Text("+-7")),
            ("012", PlainScalar::Text("012")),
            ("-012", PlainScalar::Text("-012")),
            ("1_000", PlainScalar::Text("1_000")),
            ("0o14", PlainScalar::Unsigned(12)),
            ("0x1F", PlainScalar::Unsigned(31)),
            ("-0b11", PlainScalar::Signed(-3)),
            ("0x", PlainScalar::Text("0x")),
            ("18446744073709551615", PlainScalar::Unsigned(u64::MAX)),
            ("18446744073709551616", PlainScalar::TooLarge),
            ("1.50", PlainScalar::Float(1.5)),
            ("1e3", PlainScalar::Float(1000.0)),
            ("00.5", PlainScalar::Float(0.5)),
            ("-.inf", PlainScalar::Float(f64::NEG_INFINITY)),
            ("inf", PlainScalar::Text("inf")),
            ("2026-11-28", PlainScalar::Text("2026-11-28")),
            ("22:30", PlainScalar::Text("22:30")),
            ("<<", PlainScalar::Text("<<")),
        ];
        for (text, read) in rows {
            assert_eq!(plain(text), read, "{text}");
        }
    }
}
