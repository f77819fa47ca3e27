//! A phone number in international format (E.164): validated once at input, masked in responses.
//!
//! Accepted forms are `138-0013-8000`, `+86 138 0013 8000`, `008613800138000`, `+86-010-6552 9988` and
//! full-width digits, and exports such as `="13800138000"` or `'13800138000`, which keep the digits in a
//! spreadsheet. A number that a spreadsheet converted (`13800138000.0`, `1.38E+10`) may have lost digits and
//! is refused. The country of a number without a country code is an argument; none is assumed here. Only the
//! form is checked, not whether the number is in use.

use crate::calling_code::{CallingCode, DefaultCountry};
use crate::phone_text::{half_width, without_guards};
use crate::visible_text::is_invisible;
use phonenumber::{Mode, country};
use std::fmt;

/// Longest input, in bytes: 15 digits (E.164) with many separators of up to 3 bytes each.
const TEXT_BYTES_MAX: usize = 96;

/// Most digits of an international number (ITU-T E.164, 6.1).
const DIGITS_MAX: usize = 15;

/// Fewest digits. Shorter numbers are emergency and service codes, which must not be dialed from a list.
const DIGITS_MIN: usize = 7;

/// A number that can be dialed: `+` and 7 to 15 digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(String);

/// Why a text is not a phone number. The message does not repeat the text, which may be personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhoneNumber {
    #[error("the phone number is empty")]
    Empty,
    #[error("the phone number has more than {TEXT_BYTES_MAX} bytes")]
    TooLongText,
    #[error("the phone number ends in a decimal such as .0: format the column as text and export again")]
    SpreadsheetDecimal,
    #[error("the phone number is in scientific notation, digits are lost: format the column as text")]
    ScientificNotation,
    #[error("the phone number contains the character {0:?}")]
    StrangeCharacter(char),
    #[error("the phone number has {0} digits, fewer than {DIGITS_MIN}")]
    TooShort(usize),
    #[error("the phone number has {0} digits, more than {DIGITS_MAX}")]
    TooLong(usize),
    #[error("the country code is unknown")]
    UnknownCountry,
    #[error(
        "the phone number has no country code and its country is unknown: write it with + and the country \
         code"
    )]
    NoCountryCode,
    #[error("{0} has no numbers of this form")]
    NotANumberOf(&'static str),
}

impl InvalidPhoneNumber {
    /// Returns true if the text has the form of a complete number that cannot be dialed (country unknown or
    /// number not assigned); false for truncated numbers and other texts.
    pub const fn is_of_a_number(self) -> bool {
        match self {
            Self::UnknownCountry | Self::NoCountryCode | Self::NotANumberOf(_) => true,
            Self::Empty
            | Self::TooLongText
            | Self::SpreadsheetDecimal
            | Self::ScientificNotation
            | Self::StrangeCharacter(_)
            | Self::TooShort(_)
            | Self::TooLong(_) => false,
        }
    }
}

impl PhoneNumber {
    /// Reads a phone number as a person or file writes it and normalizes it to E.164. `default`: the
    /// country of a number without a country code. Fails if it is not valid.
    pub fn parse(text: &str, default: DefaultCountry) -> Result<Self, InvalidPhoneNumber> {
        let written = InputDigits::read(text, default)?;
        let international = written.is_international;
        let mainland = DefaultCountry::Of(CallingCode::MAINLAND_CHINA);
        if (international || default == mainland)
            && let Some(mobile) = mainland_mobile(international, &written.digits)
        {
            return Ok(Self(format!("+86{mobile}")));
        }
        let digits = written.digits.as_str();
        if digits.len() < DIGITS_MIN {
            return Err(InvalidPhoneNumber::TooShort(digits.len()));
        }
        if digits.len() > DIGITS_MAX {
            return Err(InvalidPhoneNumber::TooLong(digits.len()));
        }
        match default {
            _ if international => international_number(digits),
            DefaultCountry::Of(code) => national_number(code, digits),
            DefaultCountry::Unknown => Err(InvalidPhoneNumber::NoCountryCode),
        }
    }

