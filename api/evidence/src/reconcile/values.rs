//! Parses times and durations as carriers write them.

use chrono::{FixedOffset, NaiveDateTime};
use domain::time::Timestamp;

/// Formats of local time, the most precise first.
const TIME_FORMATS: [&str; 7] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S",
    "%Y%m%d%H%M%S",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%d %H:%M",
];

/// Parses a time with its own zone, otherwise as local time at `offset`. Fails with the reason.
pub(super) fn instant(text: &str, offset: FixedOffset) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let local = TIME_FORMATS
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let at = local.and_then(|local| local.and_local_timezone(offset).earliest());
    at.map(|at| Timestamp::from_micros(at.timestamp_micros()))
        .ok_or_else(|| format!("{text:?} is not a time"))
}

/// Parses a duration like `95`, `95.0`, `95秒`, `00:01:35` or `1:35` and returns seconds. Fractions are
/// rounded up.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    let plain = text.trim().trim_end_matches(['s', '秒']).trim();
    let wrong = || format!("{text:?} is not a duration in seconds");
    if plain.contains(':') {
        let mut whole: u64 = 0;
        for part in plain.split(':') {
            let part: u64 = part.parse().or(Err(wrong()))?;
            whole = whole
                .checked_mul(60)
                .and_then(|sum| sum.checked_add(part))
                .ok_or_else(wrong)?;
        }
        return Ok(whole);
    }
    whole_number(plain).ok_or_else(wrong)
}

/// Parses a duration in minutes like `2`, `2.0` or `2分钟`. Fractions are rounded up.
pub(super) fn minutes(text: &str) -> Result<u64, String> {
    let plain = text.trim().trim_end_matches("分钟").trim_end_matches('分').trim();
    whole_number(plain).ok_or_else(|| format!("{text:?} is not a number of minutes"))
}

/// Parses a decimal number and rounds it up; `None` if the text is not one.
fn whole_number(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u64 = whole.parse().ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let begun = u64::from(fraction.bytes().any(|byte| byte != b'0'));
    whole.checked_add(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beijing() -> FixedOffset {
        FixedOffset::east_opt(8 * 3_600).unwrap()
    }

    #[test]
    fn one_instant_has_many_writings() {
        let at: Timestamp = "2026-11-20T10:00:05+08:00".parse().unwrap();
        for text in [
            "2026-11-20 10:00:05",
            "2026-11-20T10:00:05",
            "2026/11/20 10:00:05",
            "20261120100005",
            "2026年11月20日 10:00:05",
            " 2026-11-20T02:00:05Z ",
        ] {
            assert_eq!(instant(text, beijing()), Ok(at), "{text}");
        }
        for text in ["", "20.11.2026", "2026-13-01 00:00:00"] {
            assert!(instant(text, beijing()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_begun_second_or_minute_counts() {
        for (text, expected) in [
            ("95", 95),
            ("94.2", 95),
            ("95.0", 95),
            ("95秒", 95),
            ("00:01:35", 95),
            ("1:35", 95),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        assert_eq!((minutes("2分钟"), minutes("1.1")), (Ok(2), Ok(2)));
        for text in ["", "-1", "1e3", "1:x", "99999999999999999999"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
