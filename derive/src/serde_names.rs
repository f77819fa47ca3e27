//! What attributes say, above all those of serde about the JSON of a type, a variant or a member.

use quote::ToTokens;
use std::fmt;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Expr, LitStr, Result, Token};

/// Reads each `#[name(…)]` among the attributes.
pub(crate) fn marks(
    attributes: &[Attribute],
    name: &str,
    mut read: impl FnMut(ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    let mut named = attributes.iter().filter(|one| one.path().is_ident(name));
    named.try_for_each(|one| one.parse_nested_meta(&mut read))
}

/// Returns the error that the compiler shows at these tokens.
pub(crate) fn refuse<T>(at: &impl ToTokens, what: impl fmt::Display) -> Result<T> {
    Err(Error::new_spanned(at, what))
}

/// Refuses marks where they mean nothing. The compiler accepts the marks of a derive everywhere in its type.
pub(crate) fn refuse_marks(attributes: &[Attribute], names: &[&str], place: &str) -> Result<()> {
    let is_refused = |one: &&Attribute| names.iter().any(|name| one.path().is_ident(name));
    match attributes.iter().find(is_refused) {
        Some(mark) => refuse(mark, format!("this mark means nothing on {place}")),
        None => Ok(()),
    }
}

/// The attributes of serde that decide where a member is in JSON. An attribute that the derives do not know
/// is an error, because it may move or hide a personal member.
#[derive(Default)]
pub(crate) struct SerdeNames {
    pub(crate) rename: Option<LitStr>,
    pub(crate) rename_all: Option<LitStr>,
    pub(crate) tag: Option<LitStr>,
    pub(crate) content: Option<LitStr>,
    pub(crate) is_untagged: bool,
    pub(crate) is_flat: bool,
}

impl SerdeNames {
    pub(crate) fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut names = Self::default();
        marks(attributes, "serde", |meta| names.take(&meta))?;
        Ok(names)
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        let slot = match name.as_str() {
            "rename" => &mut self.rename,
            "rename_all" => &mut self.rename_all,
            "tag" => &mut self.tag,
            "content" => &mut self.content,
            "untagged" => {
                self.is_untagged = true;
                return Ok(());
            }
            "flatten" => {
                self.is_flat = true;
                return Ok(());
            }
            // These move no member that is written. `try_from` is about reading alone.
            "default" | "skip_serializing_if" | "deny_unknown_fields" | "try_from" => {
                return skip_value(meta);
            }
            _ => {
                let what = "it may move or hide a personal member: implement EventMembers by hand";
                return Err(meta.error(format!("the derives do not know serde's `{name}`; {what}")));
            }
        };
        *slot = Some(meta.value()?.parse()?);
        Ok(())
    }
}

fn skip_value(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::{DeriveInput, parse_quote};

    #[test]
    fn an_attribute_that_may_move_or_hide_a_member_is_refused() {
        let types: [DeriveInput; 14] = [
            parse_quote! { #[serde(rename_all_fields = "kebab-case")] enum E { A { a: u8 } } },
            parse_quote! { #[serde(into = "String")] struct S; },
            parse_quote! { #[serde(from = "String")] struct S; },
            parse_quote! { #[serde(transparent)] struct S; },
            parse_quote! { #[serde(remote = "T")] struct S; },
            parse_quote! { #[serde(skip)] struct S; },
            parse_quote! { #[serde(skip_serializing)] struct S; },
            parse_quote! { #[serde(alias = "b")] struct S; },
            parse_quote! { #[serde(with = "path")] struct S; },
            parse_quote! { #[serde(serialize_with = "path")] struct S; },
            parse_quote! { #[serde(getter = "path")] struct S; },
            parse_quote! { #[serde(default, other)] struct S; },
            parse_quote! { #[serde(rename(serialize = "a", deserialize = "b"))] struct S; },
            parse_quote! { #[serde(rename_all(serialize = "snake_case"))] struct S; },
        ];
        for input in types {
            let name = quote::quote!(#input).to_string();
            assert!(SerdeNames::of(&input.attrs).is_err(), "{name}");
        }
    }

    #[test]
    fn attributes_that_are_known_are_read() {
        let input: DeriveInput = parse_quote! {
            #[serde(tag = "kind", content = "data", rename_all = "snake_case", deny_unknown_fields)]
            #[serde(default, try_from = "T", skip_serializing_if = "Vec::is_empty", flatten)]
            struct S;
        };
        let names = SerdeNames::of(&input.attrs).unwrap();
        let text = |name: Option<LitStr>| name.map(|name| name.value());
        assert_eq!(text(names.tag).as_deref(), Some("kind"));
        assert_eq!(text(names.content).as_deref(), Some("data"));
        assert_eq!(text(names.rename_all).as_deref(), Some("snake_case"));
        assert!(names.is_flat && !names.is_untagged);
    }
}
