//! Normalization of texts that are compared or hashed: identifiers and column titles without invisible
//! characters.
//!
//! Two texts that look alike must be one identifier. `normalize` removes the code points of `INVISIBLE` and
//! white space at both ends, and composes the rest (Unicode Normalization Form C, UAX #15). It keeps letter
//! case and character width: `ａ` and `a` look different, and an institution may use both.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The code points that are removed: those of `Default_Ignorable_Code_Point` (Unicode 16) that occur in
/// copied text.
///
/// docs/reference/lists.md has the same table; a test compares both.
pub const INVISIBLE: [(RangeInclusive<char>, &str); 13] = [
    ('\u{ad}'..='\u{ad}', "soft hyphen"),
    ('\u{34f}'..='\u{34f}', "combining grapheme joiner"),
    ('\u{61c}'..='\u{61c}', "Arabic letter mark"),
    ('\u{115f}'..='\u{1160}', "Hangul fillers"),
    ('\u{180b}'..='\u{180f}', "Mongolian variation selectors"),
    (
        '\u{200b}'..='\u{200f}',
        "zero-width space and joiners, direction marks",
    ),
    ('\u{202a}'..='\u{202e}', "direction embeddings and overrides"),
    (
        '\u{2060}'..='\u{2064}',
        "word joiner, invisible mathematical operators",
    ),
    ('\u{2066}'..='\u{206f}', "direction isolates, deprecated controls"),
    ('\u{3164}'..='\u{3164}', "Hangul filler"),
    ('\u{fe00}'..='\u{fe0f}', "variation selectors"),
    (
        '\u{feff}'..='\u{feff}',
        "byte order mark, zero-width no-break space",
    ),
    ('\u{e0000}'..='\u{e0fff}', "tags and further variation selectors"),
];

/// Returns true for a code point that `normalize` removes.
pub fn is_invisible(character: char) -> bool {
    !character.is_ascii() && INVISIBLE.iter().any(|(range, _)| range.contains(&character))
}

/// Returns the text for comparing and hashing: without invisible code points and white space at both ends,
/// in Normalization Form C. Letter case and width stay.
pub fn normalize(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.is_ascii() || (!text.chars().any(is_invisible) && is_nfc(text)) {
        return Cow::Borrowed(text);
    }
    let visible = text.chars().filter(|character| !is_invisible(*character));
    let composed: String = visible.nfc().collect();
    Cow::Owned(composed.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_alike_are_one() {
        for written in [
            "C001\u{200b}",
            "\u{feff}C001",
            "C0\u{ad}01",
            "\u{202a}C001\u{202c}",
            " C001\u{a0}",
            "C001\u{fe0f}",
            "\u{3000}\u{2066}C001\u{2069}",
            "\u{200b} C001",
        ] {
            assert_eq!(normalize(written), "C001", "{written:?}");
        }
        assert_eq!(normalize("e\u{301}"), "\u{e9}");
        assert_eq!(normalize("手机号\u{200b}"), "手机号");
    }

    #[test]
    fn what_differs_to_the_eye_stays_different() {
        for text in ["c001", "C001", "Ｃ001", "C-001", "C 001", "客户", "𠮷"] {
            assert_eq!(normalize(text), text);
        }
        assert_eq!(normalize("\u{200b}\u{feff}"), "");
    }

    #[test]
    fn a_normalized_text_stays_as_it_is() {
        for text in ["\u{212b}\u{200d}x", "ﬁ\u{301}", "\u{1100}\u{200b}\u{1161}"] {
            let once = normalize(text).into_owned();
            assert_eq!(normalize(&once), once);
        }
    }

    #[test]
    fn the_reference_lists_every_code_point_that_is_removed() {
        let reference = include_str!("../../docs/reference/lists.md");
        for (range, name) in &INVISIBLE {
            let (first, last) = (u32::from(*range.start()), u32::from(*range.end()));
            let codes = match first == last {
                true => format!("U+{first:04X}"),
                false => format!("U+{first:04X}–U+{last:04X}"),
            };
            let row = format!("| {codes} | {name} |");
            assert!(reference.contains(&row), "{row}");
        }
    }
}
