//! A server's certificate that the server signs itself, for installations without an authority
//! (`--tls-self-signed`).
//!
//! It is no authority: a client that installs it trusts this server only. Each one has a new key and a
//! serial number of its own, because browsers refuse two certificates of one issuer with equal numbers.

use crate::error::TlsError;
use crate::identity::{Identity, IdentityFiles};
use crate::pem;
use crate::trust::check_validity;
use domain::time::Timestamp;
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SerialNumber,
    date_time_ymd,
};
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;
use std::time::Duration;

/// Days for which a certificate is valid: the most that browsers accept of public ones (CA/Browser Forum,
/// baseline requirements 6.3.2, until March 2026).
const VALID_DAYS: u64 = 397;

/// Days before the issue at which the validity begins: clients with a clock that is behind accept it.
const BACKDATED_DAYS: u64 = 1;

/// Days before the end at which a new certificate is made.
const RENEWED_DAYS: u64 = 30;

const DAY_SECONDS: u64 = 86_400;

/// Longest common name of a certificate, in characters (RFC 5280, appendix A.1).
const COMMON_NAME_CHARS: usize = 64;

/// A certificate and its key, both PEM.
pub struct SelfSigned {
    pub certificate: String,
    pub key: String,
}

/// Makes a key and a certificate for these host names and addresses, valid from now on. Hosts that no
/// certificate can name are left out. Fails if none is left.
pub fn issue_self_signed(hosts: &[String], now: Timestamp) -> Result<SelfSigned, TlsError> {
    let failed = |error: rcgen::Error| TlsError::Asked(format!("no certificate can be made: {error}"));
    let hosts: Vec<String> = nameable(hosts).map(|(host, _)| host.to_owned()).collect();
    let Some(first) = hosts.first().cloned() else {
        return Err(TlsError::Asked(
            "no certificate can be made without a host".to_owned(),
        ));
    };
    let mut params = CertificateParams::new(hosts).map_err(failed)?;
    let seconds = u64::try_from(now.micros() / 1_000_000).unwrap_or_default();
    let at = |seconds: u64| date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
    params.not_before = at(seconds.saturating_sub(BACKDATED_DAYS * DAY_SECONDS));
    params.not_after = at(seconds.saturating_add(VALID_DAYS * DAY_SECONDS));
    params.serial_number = Some(SerialNumber::from(now.micros().to_be_bytes().to_vec()));
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let name: String = first.chars().take(COMMON_NAME_CHARS).collect();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
        .distinguished_name
        .push(DnType::OrganizationName, "ledgerline self-signed");
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = params.self_signed(&key).map_err(failed)?;
    Ok(SelfSigned {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}

/// Returns true if the files hold a certificate with its key that names all these hosts and is still valid
/// in `RENEWED_DAYS`.
pub fn is_self_signed_current(files: &IdentityFiles, hosts: &[String], now: Timestamp) -> bool {
    let renewal = now.plus(Duration::from_secs(RENEWED_DAYS * DAY_SECONDS));
    let chain = pem::read(&files.certificate).and_then(|bytes| pem::certificates(&files.certificate, &bytes));
    let Some(own) = chain.ok().and_then(|chain| chain.into_iter().next()) else {
        return false;
    };
    let Ok(parsed) = ParsedCertificate::try_from(&own) else {
        return false;
    };
    check_validity(&own, renewal).is_ok()
        && nameable(hosts).all(|(_, name)| verify_server_name(&parsed, &name).is_ok())
        && Identity::load(files.clone(), now).is_ok()
}

/// Returns the hosts that a certificate can name.
fn nameable(hosts: &[String]) -> impl Iterator<Item = (&str, ServerName<'_>)> {
    hosts.iter().filter_map(|host| {
        let name = ServerName::try_from(host.as_str()).ok()?;
        Some((host.as_str(), name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noon;
    use crate::tests::meet;
    use crate::trust::Trust;
    use std::fs;
    use std::path::Path;

    fn hosts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn written(folder: &Path, names: &[&str], now: Timestamp) -> IdentityFiles {
        let made = issue_self_signed(&hosts(names), now).unwrap();
        let files = IdentityFiles {
            certificate: folder.join("own.crt"),
            key: folder.join("own.key"),
        };
        fs::write(&files.certificate, made.certificate).unwrap();
        fs::write(&files.key, made.key).unwrap();
        files
    }

    fn days(count: u64) -> Duration {
        Duration::from_secs(count * DAY_SECONDS)
    }

    #[test]
    fn it_is_current_for_its_hosts_until_a_month_before_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "calls.example.com",
            "dialer",
            "192.0.2.1",
            "2001:db8::1",
            "127.0.0.1",
        ];
        let files = written(folder.path(), &names, noon());
        let is_current = |names: &[&str], at| is_self_signed_current(&files, &hosts(names), at);
        assert!(is_current(&names, noon()));
        assert!(is_current(
            &["dialer"],
            noon().plus(days(VALID_DAYS - RENEWED_DAYS - 1))
        ));
        assert!(!is_current(
            &["dialer"],
            noon().plus(days(VALID_DAYS - RENEWED_DAYS + 1))
        ));
        assert!(!is_current(&["dialer", "192.0.2.2"], noon()));
        assert!(!is_current(&["other"], noon()));
        // No certificate can name it, so none has to.
        assert!(is_current(&["dialer", "my host"], noon()));
        let other = written(folder.path(), &names, noon().plus(days(1)));
        fs::write(&other.key, issue_self_signed(&hosts(&names), noon()).unwrap().key).unwrap();
        assert!(
            !is_self_signed_current(&other, &hosts(&names), noon()),
            "the key of another one"
        );
        fs::remove_file(&other.certificate).unwrap();
        assert!(!is_self_signed_current(&other, &hosts(&names), noon()));
        assert!(issue_self_signed(&hosts(&["", "my host"]), noon()).is_err());
    }

    #[tokio::test]
    async fn a_client_that_has_its_file_trusts_it_for_its_hosts_only() {
        let folder = tempfile::tempdir().unwrap();
        let files = written(folder.path(), &["dialer", "127.0.0.1"], noon());
        let identity = Identity::load(files.clone(), noon()).unwrap();
        for (host, is_trusted) in [("dialer", true), ("127.0.0.1", true), ("other", false)] {
            let trust = Trust::of_file(&files.certificate).unwrap();
            let met = meet(&identity, trust, host).await;
            assert_eq!(met.is_ok(), is_trusted, "{host}: {met:?}");
        }
    }
}
