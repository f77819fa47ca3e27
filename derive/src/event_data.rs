//! `EventData`: the kinds, versions and personal members of an aggregate's events, and the test of its golden
//! files.

use super::case;
use super::event_members::{VariantPlace, Visits};
use super::serde_names::{SerdeNames, marks, refuse, refuse_marks};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use std::collections::BTreeSet;
use syn::{Attribute, Data, DataEnum, DeriveInput, Expr, Fields, Ident, LitInt, LitStr, Result, Variant};

/// One kind of event.
struct Kind {
    variant: Ident,
    constant: Ident,
    stored: LitStr,
    version: u16,
    forgets: bool,
}

pub(crate) fn implement(input: &DeriveInput) -> Result<TokenStream> {
    let names = SerdeNames::of(&input.attrs)?;
    let data = enum_of(input, &names)?;
    let kinds = data
        .variants
        .iter()
        .map(Kind::of)
        .collect::<Result<Vec<Kind>>>()?;
    let event = &input.ident;
    let constants = kinds.iter().map(Kind::constant);
    let visits = Visits::of_variants(data, &names, VariantPlace::Same)?;
    let (members, may) = (visits.function(&format_ident!("list_members")), visits.may());
    let functions = functions(&kinds, upcast(&input.attrs)?.as_ref());
    let test = golden_test(event, &kinds)?;
    Ok(quote! {
        #[automatically_derived]
        impl #event {
            #(#constants)*
            /// Lists the personal members with their pointers below the event's `data`.
            #members
        }
        #[automatically_derived]
        impl crate::decider::EventData for #event { #functions }
        #[automatically_derived]
        impl crate::event_members::EventMembers for #event {
            #may
            fn list_personal<'personal>(
                &'personal mut self,
                at: &crate::event_members::Pointer<'_>,
                found: &mut crate::event_members::PersonalMembers<'personal>,
            ) {
                self.list_members(&at.member("data"), found);
            }
        }
        #test
    })
}

fn enum_of<'a>(input: &'a DeriveInput, names: &SerdeNames) -> Result<&'a DataEnum> {
    let is = |name: &Option<LitStr>, wanted| name.as_ref().is_some_and(|name| name.value() == wanted);
    let Data::Enum(data) = &input.data else {
        return refuse(&input.ident, "the events of an aggregate are an enum");
    };
    refuse_marks(&input.attrs, &["open"], "an enum: mark its variants")?;
    if !is(&names.tag, "kind") || !is(&names.content, "data") {
        let what = "events are stored with #[serde(tag = \"kind\", content = \"data\")]";
        return refuse(&input.ident, what);
    }
    Ok(data)
}

impl Kind {
    fn of(variant: &Variant) -> Result<Self> {
        let Some(stored) = SerdeNames::of(&variant.attrs)?.rename else {
            return refuse(
                &variant.ident,
                "an event needs #[serde(rename = \"<aggregate>.<kind>\")]",
            );
        };
        if matches!(variant.fields, Fields::Unit) {
            return refuse(
                &variant.ident,
                "`data` is an object: write `{}` after the variant",
            );
        }
        let (mut version, mut forgets) = (1, false);
        marks(&variant.attrs, "event", |meta| {
            if meta.path.is_ident("version") {
                version = meta.value()?.parse::<LitInt>()?.base10_parse()?;
            } else if meta.path.is_ident("forgets") {
                forgets = true;
            } else {
                return Err(meta.error("an event has a `version`, or `forgets`"));
            }
            Ok(())
        })?;
        let constant = case::snake(&case::text_of(&variant.ident)).to_ascii_uppercase();
        Ok(Self {
            variant: variant.ident.clone(),
            constant: Ident::new(&constant, variant.ident.span()),
            stored,
            version,
            forgets,
        })
    }

    fn constant(&self) -> TokenStream {
        let (constant, stored) = (&self.constant, &self.stored);
        let doc = format!("The stored kind `{}`; it never changes.", stored.value());
        quote! {
            #[doc = #doc]
            pub const #constant: &'static str = #stored;
        }
    }
}

/// Returns the steps of `#[event(upcast = STEPS)]`.
fn upcast(attributes: &[Attribute]) -> Result<Option<Expr>> {
    let mut steps = None;
    marks(attributes, "event", |meta| {
        if !meta.path.is_ident("upcast") {
            return Err(meta.error("the events of an aggregate have an `upcast`"));
        }
        steps = Some(meta.value()?.parse()?);
        Ok(())
    })?;
    Ok(steps)
}

