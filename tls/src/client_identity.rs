//! A client certificate and its key, from two files, for servers that ask for one.
//!
//! The files are read again for each connection, so that a certificate valid for one day needs no restart. If
//! certificate and key do not match, the previous pair stays in use.

use crate::error::TlsError;
use crate::identity::{IdentityFiles, certified};
use crate::pem;
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use std::sync::{Arc, Mutex, PoisonError};

/// A client's certificate and key. The files are read at each connection; if they cannot be used, the last
/// valid pair is offered.
#[derive(Debug)]
pub struct ClientIdentity {
    files: IdentityFiles,
    shown: Mutex<Arc<CertifiedKey>>,
}

impl ClientIdentity {
    /// Reads both files and checks that they match. The server decides whether the certificate is
    /// valid today.
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
        // A key that cannot sign with a scheme of the server is not offered (RFC 8446, 4.4.2.3).
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
