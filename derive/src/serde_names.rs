//! What attributes say, above all those of serde about the JSON of a type, a variant or a member.

use quote::ToTokens;
use std::fmt;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Expr, LitStr, Result, Token, parenthesized, token};

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

/// The attributes of serde that decide where a member is in JSON.
#[derive(Default)]
pub(crate) struct SerdeNames {
    pub(crate) rename: Option<LitStr>,
    pub(crate) rename_all: Option<LitStr>,
    pub(crate) rename_all_fields: Option<LitStr>,
    pub(crate) tag: Option<LitStr>,
    pub(crate) content: Option<LitStr>,
    others: Vec<String>,
}

impl SerdeNames {
    pub(crate) fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut names = Self::default();
        marks(attributes, "serde", |meta| names.take(&meta))?;
        Ok(names)
    }

    /// Returns true if an attribute without a stored name is there, for example `flatten`.
    pub(crate) fn has(&self, other: &str) -> bool {
        self.others.iter().any(|one| one == other)
    }

    /// Returns true if it is not written.
    pub(crate) fn is_skipped(&self) -> bool {
        self.has("skip") || self.has("skip_serializing")
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        if meta.input.peek(token::Paren) {
            return skip_list(meta);
        }
        let slot = match name.as_str() {
            "rename" => &mut self.rename,
            "rename_all" => &mut self.rename_all,
            "rename_all_fields" => &mut self.rename_all_fields,
            "tag" => &mut self.tag,
            "content" => &mut self.content,
            _ => {
                self.others.push(name);
                return skip_value(meta);
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

/// A list such as `bound(…)`. `rename(…)` with two names is an error: a stored name is read as it is written.
fn skip_list(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.path.is_ident("rename") || meta.path.is_ident("rename_all") {
        return Err(meta.error("a stored name is the same in both directions"));
    }
    let content;
    parenthesized!(content in meta.input);
    content.parse::<proc_macro2::TokenStream>()?;
    Ok(())
}
