//! Refuses texts that YAML 1.1 and YAML 1.2 read differently, so that no text changes its meaning.
//!
//! The earlier parser followed YAML 1.1 for line breaks, this one follows YAML 1.2. docs/reference/yaml.md
//! lists every difference.

use super::YamlError;

/// Refuses a text with characters that YAML 1.1 and 1.2 read differently or YAML forbids: control
/// characters, the line breaks of YAML 1.1, and a byte order mark inside the text. The error has line and
/// column of the first one.
pub(super) fn check(text: &str) -> Result<(), YamlError> {
    let (mut line, mut column) = (1, 0);
    for character in text.chars() {
        column += 1;
        let why = match character {
            '\n' => {
                line += 1;
                column = 0;
                continue;
            }
            '\t' | '\r' => continue,
            '\u{85}' | '\u{2028}' | '\u{2029}' => "a line break of YAML 1.1 (U+0085, U+2028 or U+2029)",
            '\u{feff}' => "a byte order mark inside the text (U+FEFF)",
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => "a control character",
            _ => continue,
        };
        let why = format!("it contains {why}; write it as an escape in double quotes");
        return Err(YamlError::Unreadable { why, line, column });
    }
    Ok(())
}
