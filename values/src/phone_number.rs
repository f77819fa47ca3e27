//! A phone number in international form (E.164), checked once, on entry, and masked for every reply.
//!
//! People write numbers as `138-0013-8000`, `+86 138 0013 8000`, `008613800138000` or with full-width
//! digits; a spreadsheet that took them for amounts writes `13800138000.0` or `1.38E+10`, which may have
//! lost digits and is refused. A number without a country is a mainland Chinese one. Whether a number
//! is in use is for the network to say; what is checked here is its form.

use phonenumber::{Mode, country};
use std::fmt;

/// Longest text looked at: 15 digits (E.164) with generous separators, each up to 3 bytes.
const TEXT_BYTES_MAX: usize = 96;

/// Most digits of an international number (ITU-T E.164, 6.1).
const DIGITS_MAX: usize = 15;

/// Fewest digits: shorter ones are emergency and service codes, which nobody may dial from a list.
const DIGITS_MIN: usize = 7;

/// A callable number, `+` and 7 to 15 digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(String);

/// What is wrong with a text that should be a phone number. The text itself is not repeated: it may be
/// a person's.
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
    #[error("the phone number holds the character {0:?}")]
    StrangeCharacter(char),
    #[error("the phone number has {0} digits, fewer than {DIGITS_MIN}")]
    TooShort(usize),
    #[error("the phone number has {0} digits, more than {DIGITS_MAX}")]
    TooLong(usize),
    #[error("the country code is not known")]
    UnknownCountry,
    #[error("no number of this form exists in {0}")]
    NotANumberOf(&'static str),
}

impl InvalidPhoneNumber {
    /// Whether the text is a whole number all the same, one that nobody can call; what is cut off, or of
    /// something else, is none.
    pub const fn is_of_a_number(self) -> bool {
        match self {
            Self::UnknownCountry | Self::NotANumberOf(_) => true,
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
    /// Reads what a person or a file wrote; without a country code it is a mainland Chinese number.
    pub fn parse(text: &str) -> Result<Self, InvalidPhoneNumber> {
        let plain = plain_text(text)?;
        let (international, digits) = international_form(&plain)?;
        if let Some(mobile) = mainland_mobile(international, &digits) {
            return Ok(Self(format!("+86{mobile}")));
        }
        if digits.len() < DIGITS_MIN {
            return Err(InvalidPhoneNumber::TooShort(digits.len()));
        }
        if digits.len() > DIGITS_MAX {
            return Err(InvalidPhoneNumber::TooLong(digits.len()));
        }
        known_number(international, &digits)
    }

    /// `+8613800138000`.
    pub fn as_e164(&self) -> &str {
        &self.0
    }

    /// The ISO 3166 code of the region that issued the number, such as `CN`; `None` where it is shared.
    pub fn region(&self) -> Option<String> {
        region_of_e164(&self.0)
    }

    /// For replies and pages: `138****8000`.
    pub fn mask(&self) -> String {
        mask_e164(&self.0)
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number is a person's: what is logged by accident is masked.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.mask())
    }
}

/// The ISO 3166 code of the region that issued an E.164 number. Mainland numbers are told by their
/// country code alone; others by the numbering plan's tables.
pub fn region_of_e164(e164: &str) -> Option<String> {
    if e164.starts_with("+86") {
        return Some("CN".to_owned());
    }
    let number = phonenumber::parse(None, e164).ok()?;
    number.country().id().map(|id| id.as_ref().to_owned())
}

/// An E.164 number without its middle. Mainland numbers in national form: `138****8000`, `010****5678`;
/// others keep the plus, three digits and the last four: `+120****0123`; fewer than 9 digits keep two and
/// two. What is not a number becomes stars.
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

/// Half-width, without blanks around; refuses what a spreadsheet made of a number.
fn plain_text(text: &str) -> Result<String, InvalidPhoneNumber> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(InvalidPhoneNumber::TooLongText);
    }
    let half_width: String = text.chars().map(half_width).collect();
    let plain = half_width.trim();
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

/// Full-width forms (U+FF01 to U+FF5E) stand 0xFEE0 above their ASCII twins; U+3000 is the blank.
fn half_width(character: char) -> char {
    match character {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character).saturating_sub(0xfee0)).unwrap_or(character)
        }
        other => other,
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// One point with digits on both sides, such as `13800138000.0`.
fn is_decimal(text: &str) -> bool {
    text.split_once('.')
        .is_some_and(|(whole, part)| all_digits(whole) && all_digits(part))
}

