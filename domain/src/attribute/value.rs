//! Values of attributes: read from a cell's text, with one written form, compared without case.

use super::AttributeType;
use crate::calendar::{BEIJING_MICROS, DAY_MICROS};
use crate::time::Timestamp;
use chrono::{NaiveDate, NaiveDateTime};

/// Longest text value of an attribute, in bytes; a longer one is not a value. It would be a note, which
/// segments do not use.
pub const TEXT_BYTES_MAX: usize = 512;

/// Number of decimals that are stored.
pub const DECIMAL_DIGITS: usize = 4;
/// The value one in the unit of stored decimals.
pub const DECIMAL_UNIT: i64 = 10_000;

/// A value of an attribute, by type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    Integer(i64),
    /// In ten-thousandths.
    Decimal(i64),
    Text(String),
    /// Days since 1970-01-01.
    Date(i64),
    Time(Timestamp),
    Boolean(bool),
}

/// The error for a text that is not a value of an attribute's type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be {}", wanted.written())]
pub struct ValueFault {
    pub wanted: AttributeType,
}

impl AttributeValue {
    pub fn read(kind: AttributeType, text: &str) -> Result<Self, ValueFault> {
        let text = text.trim();
        let read = match kind {
            AttributeType::Integer => text.parse().ok().map(Self::Integer),
            AttributeType::Decimal => decimal(text).map(Self::Decimal),
            AttributeType::Text => is_text(text).then(|| Self::Text(text.to_owned())),
            AttributeType::Date => date(text).map(Self::Date),
            AttributeType::Time => time(text).map(Self::Time),
            AttributeType::Boolean => boolean(text).map(Self::Boolean),
        };
        read.ok_or(ValueFault { wanted: kind })
    }

    pub const fn kind(&self) -> AttributeType {
        match self {
            Self::Integer(_) => AttributeType::Integer,
            Self::Decimal(_) => AttributeType::Decimal,
            Self::Text(_) => AttributeType::Text,
            Self::Date(_) => AttributeType::Date,
            Self::Time(_) => AttributeType::Time,
            Self::Boolean(_) => AttributeType::Boolean,
        }
    }

    /// Returns the value in its stored form; reading that form gives the same value.
    pub fn written(&self) -> String {
        match self {
            Self::Integer(value) => value.to_string(),
            Self::Decimal(value) => written_decimal(*value),
            Self::Text(text) => text.clone(),
            Self::Date(days) => day(*days).map_or_else(String::new, |day| day.to_string()),
            Self::Time(at) => at.to_string(),
            Self::Boolean(value) => value.to_string(),
        }
    }

    /// Returns the number by which values of one type are ordered and compared; `None` for texts.
    pub const fn ordered(&self) -> Option<i64> {
        match self {
            Self::Integer(value) | Self::Decimal(value) | Self::Date(value) => Some(*value),
            Self::Time(at) => Some(at.micros()),
            Self::Boolean(true) => Some(1),
            Self::Boolean(false) => Some(0),
            Self::Text(_) => None,
        }
    }
}

/// Returns a text in the form in which text values are compared: lower case, because databases differ in
/// comparing case.
pub fn normalize_text(text: &str) -> String {
    text.to_lowercase()
}

fn is_text(text: &str) -> bool {
    !text.is_empty() && text.len() <= TEXT_BYTES_MAX && !text.chars().any(char::is_control)
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "是" => Some(true),
        "false" | "0" | "no" | "n" | "否" => Some(false),
        _ => None,
    }
}

/// Reads a number (`-12`, `5000.25`) in ten-thousandths; `None` for another text and for more than four
/// decimals.
pub(super) fn decimal(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(part) || part.len() > DECIMAL_DIGITS {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = format!("{part:0<DECIMAL_DIGITS$}").parse().ok()?;
    let units = whole.checked_mul(DECIMAL_UNIT)?.checked_add(part)?;
    Some(if is_negative { -units } else { units })
}

fn written_decimal(units: i64) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let size = units.unsigned_abs();
    let unit = DECIMAL_UNIT.unsigned_abs();
    let text = format!("{sign}{}.{:04}", size / unit, size % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn epoch() -> NaiveDate {
    NaiveDate::default()
}

fn date(text: &str) -> Option<i64> {
    let day: NaiveDate = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.signed_duration_since(epoch()).num_days())
}

fn day(days: i64) -> Option<NaiveDate> {
    epoch().checked_add_signed(chrono::TimeDelta::try_days(days)?)
}

/// Reads a time: RFC 3339, or a day or local time without a zone, which is Beijing's. `None` for another
/// text.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    if let Some(days) = date(text) {
        return Some(Timestamp::from_micros(days * DAY_MICROS - BEIJING_MICROS));
    }
    let forms = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let mut read = forms.iter().map(|form| NaiveDateTime::parse_from_str(text, form));
    let local = read.find_map(Result::ok)?;
    Some(Timestamp::from_micros(
        local.and_utc().timestamp_micros() - BEIJING_MICROS,
    ))
}
