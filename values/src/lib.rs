//! Value types that deciders and interfaces share: call results, phone numbers, stream names, limits. The
//! crate knows no aggregates, events or ports; `domain` re-exports them for the crates above it.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod approval_requirements;
pub mod call_caps;
pub mod calling_code;
pub mod canonical;
pub mod deduplication_scope;
pub mod digest;
pub mod disposition;
pub mod emotion;
mod enrolment_id;
pub mod external_address;
pub mod fabe;
pub mod go_live;
pub mod hex;
pub mod histogram;
pub mod html;
pub mod ids;
pub mod key_rule;
pub mod message_method;
pub mod named_version;
pub mod permission;
pub mod phone_number;
mod phone_text;
pub mod placeholders;
pub mod preset_name;
pub mod routing_score;
pub mod seller;
pub mod sensitive_words;
pub mod sharing;
pub mod small_map;
pub mod stream_id;
pub mod text_attachment;
mod texting_ids;
pub mod transfer_reason;
pub mod visible_text;
pub mod yaml;
