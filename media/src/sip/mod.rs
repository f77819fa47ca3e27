//! SIP without sockets: bytes and time in; bytes, events and the next deadline out.
//!
//! RFC 3261 as a client that dials (INVITE, CANCEL, BYE, digest, dialogs), with RFC 3326 reasons and a strict
//! subset of RFC 3264/4566 offers and answers. Parsing is shared with the carrier; state is not. Left out:
//! TCP and TLS, PRACK, and refreshing a session timer ourselves (RFC 4028; the far end's are answered).

pub mod authentication;
mod body;
pub mod dialog;
pub mod front_stage;
pub mod header_value;
pub mod left_over;
pub mod message;
pub mod parse;
pub mod release_cause;
pub mod sdp;
pub mod stray;
#[cfg(test)]
mod tests;
pub mod transaction;
pub mod trunk_profile;
pub mod user_agent;
pub mod via;
