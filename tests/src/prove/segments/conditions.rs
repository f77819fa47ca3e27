//! Generated segments, each with the oracle's answer: a closure over plain fields, three-valued, that shares
//! no code with the product.

use super::people::{
    CustomerRandom, DAY_SECONDS, HOBBIES, NOW_SECONDS, Person, REGIONS, TAGS, of_hundredths,
};
use domain::attribute::TagLevel;

type ConditionOracle = Box<dyn Fn(&Person) -> Option<bool>>;

/// A condition, and its value for each customer.
pub(super) struct SegmentCondition {
    pub(super) sql: String,
    pub(super) answer: ConditionOracle,
}

/// Returns the segment of the requirement (CUS-5), letter for letter.
pub(super) fn build_required_condition() -> SegmentCondition {
    SegmentCondition {
        sql: "age BETWEEN 25 AND 35 AND last_call_time > DATE_SUB(NOW(), INTERVAL 30 DAY) AND tag LIKE '%信用卡%'"
            .to_owned(),
        answer: Box::new(|person| {
            let age = person.age.is_some_and(|age| (25..=35).contains(&age));
            let called = person.called.is_some_and(|at| at > NOW_SECONDS - 30 * DAY_SECONDS);
            let tagged = person.tags.iter().any(|(_, tag)| tag.contains("信用卡"));
            Some(age && called && tagged)
        }),
    }
}

pub(super) fn draw_condition(drawn: &mut CustomerRandom, depth: u32) -> SegmentCondition {
    if depth > 0 {
        match drawn.below(4) {
            0 => {
                return joined(
                    draw_condition(drawn, depth - 1),
                    draw_condition(drawn, depth - 1),
                    true,
                );
            }
            1 => {
                return joined(
                    draw_condition(drawn, depth - 1),
                    draw_condition(drawn, depth - 1),
                    false,
                );
            }
            2 => {
                let SegmentCondition { sql, answer } = draw_condition(drawn, depth - 1);
                return SegmentCondition {
                    sql: format!("NOT ({sql})"),
                    answer: Box::new(move |person| answer(person).map(|is| !is)),
                };
            }
            _ => {}
        }
    }
    leaf(drawn)
}

fn joined(one: SegmentCondition, other: SegmentCondition, all: bool) -> SegmentCondition {
    let word = if all { "AND" } else { "OR" };
    let (first, second) = (one.answer, other.answer);
    SegmentCondition {
        sql: format!("({} {word} {})", one.sql, other.sql),
        answer: Box::new(move |person| match (first(person), second(person)) {
            // A side that decides alone decides, even if the other one is unknown.
            (Some(is), _) | (_, Some(is)) if is != all => Some(!all),
            (Some(_), Some(_)) => Some(all),
            _ => None,
        }),
    }
}

fn leaf(drawn: &mut CustomerRandom) -> SegmentCondition {
    match drawn.below(9) {
        0 => numbers(
            drawn,
            "age",
            |person| person.age,
            &[24, 25, 30, 35, 36],
            |value| value.to_string(),
        ),
        1 => numbers(
            drawn,
            "visits_count",
            |person| person.visits,
            &[0, 1, 3, 5],
            |value| value.to_string(),
        ),
        2 => {
            let limits = [0, 250_000, 500_000, 999_999];
            numbers(drawn, "balance", |person| person.balance, &limits, of_hundredths)
        }
        3 => {
            let limits = [1, 7, 29, 30, 31].map(|days| NOW_SECONDS - days * DAY_SECONDS);
            let said = |at: i64| {
                let days = (NOW_SECONDS - at) / DAY_SECONDS;
                format!("DATE_SUB(NOW(), INTERVAL {days} DAY)")
            };
            numbers(drawn, "last_call_time", |person| person.called, &limits, said)
        }
        4 => {
            let (wanted, is_equal) = (drawn.below(2) == 0, drawn.below(2) == 0);
            let sign = if is_equal { "=" } else { "<>" };
            SegmentCondition {
                sql: format!("is_member {sign} {}", if wanted { "TRUE" } else { "FALSE" }),
                answer: Box::new(move |person| person.member.map(|is| (is == wanted) == is_equal)),
            }
        }
        5 => texts(drawn, "region", |person| person.region, &REGIONS),
        6 => texts(drawn, "hobby", |person| person.hobby, &HOBBIES),
        _ => tags(drawn),
    }
}

fn numbers(
    drawn: &mut CustomerRandom,
    column: &'static str,
    of: fn(&Person) -> Option<i64>,
    limits: &[i64],
    said: impl Fn(i64) -> String,
) -> SegmentCondition {
    let (one, other) = (drawn.of(limits), drawn.of(limits));
    let is_not = drawn.below(2) == 0;
    let not = if is_not { "NOT " } else { "" };
    match drawn.below(4) {
        0 => SegmentCondition {
            sql: format!("{column} {not}BETWEEN {} AND {}", said(one), said(other)),
            answer: Box::new(move |person| of(person).map(|is| (one <= is && is <= other) != is_not)),
        },
        1 => SegmentCondition {
            sql: format!("{column} {not}IN ({}, {})", said(one), said(other)),
            answer: Box::new(move |person| of(person).map(|is| (is == one || is == other) != is_not)),
        },
        2 => SegmentCondition {
            sql: format!("{column} IS {not}NULL"),
            answer: Box::new(move |person| Some(of(person).is_none() != is_not)),
        },
        _ => {
            let signs: [(&str, NumberComparison); 6] = [
                ("=", |is, limit| is == limit),
                ("<>", |is, limit| is != limit),
                ("<", |is, limit| is < limit),
                ("<=", |is, limit| is <= limit),
                (">", |is, limit| is > limit),
                (">=", |is, limit| is >= limit),
            ];
            let (sign, holds) = drawn.of(&signs);
            SegmentCondition {
                sql: format!("{column} {sign} {}", said(one)),
                answer: Box::new(move |person| of(person).map(|is| holds(is, one))),
            }
        }
    }
}

