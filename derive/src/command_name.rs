//! `CommandName`: the name of each command of an aggregate, for logs.

use super::case;
use super::serde_names::{marks, refuse, refuse_marks};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, LitStr, Result};

/// What `#[command(…)]` says of one command.
#[derive(Default)]
struct Marks {
    name: Option<LitStr>,
    is_nested: bool,
}

pub(crate) fn implement(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return refuse(&input.ident, "the commands of an aggregate are an enum");
    };
    let Some(aggregate) = aggregate(&input.attrs)? else {
        return refuse(&input.ident, "commands need #[command(aggregate = \"…\")]");
    };
    let mut arms = Vec::new();
    for variant in &data.variants {
        let ident = &variant.ident;
        for field in &variant.fields {
            refuse_marks(&field.attrs, &["command"], "a member: mark its command")?;
        }
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
            /// Returns the command's name, for logs.
            pub const fn kind(&self) -> &'static str {
                match self { #(#arms)* }
            }
        }
    })
}

/// Returns the aggregate's name of `#[command(aggregate = "…")]`.
fn aggregate(attributes: &[Attribute]) -> Result<Option<LitStr>> {
    let mut aggregate = None;
    marks(attributes, "command", |meta| {
        if !meta.path.is_ident("aggregate") {
            return Err(meta.error("the commands of an aggregate have an `aggregate`"));
        }
        aggregate = Some(meta.value()?.parse()?);
        Ok(())
    })?;
    Ok(aggregate)
}

impl Marks {
    fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        marks(attributes, "command", |meta| {
            if meta.path.is_ident("nested") && found.name.is_none() {
                found.is_nested = true;
            } else if meta.path.is_ident("name") && !found.is_nested {
                found.name = Some(meta.value()?.parse()?);
            } else {
                return Err(meta.error("a command has a `name`, or it is `nested`"));
            }
            Ok(())
        })?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn a_mark_in_a_wrong_place_is_refused() {
        let wrong: [DeriveInput; 5] = [
            parse_quote! { #[command(aggregate = "lamp", name = "on")] enum LampCommand { On } },
            parse_quote! { #[command(aggregate = "lamp", nested)] enum LampCommand { On } },
            parse_quote! { #[command(aggregate = "lamp")] enum LampCommand { #[command(aggregate = "a")] On } },
            parse_quote! { #[command(aggregate = "lamp")] enum LampCommand { On(#[command(nested)] Other) } },
            parse_quote! {
                #[command(aggregate = "lamp")]
                enum LampCommand { #[command(nested, name = "on")] On(Other) }
            },
        ];
        let right = parse_quote! {
            #[command(aggregate = "lamp")]
            enum LampCommand { #[command(name = "on")] TurnOn { at: u8 }, #[command(nested)] Dim(DimCommand), Off }
        };
        assert!(implement(&right).is_ok());
        for input in wrong {
            assert!(implement(&input).is_err(), "{}", quote!(#input));
        }
    }
}
