//! Authorities and certificates for tests, with validity and names that each test chooses.

use crate::error::find_tls_error_text;
use crate::identity::IdentityFiles;
use crate::trust::{Fingerprint, Trust};
use domain::time::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::pki_types::ServerName;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A certificate authority of a test.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// The validity of a certificate, in calendar years: from the first to the second.
#[derive(Debug, Clone, Copy)]
pub struct Years(pub i32, pub i32);

/// A validity around the time of any test.
pub const NOW: Years = Years(2020, 2099);

impl Authority {
    /// Makes an authority with this name.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            pem,
            issuer: Issuer::new(params, key),
        }
    }

    /// Writes its own certificate to a file. Returns the path.
    pub fn write(&self, file: &Path) -> PathBuf {
        fs::write(file, &self.pem).unwrap();
        file.to_owned()
    }

    /// Issues a certificate for these hosts. Writes it and its key to two files of this folder.
    pub fn issue(&self, folder: &Path, hosts: &[&str], years: Years) -> IdentityFiles {
        let hosts: Vec<String> = hosts.iter().copied().map(str::to_owned).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        self.sign(&params, folder, "server")
    }

    /// Issues a certificate for a client with this name.
    pub fn issue_to(&self, folder: &Path, name: &str) -> IdentityFiles {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(NOW.0, 1, 1);
        params.not_after = date_time_ymd(NOW.1, 1, 1);
        self.sign(&params, folder, "client")
    }

    fn sign(&self, params: &CertificateParams, folder: &Path, file: &str) -> IdentityFiles {
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        let files = IdentityFiles {
            certificate: folder.join(format!("{file}.crt")),
            key: folder.join(format!("{file}.key")),
        };
        fs::write(&files.certificate, signed.pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }
}

/// Connects a client's stream with TLS. Returns the error's text if the handshake fails.
pub async fn connect<S>(
    stream: S,
    trust: Trust,
    host: &str,
    protocols: &[&[u8]],
) -> Result<TlsStream<S>, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = Arc::new(trust.config(protocols).unwrap());
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let connected = TlsConnector::from(config).connect(name, stream).await;
    connected.map_err(|error| find_tls_error_text(&error).unwrap_or_else(|| error.to_string()))
}

/// Returns the application protocol that was negotiated (ALPN).
pub fn agreed<S>(stream: &TlsStream<S>) -> String {
    let name = stream.get_ref().1.alpn_protocol().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

/// Returns the fingerprint of the other side's certificate.
pub fn shown<S>(stream: &TlsStream<S>) -> Fingerprint {
    let shown = stream.get_ref().1.peer_certificates();
    Fingerprint::of(shown.and_then(|all| all.first()).unwrap())
}

/// Returns a time at which certificates of `NOW` are valid: 2026-11-22.
pub fn noon() -> Timestamp {
    Timestamp::from_millis(1_795_305_600_000)
}
