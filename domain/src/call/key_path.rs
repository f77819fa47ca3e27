//! The ways in which keypresses of an answered leg can arrive, as its answer established them.

use serde::{Deserialize, Serialize};

/// One way in which keypresses of a callee arrive.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum KeyPath {
    /// RTP packets of the negotiated `telephone-event` type (RFC 4733).
    RtpEvent,
    /// SIP INFO; the far end's `Allow` header lists it.
    SipInfo,
    /// Tones in the audio; detected only if no `telephone-event` was negotiated.
    InBand,
}
