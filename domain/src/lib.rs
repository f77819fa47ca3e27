//! What is true and what is allowed: the domain, pure.
//!
//! A command reaches an aggregate's decider, which turns it into events or refuses; `evolve` folds
//! events into state. Nothing here reads a clock, draws a number, opens a file or a socket, or starts a
//! task: what the domain needs of the world is stated in `ports`, whose documentation is a specification.
//! Aggregates never import one another; they share ids and values.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod alert;
pub mod call;
pub mod calling_plan;
pub mod campaign;
pub mod compliance;
pub mod customer;
pub mod decider;
pub mod disposition;
pub mod event_filter;
pub mod flow;
#[cfg(test)]
mod golden_support;
pub mod ids;
pub mod inquiry;
pub mod installation;
mod instant_text;
pub mod key_rule;
pub mod number;
mod ordered_json;
pub mod pdca;
pub mod personal;
pub mod phone_number;
pub mod ports;
pub mod problem;
mod record_heading;
mod record_text;
pub mod report;
pub mod sample;
pub mod stored_event;
mod tagged;
pub mod time;
pub mod upcasting;
pub mod view;
