//! Why signalling or sound could not be set up, in the kinds that callers act on.

use std::net::SocketAddr;

/// What a caller can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaErrorKind {
    /// Settings make no sense: change them.
    Invalid,
    /// An address, file or port is not to be had now: free it or wait.
    Unavailable,
}

/// Why a media driver or a trunk did not start.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error("cannot take SIP on {address}: {error}")]
    Listen {
        address: SocketAddr,
        error: std::io::Error,
    },
    #[error("cannot reach trunk {trunk}: {error}")]
    Unreachable { trunk: String, error: std::io::Error },
    #[error("the host of trunk {0} has no address")]
    NoAddress(String),
    #[error("cannot keep recordings in {path}: {error}")]
    Recordings { path: String, error: std::io::Error },
    #[error("the RTP ports {first} to {last} hold no even port")]
    RtpPorts { first: u16, last: u16 },
    #[error("trunk {trunk}: {why}")]
    InvalidTrunk { trunk: String, why: &'static str },
}

impl MediaError {
    pub const fn kind(&self) -> MediaErrorKind {
        match self {
            Self::Listen { .. } | Self::Unreachable { .. } | Self::NoAddress(_) | Self::Recordings { .. } => {
                MediaErrorKind::Unavailable
            }
            Self::RtpPorts { .. } | Self::InvalidTrunk { .. } => MediaErrorKind::Invalid,
        }
    }
}
