//! `EventMembers`: one call for each member that may hold personal data, in the order of the members.

use super::case;
use super::serde_names::{SerdeNames, refuse, refuse_marks};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DataEnum, DeriveInput, Field, Fields, Ident, LitStr, Result, Token, Type, Variant,
};

pub(crate) fn implement(input: &DeriveInput) -> Result<TokenStream> {
    let names = SerdeNames::of(&input.attrs)?;
    let visits = match &input.data {
        Data::Struct(data) => {
            let members = Members::of(&data.fields, &input.attrs, names.rename_all.as_ref())?;
            let (pattern, calls) = (&members.pattern, members.calls());
            let body = quote! { let Self #pattern = self; #calls };
            Visits {
                body,
                may: members.may,
                open: members.open,
            }
        }
        Data::Enum(data) => {
            refuse_marks(&input.attrs, &["open"], "an enum: mark its variants")?;
            Visits::of_variants(data, &names, outer_place(&names))?
        }
        Data::Union(_) => return refuse(&input.ident, "a union is no member of an event"),
    };
    let function = visits.function(&format_ident!("list_personal"));
    let may = visits.may();
    let ident = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics crate::event_members::EventMembers for #ident #arguments #bounds {
            #may
            #function
        }
    })
}

/// Code that visits the members of a type.
pub(crate) struct Visits {
    body: TokenStream,
    /// For each member that is visited, if it may be personal.
    may: Vec<TokenStream>,
    /// For each open member, that it is not personal; the type of a personal one has no such constant.
    open: Vec<TokenStream>,
}

