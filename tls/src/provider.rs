//! The one provider of cryptography, named at every use: a second one in the same build makes no choice
//! unclear.

use rustls::crypto::{CryptoProvider, ring};
use std::sync::{Arc, OnceLock};

/// The provider that every TLS of ours stands on.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static RING: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(RING.get_or_init(|| Arc::new(ring::default_provider())))
}
