//! Covers everything in a text that identifies a person: all values known about the person, and everything
//! that may be a value not known: introduced names, mail addresses, numbers, sums, dates.
//!
//! More is removed than in a masked text, which keeps the ends of a number: these would be sufficient to find
//! a person on a list. A run of stars becomes one star, so that the length of the covered text is not
//! visible.

use crate::entities::{CallMoment, Value, find, runs};
use crate::masking::find_introduced_names;
use crate::text::{FoldedText, is_han};
use std::ops::Range;

/// Fewest digits of a run that is covered: the last four of a card or a phone.
const DIGITS_MIN: usize = 4;

/// Fewest characters of a mix of letters and digits that is covered: the number of a contract, a plate, an
/// order.
const MIXED_MIN: usize = 6;

/// Longest answer that is taken as a Chinese name, in characters: two of the family and two given.
const NAME_CHARS_MAX: usize = 4;

/// Smallest number that is covered as a possible sum, in thousandths: a thousand.
const LARGE_THOUSANDTHS: i64 = 1_000_000;

/// Titles that follow a family name; with one, the name is covered.
const TITLES: &[&str] = &[
    "先生", "女士", "小姐", "太太", "老师", "经理", "总", "阿姨", "师傅",
];

/// Family names of two characters.
const DOUBLE_FAMILY: &[&str] = &["欧阳", "司徒", "诸葛", "上官", "司马", "皇甫", "尉迟", "慕容"];

/// The values known about one person, in a form that can be searched for.
#[derive(Debug, Clone, Default)]
pub struct KnownValues {
    texts: Vec<Vec<char>>,
    numbers: Vec<i64>,
    families: Vec<Vec<char>>,
}

impl KnownValues {
    /// Adds a known value in clear, for example an id or a variable's value.
    pub fn add(&mut self, value: &str) {
        let value = value.trim();
        let folded = FoldedText::of(value).chars().to_vec();
        if folded.is_empty() {
            return;
        }
        let digits = value.replace([',', ' '], "");
        let whole = digits.split('.').next().unwrap_or_default();
        let is_number = digits.chars().all(|found| found.is_ascii_digit() || found == '.');
        if let Some(number) = whole.parse().ok().filter(|_| is_number) {
            self.numbers.push(number);
        }
        self.texts.push(folded);
    }

    /// Adds a person's name: the whole, its parts, and the family name for forms of address.
    pub fn add_name(&mut self, name: &str) {
        self.add(name);
        for part in name.split_whitespace().filter(|part| part.chars().count() > 1) {
            self.add(part);
        }
        let chars: Vec<char> = name.trim().chars().collect();
        if chars.len() < 2 || !chars.iter().all(|found| is_han(*found)) {
            return;
        }
        let is_double = DOUBLE_FAMILY.iter().any(|family| name.trim().starts_with(family));
        let (family, given) = chars.split_at(if is_double && chars.len() > 2 { 2 } else { 1 });
        self.families.push(family.to_vec());
        if given.len() > 1 {
            self.texts.push(given.to_vec());
        }
    }

    /// Adds an answer in a person's own words, for example a name: the whole, and the names introduced in
    /// it.
    pub fn add_answer(&mut self, said: &str) {
        if said.trim().chars().count() <= NAME_CHARS_MAX {
            self.add_name(said);
        } else {
            self.add(said);
        }
        let folded = FoldedText::of(said);
        for places in find_introduced_names(&folded, "") {
            let name: String = folded.chars().get(places).unwrap_or_default().iter().collect();
            self.add_name(&name);
        }
    }

    /// Adds a phone number (E.164): with `+`, without it, and without the country code 86.
    pub fn add_phone(&mut self, e164: &str) {
        self.add(e164);
        self.add(e164.trim_start_matches("+86"));
        self.add(e164.trim_start_matches('+'));
    }
}

/// Returns the text with one star in place of each value that identifies a person, known or not: names,
/// mail addresses, numbers, sums, dates.
pub fn cover(text: &str, known: &KnownValues) -> String {
    let folded = FoldedText::of(text);
    let mut hidden = vec![false; folded.chars().len()];
    let mut hide = |places: Range<usize>| {
        if let Some(part) = hidden.get_mut(places) {
            part.fill(true);
        }
    };
    for value in &known.texts {
        found_at(folded.chars(), value).for_each(|start| hide(start..start + value.len()));
    }
    for family in &known.families {
        for start in found_at(folded.chars(), family) {
            let end = start + family.len();
            if folded.one_of(end, TITLES).is_some() {
                hide(start..end);
            }
        }
    }
    for run in runs(&folded) {
        if run.digits.len() + run.taken_back.len() >= DIGITS_MIN {
            run.places
                .iter()
                .chain(&run.taken_back)
                .cloned()
                .for_each(&mut hide);
        }
    }
    find_introduced_names(&folded, "").for_each(&mut hide);
    let of_mail = ascii_runs(folded.chars(), |found| found.is_ascii_graphic());
    of_mail
        .filter(|(_, run)| run.contains(&'@'))
        .for_each(|(places, _)| hide(places));
    let of_numbers = ascii_runs(folded.chars(), |found| {
        found.is_ascii_alphanumeric() || found == '-'
    });
    of_numbers
        .filter(|(_, run)| is_mixed(run))
        .for_each(|(places, _)| hide(places));
    let offsets: Vec<usize> = text.char_indices().map(|(offset, _)| offset).collect();
    let moment = CallMoment {
        at_ms: 0,
        zone_minutes: 0,
    };
    for entity in find(text, moment) {
        if is_somebodys(&entity.value, &known.numbers) {
            let place = |byte: usize| offsets.partition_point(|offset| *offset < byte);
            hide(place(entity.span.start)..place(entity.span.end));
        }
    }
    let mut covered = String::with_capacity(text.len());
    for (found, is_hidden) in text.chars().zip(hidden) {
        let shown = if is_hidden { '*' } else { found };
        if shown != '*' || !covered.ends_with('*') {
            covered.push(shown);
        }
    }
    covered
}

