//! The domain: the rules of outbound calling as pure code.
//!
//! A command reaches an aggregate's decider, which returns events or refuses; `evolve` folds events into
//! state. Nothing here reads a clock, generates random numbers, opens a file or a socket, or starts a task:
//! the domain states its needs as `ports`, and their documentation is a specification. Aggregates never
//! import one another; they share ids and values.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod abandonment;
pub mod access;
pub mod actor;
pub mod alert;
pub mod anonymous_transcript;
pub mod api_key;
pub mod approval;
pub mod assist_plan;
pub mod assistant_facts;
pub mod attribute;
pub mod best_times;
pub mod calendar;
pub mod call;
pub mod call_caps_check;
pub mod call_course;
pub mod callback;
pub mod caller_number;
pub mod calling_plan;
pub mod campaign;
pub mod case;
pub mod chart_note;
pub mod complaint;
pub mod compliance;
pub mod conversation;
pub mod customer;
pub mod deal;
pub mod decider;
pub mod dialing_facts;
pub mod dialing_pause;
pub mod dialing_plan;
pub mod disposition_map;
pub mod draft;
mod duplicates;
pub mod event_members;
mod fact_words;
pub mod flow;
pub mod four_eyes;
pub mod grouping;
pub mod holiday;
pub mod inquiry;
pub mod installation;
pub mod knowledge;
pub mod label;
pub mod local_hour;
pub mod message;
pub mod model_tier;
pub mod number;
pub mod number_check;
pub mod number_ids;
pub mod number_library;
pub mod offering;
pub mod past_call;
mod pause_code;
pub mod person_request;
pub mod personal;
mod plain_plan;
pub mod ports;
pub mod preference;
pub mod preferred_times;
pub mod preset_facts;
pub mod preview;
pub mod problem;
pub mod promotion;
pub mod quota;
pub mod quota_members;
pub mod ranking;
pub mod realm;
mod record;
pub mod registry;
pub mod registry_book;
pub mod report;
pub mod retention;
pub mod routing;
pub mod routing_weights;
pub mod running_plan;
pub mod sample;
pub mod saved_report;
pub mod screening;

pub mod segment;
pub mod seller;
pub mod setting;

pub mod model;
pub mod speech_plan;
pub mod spoken_turn;
pub mod stop;
pub mod subscriber;
pub mod summary;
pub mod test_phones;
pub mod text_channel;
pub mod texting;
#[cfg(test)]
mod texting_tests;
pub mod time;
pub mod transcript;
pub mod turn;
pub mod user;
pub mod view;
pub mod voiceprint;
pub mod webhook;
pub mod wording_draft;

pub use record::{event_filter, stored_event, upcasting};
pub mod working_calendar;

// Self-contained values have a crate of their own and keep these names here.
pub use values::{
    approval_requirements, call_caps, calling_code, digest, disposition, emotion, external_address, fabe,
    go_live, hex, histogram, html, ids, key_rule, message_method, permission, phone_number, routing_score,
    sensitive_words, sharing, small_map, stream_id, transfer_reason, visible_text, yaml,
};
