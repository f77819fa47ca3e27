//! Tests of certificates: valid, of another authority or host, expired, not yet valid, and replaced.

use crate::identity::{Identity, IdentityFiles, ReloadOutcome};
use crate::pem;
use crate::provider::provider;
use crate::testing::{Authority, NOW, Years, agreed, connect, noon, shown};
use crate::{AcceptedStream, ClientIdentity, Fingerprint, TlsError, Trust, postgres};
use rustls::client::ResolvesClientCert;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SignatureScheme};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_rustls::TlsAcceptor;

/// Makes a client's handshake with a server that echoes one byte. Returns the server's fingerprint, or the
/// client's error.
pub(crate) async fn meet(identity: &Arc<Identity>, trust: Trust, host: &str) -> Result<Fingerprint, String> {
    let (near, far): (DuplexStream, DuplexStream) = tokio::io::duplex(16 * 1024);
    let mut accepted = AcceptedStream::new(far, Some(&identity.acceptor(&[b"h2"]).unwrap()));
    let serving = async move {
        let mut byte = [0];
        if accepted.read_exact(&mut byte).await.is_ok() {
            accepted.write_all(&byte).await.unwrap();
            accepted.flush().await.unwrap();
        }
    };
    let asking = async move {
        let mut stream = connect(near, trust, host, &[b"h2"]).await?;
        stream.write_all(b"x").await.unwrap();
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        assert_eq!(agreed(&stream), "h2");
        Ok(shown(&stream))
    };
    tokio::join!(serving, asking).1
}

fn identity(authority: &Authority, folder: &Path, hosts: &[&str]) -> Arc<Identity> {
    Identity::load(authority.issue(folder, hosts, NOW), noon()).unwrap()
}

/// Suites with forward secrecy and an authenticated cipher: those that RFC 9325 recommends, and the three of
/// TLS 1.3 (RFC 8446).
#[test]
fn only_recommended_cipher_suites_are_offered_and_taken() {
    let offered: Vec<String> = provider()
        .cipher_suites
        .iter()
        .map(|suite| format!("{:?}", suite.suite()))
        .collect();
    let expected = [
        "TLS13_AES_256_GCM_SHA384",
        "TLS13_AES_128_GCM_SHA256",
        "TLS13_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ];
    assert_eq!(offered, expected);
    let groups: Vec<String> = provider()
        .kx_groups
        .iter()
        .map(|group| format!("{:?}", group.name()))
        .collect();
    assert_eq!(groups, ["X25519", "secp256r1", "secp384r1"]);
}

#[tokio::test]
async fn a_right_authority_and_host_are_taken_and_wrong_ones_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, others) = (Authority::new("ours"), Authority::new("another"));
    let own = identity(&ours, folder.path(), &["dialer.example.com", "127.0.0.1"]);
    let file = ours.write(&folder.path().join("ca.crt"));
    let trust = || Trust::of_file(&file).unwrap();
    for host in ["dialer.example.com", "127.0.0.1"] {
        assert_eq!(meet(&own, trust(), host).await, Ok(own.fingerprint()), "{host}");
    }
    let said = meet(&own, trust(), "other.example.com").await.unwrap_err();
    assert!(
        said.contains("another host") && said.contains("dialer.example.com"),
        "{said}"
    );
    assert!(
        meet(&own, trust().of_any_name(), "other.example.com")
            .await
            .is_ok()
    );
    let theirs = Trust::of_file(&others.write(&folder.path().join("other.crt"))).unwrap();
    for trust in [theirs.clone(), theirs.of_any_name()] {
        let said = meet(&own, trust, "dialer.example.com").await.unwrap_err();
        assert!(said.contains("no authority that is trusted here"), "{said}");
    }
    assert!(
        meet(&own, Trust::of_any_certificate(), "other.example.com")
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_certificate_may_be_trusted_by_its_fingerprint_or_as_its_own_authority() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new("ours");
    let own = identity(&ours, folder.path(), &["dialer.example.com"]);
    let written: Fingerprint = own.fingerprint().to_string().parse().unwrap();
    let pinned = Trust::none().or_certificate(written);
    assert!(meet(&own, pinned.clone(), "127.0.0.1").await.is_ok());
    let file = folder.path().join("server.crt");
    let exact = Trust::of_file(&file).unwrap();
    assert!(meet(&own, exact.clone(), "dialer.example.com").await.is_ok());
    assert!(meet(&own, exact, "127.0.0.1").await.is_err());
    let another = identity(&ours, folder.path(), &["dialer.example.com"]);
    assert!(meet(&another, pinned, "dialer.example.com").await.is_err());
    for wrong in ["", "00", &"g".repeat(64), &"é".repeat(32)] {
        assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
    }
}

