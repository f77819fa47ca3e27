//! Instants and local times, without a clock: every "now" is an argument.
//!
//! A `Timestamp` is microseconds since 1970-01-01T00:00:00Z and is written as RFC 3339 UTC with six decimals.
//! Durations are integers with a unit in their name.

use crate::record::instant_text;
use chrono::{DateTime, NaiveDateTime, NaiveTime, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// An instant, in microseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// The error for a text that is not an RFC 3339 instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an RFC 3339 instant such as 2026-03-02T10:00:00+08:00")]
pub struct InvalidTimestamp(pub String);

impl Timestamp {
    pub const EPOCH: Self = Self(0);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }
    pub const fn micros(self) -> i64 {
        self.0
    }
    pub const fn plus_ms(self, millis: u64) -> Self {
        Self(self.0.saturating_add_unsigned(millis.saturating_mul(1_000)))
    }
    pub fn plus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }
    pub const fn minus_ms(self, millis: u64) -> Self {
        Self(self.0.saturating_sub_unsigned(millis.saturating_mul(1_000)))
    }
    /// Returns the full milliseconds from `earlier` to this instant; 0 if `earlier` is later.
    pub fn ms_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0) / 1_000).unwrap_or(0)
    }
    /// Returns the time from `earlier` to this instant; zero if `earlier` is later.
    pub fn duration_since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match instant_text::write(self.0)
            .as_ref()
            .map(|text| std::str::from_utf8(text))
        {
            Some(Ok(text)) => f.write_str(text),
            Some(Err(_)) | None => f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::Micros, true)),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = instant_text::write(self.0);
        match text.as_ref().map(|text| std::str::from_utf8(text)) {
            Some(Ok(text)) => serializer.serialize_str(text),
            Some(Err(_)) | None => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 instant")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl schemars::JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let example = &"2026-11-20T02:00:00.000000Z";
        schemars::json_schema!({ "type": "string", "format": "date-time", "examples": [example] })
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;
    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        if let Some(micros) = instant_text::read(text.as_bytes()) {
            return Ok(Self(micros));
        }
        match DateTime::parse_from_rfc3339(text) {
            Ok(at) => Ok(Self(at.timestamp_micros())),
            Err(_) => Err(InvalidTimestamp(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Timestamp {
    type Error = InvalidTimestamp;
    fn try_from(text: String) -> Result<Self, InvalidTimestamp> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(at: Timestamp) -> Self {
        at.to_string()
    }
}

/// A time of day with minutes, written `09:00`; `24:00` is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

/// Minutes in a day; `24:00` is allowed as an end.
const MINUTES_PER_DAY: u16 = 24 * 60;

/// The error for a text that is not a time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time of day such as 09:00")]
pub struct InvalidTimeOfDay(pub String);

impl schemars::JsonSchema for TimeOfDay {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "TimeOfDay".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$";
        schemars::json_schema!({ "type": "string", "pattern": pattern, "examples": ["09:00"] })
    }
}

impl TimeOfDay {
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes <= MINUTES_PER_DAY {
            Some(Self(minutes))
        } else {
            None
        }
    }
    pub const fn minutes(self) -> u16 {
        self.0
    }
    /// Returns the seconds since midnight of this time of day.
    pub const fn seconds(self) -> u32 {
        self.0 as u32 * 60
    }
}

/// Returns the seconds since midnight of a local time, without the fraction.
pub fn seconds_of_day(local: NaiveDateTime) -> u32 {
    local
        .time()
        .signed_duration_since(NaiveTime::MIN)
        .num_seconds()
        .try_into()
        .unwrap_or(local.time().second())
}

impl TryFrom<String> for TimeOfDay {
    type Error = InvalidTimeOfDay;
    fn try_from(text: String) -> Result<Self, InvalidTimeOfDay> {
        let bad = || InvalidTimeOfDay(text.clone());
        let (hours, minutes) = text.split_once(':').ok_or_else(bad)?;
        let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        if !two_digits(hours) || !two_digits(minutes) {
            return Err(bad());
        }
        let (Ok(hours), Ok(minutes)) = (hours.parse::<u16>(), minutes.parse::<u16>()) else {
            return Err(bad());
        };
        if minutes > 59 {
            return Err(bad());
        }
        Self::from_minutes(hours * 60 + minutes).ok_or_else(bad)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        format!("{:02}:{:02}", time.0 / 60, time.0 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_in_utc_with_six_decimals() {
        let at: Timestamp = "2026-03-02T10:00:00+08:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-03-02T02:00:00.000000Z");
        assert_eq!(at.plus_ms(1_500).ms_since(at), 1_500);
        assert_eq!(at.ms_since(at.plus_ms(1)), 0);
    }

    #[test]
    fn a_time_of_day_refuses_what_no_clock_shows() {
        assert_eq!(TimeOfDay::try_from("09:00".to_owned()).unwrap().seconds(), 32_400);
        assert!(TimeOfDay::try_from("24:00".to_owned()).is_ok());
        for bad in ["9:00", "24:01", "10:60", "", "ab:cd", "+1:00"] {
            assert!(TimeOfDay::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