fn functions(kinds: &[Kind], upcast: Option<&Expr>) -> TokenStream {
    let arms = kinds.iter().map(
        |Kind {
             variant, constant, ..
         }| {
            quote! { Self::#variant { .. } => Self::#constant, }
        },
    );
    let newer: Vec<&Kind> = kinds.iter().filter(|kind| kind.version > 1).collect();
    let version = if newer.is_empty() {
        quote! { 1 }
    } else {
        quote! { <Self as crate::decider::EventData>::current_version(crate::decider::EventData::kind(self)) }
    };
    let current_version = (!newer.is_empty()).then(|| {
        let arms = newer.iter().map(
            |Kind {
                 constant, version, ..
             }| quote! { Self::#constant => #version, },
        );
        quote! { fn current_version(kind: &str) -> u16 { match kind { #(#arms)* _ => 1 } } }
    });
    let forgetting: Vec<&Ident> = kinds
        .iter()
        .filter(|kind| kind.forgets)
        .map(|kind| &kind.variant)
        .collect();
    let forgets = (!forgetting.is_empty()).then(|| {
        quote! { fn forgets(&self) -> bool { matches!(self, #(Self::#forgetting { .. })|*) } }
    });
    let read = match upcast {
        None => quote! { crate::decider::read_current(kind, version, data) },
        Some(steps) => quote! { crate::record::upcasting::read_upcast(kind, version, data, #steps) },
    };
    quote! {
        fn kind(&self) -> &'static str { match self { #(#arms)* } }
        fn version(&self) -> u16 { #version }
        #current_version
        fn personal(&mut self) -> crate::event_members::PersonalMembers<'_> {
            let mut found = ::std::vec::Vec::new();
            self.list_members(&crate::event_members::Pointer::Root, &mut found);
            found
        }
        #forgets
        fn read(
            kind: &str,
            version: u16,
            data: &::serde_json::value::RawValue,
        ) -> ::std::result::Result<Self, crate::decider::UnreadableEvent> {
            #read
        }
    }
}

/// Returns the test that compares the events with the golden files of their aggregate.
fn golden_test(event: &Ident, kinds: &[Kind]) -> Result<TokenStream> {
    let mut aggregate = None;
    let mut seen = BTreeSet::new();
    for kind in kinds {
        let stored = kind.stored.value();
        let found = stored.split_once('.').map(|(aggregate, _)| aggregate.to_owned());
        if found.is_none() || aggregate.is_some() && found != aggregate {
            return refuse(&kind.stored, "a kind begins with the aggregate and a full stop");
        }
        if !seen.insert(stored) {
            return refuse(&kind.stored, "another event has this kind");
        }
        aggregate = found;
    }
    let stored = kinds.iter().map(|kind| &kind.stored);
    let name = format_ident!(
        "{}_reads_and_writes_its_golden_files",
        case::snake(&event.to_string())
    );
    Ok(quote! {
        #[cfg(test)]
        #[test]
        fn #name() {
            crate::record::golden_files::check::<#event>(#aggregate, &[#(#stored),*]);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    /// Returns why the events are refused.
    fn refused(input: TokenStream) -> String {
        let input = quote! { #[serde(tag = "kind", content = "data")] #input };
        implement(&syn::parse2(input).unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn each_kind_is_of_the_aggregate_and_is_there_once() {
        let other_aggregate = refused(parse_quote! {
            enum LampEvent { #[serde(rename = "lamp.on")] On {}, #[serde(rename = "door.off")] Off {} }
        });
        assert!(other_aggregate.contains("begins with"), "{other_aggregate}");
        let twice = refused(parse_quote! {
            enum LampEvent { #[serde(rename = "lamp.on")] On {}, #[serde(rename = "lamp.on")] Off {} }
        });
        assert_eq!(twice, "another event has this kind");
    }

    #[test]
    fn a_mark_in_a_wrong_place_is_refused() {
        let wrong: [TokenStream; 5] = [
            parse_quote! { #[open(at)] enum LampEvent { #[serde(rename = "lamp.on")] On { at: u8 } } },
            parse_quote! { #[event(forgets)] enum LampEvent { #[serde(rename = "lamp.on")] On {} } },
            parse_quote! { enum LampEvent { #[serde(rename = "lamp.on")] #[event(upcast = A)] On {} } },
            parse_quote! { enum LampEvent { #[serde(rename = "lamp.on")] On { #[event(forgets)] at: Day } } },
            parse_quote! { enum LampEvent { #[serde(rename = "lamp.on")] On { #[open(at)] at: Day } } },
        ];
        let right = parse_quote! {
            #[event(upcast = A)]
            #[serde(tag = "kind", content = "data")]
            enum LampEvent { #[serde(rename = "lamp.on")] #[event(version = 2, forgets)] #[open(at)] On { at: u8 } }
        };
        assert!(implement(&right).is_ok());
        for events in wrong {
            refused(events);
        }
    }
}
