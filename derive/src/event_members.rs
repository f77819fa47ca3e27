//! `EventMembers`: one call for each member that may hold personal data, in the order of the members.

use super::case;
use super::serde_names::{SerdeNames, marks, refuse};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DataEnum, DeriveInput, Field, Fields, Ident, LitStr, Result, Token, Type, Variant,
};

pub(crate) fn implement(input: &DeriveInput) -> Result<TokenStream> {
    let names = SerdeNames::of(&input.attrs)?;
    if names.has("into") {
        let what = "it is written as another type: implement EventMembers by hand, with that type's pointers";
        return refuse(&input.ident, what);
    }
    let visits = match &input.data {
        Data::Struct(data) => {
            let members = Members::of(&data.fields, &input.attrs, names.rename_all.as_ref())?;
            let (pattern, calls) = (&members.pattern, members.calls());
            let body = quote! { let Self #pattern = self; #calls };
            Visits {
                body,
                may: members.may,
            }
        }
        Data::Enum(data) => {
            open_members(&Fields::Unit, &input.attrs)?;
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
    /// For each member, if it may be personal.
    may: Vec<TokenStream>,
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
        let may = &self.may;
        quote! { const MAY_BE_PERSONAL: bool = false #(|| #may)*; }
    }

    /// Visits the members of each variant.
    pub(crate) fn of_variants(data: &DataEnum, names: &SerdeNames, place: VariantPlace<'_>) -> Result<Self> {
        let (mut arms, mut may) = (Vec::new(), Vec::new());
        for variant in &data.variants {
            let (arm, members) = of_variant(variant, names, place)?;
            arms.push(arm);
            may.extend(members);
        }
        let body = quote! { match self { #(#arms)* } };
        Ok(Self { body, may })
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
        (None, None) if names.has("untagged") => VariantPlace::Same,
        (None, None) => VariantPlace::Name,
    }
}

fn of_variant(
    variant: &Variant,
    names: &SerdeNames,
    place: VariantPlace<'_>,
) -> Result<(TokenStream, Vec<TokenStream>)> {
    let own = SerdeNames::of(&variant.attrs)?;
    let case = own.rename_all.as_ref().or(names.rename_all_fields.as_ref());
    let members = Members::of(&variant.fields, &variant.attrs, case)?;
    let ident = &variant.ident;
    if members.may.is_empty() || own.is_skipped() {
        return Ok((quote! { Self::#ident { .. } => {} }, Vec::new()));
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
    Ok((quote! { Self::#ident #pattern => { #below #calls } }, members.may))
}

/// The members of a struct or variant that are visited.
struct Members {
    /// How they are bound.
    pattern: TokenStream,
    /// For each, if it may be personal, and the call that lists its values.
    may: Vec<TokenStream>,
    calls: Vec<TokenStream>,
}

impl Members {
    /// `attributes` are those of the struct or variant.
    fn of(fields: &Fields, attributes: &[Attribute], case: Option<&LitStr>) -> Result<Self> {
        let open = open_members(fields, attributes)?;
        let (mut bound, mut may, mut calls) = (Vec::new(), Vec::new(), Vec::new());
        for (index, field) in fields.iter().enumerate() {
            let binding = format_ident!("member_{index}", span = Span::mixed_site());
            let is_open = field.ident.as_ref().is_some_and(|name| open.contains(name));
            let call = if is_open {
                None
            } else {
                call(field, index, fields, case, &binding)?
            };
            let binding = if call.is_some() {
                quote!(#binding)
            } else {
                quote!(_)
            };
            match &field.ident {
                Some(_) if call.is_none() => {}
                Some(name) => bound.push(quote!(#name: #binding)),
                None => bound.push(binding),
            }
            if let Some(call) = call {
                may.push(of_type(&field.ty, "MAY_BE_PERSONAL"));
                calls.push(call);
            }
        }
        let pattern = match fields {
            Fields::Named(_) => quote! { { #(#bound,)* .. } },
            Fields::Unnamed(_) => quote! { ( #(#bound),* ) },
            Fields::Unit => TokenStream::new(),
        };
        Ok(Self { pattern, may, calls })
    }

    /// A closed member costs no code: the condition is a constant.
    fn calls(&self) -> TokenStream {
        let (may, calls) = (&self.may, &self.calls);
        quote! { #(if #may { #calls })* }
    }
}

/// Returns an item of a type's `EventMembers`, located at the type: an unmarked text or number is reported
/// where it is declared.
fn of_type(ty: &Type, item: &str) -> TokenStream {
    let item = format_ident!("{item}");
    let span = Span::mixed_site().located_at(ty.span());
    quote_spanned! { span => <#ty as crate::event_members::EventMembers>::#item }
}

/// Returns the call that lists a member's personal values; `None` for a member that is not written.
fn call(
    field: &Field,
    index: usize,
    fields: &Fields,
    case: Option<&LitStr>,
    binding: &Ident,
) -> Result<Option<TokenStream>> {
    let names = SerdeNames::of(&field.attrs)?;
    let is_raw = is_raw(&field.attrs)?;
    if names.is_skipped() {
        return Ok(None);
    }
    let pointer = match (&field.ident, &names.rename) {
        _ if names.has("flatten") => quote!(at),
        (Some(_), Some(name)) if is_raw => quote!(&at.raw_member(#name)),
        (Some(_), Some(name)) => quote!(&at.member(#name)),
        (Some(ident), None) => {
            let name = case::field(ident, case)?;
            if is_raw {
                quote!(&at.raw_member(#name))
            } else {
                quote!(&at.member(#name))
            }
        }
        (None, _) if fields.len() == 1 => quote!(at),
        (None, _) => quote!(&at.index(#index)),
    };
    let list = of_type(&field.ty, "list_personal");
    Ok(Some(quote! { #list(#binding, #pointer, found); }))
}

/// Returns the members that `#[open(…)]` names. Each exists, and none is personal.
pub(crate) fn open_members(fields: &Fields, attributes: &[Attribute]) -> Result<Vec<Ident>> {
    let mut open = Vec::new();
    for mark in attributes.iter().filter(|one| one.path().is_ident("open")) {
        open.extend(mark.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated)?);
    }
    for name in &open {
        let Some(member) = fields.iter().find(|field| field.ident.as_ref() == Some(name)) else {
            return refuse(name, "no member has this name");
        };
        let ty = &member.ty;
        let words = quote!(#ty).to_string();
        if words.split_whitespace().any(|word| word == "Personal") {
            return refuse(name, "a personal member is sealed: it cannot be open");
        }
    }
    Ok(open)
}

/// Returns true for `#[pointer(raw)]`.
fn is_raw(attributes: &[Attribute]) -> Result<bool> {
    let mut is_raw = false;
    marks(attributes, "pointer", |meta| {
        if !meta.path.is_ident("raw") {
            return Err(meta.error("the only mark of a pointer is `raw`"));
        }
        is_raw = true;
        Ok(())
    })?;
    Ok(is_raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn an_open_member_exists_and_is_not_personal() {
        let refused = |input: DeriveInput| implement(&input).unwrap_err().to_string();
        let unknown = refused(parse_quote! { #[open(nam)] struct Person { name: String } });
        assert_eq!(unknown, "no member has this name");
        let of_all = refused(parse_quote! { #[open(name)] enum Person { Known { name: String } } });
        assert_eq!(of_all, "no member has this name");
        let personal =
            refused(parse_quote! { #[open(name)] struct Person { name: Option<Personal<String>> } });
        assert!(personal.contains("cannot be open"), "{personal}");
        let converted = refused(parse_quote! { #[serde(into = "String")] struct Person { name: String } });
        assert!(converted.contains("by hand"), "{converted}");
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
