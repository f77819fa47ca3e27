//! What is true and what is allowed: the domain, pure.
//!
//! A command reaches an aggregate's decider, which turns it into events or refuses; `evolve` folds
//! events into state. Nothing here reads a clock, draws a number, opens a file or a socket, or starts a
//! task: what the domain needs of the world is stated in `ports`, whose documentation is a specification.
//! Aggregates never import one another; they share ids and values.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod abandonment;
pub mod access;
pub mod actor;
pub mod alert;
pub mod api_key;
pub mod approval;
pub mod approvals_asked;
pub mod assist_plan;
pub mod assisting;
pub mod attribute;
pub mod calendar;
pub mod call;
pub mod call_caps;
pub mod call_caps_checked;
pub mod call_course;
pub mod callback;
pub mod calling_plan;
pub mod campaign;
mod canonical;
pub mod case;
pub mod chart_note;
pub mod complaint;
pub mod compliance;
pub mod conversation;
pub mod customer;
pub mod deal;
pub mod decider;
mod dedupe;
pub mod dialing_plan;
pub mod digest;
pub mod disposition;
pub mod disposition_map;
pub mod draft;
mod duplicates;
pub mod emotion;
mod enrolment_id;
pub mod fabe;
mod fact_words;
pub mod few_map;
pub mod flow;
pub mod four_eyes;
pub mod go_live;
pub mod grouping;
pub mod holiday;
pub mod ids;
pub mod inquiry;
pub mod installation;
pub mod kept_facts;
pub mod key_rule;
pub mod knowledge;
pub mod label;
pub mod message;
pub mod message_way;
pub mod model_tier;
mod named_version;
pub mod number;
pub mod number_check;
pub mod number_library;
pub mod offering;
pub mod past_call;
pub mod permission;
pub mod person_request;
pub mod personal;
pub mod phone_number;
mod plain_plan;
pub mod planted;
pub mod ports;
pub mod preference;
pub mod preferred_times;
pub mod problem;
pub mod promotion;
pub mod ranking;
mod record;
pub mod registry;
pub mod registry_book;
pub mod report;
pub mod retention;
pub mod routing_score;
pub mod running_plan;
pub mod sample;
pub mod saved_report;
pub mod screening;

pub mod segment;
pub mod sensitive_words;
pub mod setting;
pub mod sharing;

pub mod model;
pub mod speech_plan;
pub mod spoken_turn;
pub mod stop;
pub mod stream_id;
pub mod subscriber;
pub mod summary;
pub mod test_phones;
pub mod texting;
mod texting_ids;
#[cfg(test)]
mod texting_tests;
pub mod time;
pub mod transcript;
pub mod turn;
pub mod user;
pub mod view;
pub mod webhook;

pub use record::{event_filter, stored_event, upcasting};
pub mod working_calendar;
pub mod yaml_bound;