    /// Returns every number that the text can mean: the number itself if it has a country code, else the
    /// number in each of `countries` in which it is valid, without duplicates. Fails if there is none.
    pub fn parse_in_each(
        text: &str,
        countries: impl IntoIterator<Item = CallingCode>,
    ) -> Result<Vec<Self>, InvalidPhoneNumber> {
        let mut wrong = match Self::parse(text, DefaultCountry::Unknown) {
            Ok(number) => return Ok(vec![number]),
            Err(wrong) => wrong,
        };
        if wrong != InvalidPhoneNumber::NoCountryCode {
            return Err(wrong);
        }
        let mut numbers: Vec<Self> = Vec::new();
        for country in countries {
            match Self::parse(text, DefaultCountry::Of(country)) {
                Ok(number) if numbers.contains(&number) => {}
                Ok(number) => numbers.push(number),
                Err(why) => wrong = why,
            }
        }
        if numbers.is_empty() {
            Err(wrong)
        } else {
            Ok(numbers)
        }
    }

    /// Returns true if the text has a country code (`+`, `00`); false also for a text that is no number.
    pub fn has_country_code(text: &str) -> bool {
        InputDigits::read(text, DefaultCountry::Unknown).is_ok_and(|written| written.is_international)
    }

    /// Returns the number in E.164 format: `+8613800138000`.
    pub fn as_e164(&self) -> &str {
        &self.0
    }

    /// Returns the ISO 3166 code of the number's region (`CN`); `None` if several regions share the
    /// number range or the range is unknown.
    pub fn region(&self) -> Option<String> {
        region_of_e164(&self.0)
    }

    /// Returns the calling code of the number's country.
    pub fn calling_code(&self) -> Option<CallingCode> {
        let number = phonenumber::parse(None, &self.0).ok()?;
        CallingCode::new(number.country().code())
    }

    /// Returns the masked number for responses and pages: `138****8000`.
    pub fn mask(&self) -> String {
        mask_e164(&self.0)
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Debug output is masked, because a number in a log would be personal data.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.mask())
    }
}

/// Returns the ISO 3166 code of the region of an E.164 number; `None` if it is unknown or shared. `+86` is
/// always `CN`, other regions come from the tables of the numbering plans.
pub fn region_of_e164(e164: &str) -> Option<String> {
    if e164.starts_with("+86") {
        return Some("CN".to_owned());
    }
    let number = phonenumber::parse(None, e164).ok()?;
    number.country().id().map(|id| id.as_ref().to_owned())
}

/// Returns an E.164 number without its middle digits. Mainland numbers are in national format: `138****8000`,
/// `010****5678`. Others keep the plus, the first three and the last four digits: `+120****0123`; with fewer
/// than 9 digits the first two and last two. A text that is not a number becomes stars.
pub fn mask_e164(e164: &str) -> String {
    let digits = e164.strip_prefix('+').unwrap_or(e164);
    if !all_digits(digits) {
        return "****".to_owned();
    }
    let national = match e164.strip_prefix("+86") {
        Some(national) if is_mainland_mobile(national) => national.to_owned(),
        Some(national) => format!("0{national}"),
        None if is_mainland_mobile(e164) => e164.to_owned(),
        None => digits.to_owned(),
    };
    let plus = if e164.starts_with('+') && !e164.starts_with("+86") {
        "+"
    } else {
        ""
    };
    let (head, tail) = match national.len() {
        0..DIGITS_MIN => return "****".to_owned(),
        DIGITS_MIN..=8 => (2, 2),
        _ => (3, 4),
    };
    let shown_head: String = national.chars().take(head).collect();
    let shown_tail: String = national.chars().skip(national.chars().count() - tail).collect();
    format!("{plus}{shown_head}****{shown_tail}")
}

