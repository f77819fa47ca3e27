//! Words of a transcript as whoever may not see them in clear is shown them: numbers, cards and names
//! starred.

use domain::ports::masking::Masking;
use domain::ports::writer::Figures;
use std::collections::BTreeSet;
use understanding::masking::mask;

/// Masks what is stored of words as it masks what is shown.
#[derive(Debug, Clone, Copy)]
pub struct MaskedWords;

impl Masking for MaskedWords {
    fn masked(&self, text: &str) -> String {
        masked_words(text)
    }
}

/// Numbers and days of a text, found as they are understood in calls.
#[derive(Debug, Clone, Copy)]
pub struct NamedFigures;

impl Figures for NamedFigures {
    fn figures(&self, text: &str) -> BTreeSet<String> {
        understanding::entities::figures(text)
    }
}

/// What was said, without what identifies a person.
pub fn masked_words(text: &str) -> String {
    mask(text).text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_starred_and_the_rest_is_kept() {
        let masked = masked_words("我叫张三，手机13800138000，分三期");
        assert!(
            !masked.contains("张三") && !masked.contains("13800138000"),
            "{masked}"
        );
        assert!(masked.contains("分三期"), "{masked}");
    }
}