#[test]
fn an_unacceptable_identity_is_refused_at_start_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new("ours");
    let refused = |files: &IdentityFiles| {
        let error = Identity::load(files.clone(), noon()).unwrap_err();
        let TlsError::File { file, why } = error else {
            panic!("{error}")
        };
        (file, why)
    };
    let expired = ours.issue(folder.path(), &["a.example.com"], Years(2020, 2025));
    let (file, why) = refused(&expired);
    assert!(file == expired.certificate && why.contains("expired"), "{why}");
    let early = ours.issue(folder.path(), &["a.example.com"], Years(2030, 2035));
    let (file, why) = refused(&early);
    assert!(
        file == early.certificate && why.contains("not valid yet"),
        "{why}"
    );
    let good = ours.issue(folder.path(), &["a.example.com"], NOW);
    let beside = folder.path().join("beside");
    fs::create_dir(&beside).unwrap();
    let other = ours.issue(&beside, &["a.example.com"], NOW);
    let (file, why) = refused(&IdentityFiles {
        key: other.key.clone(),
        ..good.clone()
    });
    assert!(file == other.key && why.contains("not that of"), "{why}");
    let (file, _) = refused(&IdentityFiles {
        key: good.certificate.clone(),
        ..good.clone()
    });
    assert_eq!(file, good.certificate);
    let (file, why) = refused(&IdentityFiles {
        certificate: good.key.clone(),
        ..good.clone()
    });
    assert!(file == good.key && why.contains("no certificate"), "{why}");
    let (file, _) = refused(&IdentityFiles {
        certificate: folder.path().join("absent"),
        ..good
    });
    assert_eq!(file, folder.path().join("absent"));
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new("ours");
    let own = identity(&ours, folder.path(), &["a.example.com"]);
    let first = own.fingerprint();
    assert!(matches!(own.look(noon()), ReloadOutcome::Same));
    let files = ours.issue(folder.path(), &["a.example.com"], NOW);
    let ReloadOutcome::Renewed(second) = own.look(noon()) else {
        panic!("it was not renewed")
    };
    assert_ne!(first, second);
    assert_eq!(
        meet(&own, Trust::of_any_certificate(), "a.example.com").await,
        Ok(second)
    );
    assert!(matches!(own.look(noon()), ReloadOutcome::Same));
    fs::write(&files.key, "half a k").unwrap();
    // A single look is no proof: the other file may be about to follow.
    assert!(matches!(own.look(noon()), ReloadOutcome::Same));
    let ReloadOutcome::Broken(error) = own.look(noon()) else {
        panic!("it was not seen")
    };
    assert!(error.to_string().contains("server.key"), "{error}");
    assert!(
        matches!(own.look(noon()), ReloadOutcome::Same),
        "it is reported once"
    );
    assert_eq!(own.fingerprint(), second);
    ours.issue(folder.path(), &["a.example.com"], NOW);
    assert!(matches!(own.look(noon()), ReloadOutcome::Renewed(_)));
}

