//! The bytes of a record: how an event is written once, read permanently, upcast from old versions, and
//! filtered.
//!
//! `stored_event` is the interface for other modules. `text`, `ordered_json` and `instant_text` write;
//! `heading` and `tagged_event` read without parsing twice; `personal_fields` seals and opens. Only
//! modules of tests know aggregates.

mod cause;
pub mod event_filter;
#[cfg(test)]
mod fake_vault;
#[cfg(test)]
pub(crate) mod golden_files;
mod heading;
pub(crate) mod instant_text;
mod ordered_json;
mod personal_fields;
mod position;
mod record_error;
mod request;
#[cfg(test)]
pub(crate) mod sample_values;
mod shared_event;
pub mod stored_event;
pub(crate) mod tagged_event;
mod text;
pub mod upcasting;