/// A pattern of `LIKE` and its meaning, built by hand.
#[derive(Clone, Copy)]
enum LikePattern {
    Whole(&'static str),
    Begins(&'static str),
    Ends(&'static str),
    Within(&'static str),
    /// Any text of so many characters.
    Long(usize),
}

/// Compares two numbers as an operator does.
type NumberComparison = fn(i64, i64) -> bool;

impl LikePattern {
    fn pattern(self) -> String {
        // Wildcards stand for themselves after a backslash.
        let exact = |text: &str| text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        match self {
            Self::Whole(text) => exact(text),
            Self::Begins(text) => format!("{}%", exact(text)),
            Self::Ends(text) => format!("%{}", exact(text)),
            Self::Within(text) => format!("%{}%", exact(text)),
            Self::Long(count) => "_".repeat(count),
        }
    }

    fn fits(self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        let low = |wanted: &str| wanted.to_ascii_lowercase();
        match self {
            Self::Whole(wanted) => text == low(wanted),
            Self::Begins(wanted) => text.starts_with(&low(wanted)),
            Self::Ends(wanted) => text.ends_with(&low(wanted)),
            Self::Within(wanted) => text.contains(&low(wanted)),
            Self::Long(count) => text.chars().count() == count,
        }
    }
}

fn asked(drawn: &mut CustomerRandom, texts: &[&'static str]) -> LikePattern {
    let text = drawn.of(texts);
    match drawn.below(6) {
        0 => LikePattern::Whole(text),
        1 => LikePattern::Begins(drawn.of(&["north_", "bei", "信用", "v", "100"])),
        2 => LikePattern::Ends(drawn.of(&["east", "卡", "P", "%", "_b"])),
        3 => LikePattern::Within(drawn.of(&["信用卡", "or", "_", "", "IP"])),
        4 => LikePattern::Long(text.chars().count()),
        _ => LikePattern::Within(text),
    }
}

fn texts(
    drawn: &mut CustomerRandom,
    column: &'static str,
    of: fn(&Person) -> Option<&'static str>,
    known: &[&'static str],
) -> SegmentCondition {
    let is_not = drawn.below(2) == 0;
    let not = if is_not { "NOT " } else { "" };
    let wanted = drawn.of(known);
    match drawn.below(3) {
        0 => {
            let sign = if is_not { "<>" } else { "=" };
            SegmentCondition {
                sql: format!("{column} {sign} '{}'", wanted.to_uppercase()),
                answer: Box::new(move |person| {
                    of(person).map(|is| is.eq_ignore_ascii_case(wanted) != is_not)
                }),
            }
        }
        1 => {
            let asked = asked(drawn, known);
            SegmentCondition {
                sql: format!("{column} {not}LIKE '{}'", asked.pattern()),
                answer: Box::new(move |person| of(person).map(|is| asked.fits(is) != is_not)),
            }
        }
        _ => SegmentCondition {
            sql: format!("{column} IS {not}NULL"),
            answer: Box::new(move |person| Some(of(person).is_none() != is_not)),
        },
    }
}

fn tags(drawn: &mut CustomerRandom) -> SegmentCondition {
    let columns = [
        ("tag", None),
        ("basic_tag", Some(TagLevel::Basic)),
        ("behavior_tag", Some(TagLevel::Behavior)),
        ("business_tag", Some(TagLevel::Business)),
    ];
    let (column, level) = drawn.of(&columns);
    let is_not = drawn.below(2) == 0;
    let not = if is_not { "NOT " } else { "" };
    let has = move |person: &Person, fits: &dyn Fn(&str) -> bool| {
        let mut tags = person.tags.iter();
        tags.any(|(of, tag)| level.is_none_or(|level| level == *of) && fits(tag))
    };
    let wanted = drawn.of(&TAGS);
    match drawn.below(3) {
        0 => SegmentCondition {
            sql: format!("{column} {not}IN ('{wanted}', '没有的')"),
            answer: Box::new(move |person| {
                Some(has(person, &|tag| tag.eq_ignore_ascii_case(wanted)) != is_not)
            }),
        },
        1 => {
            let asked = asked(drawn, &TAGS);
            SegmentCondition {
                sql: format!("{column} {not}LIKE '{}'", asked.pattern()),
                answer: Box::new(move |person| Some(has(person, &|tag| asked.fits(tag)) != is_not)),
            }
        }
        _ => SegmentCondition {
            sql: format!("{column} IS {not}NULL"),
            answer: Box::new(move |person| Some(has(person, &|_| true) == is_not)),
        },
    }
}