/// Such as `1.38E+10` or `13800138E3`.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    all_digits(exponent) && (all_digits(mantissa) || is_decimal(mantissa))
}

/// Whether a country code leads, and the digits without separators and without `+` or `00`.
fn international_form(plain: &str) -> Result<(bool, String), InvalidPhoneNumber> {
    let (plus, rest) = plain
        .strip_prefix('+')
        .map_or((false, plain), |rest| (true, rest));
    let mut digits = String::with_capacity(rest.len());
    for character in rest.chars() {
        match character {
            '0'..='9' => digits.push(character),
            // Separators, no-break blanks, and the direction marks that contact apps copy along.
            ' ' | '-' | '(' | ')' | '.' | '/' | '\u{a0}' | '\u{b7}' | '\u{2010}'..='\u{2015}' => {}
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}' => {}
            strange => return Err(InvalidPhoneNumber::StrangeCharacter(strange)),
        }
    }
    match digits.strip_prefix("00") {
        Some(rest) if !plus => Ok((true, rest.to_owned())),
        Some(_) | None => Ok((plus, digits)),
    }
}

/// Mainland mobile numbers are 1, then 3 to 9, then nine digits (MIIT numbering plan). New ranges are
/// opened faster than tables follow, so all of them pass.
fn is_mainland_mobile(national: &str) -> bool {
    let mut bytes = national.bytes();
    national.len() == 11
        && all_digits(national)
        && bytes.next() == Some(b'1')
        && matches!(bytes.next(), Some(b'3'..=b'9'))
}

/// The eleven digits of a mainland mobile number written nationally (with or without the trunk prefix 0),
/// with `86`, or internationally.
fn mainland_mobile(international: bool, digits: &str) -> Option<&str> {
    let candidates = [
        digits.strip_prefix("86"),
        digits.strip_prefix("0").filter(|_| !international),
        Some(digits).filter(|_| !international),
    ];
    candidates
        .into_iter()
        .flatten()
        .find(|national| is_mainland_mobile(national))
}

fn known_number(international: bool, digits: &str) -> Result<PhoneNumber, InvalidPhoneNumber> {
    let parsed = if international {
        phonenumber::parse(None, format!("+{digits}"))
    } else {
        phonenumber::parse(Some(country::CN), digits)
    };
    let Ok(number) = parsed else {
        return Err(InvalidPhoneNumber::UnknownCountry);
    };
    let e164 = number.format().mode(Mode::E164).to_string();
    // The tables strip carrier selection codes (1[12]ddd) from mainland numbers, which nobody writes any
    // more: a number that loses digits that way is a mistyped one. So are eleven digits behind a 1 that are
    // no mobile number.
    let keeps_digits = e164.ends_with(digits.trim_start_matches('0'));
    let mistyped_mobile = e164.len() == 14 && e164.starts_with("+861");
    if keeps_digits && !mistyped_mobile && phonenumber::is_valid(&number) {
        return Ok(PhoneNumber(e164));
    }
    if !international || number.country().code() == 86 {
        return Err(InvalidPhoneNumber::NotANumberOf("mainland China"));
    }
    Err(InvalidPhoneNumber::NotANumberOf("its country"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            let number = PhoneNumber::parse(text).unwrap_or_else(|why| panic!("{text:?}: {why}"));
            assert_eq!(number.as_e164(), "+8613800138000", "{text:?}");
            assert_eq!(number.region().as_deref(), Some("CN"));
        }
    }

    #[test]
    fn every_mainland_mobile_range_passes_and_its_neighbours_do_not() {
        for second in 0..=9 {
            let text = format!("1{second}000000000");
            assert_eq!(
                PhoneNumber::parse(&text).is_ok(),
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
            ("+1 202 555 0123", "+12025550123", "US"),
            ("001-202-555-0123", "+12025550123", "US"),
            ("+44 20 7946 0018", "+442079460018", "GB"),
            ("+852 2123 4567", "+85221234567", "HK"),
        ] {
            let number = PhoneNumber::parse(text).unwrap_or_else(|why| panic!("{text:?}: {why}"));
            assert_eq!(number.as_e164(), e164, "{text:?}");
            assert_eq!(number.region().as_deref(), Some(region), "{text:?}");
        }
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
            assert_eq!(PhoneNumber::parse(text), Err(why), "{text:?}");
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
        let number = PhoneNumber::parse("13800138000").unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(138****8000)");
    }
}
