//! Dates and times of cells, as displayed by their format.
//!
//! Formats that depend on the language are displayed as in Chinese Excel.

use super::number_format::Token;
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

/// Largest serial number of a day: 9999-12-31.
const SERIAL_MAX: f64 = 2_958_466.0;

/// One day in milliseconds.
const DAY_MS: f64 = 86_400_000.0;

/// Returns the format for a number-format id with a language-dependent format: the built-in ones of zh-cn
/// (ECMA-376 part 1, 18.8.30), and 14 and 22. `None` for other ids.
pub(super) const fn code_of_language(id: u32) -> Option<&'static str> {
    Some(match id {
        14 => "yyyy/m/d",
        22 => "yyyy/m/d h:mm",
        27 | 36 | 50 | 52 | 57 => "yyyy\"年\"m\"月\"",
        28 | 29 | 51 | 53 | 54 | 58 => "m\"月\"d\"日\"",
        30 => "m-d-yy",
        31 => "yyyy\"年\"m\"月\"d\"日\"",
        32 => "h\"时\"mm\"分\"",
        33 => "h\"时\"mm\"分\"ss\"秒\"",
        34 | 55 => "上午/下午h\"时\"mm\"分\"",
        35 | 56 => "上午/下午h\"时\"mm\"分\"ss\"秒\"",
        _ => return None,
    })
}

/// Returns the format for codes that follow the machine's settings: the long date and the time.
pub(super) fn code_of_system(language: &str) -> Option<&'static str> {
    match language.to_ascii_uppercase().as_str() {
        "F800" => Some("yyyy\"年\"m\"月\"d\"日\""),
        "F400" => Some("h:mm:ss"),
        _ => None,
    }
}

/// Months and days of the week. Formats with three and four letters use them.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
const DAYS_ZH: [&str; 7] = ["日", "一", "二", "三", "四", "五", "六"];

/// Returns true if these tokens display a date or a time.
pub(super) fn is_date(tokens: &[Token]) -> bool {
    let is_a = |token: &&Token| matches!(token, Token::Sign('a' | 'A'));
    if tokens.iter().filter(is_a).count() > 2 {
        // A day of the week.
        return true;
    }
    tokens.iter().any(|token| match token {
        Token::Sign(letter) => matches!(
            letter.to_ascii_lowercase(),
            'y' | 'm' | 'd' | 'h' | 's' | '上' | '下'
        ),
        Token::Bracket(word) => elapsed_unit(word).is_some(),
        Token::Literal(_) => false,
    })
}

fn elapsed_unit(word: &str) -> Option<char> {
    let first = word.chars().next()?;
    let is_unit = matches!(first, 'h' | 'm' | 's') && word.chars().all(|c| c == first);
    is_unit.then_some(first)
}

/// Returns the day and time of an Excel serial number; `None` if it is negative or after 9999. The 1900
/// system has a 29 February 1900, which did not exist.
pub(super) fn moment_of(serial: f64, is_1904: bool) -> Option<NaiveDateTime> {
    if !(0.0..SERIAL_MAX).contains(&serial) {
        return None;
    }
    let epoch = match (is_1904, serial < 60.0) {
        (true, _) => NaiveDate::from_ymd_opt(1904, 1, 1)?,
        (false, true) => NaiveDate::from_ymd_opt(1899, 12, 31)?,
        (false, false) => NaiveDate::from_ymd_opt(1899, 12, 30)?,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the serial number is bounded above"
    )]
    let milliseconds = (serial * DAY_MS).round() as i64;
    epoch
        .and_time(NaiveTime::MIN)
        .checked_add_signed(TimeDelta::milliseconds(milliseconds))
}

/// Returns the date as `2026-03-05`, or as `2026-03-05 14:30:00` if the format displays a time or it is not
/// midnight.
pub(super) fn exact(moment: NaiveDateTime, shows_a_time: bool) -> String {
    let moment = rounded(moment, 0).unwrap_or(moment);
    match shows_a_time || moment.time() != NaiveTime::MIN {
        true => moment.format("%Y-%m-%d %H:%M:%S").to_string(),
        false => moment.format("%Y-%m-%d").to_string(),
    }
}

/// Returns true if these tokens display a time of day.
pub(super) fn is_time(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| match token {
        Token::Sign(letter) => matches!(letter.to_ascii_lowercase(), 'h' | 's'),
        Token::Bracket(word) => elapsed_unit(word).is_some(),
        Token::Literal(_) => false,
    })
}

/// A run of one letter, or the text between two runs.
enum FormatPart {
    Run(char, usize),
    Text(String),
    Elapsed(char, usize),
    /// Morning or afternoon, with these two words.
    Half(&'static str, &'static str),
    /// A fraction of a second with this many decimals.
    Decimals(usize),
}

