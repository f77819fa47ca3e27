//! The fixed opt-out words of text messages: 退订 and its short forms, alone or in a sentence with no other
//! meaning.

use understanding::priority::{Priority, matches_rule};

/// The opt-out words that carriers require: 退订, and T or TD for it (《通信短信息服务管理规定》); STOP and similar words
/// abroad. A text is one of them if nothing but punctuation is added.
const WHOLE: [&str; 14] = [
    "退订",
    "回复退订",
    "回t退订",
    "拒收",
    "不要再发",
    "别再发",
    "别发了",
    "t",
    "td",
    "tdhy",
    "n",
    "stop",
    "unsubscribe",
    "stopall",
];

/// Returns true if a text asks for no further messages and calls: one of the fixed words, any text with 退订,
/// or a match of the opt-out rule.
pub fn is_unsubscription(text: &str) -> bool {
    let plain: String = text
        .chars()
        .filter(|one| one.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    WHOLE.contains(&plain.as_str()) || text.contains("退订") || matches_rule(text, Priority::OptOut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_words_refuse_alone_and_a_sentence_by_what_it_says() {
        for text in [
            "退订",
            "TD",
            "t",
            " T。",
            "Stop!",
            "unsubscribe",
            "请退订",
            "别再给我打电话了",
            "别再发",
        ] {
            assert!(is_unsubscription(text), "{text}");
        }
        for text in ["好的", "1", "stop by tomorrow", "三期", "今天", "no"] {
            assert!(!is_unsubscription(text), "{text}");
        }
    }
}
