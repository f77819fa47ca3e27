//! The certificates that a client trusts: those of authorities, single ones, or any.

use crate::client_identity::ClientIdentity;
use crate::error::{TlsError, words};
use crate::identity::Identity;
use crate::pem;
use crate::provider::provider;
use domain::hex;
use domain::time::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use std::fmt;
use std::net::Ipv4Addr;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// 9999-12-31T23:59:59Z, with which a certificate states that it does not expire (RFC 5280, 4.1.2.5).
const LAST_SECOND: u64 = 253_402_300_799;

/// The SHA-256 of a certificate. Its text form has 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Returns the fingerprint of a certificate in DER.
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl FromStr for Fingerprint {
    type Err = TlsError;

    fn from_str(text: &str) -> Result<Self, TlsError> {
        let wrong = || TlsError::Asked("a certificate's fingerprint is 64 hexadecimal digits".to_owned());
        hex::decode(text).map(Self).ok_or_else(wrong)
    }
}

/// A client's rule for accepting a server's certificate.
#[derive(Debug, Clone)]
pub struct Trust {
    checks: Checks,
    authorities: RootCertStore,
    /// Fingerprints of the certificates in the trusted file. A server that uses one of them as its own is
    /// also accepted: a self-signed certificate is its own authority.
    named: Vec<Fingerprint>,
    /// A single certificate that is accepted in addition, for every host name.
    own: Option<Fingerprint>,
}

/// What is checked of a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Checks {
    Nothing,
    Authority,
    AuthorityAndName,
}

impl Trust {
    fn new(checks: Checks) -> Self {
        Self {
            checks,
            authorities: RootCertStore::empty(),
            named: Vec::new(),
            own: None,
        }
    }

    /// Trusts the certificate authorities of the operating system, and compares the host name. Fails if
    /// there are none.
    pub fn of_system() -> Result<Self, TlsError> {
        let found = rustls_native_certs::load_native_certs();
        let mut trust = Self::new(Checks::AuthorityAndName);
        let (added, _unfit) = trust.authorities.add_parsable_certificates(found.certs);
        if added == 0 {
            let first = found.errors.first().map(ToString::to_string);
            return Err(TlsError::NoAuthorities(
                first.unwrap_or_else(|| "it has none".to_owned()),
            ));
        }
        Ok(trust)
    }

    /// Trusts only the certificates in a PEM file, as authorities, and compares the host name. Fails if one
    /// of them cannot be read.
    pub fn of_file(file: &Path) -> Result<Self, TlsError> {
        let mut trust = Self::new(Checks::AuthorityAndName);
        for certificate in pem::certificates(file, &pem::read(file)?)? {
            trust.named.push(Fingerprint::of(&certificate));
            let added = trust.authorities.add(certificate);
            added.map_err(|error| TlsError::file(file, format!("one of its certificates: {error}")))?;
        }
        Ok(trust)
    }

    /// Trusts no certificate. `or_certificate` adds one.
    pub fn none() -> Self {
        Self::new(Checks::AuthorityAndName)
    }

    /// Also trusts the certificate with this fingerprint, for every host name. A second call replaces the
    /// first one's certificate.
    #[must_use]
    pub fn or_certificate(self, own: Fingerprint) -> Self {
        Self {
            own: Some(own),
            ..self
        }
    }

    /// Trusts every certificate: protects against eavesdropping, but not against a man in the middle.
    pub fn of_any_certificate() -> Self {
        Self::new(Checks::Nothing)
    }

    /// Keeps the check of the authority, but does not compare the certificate's name with the host.
    #[must_use]
    pub fn of_any_name(self) -> Self {
        Self {
            checks: Checks::Authority,
            ..self
        }
    }