/// Returns a date as its format displays it; `None` if the serial number is not a date.
pub(super) fn show(tokens: &[Token], serial: f64, is_1904: bool) -> Option<String> {
    let pieces = pieces(tokens);
    let decimals = pieces.iter().find_map(|piece| match piece {
        FormatPart::Decimals(count) => Some(*count),
        FormatPart::Run(..) | FormatPart::Text(_) | FormatPart::Elapsed(..) | FormatPart::Half(..) => None,
    });
    let moment = rounded(moment_of(serial, is_1904)?, decimals.unwrap_or(0))?;
    let twelve = pieces.iter().any(|piece| matches!(piece, FormatPart::Half(..)));
    let mut shown = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            FormatPart::Text(text) => shown.push_str(text),
            FormatPart::Half(morning, afternoon) => {
                shown.push_str(if moment.hour() < 12 { morning } else { afternoon });
            }
            FormatPart::Elapsed(unit, width) => shown.push_str(&elapsed(*unit, *width, serial)?),
            FormatPart::Decimals(count) => {
                let thousandths = format!("{:03}", moment.nanosecond() / 1_000_000);
                shown.push('.');
                shown.extend(thousandths.chars().chain(std::iter::repeat('0')).take(*count));
            }
            FormatPart::Run('m', width) if means_minutes(&pieces, index) => {
                shown.push_str(&padded(moment.minute(), *width));
            }
            FormatPart::Run(letter, width) => shown.push_str(&field(moment, *letter, *width, twelve)),
        }
    }
    Some(shown.trim().to_owned())
}

/// Rounds to the smallest unit displayed: 14:29:59.9999 becomes 14:30:00.
fn rounded(moment: NaiveDateTime, decimals: usize) -> Option<NaiveDateTime> {
    let unit_ms: i64 = match decimals {
        0 => 1_000,
        1 => 100,
        2 => 10,
        _ => return Some(moment),
    };
    let milliseconds = moment.and_utc().timestamp_millis();
    let rest = milliseconds.rem_euclid(unit_ms);
    let up = if rest * 2 >= unit_ms {
        unit_ms - rest
    } else {
        -rest
    };
    moment.checked_add_signed(TimeDelta::milliseconds(up))
}

fn pieces(tokens: &[Token]) -> Vec<FormatPart> {
    let mut pieces = Vec::new();
    let mut rest = tokens;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let sign = match first {
            Token::Literal(text) => {
                pieces.push(FormatPart::Text(text.clone()));
                continue;
            }
            Token::Bracket(word) => {
                pieces.extend(elapsed_unit(word).map(|unit| FormatPart::Elapsed(unit, word.len())));
                continue;
            }
            Token::Sign(sign) => *sign,
        };
        if let Some((half, length)) = half_of(sign, rest) {
            pieces.push(half);
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        let letter = sign.to_ascii_lowercase();
        let count_of = |rest: &[Token], wanted: char| {
            let same =
                |token: &&Token| matches!(token, Token::Sign(next) if next.to_ascii_lowercase() == wanted);
            rest.iter().take_while(same).count()
        };
        match letter {
            'y' | 'e' | 'm' | 'd' | 'h' | 's' | 'a' => {
                let more = count_of(rest, letter);
                pieces.push(FormatPart::Run(letter, more + 1));
                rest = rest.get(more..).unwrap_or_default();
            }
            '.' if count_of(rest, '0') > 0 => {
                let zeros = count_of(rest, '0');
                pieces.push(FormatPart::Decimals(zeros));
                rest = rest.get(zeros..).unwrap_or_default();
            }
            '@' | ';' => {}
            _ => pieces.push(FormatPart::Text(sign.to_string())),
        }
    }
    pieces
}

/// Returns `AM/PM`, `A/P` or `上午/下午`, and how many tokens after the first belong to it.
fn half_of(first: char, rest: &[Token]) -> Option<(FormatPart, usize)> {
    for (words, morning, afternoon) in [
        ("am/pm", "AM", "PM"),
        ("上午/下午", "上午", "下午"),
        ("a/p", "A", "P"),
    ] {
        let mut wanted = words.chars();
        let fits = wanted.next() == Some(first.to_ascii_lowercase())
            && wanted.clone().count() <= rest.len()
            && wanted.clone().zip(rest).all(
                |(letter, token)| matches!(token, Token::Sign(sign) if sign.to_ascii_lowercase() == letter),
            );
        if fits {
            return Some((FormatPart::Half(morning, afternoon), wanted.count()));
        }
    }
    None
}

/// Returns true if `m` means minutes: after hours or before seconds. Otherwise it means the month.
fn means_minutes(pieces: &[FormatPart], index: usize) -> bool {
    let letter = |piece: &FormatPart| match piece {
        FormatPart::Run(letter, _) | FormatPart::Elapsed(letter, _) => Some(*letter),
        FormatPart::Text(_) | FormatPart::Half(..) | FormatPart::Decimals(_) => None,
    };
    let before = pieces
        .get(..index)
        .unwrap_or_default()
        .iter()
        .rev()
        .find_map(letter);
    let behind = pieces
        .get(index + 1..)
        .unwrap_or_default()
        .iter()
        .find_map(letter);
    before == Some('h') || behind == Some('s')
}

