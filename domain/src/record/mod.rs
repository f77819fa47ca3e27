//! A record's bytes: how an event is written once, read for ever, led on from old versions, and picked.
//!
//! `stored_event` is what others ask. `text`, `ordered_json` and `instant_text` write; `heading` and `tagged`
//! read without parsing twice. No aggregate is known here but to the support of the golden files.

mod cause;
pub mod event_filter;
#[cfg(test)]
pub(crate) mod golden_support;
mod heading;
pub(crate) mod instant_text;
mod ordered_json;
mod place;
mod request;
mod shared_event;
pub mod stored_event;
pub(crate) mod tagged;
mod text;
pub mod upcasting;
