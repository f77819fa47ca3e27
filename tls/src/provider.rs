//! The one provider of cryptography: named at every use, and installed for the libraries that ask for one.

use rustls::crypto::{CryptoProvider, ring};
use std::sync::{Arc, OnceLock};

/// The provider that every TLS of ours stands on.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static RING: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(RING.get_or_init(|| Arc::new(ring::default_provider())))
}

/// Makes it the process's own, for a library that names none (the KurrentDB client): where two are compiled
/// in, rustls chooses neither and panics at the first use.
pub fn install() {
    if CryptoProvider::get_default().is_none() {
        // Somebody else was first: theirs is as good, for whoever names none.
        drop(ring::default_provider().install_default());
    }
}
