//! Why a request got no response; the chain of causes is kept for callers that classify it.

use crate::resolver::ResolveError;
use hyper_util::client::legacy::Error;
use std::error::Error as AnyError;

/// A connection that was not ready within this number of milliseconds.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {0} ms")]
pub(crate) struct ConnectTimeout(pub(crate) u64);

/// Why there is no response to a request.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The URL has an IP address outside the public internet.
    #[error("{0}")]
    PrivateAddress(#[source] ResolveError),
    /// No connection, a failed TLS handshake, or a connection that broke before the response.
    #[error(transparent)]
    Connection(#[from] Error),
}

impl SendError {
    /// Returns true if no connection was made, so that the server has not received the request.
    pub fn is_connect(&self) -> bool {
        match self {
            Self::PrivateAddress(_) => true,
            Self::Connection(error) => error.is_connect(),
        }
    }

    /// Returns the text of the innermost cause, which says most.
    pub fn cause_text(&self) -> String {
        innermost_text(self)
    }
}

/// Returns the text of an error's innermost cause.
pub(crate) fn innermost_text(error: &(dyn AnyError + 'static)) -> String {
    let mut inner = error;
    while let Some(cause) = inner.source() {
        inner = cause;
    }
    inner.to_string()
}
