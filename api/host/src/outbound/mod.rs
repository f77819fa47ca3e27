//! Whom we call: our own server, on behalf of the command line, witnesses of the log, a time
//! stamp authority, an identity provider, and a clock (NTP).

pub mod api_client;
pub mod courier;
pub mod https;
pub mod messenger;
pub mod ntp;
pub mod number_checker;
pub mod oidc;
pub mod own_server;
#[cfg(any(test, feature = "testing"))]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what tests stand on")]
pub mod testing;
pub mod tsa;
pub mod witness;
