//! The third column of a mapping (数据类型): the type of a column's values.

use crate::row::parse_instant;

/// The type of a column. A value that does not match makes the row bad, and the column is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ValueKind {
    /// As written: ids and phones are text, so that no digit is lost.
    #[default]
    Text,
    Integer,
    Number,
    /// A date, with or without a time of day.
    Date,
    Boolean,
}

/// The usual words for each type, in English and Chinese.
const WORDS: &[(ValueKind, &[&str])] = &[
    (
        ValueKind::Text,
        &["text", "string", "varchar", "char", "文本", "字符串", "字符"],
    ),
    (ValueKind::Integer, &["integer", "int", "bigint", "整数", "整型"]),
    (
        ValueKind::Number,
        &[
            "number", "decimal", "float", "double", "数字", "数值", "金额", "小数",
        ],
    ),
    (
        ValueKind::Date,
        &[
            "date",
            "datetime",
            "timestamp",
            "time",
            "日期",
            "时间",
            "日期时间",
        ],
    ),
    (ValueKind::Boolean, &["boolean", "bool", "布尔", "是否"]),
];

impl ValueKind {
    /// Returns the type for a word (`WORDS`, in any letter case); an empty word means text. `None` if it is
    /// unknown.
    pub fn named(word: &str) -> Option<Self> {
        let word = word.trim().to_lowercase();
        if word.is_empty() {
            return Some(Self::Text);
        }
        let found = WORDS.iter().find(|(_, words)| words.contains(&word.as_str()));
        found.map(|(kind, _)| *kind)
    }

    /// Returns the type's name in requests and replies.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Date => "date",
            Self::Boolean => "boolean",
        }
    }

    /// Returns why the value does not have this type; `None` if it has it.
    pub(crate) fn refuse(self, value: &str) -> Option<String> {
        let is_one = match self {
            Self::Text => true,
            Self::Integer => value.parse::<i64>().is_ok(),
            Self::Number => is_number(value),
            Self::Date => parse_instant(value).is_some(),
            Self::Boolean => {
                const WORDS: [&str; 8] = ["true", "false", "1", "0", "yes", "no", "是", "否"];
                WORDS.contains(&value.to_lowercase().as_str())
            }
        };
        (!is_one).then(|| {
            format!(
                "it is not of the type {} in the mapping / 不是映射所说的数据类型",
                self.code()
            )
        })
    }
}

/// Returns true if the text is a number such as `-12`, `3250.50` or `1,000.5`.
fn is_number(value: &str) -> bool {
    let plain: String = value.chars().filter(|c| *c != ',').collect();
    let digits = plain.trim_start_matches(['-', '+']);
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_plain && plain.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_its_values_and_no_others() {
        for (word, good, bad) in [
            ("整数", "42", "4.2"),
            ("数值", "-3,250.50", "3e5"),
            ("日期", "2026-03-02", "next week"),
            ("布尔", "是", "maybe"),
        ] {
            let kind = ValueKind::named(word).unwrap();
            assert_eq!(kind.refuse(good), None, "{word}");
            assert!(kind.refuse(bad).is_some(), "{word}");
        }
        assert_eq!(ValueKind::named(""), Some(ValueKind::Text));
        assert_eq!(ValueKind::named("blob"), None);
    }
}
