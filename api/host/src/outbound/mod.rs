//! Clients of other services: our own server (for the command line), witnesses of the log, a timestamping
//! authority, an identity provider, webhooks, mail and NTP servers, a collector of spans.

pub mod api_client;
pub mod courier;
pub mod messenger;
pub mod ntp;
pub mod number_checker;
pub mod oidc;
pub mod server_locator;
#[cfg(any(test, feature = "testing"))]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what tests stand on")]
pub mod testing;
pub mod trace_exporter;
pub mod tsa;
pub mod witness;
