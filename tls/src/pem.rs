//! Reads certificates and keys from files in PEM format (RFC 7468).

use crate::error::TlsError;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The most bytes of a PEM file; a larger file is refused. All authorities of a system take a quarter of
/// it.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Reads a file. Fails if it is too large for a certificate or key.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    let opened = File::open(file).and_then(|open| open.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
    match opened {
        Err(error) => Err(TlsError::file(file, error.to_string())),
        Ok(_) if bytes.len() as u64 > FILE_BYTES_MAX => Err(TlsError::file(file, "it is too large for PEM")),
        Ok(_) => Ok(bytes),
    }
}

/// Returns all certificates of a PEM text, in their order. Fails if there is none, or if the text is not
/// PEM.
pub(crate) fn certificates(file: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, PemError> = CertificateDer::pem_slice_iter(pem).collect();
    match all {
        Ok(all) if all.is_empty() => Err(TlsError::file(file, "it holds no certificate in PEM")),
        Ok(all) => Ok(all),
        Err(error) => Err(TlsError::file(file, format!("it is not PEM: {error}"))),
    }
}

/// Returns the first private key of a PEM text. Fails if there is none, or if it is encrypted with a
/// password.
pub(crate) fn key(file: &Path, pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        PemError::NoItemsFound => TlsError::file(
            file,
            "it holds no private key in PEM (one with a password has to be opened first)",
        ),
        other => TlsError::file(file, format!("it is not PEM: {other}")),
    })
}
