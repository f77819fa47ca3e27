//! Splitting of texts with placeholders between `{{` and `}}`, whatever the placeholders contain.

/// A piece of a text with placeholders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplatePiece<'a> {
    /// The text between two placeholders.
    Plain(&'a str),
    /// The content of a placeholder, as written.
    Braced(&'a str),
}

/// The error for a `{{` without `}}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{{{{ is not closed by }}}}")]
pub struct UnclosedPlaceholder;

/// Splits a text at its `{{…}}` placeholders into pieces, in order; empty plain pieces are left out. Fails
/// if a `{{` is not closed.
pub fn pieces(text: &str) -> Result<Vec<TemplatePiece<'_>>, UnclosedPlaceholder> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once("{{") {
        let (inside, tail) = after.split_once("}}").ok_or(UnclosedPlaceholder)?;
        if !plain.is_empty() {
            found.push(TemplatePiece::Plain(plain));
        }
        found.push(TemplatePiece::Braced(inside));
        rest = tail;
    }
    if !rest.is_empty() {
        found.push(TemplatePiece::Plain(rest));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_apart_and_one_that_is_not_closed_is_reported() {
        assert_eq!(pieces(""), Ok(vec![]));
        let found = pieces("满{{fact:分期.起点}}可分{{ name }}");
        let wanted = vec![
            TemplatePiece::Plain("满"),
            TemplatePiece::Braced("fact:分期.起点"),
            TemplatePiece::Plain("可分"),
            TemplatePiece::Braced(" name "),
        ];
        assert_eq!(found, Ok(wanted));
        assert_eq!(pieces("{{name"), Err(UnclosedPlaceholder));
        assert_eq!(pieces("a}}b{c}"), Ok(vec![TemplatePiece::Plain("a}}b{c}")]));
    }
}
