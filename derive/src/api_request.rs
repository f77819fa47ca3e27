//! `ApiRequest`: one call of `Members` for each member of a request body.

use super::case::text_of;
use super::serde_names::{marks, refuse};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::meta::ParseNestedMeta;
use syn::token::Paren;
use syn::{
    Attribute, Data, DeriveInput, Expr, Field, Fields, GenericArgument, LitStr, Path, PathArguments, Result,
    Token, Type, parenthesized,
};

pub(crate) fn implement(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return refuse(&input.ident, "a request body is a struct");
    };
    let Fields::Named(fields) = &data.fields else {
        return refuse(&input.ident, "a request body has named members");
    };
    let checks = Checks::of(&input.attrs)?;
    let (before, after) = (checks.before.iter(), checks.after.iter());
    let mut names = Vec::new();
    let mut reads = Vec::new();
    for field in &fields.named {
        names.push(&field.ident);
        reads.push(read(field)?);
    }
    let ident = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl ::intake::members::ApiRequest for #ident {
            fn read(body: &mut ::intake::members::Members) -> Self {
                #(#before(body);)*
                let request = Self { #(#names: #reads,)* };
                #(#after(&request, body);)*
                request
            }
        }
    })
}

/// The functions of `#[request(before = …, check = …)]`.
#[derive(Default)]
struct Checks {
    before: Option<Path>,
    after: Option<Path>,
}

impl Checks {
    fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut checks = Self::default();
        marks(attributes, "request", |meta| {
            let slot = if meta.path.is_ident("before") {
                &mut checks.before
            } else if meta.path.is_ident("check") {
                &mut checks.after
            } else {
                return Err(meta.error("a request has `before` and `check`"));
            };
            *slot = Some(meta.value()?.parse()?);
            Ok(())
        })?;
        Ok(checks)
    }
}

/// How a member is read.
#[derive(Default)]
enum Reader {
    /// With `Deserialize`.
    #[default]
    Value,
    /// From text with `FromStr`.
    Parse,
    /// As the members of another request, at the same place.
    Flatten,
    /// By this function of `Members` and the member's name.
    Function(Path),
}

/// What the attributes of a member say about how it is read.
#[derive(Default)]
struct Marks {
    reader: Reader,
    /// The value of a member that is missing or wrong.
    fallback: Option<Expr>,
    /// Whether the schema or a default says that the member is required; else its type does.
    required: Option<bool>,
    /// The name in JSON, if it is not the field's.
    name: Option<LitStr>,
    /// Longest text, in bytes.
    bytes_max: Option<Expr>,
    /// The schema's limit of a text is in characters, of at most 4 bytes each.
    chars: bool,
    /// Smallest and largest number.
    range: (Option<Expr>, Option<Expr>),
}

impl Marks {
    fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        marks(attributes, "member", |meta| {
            if meta.path.is_ident("parse") {
                found.reader = Reader::Parse;
            } else if meta.path.is_ident("chars") {
                found.chars = true;
            } else if meta.path.is_ident("read") {
                found.reader = Reader::Function(meta.value()?.parse()?);
            } else if meta.path.is_ident("or") {
                found.fallback = Some(meta.value()?.parse()?);
            } else {
                return Err(meta.error("a member has `parse`, `chars`, `read` and `or`"));
            }
            Ok(())
        })?;
        for of in ["schemars", "serde"] {
            marks(attributes, of, |meta| found.take(&meta))?;
        }
        Ok(found)
    }

    /// Reads an attribute of the schema or of serde.
    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        if meta.path.is_ident("required") {
            self.required = Some(true);
        } else if meta.path.is_ident("flatten") {
            self.reader = Reader::Flatten;
        } else if meta.path.is_ident("default") {
            self.required = Some(false);
            skip(meta)?;
        } else if meta.path.is_ident("rename") {
            self.name = Some(meta.value()?.parse()?);
        } else if meta.path.is_ident("with") {
            let name: LitStr = meta.value()?.parse()?;
            self.required = Some(!name.value().starts_with("Option<"));
        } else if meta.path.is_ident("length") {
            self.bytes_max = bounds(meta)?.1;
        } else if meta.path.is_ident("range") {
            self.range = bounds(meta)?;
        } else {
            skip(meta)?;
        }
        Ok(())
    }
}

/// Skips the value of an attribute that says nothing about reading.
fn skip(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(Paren) {
        let content;
        parenthesized!(content in meta.input);
        content.parse::<TokenStream>()?;
    } else if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    }
    Ok(())
}

/// Reads `(min = …, max = …)`.
fn bounds(meta: &ParseNestedMeta<'_>) -> Result<(Option<Expr>, Option<Expr>)> {
    let mut bounds = (None, None);
    meta.parse_nested_meta(|bound| {
        let slot = if bound.path.is_ident("min") {
            &mut bounds.0
        } else {
            &mut bounds.1
        };
        *slot = Some(bound.value()?.parse()?);
        Ok(())
    })?;
    Ok(bounds)
}

