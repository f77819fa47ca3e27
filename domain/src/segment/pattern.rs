//! Patterns of LIKE: `%` for any text, `_` for one character, `\` before either for the character itself.
//! Case is ignored.

use crate::attribute::normalize_text;

/// Longest pattern of LIKE, in bytes; a longer one is refused. The limit of a text attribute.
const PATTERN_BYTES_MAX: usize = crate::attribute::TEXT_BYTES_MAX;

/// A pattern of LIKE in the notation of the database, with `\` as its escape, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

#[derive(Clone, Copy, PartialEq, Eq)]
enum PatternElement {
    Any,
    One,
    Exactly(char),
}

impl Pattern {
    /// Parses a pattern of LIKE; `None` if it is too long, ends in its escape, or has a control character.
    pub(super) fn read(text: &str) -> Option<Self> {
        let is_long = text.len() > PATTERN_BYTES_MAX || text.chars().any(char::is_control);
        let ends_escaped = text.chars().rev().take_while(|&last| last == '\\').count() % 2 == 1;
        (!is_long && !ends_escaped).then(|| Self(normalize_text(text)))
    }

    /// Returns the pattern in lower case, as texts are compared.
    pub fn folded(&self) -> &str {
        &self.0
    }

    fn pieces(&self) -> Vec<PatternElement> {
        let mut characters = self.0.chars();
        let mut pieces = Vec::new();
        while let Some(character) = characters.next() {
            pieces.push(match character {
                '%' => PatternElement::Any,
                '_' => PatternElement::One,
                '\\' => characters
                    .next()
                    .map_or(PatternElement::Exactly('\\'), PatternElement::Exactly),
                plain => PatternElement::Exactly(plain),
            });
        }
        pieces
    }

    /// Returns true if the pattern matches the whole text, which is in lower case. It backtracks only to
    /// the last `%`, so the time is bounded.
    pub fn fits(&self, text: &str) -> bool {
        let (pieces, text): (Vec<PatternElement>, Vec<char>) = (self.pieces(), text.chars().collect());
        let (mut piece, mut at) = (0, 0);
        let mut back: Option<(usize, usize)> = None;
        while let Some(character) = text.get(at) {
            match pieces.get(piece) {
                Some(PatternElement::Any) => {
                    back = Some((piece + 1, at));
                    piece += 1;
                    continue;
                }
                Some(PatternElement::One) => {}
                Some(PatternElement::Exactly(wanted)) if wanted == character => {}
                Some(PatternElement::Exactly(_)) | None => {
                    let Some((behind, from)) = back else {
                        return false;
                    };
                    back = Some((behind, from + 1));
                    (piece, at) = (behind, from + 1);
                    continue;
                }
            }
            piece += 1;
            at += 1;
        }
        let rest = pieces.get(piece..).unwrap_or_default();
        rest.iter().all(|piece| *piece == PatternElement::Any)
    }
}