/// Removes invisible characters, blanks and a spreadsheet's guards from an input and converts it to
/// half-width characters. Fails for an empty or overlong text and for numbers that a spreadsheet converted.
fn plain_text(text: &str) -> Result<String, InvalidPhoneNumber> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(InvalidPhoneNumber::TooLongText);
    }
    // Contact apps copy direction marks with the number, also before the plus.
    let visible = text.chars().filter(|character| !is_invisible(*character));
    let half_width: String = visible.map(half_width).collect();
    let plain = without_guards(&half_width);
    if plain.is_empty() {
        return Err(InvalidPhoneNumber::Empty);
    }
    if is_scientific(plain) {
        return Err(InvalidPhoneNumber::ScientificNotation);
    }
    if is_decimal(plain) {
        return Err(InvalidPhoneNumber::SpreadsheetDecimal);
    }
    Ok(plain.to_owned())
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns true for digits with one decimal point, such as `13800138000.0`.
fn is_decimal(text: &str) -> bool {
    text.split_once('.')
        .is_some_and(|(whole, part)| all_digits(whole) && all_digits(part))
}

/// Returns true for scientific notation, such as `1.38E+10` or `13800138E3`.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    all_digits(exponent) && (all_digits(mantissa) || is_decimal(mantissa))
}

/// The digits of an input, without separators and without `+`, `00` or `011`.
struct InputDigits {
    /// The digits begin with a country code.
    is_international: bool,
    digits: String,
}

impl InputDigits {
    fn read(text: &str, default: DefaultCountry) -> Result<Self, InvalidPhoneNumber> {
        let plain = plain_text(text)?;
        let (has_plus, rest) = plain
            .strip_prefix('+')
            .map_or((false, plain.as_str()), |rest| (true, rest));
        let mut digits = String::with_capacity(rest.len());
        for character in rest.chars() {
            match character {
                '0'..='9' => digits.push(character),
                // Separators and no-break blanks.
                ' ' | '-' | '(' | ')' | '.' | '/' | '\u{a0}' | '\u{b7}' | '\u{2010}'..='\u{2015}' => {}
                strange => return Err(InvalidPhoneNumber::StrangeCharacter(strange)),
            }
        }
        // 011 is the international prefix of North America only. Elsewhere it is an area code (Beijing's 010,
        // then 1) or not used.
        let prefixes: &[&str] = match default {
            DefaultCountry::Of(CallingCode::NORTH_AMERICA) => &["00", "011"],
            DefaultCountry::Of(_) | DefaultCountry::Unknown => &["00"],
        };
        let stripped = prefixes.iter().find_map(|prefix| digits.strip_prefix(prefix));
        Ok(match stripped {
            Some(rest) if !has_plus => Self {
                is_international: true,
                digits: rest.to_owned(),
            },
            Some(_) | None => Self {
                is_international: has_plus,
                digits,
            },
        })
    }
}

/// Returns true for a mainland mobile number: 1, then 3 to 9, then nine digits (MIIT numbering plan). All
/// ranges are accepted, because new ones are opened before tables contain them.
fn is_mainland_mobile(national: &str) -> bool {
    let mut bytes = national.bytes();
    national.len() == 11
        && all_digits(national)
        && bytes.next() == Some(b'1')
        && matches!(bytes.next(), Some(b'3'..=b'9'))
}

/// Returns the eleven digits of a mainland mobile number; `None` for another number. It may be written
/// nationally (also with the trunk prefix 0), with `86` (also with 0 after it), or internationally.
fn mainland_mobile(international: bool, digits: &str) -> Option<&str> {
    let candidates = [
        digits.strip_prefix("86"),
        digits.strip_prefix("860"),
        digits.strip_prefix("0").filter(|_| !international),
        Some(digits).filter(|_| !international),
    ];
    candidates
        .into_iter()
        .flatten()
        .find(|national| is_mainland_mobile(national))
}

/// Reads a number that begins with its country code and fails if it is not valid there. A trunk prefix 0
/// after the code (`+86 (0)10 …`, `+44 (0)20 …`) is dropped, unless the numbering plan keeps it (Italy).
fn international_number(digits: &str) -> Result<PhoneNumber, InvalidPhoneNumber> {
    let Ok(number) = phonenumber::parse(None, format!("+{digits}")) else {
        return Err(InvalidPhoneNumber::UnknownCountry);
    };
    let code = number.country().code();
    let e164 = number.format().mode(Mode::E164).to_string();
    let with_trunk_zero = e164
        .strip_prefix(&format!("+{code}"))
        .map(|national| format!("{code}0{national}"));
    let keeps_digits = e164.strip_prefix('+') == Some(digits) || with_trunk_zero.as_deref() == Some(digits);
    if keeps_digits && !is_mistyped_mobile(&e164) && phonenumber::is_valid(&number) {
        return Ok(PhoneNumber(e164));
    }
    Err(InvalidPhoneNumber::NotANumberOf(match code {
        86 => "mainland China",
        _ => "its country",
    }))
}

