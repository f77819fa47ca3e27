//! TLS for all our servers and clients: a server's certificate, a client's trusted certificates, and streams
//! with TLS (decision 0071).
//!
//! This crate opens no socket: callers pass streams in. One cryptography provider (`ring`) is named wherever
//! TLS begins, so that a second one in the same build cannot make the choice ambiguous. TLS 1.2 and 1.3
//! only. Errors name the file, or what is wrong with the other side's certificate; never a key, a password
//! or a URL.

mod accepted_stream;
mod client;
mod client_identity;
mod deadline;
mod error;
mod identity;
mod pem;
#[cfg(feature = "postgres")]
pub mod postgres;
mod provider;
mod self_signed;
#[cfg(any(test, feature = "testing"))]
#[expect(clippy::unwrap_used, reason = "what tests stand on")]
pub mod testing;
#[cfg(test)]
mod tests;
mod trust;

pub use accepted_stream::{AcceptedStream, Acceptor};
pub use client::{SecureError, secure};
pub use client_identity::ClientIdentity;
pub use deadline::with_deadline;
pub use error::{TlsError, find_tls_error_text};
pub use identity::{Identity, IdentityFiles, ReloadOutcome};
pub use self_signed::{SelfSigned, is_self_signed_current, issue_self_signed};
pub use trust::{Fingerprint, Trust};