fn field(moment: NaiveDateTime, letter: char, width: usize, twelve: bool) -> String {
    match (letter, width) {
        ('y', 1 | 2) => padded(moment.year().unsigned_abs() % 100, 2),
        ('y' | 'e', _) => moment.year().to_string(),
        ('m', 1 | 2) => padded(moment.month(), width),
        ('m', 3) => name(&MONTHS, moment.month0(), Some(3)),
        ('m', 5) => name(&MONTHS, moment.month0(), Some(1)),
        ('m', _) => name(&MONTHS, moment.month0(), None),
        ('d', 1 | 2) => padded(moment.day(), width),
        ('d', 3) => name(&DAYS, moment.weekday().num_days_from_sunday(), Some(3)),
        ('d', _) => name(&DAYS, moment.weekday().num_days_from_sunday(), None),
        ('a', 3) => name(&DAYS_ZH, moment.weekday().num_days_from_sunday(), None),
        ('a', 4) => format!(
            "星期{}",
            name(&DAYS_ZH, moment.weekday().num_days_from_sunday(), None)
        ),
        ('h', _) if twelve => padded(moment.hour12().1, width),
        ('h', _) => padded(moment.hour(), width),
        ('s', _) => padded(moment.second(), width),
        _ => std::iter::repeat_n(letter, width).collect(),
    }
}

fn name(names: &[&str], index: u32, letters: Option<usize>) -> String {
    let name = usize::try_from(index).ok().and_then(|index| names.get(index));
    let name = name.copied().unwrap_or_default();
    name.chars().take(letters.unwrap_or(usize::MAX)).collect()
}

fn padded(number: u32, width: usize) -> String {
    format!("{number:0width$}", width = width.min(2))
}

/// Returns a duration in whole hours, minutes or seconds (`[h]`, `[m]`, `[s]`), with leading zeros up to
/// `width`; `None` outside the range of serial numbers.
fn elapsed(unit: char, width: usize, serial: f64) -> Option<String> {
    if !(0.0..SERIAL_MAX).contains(&serial) {
        return None;
    }
    let of_day = match unit {
        'h' => 24.0,
        'm' => 1_440.0,
        _ => 86_400.0,
    };
    // Half a second is the largest effect of rounding the smaller units.
    let units = (serial + 0.5 / 86_400.0) * of_day;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded above"
    )]
    let units = if unit == 's' {
        (serial * of_day).round()
    } else {
        units.floor()
    } as u64;
    Some(format!("{units:0width$}", width = width.min(4)))
}

#[cfg(test)]
mod tests {
    use super::super::number_format::NumberFormat;
    use super::*;

    fn shown(code: &str, value: f64) -> String {
        let shown = NumberFormat::read(code, None).show(value, false);
        shown.unwrap_or_else(|| "plain".to_owned())
    }

    #[test]
    fn dates_and_times_are_shown_as_their_format_says() {
        let (day, moment) = (46_086.0, 46_086.604_166_666_66);
        for (code, value, wanted) in [
            ("yyyy\"年\"m\"月\"d\"日\"", day, "2026年3月5日"),
            ("[$-804]yyyy\"年\"m\"月\"d\"日\";@", day, "2026年3月5日"),
            ("yyyy\\-mm\\-dd", day, "2026-03-05"),
            ("yyyy-mm-dd", moment, "2026-03-05"),
            ("m/d/yy", moment, "3/5/26"),
            ("yyyy-mm-dd h:mm:ss", moment, "2026-03-05 14:30:00"),
            ("yyyy/m/d h:mm AM/PM", moment, "2026/3/5 2:30 PM"),
            ("h\"时\"mm\"分\"", moment, "14时30分"),
            ("上午/下午h\"时\"mm\"分\"", moment, "下午2时30分"),
            ("d-mmm-yy", day, "5-Mar-26"),
            ("mmmm d, yyyy", day, "March 5, 2026"),
            ("aaaa", day, "星期四"),
            ("dddd", day, "Thursday"),
            ("[h]:mm:ss", 1.5, "36:00:00"),
            ("[mm]:ss", 0.5 / 24.0, "30:00"),
            ("mm:ss.0", 61.25 / 86_400.0, "01:01.3"),
            ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", day, "2026年3月5日"),
            ("e\"年\"m\"月\"d\"日\"", day, "2026年3月5日"),
        ] {
            assert_eq!(shown(code, value), wanted, "{code}");
        }
        assert_eq!(
            NumberFormat::read("General", Some(31)).show(day, false).unwrap(),
            "2026年3月5日"
        );
        assert_eq!(
            NumberFormat::read("mm-dd-yy", Some(14)).show(day, false).unwrap(),
            "2026/3/5"
        );
    }

    #[test]
    fn days_are_counted_from_the_beginning_that_the_workbook_names() {
        let day = |serial, is_1904| moment_of(serial, is_1904).unwrap().date().to_string();
        assert_eq!(day(1.0, false), "1900-01-01");
        assert_eq!(day(59.0, false), "1900-02-28");
        assert_eq!(day(61.0, false), "1900-03-01");
        assert_eq!(day(46_086.0, false), "2026-03-05");
        assert_eq!(day(44_624.0, true), "2026-03-05");
        assert_eq!(moment_of(-1.0, false), None);
        assert_eq!(moment_of(1e9, false), None);
    }
}