#[tokio::test]
async fn who_does_not_speak_tls_is_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let own = identity(&Authority::new("ours"), folder.path(), &["a.example.com"]);
    let (mut near, far) = tokio::io::duplex(1024);
    let mut accepted = AcceptedStream::new(far, Some(&own.acceptor(&[]).unwrap()));
    assert!(accepted.is_greeting() && accepted.stream().is_some());
    near.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(accepted.read_u8().await.is_err());
    assert!(accepted.read_u8().await.is_err() && accepted.stream().is_none());
    let (mut near, far) = tokio::io::duplex(1024);
    near.write_all(b"x").await.unwrap();
    assert_eq!(AcceptedStream::new(far, None).read_u8().await.unwrap(), b'x');
}

#[test]
fn a_url_says_which_certificates_to_trust_and_no_password_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = Authority::new("ours").write(&folder.path().join("ca.crt"));
    let named = file.display().to_string().replace('/', "%2F");
    let read = |query: &str| postgres::read(&format!("postgres://u:p?s3cret@db.example.com/log{query}"));
    let url = |query: &str| read(query).map(|read| read.url);
    for plain in ["", "?sslmode=disable", "?sslmode=disable&sslrootcert=x"] {
        assert!(url(plain).unwrap().ends_with("/log?sslmode=disable"), "{plain}");
    }
    for secured in [
        "?sslmode=require".to_owned(),
        format!("?sslmode=require&sslrootcert={named}"),
        format!("?sslrootcert={named}&sslmode=verify-ca"),
        format!("?sslmode=verify-full&sslrootcert={}", file.display()),
    ] {
        let url = url(&secured).unwrap();
        assert!(url.ends_with("/log?sslmode=require"), "{secured}");
    }
    assert!(
        url("?application_name=a&sslmode=require&connect_timeout=3")
            .unwrap()
            .ends_with("/log?application_name=a&connect_timeout=3&sslmode=require")
    );
    for wrong in [
        "?sslmode=prefer",
        "?sslmode=allow",
        "?sslmode=sometimes",
        "?sslrootcert=x",
        "?sslmode=verify-full&sslrootcert=%2Fabsent.crt",
        "?sslmode=%FF",
        "?sslmode=require&sslcert=x",
        "?sslmode=require&sslkey=x",
        "?sslmode=require&sslcert=%2Fabsent.crt&sslkey=%2Fabsent.key",
    ] {
        let Err(error) = read(wrong) else {
            panic!("{wrong} was read")
        };
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

/// Makes a handshake with a server that requires a client certificate of the authority in `authorities`.
/// Returns the fingerprint of the one it received.
async fn shown_by(url: &str, server: &Arc<Identity>, authorities: &Path) -> Result<Fingerprint, String> {
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(authorities, &pem::read(authorities).unwrap()).unwrap() {
        roots.add(certificate).unwrap();
    }
    let demanding = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(demanding.build().unwrap())
        .with_cert_resolver(Arc::clone(server) as _);
    let (near, far) = tokio::io::duplex(16 * 1024);
    let mut connector = postgres::read(url).unwrap().connector;
    let to_host = MakeTlsConnect::<DuplexStream>::make_tls_connect(&mut connector, "db.example.com").unwrap();
    let asking = async move {
        let mut stream = to_host.connect(near).await.map_err(|error| error.to_string())?;
        stream.write_all(b"x").await.map_err(|error| error.to_string())?;
        stream.flush().await.map_err(|error| error.to_string())?;
        // The stream is kept until the server is done, which sends messages after the handshake (RFC
        // 8446, 4.6.1).
        Ok::<_, String>(stream)
    };
    let accepting = async move {
        let accepted = TlsAcceptor::from(Arc::new(config)).accept(far).await;
        let mut stream = accepted.map_err(|error| error.to_string())?;
        stream.read_u8().await.map_err(|error| error.to_string())?;
        let shown = stream.get_ref().1.peer_certificates();
        Ok(Fingerprint::of(shown.and_then(|all| all.first()).unwrap()))
    };
    let (asked, accepted) = tokio::join!(asking, accepting);
    drop(asked);
    accepted
}

#[tokio::test]
async fn a_client_shows_the_certificate_that_its_files_hold_now() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [own, ours, strange] = folders.each_ref().map(tempfile::TempDir::path);
    let authority = Authority::new("ours");
    let server = identity(&authority, own, &["db.example.com"]);
    let trusted = authority.write(&own.join("ca.crt"));
    let with = |folder: &Path| {
        let (ca, at) = (trusted.display(), folder.display());
        format!(
            "postgres://u@db.example.com/log?sslmode=verify-full&sslrootcert={ca}&sslcert={at}/server.crt\
             &sslkey={at}/server.key"
        )
    };
    let files = authority.issue(ours, &["ledgerline"], NOW);
    let first = shown_by(&with(ours), &server, &trusted).await.unwrap();
    let held = postgres::read(&with(ours)).unwrap();
    assert!(held.url.ends_with("/log?sslmode=require"), "{}", held.url);
    authority.issue(ours, &["ledgerline"], NOW);
    let second = shown_by(&with(ours), &server, &trusted).await.unwrap();
    assert_ne!(first, second);
    Authority::new("another").issue(strange, &["ledgerline"], NOW);
    for refused in [
        with(strange),
        with(ours).replace("&sslcert", "&x").replace("&sslkey", "&y"),
    ] {
        assert!(shown_by(&refused, &server, &trusted).await.is_err(), "{refused}");
    }
    let unfit = IdentityFiles {
        key: strange.join("server.key"),
        ..files
    };
    let error = ClientIdentity::load(unfit).unwrap_err();
    assert!(error.to_string().contains("not that of"), "{error}");
}

