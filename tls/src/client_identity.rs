//! What a client shows of itself where a server asks for it: a certificate and its key from two files.
//!
//! They are read anew for each connection, so that a certificate which lives for a day needs no restart. A
//! pair that does not fit changes nothing: what was shown before goes on being shown.

use crate::error::TlsError;
use crate::identity::{IdentityFiles, certified};
use crate::pem;
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use std::sync::{Arc, Mutex, PoisonError};

/// A client's certificate as it stood when it was shown last.
#[derive(Debug)]
pub struct ClientIdentity {
    files: IdentityFiles,
    shown: Mutex<Arc<CertifiedKey>>,
}

impl ClientIdentity {
    /// Reads both files and holds them against each other; whether they are good today the server says.
    pub fn load(files: IdentityFiles) -> Result<Arc<Self>, TlsError> {
        let shown = Mutex::new(Arc::new(read(&files)?));
        Ok(Arc::new(Self { files, shown }))
    }

    fn now(&self) -> Arc<CertifiedKey> {
        let found = read(&self.files);
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(found) = found {
            *shown = Arc::new(found);
        }
        Arc::clone(&shown)
    }
}

impl ResolvesClientCert for ClientIdentity {
    fn resolve(&self, _authorities: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let shown = self.now();
        // One that cannot sign as the server asks is not shown at all (RFC 8446, 4.4.2.3).
        shown.key.choose_scheme(schemes).is_some().then_some(shown)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn read(files: &IdentityFiles) -> Result<CertifiedKey, TlsError> {
    let certificate = pem::read(&files.certificate)?;
    let key = pem::read(&files.key)?;
    certified(files, pem::certificates(&files.certificate, &certificate)?, &key)
}