/// Reads a number as dialed within `country`, also with its code in front. Fails if it is not valid.
fn national_number(country: CallingCode, digits: &str) -> Result<PhoneNumber, InvalidPhoneNumber> {
    if country == CallingCode::NORTH_AMERICA && !is_of_north_america(digits) {
        return Err(InvalidPhoneNumber::NotANumberOf("the default country"));
    }
    let region: Option<country::Id> = country.main_region();
    let Some(Ok(number)) = region.map(|region| phonenumber::parse(Some(region), digits)) else {
        return Err(InvalidPhoneNumber::UnknownCountry);
    };
    let e164 = number.format().mode(Mode::E164).to_string();
    let is_of_country = number.country().code() == country.get();
    if is_of_country
        && keeps_digits(country, &e164, digits)
        && !is_mistyped_mobile(&e164)
        && phonenumber::is_valid(&number)
    {
        return Ok(PhoneNumber(e164));
    }
    // The country code without a plus: 86-0755-…, 44 20 ….
    let code = country.get().to_string();
    let written_out = digits.strip_prefix(&code).filter(|rest| rest.len() >= DIGITS_MIN);
    if written_out.is_some()
        && let Ok(number) = international_number(digits)
    {
        return Ok(number);
    }
    Err(InvalidPhoneNumber::NotANumberOf(match country {
        CallingCode::MAINLAND_CHINA => "mainland China",
        _ => "the default country",
    }))
}

/// Returns true if the digits have the form of the North American Numbering Plan: after an optional 1, an
/// area code and an exchange code that begin with 2 to 9, then four digits (NANPA). This check precedes the
/// tables, which take long to load; few numbers of other countries have this form.
fn is_of_north_america(digits: &str) -> bool {
    let national = digits
        .strip_prefix('1')
        .filter(|rest| rest.len() == 10)
        .unwrap_or(digits);
    let begins_code = |place: usize| matches!(national.as_bytes().get(place), Some(b'2'..=b'9'));
    national.len() == 10 && begins_code(0) && begins_code(3)
}

/// Returns true if reading `digits` as `e164` dropped only a trunk prefix. The tables also strip carrier
/// selection codes (1[12]ddd) from mainland numbers, but these are no longer used: a number that loses
/// digits this way was mistyped.
fn keeps_digits(country: CallingCode, e164: &str, digits: &str) -> bool {
    if e164.ends_with(digits.trim_start_matches('0')) {
        return true;
    }
    let national = e164.strip_prefix(&format!("+{}", country.get())).unwrap_or(e164);
    let taken = digits.strip_suffix(national);
    taken.is_some_and(|taken| country.trunk_prefix() == Some(taken))
}

