//! SIP without sockets: it takes bytes and the time, and returns bytes to send, events and the next deadline.
//!
//! It covers the part of RFC 3261 that a calling client needs (INVITE, CANCEL, BYE, digest, dialogs), with
//! the reasons of RFC 3326 and a strict subset of the offers and answers of RFC 3264/4566. The parser is
//! shared with the carrier; state is not. Left out: TCP and TLS, PRACK, and refreshing a session timer
//! ourselves (RFC 4028; the far end's refreshes are answered).

pub mod authentication;
mod body;
pub mod crash_cleanup;
pub mod dialog;
pub mod header_value;
pub mod message;
pub mod normalizer;
pub mod parse;
pub mod release_cause;
pub mod sdp;
pub mod stray_requests;
#[cfg(test)]
mod tests;
pub mod transaction;
pub mod trunk_profile;
pub mod user_agent;
pub mod via;