/// Returns the expression that reads a member.
fn read(field: &Field) -> Result<TokenStream> {
    let marks = Marks::of(&field.attrs)?;
    let ty = &field.ty;
    let name = match (&marks.name, &field.ident) {
        (Some(name), _) => name.value(),
        (None, Some(ident)) => text_of(ident),
        (None, None) => return refuse(field, "a member has a name"),
    };
    match &marks.reader {
        Reader::Function(function) => return Ok(quote!(#function(body, #name))),
        Reader::Flatten => return Ok(quote!(<#ty as ::intake::members::ApiRequest>::read(body))),
        Reader::Value | Reader::Parse => {}
    }
    let (inner, is_option) = match inside(ty, "Option") {
        Some(inner) => (inner, true),
        None => (ty, false),
    };
    let is_required = marks.required.unwrap_or(!is_option);
    let is_parsed = matches!(marks.reader, Reader::Parse);
    if is_word(inner, "String") && !is_parsed {
        return text(&name, &marks, is_required, ty);
    }
    let value = match (&marks.range, is_parsed) {
        (_, true) => quote!(body.parsed::<#inner>(#name)),
        ((Some(min), max), false) if is_word(inner, "u32") => {
            let max = max.as_ref().map_or(quote!(u32::MAX), ToTokens::to_token_stream);
            quote!(body.count(#name, #min, #max))
        }
        (_, false) => quote!(body.value::<#inner>(#name)),
    };
    let value = match (is_option, &marks.fallback) {
        (true, _) => value,
        (false, Some(fallback)) => quote!(#value.unwrap_or(#fallback)),
        (false, None) => quote!(#value.unwrap_or_default()),
    };
    if is_required {
        return Ok(quote! { { body.require(#name); #value } });
    }
    Ok(value)
}

fn text(name: &str, marks: &Marks, is_required: bool, ty: &Type) -> Result<TokenStream> {
    let bytes_max = match &marks.bytes_max {
        Some(max) if marks.chars => Some(quote!(#max.saturating_mul(4))),
        max => max.as_ref().map(ToTokens::to_token_stream),
    };
    let is_option = inside(ty, "Option").is_some();
    Ok(match (is_option, is_required, bytes_max) {
        (false, true, Some(max)) => quote!(body.needed_short_text(#name, #max)),
        (false, true, None) => quote!(body.needed_text(#name).unwrap_or_default()),
        (true, false, Some(max)) => quote!(body.short_text(#name, #max)),
        (true, false, None) => quote!(body.text(#name)),
        (false, false, Some(max)) => quote!(body.short_text(#name, #max).unwrap_or_default()),
        (false, false, None) => quote!(body.text(#name).unwrap_or_default()),
        (true, true, _) => return refuse(ty, "a required text is a String"),
    })
}

/// Returns the type inside `Outer<…>`.
fn inside<'a>(ty: &'a Type, outer: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == outer)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

fn is_word(ty: &Type, word: &str) -> bool {
    let path = ty.to_token_stream().to_string();
    path == word
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    fn generated(input: DeriveInput) -> String {
        implement(&input).unwrap().to_string().replace(' ', "")
    }

    #[test]
    fn limits_of_the_schema_are_the_limits_that_are_checked() {
        let code = generated(parse_quote! {
            struct NoteRequest {
                #[schemars(length(min = 1, max = NOTE_BYTES_MAX))]
                note: String,
                #[schemars(length(max = 64))]
                by: Option<String>,
                #[schemars(length(max = NAME_CHARS_MAX))]
                #[member(chars)]
                name: Option<String>,
                #[schemars(range(min = 1, max = DAYS_MAX))]
                days: Option<u32>,
            }
        });
        let name = "name:body.short_text(\"name\",NAME_CHARS_MAX.saturating_mul(4))";
        assert!(code.contains(name), "{code}");
        assert!(
            code.contains("note:body.needed_short_text(\"note\",NOTE_BYTES_MAX)"),
            "{code}"
        );
        assert!(code.contains("by:body.short_text(\"by\",64)"), "{code}");
        assert!(code.contains("days:body.count(\"days\",1,DAYS_MAX)"), "{code}");
    }

    #[test]
    fn a_member_without_a_default_is_required() {
        let code = generated(parse_quote! {
            #[request(before = name_the_subject, check = check_dates)]
            struct ComplaintRequest {
                #[member(parse, or = Source::Own)]
                source: Source,
                #[schemars(required)]
                #[member(parse)]
                call: Option<CallId>,
                #[serde(default)]
                dry_run: bool,
                #[serde(rename = "type")]
                kind: Option<Kind>,
                #[serde(flatten)]
                rest: Rest,
                #[member(read = fields_of)]
                fields: Fields,
            }
        });
        for expected in [
            "name_the_subject(body);",
            "check_dates(&request,body);",
            "source:{body.require(\"source\");body.parsed::<Source>(\"source\").unwrap_or(Source::Own)}",
            "call:{body.require(\"call\");body.parsed::<CallId>(\"call\")}",
            "dry_run:body.value::<bool>(\"dry_run\").unwrap_or_default()",
            "kind:body.value::<Kind>(\"type\")",
            "rest:<Restas::intake::members::ApiRequest>::read(body)",
            "fields:fields_of(body,\"fields\")",
        ] {
            assert!(code.contains(expected), "{expected} is not in {code}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_of_the_compiler() {
        let refused = |input: DeriveInput| implement(&input).unwrap_err().to_string();
        assert!(refused(parse_quote! { enum Request { One } }).contains("is a struct"));
        assert!(refused(parse_quote! { struct Request(String); }).contains("named members"));
        let text = refused(parse_quote! { struct Request { #[schemars(required)] name: Option<String> } });
        assert!(text.contains("is a String"), "{text}");
        let mark = refused(parse_quote! { struct Request { #[member(skip)] name: String } });
        assert!(mark.contains("`parse`"), "{mark}");
    }
}
