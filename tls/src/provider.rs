//! The one cryptography provider. It is named at every use, so that a second one in the same build cannot
//! make the choice ambiguous.

use rustls::crypto::{CryptoProvider, ring};
use std::sync::{Arc, OnceLock};

/// Returns the provider that all our TLS uses.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static RING: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(RING.get_or_init(|| Arc::new(ring::default_provider())))
}
