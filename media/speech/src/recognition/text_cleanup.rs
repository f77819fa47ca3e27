//! Cleans an engine's texts: without control characters, Chinese without spaces, of bounded length.

use super::engine::RecognizedText;
use domain::ports::recognizer::{ALTERNATIVES_MAX, Alternative, UTTERANCE_BYTES_MAX};

/// Returns true for a character beside which a space has no meaning.
const fn is_chinese(one: char) -> bool {
    matches!(
        one,
        '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}'
            | '\u{20000}'..='\u{2FFFF}'
    )
}

/// Returns an engine's text without control characters, with single spaces between words and none beside
/// Chinese characters, cut to `UTTERANCE_BYTES_MAX`.
pub(super) fn clean_text(text: &str) -> String {
    let mut kept = String::with_capacity(text.len().min(UTTERANCE_BYTES_MAX));
    let mut space = false;
    for one in text.chars() {
        if one.is_whitespace() {
            space = true;
            continue;
        }
        if one.is_control() {
            continue;
        }
        let apart = kept.chars().last().is_some_and(|last| !is_chinese(last)) && !is_chinese(one);
        if kept.len() + one.len_utf8() + 1 > UTTERANCE_BYTES_MAX {
            break;
        }
        if space && apart {
            kept.push(' ');
        }
        space = false;
        kept.push(one);
    }
    kept
}

/// Returns a ratio limited to the range 0 to 1; `None` if it is absent or not finite.
fn ratio(value: Option<f64>) -> Option<f64> {
    value.filter(|one| one.is_finite()).map(|one| one.clamp(0.0, 1.0))
}

/// Returns a result of an engine with all its texts cleaned, ratios limited to 0 to 1, and without empty or
/// equal alternatives.
pub(super) fn clean_recognized_text(made: &RecognizedText) -> RecognizedText {
    let text = clean_text(&made.text);
    let others = made.alternatives.iter().map(|one| Alternative {
        text: clean_text(&one.text),
        confidence_ratio: ratio(one.confidence_ratio),
    });
    let alternatives = others
        .filter(|one| !one.text.is_empty() && one.text != text)
        .take(ALTERNATIVES_MAX)
        .collect();
    RecognizedText {
        confidence_ratio: ratio(made.confidence_ratio),
        text,
        alternatives,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_between_chinese_words_go_and_between_english_ones_stay() {
        for (given, kept) in [
            ("是 的", "是的"),
            ("  办理 APP  分期 ", "办理APP分期"),
            ("yes  please\n", "yes please"),
            ("\u{7}是\u{0}的\r\n", "是的"),
            ("三 期 ， 谢谢", "三期，谢谢"),
        ] {
            assert_eq!(clean_text(given), kept, "{given:?}");
        }
    }

    #[test]
    fn a_text_without_end_is_cut_at_a_character() {
        let long = clean_text(&"好".repeat(100_000));
        assert!(long.len() <= UTTERANCE_BYTES_MAX && long.len() > UTTERANCE_BYTES_MAX - 8);
        let made = clean_recognized_text(&RecognizedText {
            text: "是的".to_owned(),
            confidence_ratio: Some(f64::NAN),
            alternatives: ["是的", "", "十的", "四的", "a", "b", "c", "d"]
                .map(|text| Alternative {
                    text: text.to_owned(),
                    confidence_ratio: Some(7.0),
                })
                .to_vec(),
        });
        assert_eq!(made.confidence_ratio, None);
        assert_eq!(made.alternatives.len(), ALTERNATIVES_MAX);
        assert_eq!(
            (
                made.alternatives[0].text.as_str(),
                made.alternatives[0].confidence_ratio
            ),
            ("十的", Some(1.0))
        );
    }
}