impl Visits {
    /// Returns the function that lists the personal members; without members to visit it does nothing.
    pub(crate) fn function(&self, name: &Ident) -> TokenStream {
        let members = quote!(&mut crate::event_members::PersonalMembers<'personal>);
        let pointer = quote!(&crate::event_members::Pointer<'_>);
        if self.may.is_empty() {
            return quote! { fn #name<'personal>(&'personal mut self, _: #pointer, _: #members) {} };
        }
        let body = &self.body;
        quote! { fn #name<'personal>(&'personal mut self, at: #pointer, found: #members) { #body } }
    }

    pub(crate) fn may(&self) -> TokenStream {
        let (may, open) = (&self.may, &self.open);
        quote! { const MAY_BE_PERSONAL: bool = false #(|| #may)* #(|| #open)*; }
    }

    /// Visits the members of each variant.
    pub(crate) fn of_variants(data: &DataEnum, names: &SerdeNames, place: VariantPlace<'_>) -> Result<Self> {
        let (mut arms, mut may, mut open) = (Vec::new(), Vec::new(), Vec::new());
        for variant in &data.variants {
            let (arm, members) = of_variant(variant, names, place)?;
            arms.push(arm);
            may.extend(members.may);
            open.extend(members.open);
        }
        let body = quote! { match self { #(#arms)* } };
        Ok(Self { body, may, open })
    }
}

/// Where the members of an enum's variants are, below the enum.
#[derive(Clone, Copy)]
pub(crate) enum VariantPlace<'a> {
    /// In the same place: untagged, or with a tag beside the members.
    Same,
    /// Under one name for all variants.
    Content(&'a LitStr),
    /// Under the variant's name.
    Name,
}

fn outer_place(names: &SerdeNames) -> VariantPlace<'_> {
    match (&names.tag, &names.content) {
        (_, Some(content)) => VariantPlace::Content(content),
        (Some(_), None) => VariantPlace::Same,
        (None, None) if names.is_untagged => VariantPlace::Same,
        (None, None) => VariantPlace::Name,
    }
}

fn of_variant(
    variant: &Variant,
    names: &SerdeNames,
    place: VariantPlace<'_>,
) -> Result<(TokenStream, Members)> {
    let own = SerdeNames::of(&variant.attrs)?;
    if own.is_untagged {
        return refuse(&variant.ident, "one variant alone cannot be untagged");
    }
    let members = Members::of(&variant.fields, &variant.attrs, own.rename_all.as_ref())?;
    let ident = &variant.ident;
    if members.may.is_empty() {
        return Ok((quote! { Self::#ident { .. } => {} }, members));
    }
    let below = match place {
        VariantPlace::Same => None,
        VariantPlace::Content(content) => Some(content.value()),
        VariantPlace::Name => Some(match &own.rename {
            Some(name) => name.value(),
            None => case::variant(ident, names.rename_all.as_ref())?,
        }),
    };
    let below = below.map(|name| quote! { let at = &at.member(#name); });
    let (pattern, calls) = (&members.pattern, members.calls());
    let arm = quote! { Self::#ident #pattern => { #below #calls } };
    Ok((arm, members))
}

/// The members of a struct or variant that are visited.
struct Members {
    /// How they are bound.
    pattern: TokenStream,
    /// For each, if it may be personal, and the call that lists its values.
    may: Vec<TokenStream>,
    calls: Vec<TokenStream>,
    /// For each open member, that it is not personal.
    open: Vec<TokenStream>,
}

impl Members {
    /// `attributes` are those of the struct or variant.
    fn of(fields: &Fields, attributes: &[Attribute], case: Option<&LitStr>) -> Result<Self> {
        let names = open_members(fields, attributes)?;
        let (mut bound, mut may, mut calls, mut open) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (index, field) in fields.iter().enumerate() {
            refuse_marks(
                &field.attrs,
                &["open", "event"],
                "a member: mark its struct or variant",
            )?;
            let name = field.ident.as_ref();
            if name.is_some_and(|name| names.contains(name)) {
                open.push(of_type(&field.ty, "OpenMember", "MAY_BE_PERSONAL"));
                continue;
            }
            let binding = format_ident!("member_{index}", span = Span::mixed_site());
            calls.push(call(field, index, fields, case, &binding)?);
            may.push(of_type(&field.ty, "EventMembers", "MAY_BE_PERSONAL"));
            bound.push(match name {
                Some(name) => quote!(#name: #binding),
                None => quote!(#binding),
            });
        }
        let pattern = match fields {
            Fields::Named(_) => quote! { { #(#bound,)* .. } },
            Fields::Unnamed(_) => quote! { ( #(#bound),* ) },
            Fields::Unit => TokenStream::new(),
        };
        Ok(Self {
            pattern,
            may,
            calls,
            open,
        })
    }

    /// A closed member costs no code: the condition is a constant.
    fn calls(&self) -> TokenStream {
        let (may, calls) = (&self.may, &self.calls);
        quote! { #(if #may { #calls })* }
    }
}

/// Returns an item of a type's trait, located at the type: an unmarked text or number, or a personal one that
/// is marked as open, is reported where it is declared.
fn of_type(ty: &Type, of: &str, item: &str) -> TokenStream {
    let (of, item) = (format_ident!("{of}"), format_ident!("{item}"));
    let span = Span::mixed_site().located_at(ty.span());
    quote_spanned! { span => <#ty as crate::event_members::#of>::#item }
}

/// Returns the call that lists a member's personal values.
fn call(
    field: &Field,
    index: usize,
    fields: &Fields,
    case: Option<&LitStr>,
    binding: &Ident,
) -> Result<TokenStream> {
    let names = SerdeNames::of(&field.attrs)?;
    let pointer = match (&field.ident, &names.rename) {
        _ if names.is_flat => quote!(at),
        (Some(_), Some(name)) => quote!(&at.member(#name)),
        (Some(ident), None) => {
            let name = case::field(ident, case)?;
            quote!(&at.member(#name))
        }
        (None, _) if fields.len() == 1 => quote!(at),
        (None, _) => quote!(&at.index(#index)),
    };
    let list = of_type(&field.ty, "EventMembers", "list_personal");
    Ok(quote! { #list(#binding, #pointer, found); })
}

/// Returns the members that `#[open(…)]` names. Each exists.
fn open_members(fields: &Fields, attributes: &[Attribute]) -> Result<Vec<Ident>> {
    let mut open = Vec::new();
    for mark in attributes.iter().filter(|one| one.path().is_ident("open")) {
        let named = mark.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated)?;
        if named.is_empty() {
            return refuse(mark, "it names no member");
        }
        open.extend(named);
    }
    for name in &open {
        if !fields.iter().any(|field| field.ident.as_ref() == Some(name)) {
            return refuse(name, "no member has this name");
        }
    }
    Ok(open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    fn refused(input: DeriveInput) -> String {
        implement(&input).unwrap_err().to_string()
    }

    #[test]
    fn an_open_member_exists_and_is_not_personal() {
        let unknown = refused(parse_quote! { #[open(nam)] struct Person { name: String } });
        assert_eq!(unknown, "no member has this name");
        let none = refused(parse_quote! { #[open()] struct Person { name: String } });
        assert_eq!(none, "it names no member");
        let converted = refused(parse_quote! { #[serde(into = "String")] struct Person { name: String } });
        assert!(converted.contains("by hand"), "{converted}");
        // `OpenMember` has no implementation for personal members: see domain/src/event_members/tests.rs.
        let person = parse_quote! { #[open(name)] struct Person { name: Option<Personal<String>> } };
        let generated = implement(&person).unwrap().to_string().replace(' ', "");
        let asked = "<Option<Personal<String>>ascrate::event_members::OpenMember>";
        assert!(generated.contains(asked), "{generated}");
    }

    #[test]
    fn a_mark_in_a_wrong_place_is_refused() {
        let of_enum = refused(parse_quote! { #[open(name)] enum Person { Known { name: String } } });
        assert!(of_enum.contains("an enum"), "{of_enum}");
        let of_unit = refused(parse_quote! { enum Person { #[open(name)] Unknown } });
        assert_eq!(of_unit, "no member has this name");
        let of_tuple = refused(parse_quote! { enum Person { #[open(name)] Known(String) } });
        assert_eq!(of_tuple, "no member has this name");
        let of_member = refused(parse_quote! { struct Person { #[open] name: String } });
        assert!(of_member.contains("a member"), "{of_member}");
        let untagged = refused(parse_quote! { enum Person { #[serde(untagged)] Known { name: Word } } });
        assert!(untagged.contains("untagged"), "{untagged}");
    }

    #[test]
    fn every_other_member_is_visited() {
        let person = parse_quote! { #[open(age)] struct Person { name: String, age: u8, size: u8 } };
        let generated = implement(&person).unwrap().to_string();
        assert_eq!(
            generated.matches("list_personal").count(),
            3,
            "the function and two calls: {generated}"
        );
    }
}
