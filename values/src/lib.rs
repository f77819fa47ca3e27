//! Value types that deciders and interfaces share: call results, phone numbers, stream names, limits. The
//! crate knows no aggregates, events or ports; `domain` re-exports them for the crates above it.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod approvals_asked;
pub mod braces;
pub mod call_caps;
pub mod calling_code;
pub mod canonical;
pub mod dedupe;
pub mod digest;
pub mod disposition;
pub mod emotion;
mod enrolment_id;
pub mod fabe;
pub mod few_map;
pub mod go_live;
pub mod ids;
pub mod key_rule;
pub mod message_way;
pub mod named_version;
pub mod outside_address;
pub mod permission;
pub mod phone_number;
mod phone_text;
pub mod preset_name;
pub mod routing_score;
pub mod seller;
pub mod sensitive_words;
pub mod sharing;
pub mod show;
pub mod stream_id;
mod texting_ids;
pub mod transfer_reason;
pub mod visible_text;
pub mod yaml;
