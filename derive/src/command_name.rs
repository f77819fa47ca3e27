//! `CommandName`: the name of each command of an aggregate, for logs and for the ids of follow-up commands.

use super::case;
use super::serde_names::{marks, refuse};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, LitStr, Result};

/// What `#[command(…)]` says.
#[derive(Default)]
struct Marks {
    aggregate: Option<LitStr>,
    name: Option<LitStr>,
    is_nested: bool,
}

pub(crate) fn implement(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return refuse(&input.ident, "the commands of an aggregate are an enum");
    };
    let Some(aggregate) = Marks::of(&input.attrs)?.aggregate else {
        return refuse(&input.ident, "commands need #[command(aggregate = \"…\")]");
    };
    let mut arms = Vec::new();
    for variant in &data.variants {
        let ident = &variant.ident;
        let marks = Marks::of(&variant.attrs)?;
        if marks.is_nested {
            arms.push(quote! { Self::#ident(command) => command.kind(), });
            continue;
        }
        let name = marks.name.map(|name| name.value());
        let name = name.unwrap_or_else(|| case::snake(&case::text_of(ident)));
        let name = format!("{}.{name}", aggregate.value());
        arms.push(quote! { Self::#ident { .. } => #name, });
    }
    let command = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl #command {
            /// Returns the command's name, for logs and for ids that are derived from it.
            pub const fn kind(&self) -> &'static str {
                match self { #(#arms)* }
            }
        }
    })
}

impl Marks {
    fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        marks(attributes, "command", |meta| {
            if meta.path.is_ident("nested") {
                found.is_nested = true;
            } else if meta.path.is_ident("aggregate") {
                found.aggregate = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("name") {
                found.name = Some(meta.value()?.parse()?);
            } else {
                return Err(meta.error("commands have an `aggregate`, a command a `name`, or it is `nested`"));
            }
            Ok(())
        })?;
        Ok(found)
    }
}
