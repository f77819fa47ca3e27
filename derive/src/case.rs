//! Names in the cases that serde's `rename_all` knows, from the names of fields and variants.

use super::serde_names::refuse;
use syn::{Ident, LitStr, Result};

/// Returns an identifier as text, without `r#`.
pub(crate) fn text_of(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}

/// Returns `TakenOver` as `taken_over`, as serde's `snake_case` does.
pub(crate) fn snake(variant: &str) -> String {
    let mut snake = String::with_capacity(variant.len() + 4);
    for (index, one) in variant.chars().enumerate() {
        if one.is_ascii_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.push(one.to_ascii_lowercase());
    }
    snake
}

/// Returns a field's name as serde writes it; `case` is the `rename_all` of its type.
pub(crate) fn field(ident: &Ident, case: Option<&LitStr>) -> Result<String> {
    match case {
        None => Ok(text_of(ident)),
        Some(case) => of_snake(text_of(ident), case),
    }
}

/// Returns a variant's name as serde writes it; `case` is the `rename_all` of its enum.
pub(crate) fn variant(ident: &Ident, case: Option<&LitStr>) -> Result<String> {
    match case {
        None => Ok(text_of(ident)),
        Some(case) => of_snake(snake(&text_of(ident)), case),
    }
}

/// Converts from snake case. A case that no stored type uses is an error, so that it is added with its test.
fn of_snake(snake: String, case: &LitStr) -> Result<String> {
    match case.value().as_str() {
        "snake_case" => Ok(snake),
        "kebab-case" => Ok(snake.replace('_', "-")),
        "SCREAMING_SNAKE_CASE" => Ok(snake.to_ascii_uppercase()),
        other => refuse(case, format!("the derives do not know the case {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_serde_writes_them() {
        assert_eq!(snake("TakenOver"), "taken_over");
        let case = |case| LitStr::new(case, proc_macro2::Span::call_site());
        let ident: Ident = syn::parse_quote!(TakenOver);
        let kebab = variant(&ident, Some(&case("kebab-case"))).unwrap();
        assert_eq!(kebab, "taken-over");
        let ident: Ident = syn::parse_quote!(r#type);
        assert_eq!(field(&ident, None).unwrap(), "type");
        assert!(field(&ident, Some(&case("cAMEL"))).is_err());
    }
}
