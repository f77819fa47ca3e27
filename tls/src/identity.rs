//! A server's certificate and key, from two files that are read again while the server runs.
//!
//! A certificate that clients would reject (expired, not yet valid, or of another key) is refused at the
//! start. Later, an invalid new file changes nothing: the previous certificate stays in use.

use crate::accepted_stream::Acceptor;
use crate::error::{TlsError, of_certificate};
use crate::pem;
use crate::provider::provider;
use crate::trust::{Fingerprint, check_validity, find_expiry};
use domain::time::Timestamp;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, InconsistentKeys, ServerConfig};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// The paths of a server's certificate and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFiles {
    /// PEM file: the server's certificate first, then the intermediate certificates up to its authority.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// A server's certificate and key. Each new connection uses the last valid pair that was read from the
/// files.
#[derive(Debug)]
pub struct Identity {
    files: IdentityFiles,
    shown: RwLock<ServedCertificate>,
    seen: Mutex<FilesState>,
}

#[derive(Debug, Clone)]
struct ServedCertificate {
    certified: Arc<CertifiedKey>,
    fingerprint: Fingerprint,
}

/// The state of the files when they were last read.
#[derive(Debug, Default)]
struct FilesState {
    digest: [u8; 32],
    doubt: FilesDoubt,
}

/// Whether the content of the files can be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum FilesDoubt {
    #[default]
    None,
    /// The content could not be used when it was first read. It is not reported yet.
    Once,
    /// The content could not be used when it was read a second time, and this was reported.
    Said,
}

/// The result of reading the files again.
#[derive(Debug)]
pub enum ReloadOutcome {
    /// The files are unchanged, or a fault is not yet reported.
    Same,
    /// The files hold another valid certificate, which new connections use.
    Renewed(Fingerprint),
    /// The files cannot be used; the previous certificate stays in use. Reported once.
    Broken(TlsError),
}

impl Identity {
    /// Reads both files. Fails if they do not match each other, or if the certificate is not valid at `now`.
    pub fn load(files: IdentityFiles, now: Timestamp) -> Result<Arc<Self>, TlsError> {
        let (shown, digest) = read(&files, now).map_err(|(error, _)| error)?;
        Ok(Arc::new(Self {
            files,
            shown: RwLock::new(shown),
            seen: Mutex::new(FilesState {
                digest,
                doubt: FilesDoubt::None,
            }),
        }))
    }

    /// Returns the SHA-256 of the current certificate.
    pub fn fingerprint(&self) -> Fingerprint {
        self.shown().fingerprint
    }

    /// Returns when the current certificate expires; `None` if it does not say.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let shown = self.shown();
        shown.certified.cert.first().and_then(find_expiry)
    }

    /// Returns the current certificate, followed by its intermediate certificates.
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.shown().certified.cert.clone()
    }

    /// Reads the files again and uses a new valid pair from then on. The two files are not replaced at the
    /// same instant, so a pair that cannot be used is reported as `Broken` only when it is found unchanged
    /// a second time, and only once.
    pub fn look(&self, now: Timestamp) -> ReloadOutcome {
        let found = read(&self.files, now);
        let digest = match &found {
            Ok((_, digest)) | Err((_, digest)) => *digest,
        };
        let mut seen = self.seen();
        let is_same = seen.digest == digest;
        let doubt = if is_same { seen.doubt } else { FilesDoubt::None };
        if is_same && doubt == FilesDoubt::None {
            return ReloadOutcome::Same;
        }
        let (doubt, look) = match found {
            // This also covers a certificate that was not yet valid when it appeared.
            Ok((shown, _)) => {
                let fingerprint = shown.fingerprint;
                *self.shown.write().unwrap_or_else(PoisonError::into_inner) = shown;
                (FilesDoubt::None, ReloadOutcome::Renewed(fingerprint))
            }
            Err((error, _)) => match doubt {
                FilesDoubt::None => (FilesDoubt::Once, ReloadOutcome::Same),
                FilesDoubt::Once => (FilesDoubt::Said, ReloadOutcome::Broken(error)),
                FilesDoubt::Said => (FilesDoubt::Said, ReloadOutcome::Same),
            },
        };
        *seen = FilesState { digest, doubt };
        look
    }

    /// Returns an acceptor that adds TLS to accepted streams. `protocols` are those that may be negotiated,
    /// by preference (ALPN, RFC 7301).
    pub fn acceptor(self: &Arc<Self>, protocols: &[&[u8]]) -> Result<Acceptor, TlsError> {
        let shown: Arc<dyn ResolvesServerCert> = Arc::clone(self) as _;
        let versions = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let unfit = |error: Error| TlsError::Asked(error.to_string());
        let mut config = versions
            .map_err(unfit)?
            .with_no_client_auth()
            .with_cert_resolver(shown);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(Acceptor::new(config))
    }

    fn shown(&self) -> ServedCertificate {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn seen(&self) -> MutexGuard<'_, FilesState> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown().certified)
    }
}

