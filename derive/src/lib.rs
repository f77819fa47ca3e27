//! Derives: how events are stored, which of their members are personal, the names of commands, and how the
//! bodies of requests are read.
//!
//! The code generated for events and commands names items of the crate `domain` by `crate::…`, so only that
//! crate can use it; the code for requests names the crate `intake`. Stored
//! names come from the attributes of serde, which also writes them: there is one place for each name.

mod api_request;
mod case;
mod command_name;
mod event_data;
mod event_members;
mod serde_names;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `EventData` and `EventMembers` for the events of an aggregate: an enum with
/// `#[serde(tag = "kind", content = "data")]`, each variant with `#[serde(rename = "<aggregate>.<kind>")]`.
///
/// Generates a constant with the stored kind of each variant, and a test that compares the enum with every
/// golden file of the aggregate. Attributes:
///
/// - `#[event(upcast = STEPS)]` on the enum: old versions are read by these steps.
/// - `#[event(version = 2)]` on a variant: its current version, 1 without it.
/// - `#[event(forgets)]` on a variant: personal data leaves memory with it.
/// - `#[open(…)]` on a variant, as for `EventMembers`.
#[proc_macro_derive(EventData, attributes(event, open))]
pub fn event_data(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let generated = event_data::implement(&input);
    generated.unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Implements `EventMembers` for a type inside events: lists its personal members with their JSON pointers,
/// as serde writes the type.
///
/// Text and numbers do not implement `EventMembers`. A member that holds them is `Personal<String>`, or
/// `#[open(member, …)]` of its struct or variant names it: it is not sealed and outlives an erasure. The type
/// of an open member implements `OpenMember`; a personal one does not.
#[proc_macro_derive(EventMembers, attributes(open))]
pub fn event_members(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let generated = event_members::implement(&input);
    generated.unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Adds `kind()` to the commands of an aggregate: `<aggregate>.<variant in snake case>`.
///
/// The enum has `#[command(aggregate = "…")]`. A variant with `#[command(name = "…")]` has that name after
/// the full stop; one with `#[command(nested)]` has the name of the command inside it. Log lines have these
/// names; `tests/golden_names` finds a changed one.
#[proc_macro_derive(CommandName, attributes(command))]
pub fn command_name(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let generated = command_name::implement(&input);
    generated.unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Implements `intake::members::ApiRequest` for a request body: reads every member and notes all errors.
///
/// The attributes of the JSON schema are the limits that are checked, so that each is written once:
///
/// - `#[schemars(length(max = …))]` on a text: most bytes. With `#[member(chars)]` it is in characters, and
///   four times as many bytes are read. A `String` must be there and not blank.
/// - `#[schemars(range(min = …, max = …))]` on an `Option<u32>`: smallest and largest number.
/// - A member that is neither an `Option` nor `#[serde(default)]` is required, and so is an `Option` with
///   `#[schemars(required)]`.
/// - `#[serde(flatten)]`: the members of another request, at the same place.
///
/// Others are deserialized, or with `#[member(parse)]` parsed from text. `#[member(or = …)]` is the value of
/// a member that is missing or wrong, without it the type's default. `#[member(read = …)]` names a function
/// of `Members` and the member's name that reads it. `#[request(before = …)]` names a function of `Members`
/// that runs first, `#[request(check = …)]` one of the request and `Members` that runs last.
#[proc_macro_derive(ApiRequest, attributes(request, member, schemars, serde))]
pub fn api_request(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let generated = api_request::implement(&input);
    generated.unwrap_or_else(|error| error.to_compile_error()).into()
}