/// Returns true for a mainland number of eleven digits with a leading 1, mobile numbers excluded before.
fn is_mistyped_mobile(e164: &str) -> bool {
    e164.len() == 14 && e164.starts_with("+861")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHINA: DefaultCountry = DefaultCountry::Of(CallingCode::MAINLAND_CHINA);
    const AMERICA: DefaultCountry = DefaultCountry::Of(CallingCode::NORTH_AMERICA);

    #[test]
    fn invisible_marks_anywhere_are_no_part_of_a_number() {
        for text in [
            "\u{202a}+86 138 0013 8068\u{202c}",
            "\u{202d}+86\u{200b}13800138068",
            "\u{feff}\u{2066}+8613800138068\u{2069}",
            " \u{200e}138\u{ad}0013\u{2060}8068",
        ] {
            let number = PhoneNumber::parse(text, CHINA).unwrap();
            assert_eq!(number.as_e164(), "+8613800138068", "{text:?}");
        }
        assert_eq!(
            PhoneNumber::parse("\u{200b}", CHINA),
            Err(InvalidPhoneNumber::Empty)
        );
    }

    #[test]
    fn what_people_write_becomes_one_number() {
        for text in [
            "13800138000",
            "138-0013-8000",
            " 138 0013 8000\t",
            "+86 138 0013 8000",
            "+86-138-0013-8000",
            "008613800138000",
            "0086 138 0013 8000",
            "8613800138000",
            "013800138000",
            "１３８００１３８０００",
            "＋８６ １３８－００１３－８０００",
            "\u{202d}13800138000\u{202c}",
            "138\u{a0}0013\u{a0}8000",
            "138.0013.8000",
            "+86 (0)138 0013 8000",
            "=\"13800138000\"",
            "'13800138000",
            "`13800138000",
            "\u{2018}13800138000\u{2019}",
            "\u{202a}+86 138 0013 8000\u{202c}",
            "\u{2068}+86\u{2069} 138 0013 8000",
        ] {
            let number = PhoneNumber::parse(text, CHINA).unwrap_or_else(|why| panic!("{text:?}: {why}"));
            assert_eq!(number.as_e164(), "+8613800138000", "{text:?}");
            assert_eq!(number.region().as_deref(), Some("CN"));
        }
    }

    #[test]
    fn every_mainland_mobile_range_passes_and_its_neighbours_do_not() {
        for second in 0..=9 {
            let text = format!("1{second}000000000");
            assert_eq!(
                PhoneNumber::parse(&text, CHINA).is_ok(),
                (3..=9).contains(&second),
                "{text}"
            );
        }
    }

    #[test]
    fn landlines_and_other_countries_are_read_too() {
        for (text, e164, region) in [
            ("010-6552 9988", "+861065529988", "CN"),
            ("(0755) 2655 9988", "+8675526559988", "CN"),
            ("+86-010-65529988", "+861065529988", "CN"),
            ("+86 (0)10 6552 9988", "+861065529988", "CN"),
            ("0086-0755-26559988", "+8675526559988", "CN"),
            ("86-0755-26559988", "+8675526559988", "CN"),
            ("86-755-26559988", "+8675526559988", "CN"),
            ("+44 (0)20 7946 0018", "+442079460018", "GB"),
            ("+1 202 555 0123", "+12025550123", "US"),
            ("001-202-555-0123", "+12025550123", "US"),
            ("+44 20 7946 0018", "+442079460018", "GB"),
            ("+852 2123 4567", "+85221234567", "HK"),
        ] {
            let number = PhoneNumber::parse(text, CHINA).unwrap_or_else(|why| panic!("{text:?}: {why}"));
            assert_eq!(number.as_e164(), e164, "{text:?}");
            assert_eq!(number.region().as_deref(), Some(region), "{text:?}");
        }
    }

    #[test]
    fn a_number_without_a_country_code_is_of_the_default_country() {
        let of = |code: u16| DefaultCountry::Of(CallingCode::new(code).unwrap());
        for (text, default, e164) in [
            ("2025550123", AMERICA, "+12025550123"),
            ("(202) 555-0124", AMERICA, "+12025550124"),
            ("1-202-555-0125", AMERICA, "+12025550125"),
            ("202.555.0132", AMERICA, "+12025550132"),
            ("202-555-0199", AMERICA, "+12025550199"),
            ("1-202-555-0199", AMERICA, "+12025550199"),
            ("011 86 138 0013 8000", AMERICA, "+8613800138000"),
            ("+86 138 0013 8000", AMERICA, "+8613800138000"),
            ("0086 138 0013 8000", AMERICA, "+8613800138000"),
            ("020 7946 0018", of(44), "+442079460018"),
            ("44 20 7946 0018", of(44), "+442079460018"),
            ("06 6982 0001", of(39), "+390669820001"),
            ("+39 06 6982 0001", of(39), "+390669820001"),
            ("8 916 123-45-67", of(7), "+79161234567"),
            ("+1 202 555 0123", DefaultCountry::Unknown, "+12025550123"),
            ("001 202 555 0123", DefaultCountry::Unknown, "+12025550123"),
        ] {
            let number = PhoneNumber::parse(text, default).unwrap_or_else(|why| panic!("{text:?}: {why}"));
            assert_eq!(number.as_e164(), e164, "{text:?}");
        }
    }

    #[test]
    fn no_country_is_guessed() {
        use InvalidPhoneNumber::{NoCountryCode, NotANumberOf, TooShort};
        for (text, default, why) in [
            ("13800138000", DefaultCountry::Unknown, NoCountryCode),
            ("8613800138000", DefaultCountry::Unknown, NoCountryCode),
            ("(202) 555-0126", DefaultCountry::Unknown, NoCountryCode),
            ("911", DefaultCountry::Unknown, TooShort(3)),
            ("13800138000", AMERICA, NotANumberOf("the default country")),
            ("8613800138000", AMERICA, NotANumberOf("the default country")),
        ] {
            assert_eq!(PhoneNumber::parse(text, default), Err(why), "{text:?}");
        }
    }

    #[test]
    fn a_number_of_an_unknown_country_is_one_in_each_country_where_it_exists() {
        let both = [CallingCode::MAINLAND_CHINA, CallingCode::NORTH_AMERICA];
        let read = |text: &str| -> Vec<String> {
            let numbers = PhoneNumber::parse_in_each(text, both).unwrap();
            numbers.iter().map(|number| number.as_e164().to_owned()).collect()
        };
        assert_eq!(read("(202) 555-0126"), ["+862025550126", "+12025550126"]);
        assert_eq!(read("13800138000"), ["+8613800138000"]);
        assert_eq!(read("+1 202 555 0126"), ["+12025550126"]);
        let none = PhoneNumber::parse_in_each("2025550126", []);
        assert_eq!(none, Err(InvalidPhoneNumber::NoCountryCode));
        assert!(PhoneNumber::parse_in_each("12345", both).is_err());
        assert!(PhoneNumber::has_country_code("+1 202 555 0126"));
        assert!(!PhoneNumber::has_country_code("1 202 555 0126"));
    }

    #[test]
    fn a_text_that_is_no_number_says_what_is_wrong() {
        use InvalidPhoneNumber::{
            Empty, NotANumberOf, ScientificNotation, SpreadsheetDecimal, StrangeCharacter, TooLong,
            TooLongText, TooShort, UnknownCountry,
        };
        for (text, why) in [
            ("", Empty),
            ("  \u{3000}", Empty),
            ("13800138000.0", SpreadsheetDecimal),
            ("1.3800138E+10", ScientificNotation),
            ("1.38e10", ScientificNotation),
            ("１.38E10", ScientificNotation),
            ("138E8", ScientificNotation),
            ("1380013800O", StrangeCharacter('O')),
            ("13800138000,13800138001", StrangeCharacter(',')),
            ("1+3800138000", StrangeCharacter('+')),
            ("无", StrangeCharacter('无')),
            ("110", TooShort(3)),
            ("120", TooShort(3)),
            ("95588", TooShort(5)),
            ("1380013", NotANumberOf("mainland China")),
            ("1380013800", NotANumberOf("mainland China")),
            ("138001380000", NotANumberOf("mainland China")),
            ("+86 12800138000", NotANumberOf("mainland China")),
            ("1380013800000000", TooLong(16)),
            ("+999 123 456 789", UnknownCountry),
            ("+1 202 055 0123", NotANumberOf("its country")),
            (&"1".repeat(97), TooLongText),
        ] {
            assert_eq!(PhoneNumber::parse(text, CHINA), Err(why), "{text:?}");
        }
    }

    #[test]
    fn a_mask_hides_the_middle() {
        for (e164, masked) in [
            ("+8613800138000", "138****8000"),
            ("13800138000", "138****8000"),
            ("+861065529988", "010****9988"),
            ("+12025550123", "+120****0123"),
            ("+85221234567", "+852****4567"),
            ("+2902123", "+29****23"),
            ("+29021", "****"),
            ("", "****"),
            ("张三", "****"),
            ("+86张三李四王五赵六", "****"),
        ] {
            assert_eq!(mask_e164(e164), masked, "{e164}");
        }
        let number = PhoneNumber::parse("13800138000", CHINA).unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(138****8000)");
    }
}
