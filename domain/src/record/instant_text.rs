//! Reads and writes instants in the form of records, `2026-03-02T02:00:00.123456Z`, without a calendar
//! library: every record holds several of them. Any other form is left to the library.

/// Bytes of an instant's text, `2026-03-02T02:00:00.123456Z`.
const TEXT_BYTES: usize = 27;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Days from 0000-03-01 to 1970-01-01, and days of 400 years (proleptic Gregorian calendar).
const DAYS_TO_1970: i64 = 719_468;
const DAYS_PER_ERA: i64 = 146_097;

/// The characters between the digits of an instant's text, with their offsets.
const MARKS: [(usize, u8); 7] = [
    (4, b'-'),
    (7, b'-'),
    (10, b'T'),
    (13, b':'),
    (16, b':'),
    (19, b'.'),
    (26, b'Z'),
];

/// Returns the text of an instant in microseconds since 1970; `None` outside the years 1 to 9999.
pub(crate) fn write(micros: i64) -> Option<[u8; TEXT_BYTES]> {
    let (seconds, fraction) = (
        micros.div_euclid(MICROS_PER_SECOND),
        micros.rem_euclid(MICROS_PER_SECOND),
    );
    let (days, of_day) = (
        seconds.div_euclid(SECONDS_PER_DAY),
        seconds.rem_euclid(SECONDS_PER_DAY),
    );
    let (year, month, day) = date_of(days);
    if !(1..=9_999).contains(&year) {
        return None;
    }
    let mut text = [b'0'; TEXT_BYTES];
    for (place, mark) in MARKS {
        *text.get_mut(place)? = mark;
    }
    put(text.get_mut(0..4)?, year);
    put(text.get_mut(5..7)?, month);
    put(text.get_mut(8..10)?, day);
    put(text.get_mut(11..13)?, of_day / 3_600);
    put(text.get_mut(14..16)?, of_day / 60 % 60);
    put(text.get_mut(17..19)?, of_day % 60);
    put(text.get_mut(20..26)?, fraction);
    Some(text)
}

/// Returns the microseconds since 1970 of an instant's text in exactly the form that `write` makes; `None`
/// for another form or an impossible date.
pub(crate) fn read(text: &[u8]) -> Option<i64> {
    let text: &[u8; TEXT_BYTES] = text.try_into().ok()?;
    if MARKS.iter().any(|(place, mark)| text.get(*place) != Some(mark)) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| text.get(range).and_then(number);
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let (hour, minute, second) = (part(11..13)?, part(14..16)?, part(17..19)?);
    let days = days_of(year, month, day);
    // A day that its month does not have gives another date.
    if date_of(days) != (year, month, day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days * SECONDS_PER_DAY + hour * 3_600 + minute * 60 + second;
    Some(seconds * MICROS_PER_SECOND + part(20..26)?)
}

fn put(place: &mut [u8], mut number: i64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + i64::from(digit - b'0'))
    })
}

/// Returns year, month and day for a number of days since 1970. Years begin in March, so that the leap day is
/// the last; months then have 153 days in every five (H. Hinnant, "chrono-compatible low-level date
/// algorithms").
const fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + DAYS_TO_1970;
    let era = shifted.div_euclid(DAYS_PER_ERA);
    let of_era = shifted.rem_euclid(DAYS_PER_ERA);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let january_or_february = if month <= 2 { 1 } else { 0 };
    (year_of_era + era * 400 + january_or_february, month, day)
}

/// Returns the number of days since 1970 for a date; the inverse of `date_of`.
const fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * DAYS_PER_ERA + of_era - DAYS_TO_1970
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, SecondsFormat, Utc};

    fn by_library(micros: i64) -> String {
        let at: DateTime<Utc> = DateTime::from_timestamp_micros(micros).unwrap();
        at.to_rfc3339_opts(SecondsFormat::Micros, true)
    }

    fn check(micros: i64) {
        let text = write(micros).unwrap();
        assert_eq!(String::from_utf8(text.to_vec()).unwrap(), by_library(micros));
        assert_eq!(read(&text), Some(micros));
    }

    #[test]
    fn every_day_of_four_centuries_is_written_as_the_library_writes_it() {
        for day in -73_000..73_097 {
            check(
                day * SECONDS_PER_DAY * MICROS_PER_SECOND + (day * 7_919_999_983).rem_euclid(86_400_000_000),
            );
        }
    }

    #[test]
    fn the_first_and_last_instants_of_four_digits_are_written_and_those_beyond_are_not() {
        let year_1 = -62_135_596_800_000_000;
        let year_10000 = 253_402_300_800_000_000;
        check(year_1);
        check(year_10000 - 1);
        for beyond in [year_1 - 1, year_10000, i64::MIN, i64::MAX] {
            assert_eq!(write(beyond), None);
        }
    }

    #[test]
    fn any_other_form_is_left_to_the_library() {
        for other in [
            "2026-02-29T00:00:00.000000Z",
            "2026-04-31T00:00:00.000000Z",
            "2026-13-01T00:00:00.000000Z",
            "2026-00-10T00:00:00.000000Z",
            "2026-01-00T00:00:00.000000Z",
            "2026-01-01T24:00:00.000000Z",
            "2026-01-01T00:60:00.000000Z",
            "2026-01-01T00:00:60.000000Z",
            "2026-01-01t00:00:00.000000Z",
            "2026-01-01T00:00:00.000000z",
            "2026-01-01T00:00:00.00000:Z",
            "2026-01-01T00:00:00+08:00",
            "",
        ] {
            assert_eq!(read(other.as_bytes()), None, "{other}");
        }
        assert!(read(b"2024-02-29T23:59:59.999999Z").is_some());
    }
}
