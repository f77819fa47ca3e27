//! TLS for every door and every client of ours: what a server shows, whom a client trusts, and a stream that
//! has both on it (decision 0071).
//!
//! It opens no socket: whoever has one hands the stream in. One provider of cryptography (`ring`) is named
//! wherever TLS begins, so that a second one in the same build can never make the choice unclear. TLS 1.2 and
//! 1.3, nothing older. What it says of a failure names the file, or what was wrong with the other side's
//! certificate; never a key, a password or a URL.

mod accepted;
mod client;
mod client_identity;
mod error;
mod identity;
mod pem;
#[cfg(feature = "postgres")]
pub mod postgres;
mod provider;
#[cfg(any(test, feature = "testing"))]
#[expect(clippy::unwrap_used, reason = "what tests stand on")]
pub mod testing;
#[cfg(test)]
mod tests;
mod trust;
mod within;

pub use accepted::{Accepted, Acceptor};
pub use client::{SecureError, secure};
pub use client_identity::ClientIdentity;
pub use error::{TlsError, said};
pub use identity::{Identity, IdentityFiles, Look};
pub use trust::{Fingerprint, Trust};
pub use within::within;