/// Reads the certificate and the key, and checks them at `now`. Returns the SHA-256 of both files' bytes in
/// either case, so that a changed file is noticed also after an error.
fn read(
    files: &IdentityFiles,
    now: Timestamp,
) -> Result<(ServedCertificate, [u8; 32]), (TlsError, [u8; 32])> {
    let (certificate, key) = (pem::read(&files.certificate), pem::read(&files.key));
    let mut digest = Sha256::new();
    for bytes in [&certificate, &key] {
        // For a file that cannot be read, the error text takes the place of its bytes.
        match bytes {
            Ok(bytes) => digest.update(Sha256::digest(bytes)),
            Err(error) => digest.update(Sha256::digest(error.to_string())),
        }
    }
    let digest: [u8; 32] = digest.finalize().into();
    match fit(files, certificate, key, now) {
        Ok(shown) => Ok((shown, digest)),
        Err(error) => Err((error, digest)),
    }
}

fn fit(
    files: &IdentityFiles,
    certificate: Result<Vec<u8>, TlsError>,
    key: Result<Vec<u8>, TlsError>,
    now: Timestamp,
) -> Result<ServedCertificate, TlsError> {
    let chain = pem::certificates(&files.certificate, &certificate?)?;
    let key = key?;
    let own = chain
        .first()
        .cloned()
        .ok_or_else(|| TlsError::file(&files.certificate, "it holds no certificate in PEM"))?;
    check_own(files, &own, now)?;
    let certified = certified(files, chain, &key)?;
    Ok(ServedCertificate {
        certified: Arc::new(certified),
        fingerprint: Fingerprint::of(&own),
    })
}

/// Combines a certificate chain with the private key of its first certificate. Fails if the key cannot sign
/// or belongs to another certificate.
pub(crate) fn certified(
    files: &IdentityFiles,
    chain: Vec<CertificateDer<'static>>,
    key: &[u8],
) -> Result<CertifiedKey, TlsError> {
    let key_der = pem::key(&files.key, key)?;
    let provider: Arc<CryptoProvider> = provider();
    let signing = provider.key_provider.load_private_key(key_der).map_err(|error| {
        TlsError::file(&files.key, format!("it holds no key that can sign here: {error}"))
    })?;
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        // A key with an unknown public half cannot be compared, and is accepted.
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(Error::InconsistentKeys(_)) => Err(TlsError::file(
            &files.key,
            format!(
                "the key is not that of the certificate in {}",
                files.certificate.display()
            ),
        )),
        Err(error) => Err(TlsError::file(&files.certificate, error.to_string())),
    }
}

/// Returns an error unless `now` is within the validity of the server's own certificate.
fn check_own(files: &IdentityFiles, own: &CertificateDer<'_>, now: Timestamp) -> Result<(), TlsError> {
    check_validity(own, now).map_err(|error| {
        let why = match &error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("the certificate has expired ({error})")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                format!("the certificate is not valid yet ({error})")
            }
            other => of_certificate(other),
        };
        TlsError::file(&files.certificate, why)
    })
}