/// A client certificate valid for one day is renewed while the client runs for months.
#[test]
fn a_client_s_renewed_pair_is_read_again_and_half_of_one_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("ours");
    let files = authority.issue(folder.path(), &["ledgerline"], NOW);
    let own = ClientIdentity::load(files.clone()).unwrap();
    let shown = || {
        let shown = own
            .resolve(&[], &[SignatureScheme::ECDSA_NISTP256_SHA256])
            .unwrap();
        Fingerprint::of(shown.cert.first().unwrap())
    };
    let first = shown();
    authority.issue(folder.path(), &["ledgerline"], NOW);
    let second = shown();
    assert_ne!(first, second);
    fs::write(&files.key, "half a k").unwrap();
    assert_eq!(shown(), second);
    assert!(
        own.resolve(&[], &[SignatureScheme::ED25519]).is_none(),
        "the key cannot sign with this scheme"
    );
}

#[test]
fn an_identity_signed_by_a_trusted_authority_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new("ours");
    let own = identity(&ours, folder.path(), &["dialer.example.com"]);
    let trusted = Trust::of_file(&ours.write(&folder.path().join("ca.crt"))).unwrap();
    let others = Authority::new("another").write(&folder.path().join("other.crt"));
    let strangers = Trust::of_file(&others).unwrap();
    assert!(trusted.takes(&own, noon()).is_ok());
    let said = strangers.takes(&own, noon()).unwrap_err().to_string();
    assert!(said.contains("no authority that is trusted here"), "{said}");
    let long_after = noon().plus_ms(100 * 366 * 86_400_000);
    assert!(
        trusted.takes(&own, long_after).is_err(),
        "a certificate is accepted only while it is valid"
    );
}

#[test]
fn the_end_of_a_certificates_validity_is_read_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new("ours");
    let identity = Identity::load(ours.issue(folder.path(), &["a.example.com"], NOW), noon()).unwrap();
    let expiry = identity.expires_at().map(|at| at.to_string());
    assert_eq!(expiry.as_deref(), Some("2099-01-01T00:00:00.000000Z"));
}
