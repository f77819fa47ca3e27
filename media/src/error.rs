//! The errors of setting up signalling or audio, and the problems that callers of the API get for them.

use domain::problem::Problem;
use std::net::SocketAddr;

/// The reason why a media driver or a trunk could not be started.
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

impl From<MediaError> for Problem {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Listen { .. }
            | MediaError::Unreachable { .. }
            | MediaError::NoAddress(_)
            | MediaError::Recordings { .. } => Self::unavailable(error.to_string()),
            MediaError::RtpPorts { .. } | MediaError::InvalidTrunk { .. } => {
                Self::invalid("line-invalid", error.to_string())
            }
        }
    }
}