    /// Returns an error with the reason if this rule does not accept a server's current certificate at
    /// `now`; the host name is not compared.
    pub fn takes(&self, server: &Identity, now: Timestamp) -> Result<(), TlsError> {
        let chain = server.chain();
        let (own, between) = chain
            .split_first()
            .ok_or_else(|| TlsError::Asked("it shows nothing".to_owned()))?;
        let verifier = Verifier {
            trust: self.clone().of_any_name(),
            algorithms: provider().signature_verification_algorithms,
        };
        let host = ServerName::IpAddress(Ipv4Addr::LOCALHOST.into());
        let found = verifier.check(own, between, &host, unix_time(now));
        found.map_err(|error| TlsError::Handshake(words(&error)))
    }

    /// Returns a client configuration with this rule; `protocols` as in `Identity::acceptor`.
    pub fn config(self, protocols: &[&[u8]]) -> Result<ClientConfig, TlsError> {
        self.config_showing(protocols, None)
    }

    /// Returns a client configuration that also offers a client certificate, if the server asks for one.
    pub fn config_showing(
        self,
        protocols: &[&[u8]],
        own: Option<Arc<ClientIdentity>>,
    ) -> Result<ClientConfig, TlsError> {
        let provider = provider();
        let verifier = Verifier {
            trust: self,
            algorithms: provider.signature_verification_algorithms,
        };
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let begun = versions
            .map_err(|error| TlsError::Asked(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match own {
            Some(own) => begun.with_client_cert_resolver(own),
            None => begun.with_no_client_auth(),
        };
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }
}

/// Returns an error unless `now` is within the certificate's validity. The issuer is not checked.
pub(crate) fn check_validity(
    certificate: &CertificateDer<'_>,
    now: Timestamp,
) -> Result<(), CertificateError> {
    valid_at(certificate, unix_time(now))
}

/// Returns the end of a certificate's validity; `None` if it cannot be read. rustls states it when it refuses
/// the certificate as expired, here at the last time that a certificate can name (RFC 5280, 4.1.2.5).
pub(crate) fn find_expiry(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let last = UnixTime::since_unix_epoch(Duration::from_secs(LAST_SECOND));
    match valid_at(certificate, last) {
        Err(CertificateError::ExpiredContext { not_after, .. }) => {
            let seconds = i64::try_from(not_after.as_secs()).ok()?;
            Some(Timestamp::from_micros(seconds.saturating_mul(1_000_000)))
        }
        Ok(()) | Err(_) => None,
    }
}

fn unix_time(now: Timestamp) -> UnixTime {
    let seconds = u64::try_from(now.micros() / 1_000_000).unwrap_or_default();
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// Returns an error if the certificate is expired, not yet valid or not readable. It verifies against no
/// authority: rustls makes these checks before it searches one.
fn valid_at(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), CertificateError> {
    let none = RootCertStore::empty();
    let all = provider().signature_verification_algorithms.all;
    let parsed = ParsedCertificate::try_from(certificate).map_err(|_shown| CertificateError::BadEncoding)?;
    match verify_server_cert_signed_by_trust_anchor(&parsed, &none, &[], now, all) {
        Err(Error::InvalidCertificate(
            why @ (CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
            | CertificateError::BadEncoding),
        )) => Err(why),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn check(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let trust = &self.trust;
        let fingerprint = Fingerprint::of(shown);
        if trust.checks == Checks::Nothing || trust.own == Some(fingerprint) {
            return Ok(());
        }
        let parsed = ParsedCertificate::try_from(shown)?;
        if trust.named.contains(&fingerprint) {
            valid_at(shown, now).map_err(Error::InvalidCertificate)?;
        } else {
            let all = self.algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&parsed, &trust.authorities, between, now, all)?;
        }
        if trust.checks == Checks::AuthorityAndName {
            verify_server_name(&parsed, host)?;
        }
        Ok(())
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity, intermediates, server_name, now)?;
        Ok(ServerCertVerified::assertion())
    }

    /// Verifies the handshake's signature, under every rule: the other side must have the certificate's
    /// key.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