/// Returns the runs of characters for which `is_of` is true, each with its place; empty runs included.
fn ascii_runs(text: &[char], is_of: impl Fn(char) -> bool) -> impl Iterator<Item = (Range<usize>, &[char])> {
    let mut start = 0;
    text.split(move |found| !is_of(*found)).map(move |run| {
        let places = start..start + run.len();
        start = places.end + 1;
        (places, run)
    })
}

/// Returns true for letters and digits together, at least `MIXED_MIN` of them: they may identify one thing.
fn is_mixed(run: &[char]) -> bool {
    let count = |is_of: fn(&char) -> bool| run.iter().filter(|found| is_of(found)).count();
    let (letters, digits) = (count(char::is_ascii_alphabetic), count(char::is_ascii_digit));
    letters > 0 && digits > 0 && letters + digits >= MIXED_MIN
}

/// Returns true if a value may identify a person: sums and times always, a small number or period only if
/// it is among the known numbers, a share never.
fn is_somebodys(value: &Value, known: &[i64]) -> bool {
    match value {
        Value::Amount { .. }
        | Value::Time { .. }
        | Value::Phone(_)
        | Value::BankCard(_)
        | Value::IdentityNumber(_)
        | Value::Unknown(_) => true,
        Value::Number {
            thousandths_max: most,
            ..
        } => *most >= LARGE_THOUSANDTHS || known.contains(&(most / 1_000)),
        Value::Period {
            count_min, count_max, ..
        } => known.contains(count_min) || known.contains(count_max),
        Value::Share { .. } => false,
    }
}

/// Returns the places at which a value begins in a text. A value of one or two letters or digits counts
/// only as a word by itself.
fn found_at<'a>(text: &'a [char], value: &'a [char]) -> impl Iterator<Item = usize> + 'a {
    let is_short = value.len() < 3 && value.iter().all(char::is_ascii_alphanumeric);
    let is_letter = move |place: Option<usize>| {
        let found = place.and_then(|place| text.get(place));
        found.is_some_and(char::is_ascii_alphanumeric)
    };
    let windows = text.windows(value.len().max(1)).enumerate();
    windows
        .filter(move |(_, window)| *window == value)
        .map(|(start, _)| start)
        .filter(move |start| {
            !is_short || !(is_letter(start.checked_sub(1)) || is_letter(Some(start + value.len())))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> KnownValues {
        let mut known = KnownValues::default();
        known.add_name("欧阳小明");
        known.add_name("John Smith");
        known.add_phone("+8613800138001");
        for value in ["C01", "示例银行", "6621", "12", "12000.00", "年化百分之六", "A"] {
            known.add(value);
        }
        known
    }

    #[test]
    fn nothing_of_a_person_is_left_in_digits_or_words() {
        for (said, wanted) in [
            ("我叫欧阳小明，手机13800138001，是本人", "我叫*，手机*，是本人"),
            ("小明不在，欧阳先生出差了", "*不在，*先生出差了"),
            ("ask JOHN please, or Smith", "ask * please, or *"),
            ("幺三八零零幺三八零零幺", "*"),
            ("尾号六六二一的卡", "尾号*的卡"),
            ("尾号8001", "尾号*"),
            ("订单号4111111111111112", "订单号*"),
            ("一万二太多了", "*太多了"),
            ("分十二期", "分*"),
            ("示例银行的年化百分之六", "*的*"),
            ("我是c01，a就是我", "我是*，*就是我"),
            ("邮箱是zhang.san@qq.com谢谢", "邮箱是*谢谢"),
            ("mail me at J.Doe+x@Example.org please", "mail me at * please"),
            ("合同号AB12-3C，车牌京A1B2C3", "合同号*，车牌京*"),
        ] {
            assert_eq!(cover(said, &known()), wanted, "{said}");
        }
    }

    #[test]
    fn what_many_say_stays() {
        for said in [
            "手续费太高了",
            "那就分三期吧",
            "Can I think about it",
            "这个app要升级到wifi6吗",
            "well-known to every-one",
            "",
            "我在开会",
        ] {
            assert_eq!(cover(said, &known()), said);
        }
        assert_eq!(cover("太贵了", &KnownValues::default()), "太贵了");
    }

    #[test]
    fn an_answer_is_masked_wherever_it_is_repeated() {
        let mut known = KnownValues::default();
        known.add_answer("我叫李雷");
        known.add_answer("中关村大街");
        assert_eq!(cover("李雷，住中关村大街附近", &known), "*，住*附近");
    }
}
