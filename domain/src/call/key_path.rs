//! How keypresses of an answered leg can arrive, as its answer established it.

use serde::{Deserialize, Serialize};

/// One way for a keypress to arrive.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum KeyPath {
    /// RTP packets of the negotiated `telephone-event` type (RFC 4733).
    RtpEvent,
    /// SIP INFO: the far end's `Allow` lists it.
    SipInfo,
    /// Tones in the audio; they are detected only where no `telephone-event` was negotiated.
    InBand,
}
