//! Number formats of cells (ECMA-376 part 1, 18.8.31), as far as lists use them: decimals, percent, leading
//! zeros, literal text, dates and times.
//!
//! A value is returned as displayed, with two exceptions: thousands separators and the renminbi sign are
//! left out, so that a flow, a mapping or a rule can read `¥1,296.39` as the amount 1296.39. For unknown
//! formats (fractions, scientific notation), the plain number is returned. No digits are lost.

use super::date_format;
use super::decimal::Decimal;

/// Currency signs that are left out.
const OWN_CURRENCY: [&str; 4] = ["¥", "￥", "CNY", "RMB"];

/// Longest format that is read, in characters. Excel allows 255.
const FORMAT_CHARS_MAX: usize = 512;

/// One section of a format, split into tokens.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Section {
    /// The machine's settings determine the format. The rest of the section is ignored.
    is_of_system: bool,
    condition: Option<Condition>,
    pub(super) tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A text that is displayed unchanged.
    Literal(String),
    /// A character with a special meaning.
    Sign(char),
    /// A word in brackets, in lower case: `h`, `$¥-804`, `red`, `>=100`.
    Bracket(String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Condition {
    relation: &'static str,
    limit: f64,
}

impl Condition {
    /// The relations in conditions, longer ones first.
    const RELATIONS: [&'static str; 6] = [">=", "<=", "<>", ">", "<", "="];

    fn of(bracket: &str) -> Option<Self> {
        let relation = Self::RELATIONS.into_iter().find(|one| bracket.starts_with(one))?;
        let limit = bracket.strip_prefix(relation)?.trim().parse().ok()?;
        Some(Self { relation, limit })
    }

    fn holds(self, value: f64) -> bool {
        match self.relation {
            ">=" => value >= self.limit,
            "<=" => value <= self.limit,
            "<>" => value != self.limit,
            ">" => value > self.limit,
            "<" => value < self.limit,
            _ => value == self.limit,
        }
    }
}

/// A format, read once for all cells that have it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct NumberFormat {
    /// The sections of the format; empty for the general format.
    sections: Vec<Section>,
}

impl NumberFormat {
    /// Reads a format. `id` takes precedence if the code depends on the language.
    pub(super) fn read(code: &str, id: Option<u32>) -> Self {
        let code = id.and_then(date_format::code_of_language).unwrap_or(code);
        let is_general = code.is_empty() || code.eq_ignore_ascii_case("general") || code == "@";
        if is_general || code.chars().count() > FORMAT_CHARS_MAX {
            return Self::default();
        }
        Self {
            sections: sections(code),
        }
    }

    /// Returns the value as displayed; `None` if it is displayed as the plain number.
    pub(super) fn show(&self, value: f64, is_1904: bool) -> Option<String> {
        let (section, value) = self.section_of(value)?;
        if date_format::is_date(&section.tokens) {
            return date_format::show(&section.tokens, value, is_1904);
        }
        show_number(&section.tokens, value)
    }

    /// Returns true if the value is displayed as a date or a time.
    pub(super) fn shows_a_date(&self, value: f64) -> bool {
        self.section_of(value)
            .is_some_and(|(section, _)| date_format::is_date(&section.tokens))
    }

    /// Returns true if the value is displayed with a time of day.
    pub(super) fn shows_a_time(&self, value: f64) -> bool {
        self.section_of(value)
            .is_some_and(|(section, _)| date_format::is_time(&section.tokens))
    }

    /// Returns the section for a value, and the value without its sign if the section displays the sign
    /// itself.
    fn section_of(&self, value: f64) -> Option<(&Section, f64)> {
        let numbers = self
            .sections
            .get(..self.sections.len().min(3))
            .unwrap_or_default();
        if numbers.iter().any(|section| section.condition.is_some()) {
            let is_it = |section: &&Section| section.condition.is_none_or(|condition| condition.holds(value));
            return numbers.iter().find(is_it).map(|section| (section, value));
        }
        match numbers {
            [] => None,
            [only] => Some((only, value)),
            [_, negative, ..] if value < 0.0 => Some((negative, value.abs())),
            [_, _, zero] if value == 0.0 => Some((zero, value)),
            [positive, ..] => Some((positive, value)),
        }
    }
}

/// Returns the sections of a format, which semicolons separate.
fn sections(code: &str) -> Vec<Section> {
    let mut all = vec![Section::default()];
    let mut rest = code.chars();
    while let Some(character) = rest.next() {
        let token = match character {
            ';' => {
                all.push(Section::default());
                continue;
            }
            '"' => Token::Literal(rest.by_ref().take_while(|c| *c != '"').collect()),
            '\\' => Token::Literal(rest.next().into_iter().collect()),
            // A space as wide as the next character, or a fill with it. Neither is text.
            '_' | '*' => {
                rest.next();
                continue;
            }
            '[' => Token::Bracket(rest.by_ref().take_while(|c| *c != ']').collect()),
            other => Token::Sign(other),
        };
        if let Some(section) = all.last_mut() {
            section.push(token);
        }
    }
    all
}

impl Section {
    fn push(&mut self, token: Token) {
        if self.is_of_system {
            return;
        }
        let Token::Bracket(word) = &token else {
            self.tokens.push(token);
            return;
        };
        if let Some(condition) = Condition::of(word) {
            self.condition = Some(condition);
            return;
        }
        match word.strip_prefix('$') {
            // `[$¥-804]`: a currency sign and a language.
            Some(currency) => {
                let (sign, language) = currency.split_once('-').unwrap_or((currency, ""));
                match date_format::code_of_system(language) {
                    Some(code) => {
                        self.tokens = sections(code).pop().unwrap_or_default().tokens;
                        self.is_of_system = true;
                    }
                    None if sign.is_empty() => {}
                    None => self.tokens.push(Token::Literal(sign.to_owned())),
                }
            }
            None => self.tokens.push(Token::Bracket(word.to_lowercase())),
        }
    }
}

/// The digit places and scaling that a section requires.
#[derive(Default)]
struct Digits {
    decimals: usize,
    percents: usize,
    /// Commas after the last digit. Each divides by a thousand.
    thousands: usize,
    has_digits: bool,
}

fn digits_of(tokens: &[Token]) -> Option<Digits> {
    let mut digits = Digits::default();
    let (mut in_decimals, mut commas) = (false, 0);
    for token in tokens {
        match token {
            Token::Sign('0' | '#' | '?') => {
                digits.has_digits = true;
                digits.decimals += usize::from(in_decimals);
                commas = 0;
            }
            Token::Sign('.') => in_decimals = true,
            Token::Sign(',') => commas += 1,
            Token::Sign('%') => digits.percents += 1,
            // Fractions, scientific notation, text: the plain number.
            Token::Sign('/' | 'E' | 'e' | '@' | 'G' | 'g') => return None,
            Token::Sign(_) | Token::Literal(_) | Token::Bracket(_) => {}
        }
    }
    digits.thousands = if digits.has_digits { commas } else { 0 };
    Some(digits)
}

fn show_number(tokens: &[Token], value: f64) -> Option<String> {
    let asked = digits_of(tokens)?;
    let mut decimal = Decimal::of(value.abs())?;
    let hundreds = i32::try_from(asked.percents).ok()? * 2;
    let thousandths = i32::try_from(asked.thousands).ok()? * 3;
    decimal.shift(hundreds - thousandths);
    let (whole, part) = decimal.rounded(asked.decimals);
    let shown = fill(tokens, &whole, &part);
    let is_zero = whole.bytes().chain(part.bytes()).all(|digit| digit == b'0');
    let shown = shown.trim();
    match value < 0.0 && !is_zero {
        true => Some(format!("-{shown}")),
        false => Some(shown.to_owned()),
    }
}

/// Puts the digits in the section's digit places. Everything else is displayed unchanged.
fn fill(tokens: &[Token], whole: &str, part: &str) -> String {
    let point = tokens.iter().position(|token| *token == Token::Sign('.'));
    let (before, behind) = tokens.split_at(point.unwrap_or(tokens.len()));
    let mut shown = fill_whole(before, whole);
    shown.push_str(&fill_part(behind, part));
    shown
}

const fn is_place(token: &Token) -> bool {
    matches!(token, Token::Sign('0' | '#' | '?'))
}

/// Fills the digit places from the last one. The first place gets all remaining digits.
fn fill_whole(tokens: &[Token], whole: &str) -> String {
    let whole = whole.trim_start_matches('0');
    let mut digits = whole.chars().rev();
    let mut places_left = tokens.iter().filter(|token| is_place(token)).count();
    let mut reversed = String::new();
    for token in tokens.iter().rev() {
        if !is_place(token) {
            reversed.extend(literal(token).chars().rev());
            continue;
        }
        places_left -= 1;
        match digits.next() {
            Some(digit) => reversed.push(digit),
            None if *token == Token::Sign('0') => reversed.push('0'),
            None => {}
        }
        if places_left == 0 {
            reversed.extend(digits.by_ref());
        }
    }
    reversed.chars().rev().collect()
}

/// Fills the digit places after the point, with which `tokens` begins. Final zeros are kept in places with
/// `0`.
fn fill_part(tokens: &[Token], part: &str) -> String {
    let significant = part.trim_end_matches('0').len();
    let mut digits = part.char_indices();
    let (mut shown, mut has_digit) = (String::new(), false);
    let mut behind = String::new();
    for token in tokens {
        if is_place(token) {
            let Some((index, digit)) = digits.next() else {
                continue;
            };
            if index < significant || *token == Token::Sign('0') {
                shown.push(digit);
                has_digit = true;
            }
        } else if *token != Token::Sign('.') {
            behind.push_str(&literal(token));
        }
    }
    let point = if has_digit { "." } else { "" };
    format!("{point}{shown}{behind}")
}

fn literal(token: &Token) -> String {
    match token {
        Token::Literal(text) if OWN_CURRENCY.contains(&text.trim()) => String::new(),
        Token::Literal(text) => text.clone(),
        Token::Sign(',' | '.') | Token::Bracket(_) => String::new(),
        Token::Sign('¥' | '￥') => String::new(),
        Token::Sign(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: &str, value: f64) -> String {
        let shown = NumberFormat::read(code, None).show(value, false);
        shown.unwrap_or_else(|| "plain".to_owned())
    }

    #[test]
    fn amounts_and_shares_are_rounded_as_the_cell_rounds_them() {
        for (code, value, wanted) in [
            ("0.00", 1_296.388, "1296.39"),
            ("#,##0.00", 1_296.388, "1296.39"),
            ("0.00", 1.005, "1.01"),
            ("0.00", 1_296.385, "1296.39"),
            ("0", 0.5, "1"),
            ("0.00%", 0.0525, "5.25%"),
            ("0%", 0.999, "100%"),
            ("#.##", 0.5, ".5"),
            ("0.##", 12.0, "12"),
            ("0.0#", 12.0, "12.0"),
            ("#,##0,", 1_296_388.0, "1296"),
            ("0.00", -3.456, "-3.46"),
            ("0.00", -0.001, "0.00"),
            ("#,##0.00;(#,##0.00)", -3.5, "(3.50)"),
            ("0;-0;\"none\"", 0.0, "none"),
            ("[>=100]0.0;0.00", 5.0, "5.00"),
            ("[>=100]0.0;0.00", 150.0, "150.0"),
            (
                "_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ ;_ ¥* \"-\"??_ ;_ @_ ",
                1_296.388,
                "1296.39",
            ),
            ("[$¥-804]#,##0.00", 1_296.388, "1296.39"),
            ("[$$-409]#,##0.00", 1_296.388, "$1296.39"),
            ("0.00\"元\"", 1_296.388, "1296.39元"),
            ("[Red]0.00", 2.0, "2.00"),
        ] {
            assert_eq!(shown(code, value), wanted, "{code} {value}");
        }
    }

    #[test]
    fn leading_zeros_and_the_marks_of_a_number_are_shown() {
        for (code, value, wanted) in [
            ("000000", 123.0, "000123"),
            ("000000", 1_234_567.0, "1234567"),
            ("000-0000-0000", 13_800_138_000.0, "138-0013-8000"),
            ("\"C\"000", 7.0, "C007"),
        ] {
            assert_eq!(shown(code, value), wanted, "{code} {value}");
        }
    }

    #[test]
    fn what_would_lose_digits_or_is_not_known_is_the_plain_number() {
        for code in ["General", "", "@", "0.00E+00", "# ?/?", "##0.0E+0"] {
            assert_eq!(shown(code, 13_800_138_000.0), "plain", "{code}");
        }
    }
}
