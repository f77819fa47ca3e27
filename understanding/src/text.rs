//! Makes text comparable: one width, one case, one kind of blank, with the mapping back to the original
//! places.
//!
//! Folding replaces one character by one, so that a span found in folded text is a span of the original. It
//! does not change traditional characters: recognizers of Mandarin write simplified ones.

use std::ops::Range;

/// A text in half width and lower case, one character for each of the original, with the byte offsets of
/// the original.
#[derive(Debug, Clone)]
pub struct FoldedText {
    chars: Vec<char>,
    offsets: Vec<usize>,
}

impl FoldedText {
    /// Folds a text: each character becomes one character in half width and lower case.
    pub fn of(text: &str) -> Self {
        let mut offsets: Vec<usize> = text.char_indices().map(|(offset, _)| offset).collect();
        offsets.push(text.len());
        Self {
            chars: text.chars().map(fold).collect(),
            offsets,
        }
    }

    /// Returns the folded text without blanks and punctuation: "诈 骗！" and "诈骗" are then equal.
    pub fn bare(&self) -> Self {
        let kept = || {
            self.chars
                .iter()
                .zip(&self.offsets)
                .filter(|(found, _)| found.is_alphanumeric())
        };
        let mut offsets: Vec<usize> = kept().map(|(_, offset)| *offset).collect();
        offsets.extend(self.offsets.last());
        Self {
            chars: kept().map(|(found, _)| *found).collect(),
            offsets,
        }
    }

    /// Returns the folded characters, as many as the original has.
    pub fn chars(&self) -> &[char] {
        &self.chars
    }

    /// Returns the folded character at a place; `None` beyond the end.
    pub fn at(&self, place: usize) -> Option<char> {
        self.chars.get(place).copied()
    }

    /// Returns true if the text has exactly these words at a place.
    pub fn starts_with(&self, place: usize, words: &str) -> bool {
        let rest = self.chars.get(place..).unwrap_or_default();
        let mut rest = rest.iter();
        words.chars().all(|wanted| rest.next() == Some(&wanted))
    }

    /// Returns the first of these words that the text has at a place, and the place after it; `None` if it
    /// has none.
    pub fn one_of<'w>(&self, place: usize, words: &[&'w str]) -> Option<(&'w str, usize)> {
        let found = words.iter().find(|words| self.starts_with(place, words))?;
        Some((found, place + found.chars().count()))
    }

    /// Returns the byte range in the original for a range of characters, up to the end of its last
    /// character.
    pub fn bytes(&self, places: Range<usize>, original: &str) -> Range<usize> {
        let end_of_text = original.len();
        let start = self.offsets.get(places.start).copied().unwrap_or(end_of_text);
        let last = places.end.saturating_sub(1);
        let end = self.offsets.get(last).map_or(end_of_text, |offset| {
            let rest = original.get(*offset..).unwrap_or_default();
            offset + rest.chars().next().map_or(0, char::len_utf8)
        });
        start..end.max(start)
    }

    /// Returns the text up to a place, exclusive.
    pub(crate) fn until(&self, place: usize) -> Self {
        let cut = |chars: &[char]| chars.get(..place).unwrap_or(chars).to_vec();
        Self {
            chars: cut(&self.chars),
            offsets: self.offsets.clone(),
        }
    }

    /// Returns the folded text as one string.
    pub fn to_text(&self) -> String {
        self.chars.iter().collect()
    }
}

/// Returns a character in half width (Unicode, Halfwidth and Fullwidth Forms) and lower case, if that is a
/// single character.
fn fold(found: char) -> char {
    let narrow = match found {
        '\u{3000}' | '\t' | '\n' | '\r' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(found) - 0xfee0).unwrap_or(found),
        '\u{2018}' | '\u{2019}' => '\'',
        '。' => '.',
        '、' => ',',
        '￥' => '¥',
        other => other,
    };
    let mut lower = narrow.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => narrow,
    }
}

/// Returns true for a Chinese character: Unicode's first block of CJK Unified Ideographs, and 〇.
pub fn is_han(found: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&found) || found == '〇'
}

/// Returns the form in which utterances are compared: folded, each run of punctuation as one blank, no
/// blank beside Chinese characters.
pub fn normalize_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = false;
    for found in text.chars().map(fold) {
        let kept = found.is_alphanumeric() || matches!(found, '\'' | '%' | '$' | '£' | '€' | '¥');
        if !kept {
            blank = true;
            continue;
        }
        let beside_han = is_han(found) || out.chars().next_back().is_none_or(is_han);
        if blank && !beside_han {
            out.push(' ');
        }
        blank = false;
        out.push(found);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_blanks_and_punctuation_make_no_difference() {
        for (said, wanted) in [
            ("ＡＰＰ 在哪里？", "app在哪里"),
            ("好的，可以！", "好的可以"),
            ("Hello,  World!!", "hello world"),
            ("I'm here", "i'm here"),
            ("　", ""),
        ] {
            assert_eq!(normalize_text(said), wanted, "{said}");
        }
    }

    #[test]
    fn a_span_goes_back_to_the_bytes_that_were_said() {
        let said = "请 打１３８！";
        let bare = FoldedText::of(said).bare();
        assert_eq!(bare.to_text(), "请打138");
        assert_eq!(said.get(bare.bytes(2..5, said)), Some("１３８"));
        assert_eq!(bare.bytes(9..12, said), said.len()..said.len());
    }
}
