//! Cleaning of phone numbers from files: guard characters and full-width forms.

/// Removes the characters that exports put around a number so that a spreadsheet keeps its digits: `="138"`,
/// `'138`, `` 138 `` and quotes. Invisible marks are removed earlier (`visible_text`).
pub(crate) fn without_guards(text: &str) -> &str {
    let is_around = |found: char| {
        let is_guard = matches!(
            found,
            '\'' | '"' | '`' | '\u{b4}' | '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}'
        );
        is_guard || found.is_whitespace()
    };
    let inner = text.trim_matches(is_around);
    let formula = inner.strip_prefix('=').filter(|formula| formula.starts_with('"'));
    formula.unwrap_or(inner).trim_matches(is_around)
}

/// Converts a full-width form (U+FF01 to U+FF5E) to its ASCII form, which is 0xFEE0 below; U+3000 becomes a
/// blank.
pub(crate) fn half_width(character: char) -> char {
    match character {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character).saturating_sub(0xfee0)).unwrap_or(character)
        }
        other => other,
    }
}
