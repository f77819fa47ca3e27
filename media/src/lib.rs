//! Audio and signalling: SIP, RTP, codecs, recordings and speech, and the lines built from them.

pub mod advertised;
pub mod audio;
pub mod codec;
pub mod driver;
pub mod error;
pub mod lines;
pub mod rtp;
pub mod sip;
pub mod stun;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
