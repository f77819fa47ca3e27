//! Tests of the redirect listener on real sockets: bytes that no HTTP library would send, and slow clients.

use super::tls_listener::reach;
use crate::listeners::Listeners;
use crate::redirect::RedirectArgs;
use crate::running_server::RunningServer;
use crate::server::bind;
use crate::testing::settings;
use clap::{Args, FromArgMatches};
use host::public_url::PublicUrl;
use host::tls_args::TlsChoice;
use std::path::Path;
use std::sync::Arc;
use tls::testing::connect;
use tls::{Fingerprint, Trust};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;

const PUBLIC: &str = "https://calls.example.com";

fn args(given: &[&str]) -> RedirectArgs {
    let command = clap::Command::new("serve").arg(clap::Arg::new("public_url").long("public-url"));
    let command = RedirectArgs::augment_args(command);
    let given = [&["serve", "--public-url", PUBLIC][..], given].concat();
    RedirectArgs::from_arg_matches(&command.get_matches_from(given)).unwrap()
}

/// A server over TLS with a certificate of its own, and beside it a redirect listener with ACME challenges.
struct RedirectingServer {
    running: RunningServer,
    redirect: String,
    runtime: Arc<Runtime>,
    _directory: tempfile::TempDir,
}

impl RedirectingServer {
    fn begin() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("acme/.well-known/acme-challenge");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("token"), "token.thumbprint").unwrap();
        std::fs::write(directory.path().join("secret"), "secret").unwrap();
        let runtime = Arc::new(Runtime::new().unwrap());
        let public_url: PublicUrl = PUBLIC.parse().unwrap();
        let mut settings = settings(directory.path());
        settings.public_url = Some(public_url.clone());
        settings.tls = TlsChoice::SelfSigned {
            hosts: vec!["calls.example.com".to_owned(), "127.0.0.1".to_owned()],
        };
        let acme = directory.path().join("acme");
        let given = [
            "--redirect-listen",
            "127.0.0.1:0",
            "--acme-dir",
            acme.to_str().unwrap(),
        ];
        let (running, redirect) = runtime.block_on(async {
            let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
            let redirect = args(&given).listen(Some(&public_url)).await.unwrap();
            let address = redirect.as_ref().unwrap().address().unwrap();
            let listeners = Listeners::http(listener).and_redirect(redirect);
            let started = RunningServer::start(settings, listeners, Arc::clone(&runtime)).await;
            (started.unwrap(), format!("http://{address}"))
        });
        Self {
            running,
            redirect,
            runtime,
            _directory: directory,
        }
    }

    fn end(self) {
        self.runtime.block_on(self.running.stop());
    }

    /// Sends these bytes to the redirect listener and returns everything that it answers. It closes.
    async fn said(&self, bytes: &str) -> String {
        let mut stream = reach(&self.redirect).await;
        // A refused head may end with a reset, before or after its reply.
        drop(stream.write_all(bytes.as_bytes()).await);
        let mut said = Vec::new();
        drop(stream.read_to_end(&mut said).await);
        String::from_utf8_lossy(&said).into_owned()
    }

    /// The status line and `Location` of a request with this target and these header lines.
    async fn answered(&self, target: &str, headers: &str) -> (String, String) {
        let said = self
            .said(&format!(
                "GET {target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n"
            ))
            .await;
        let status = said.split(' ').nth(1).unwrap_or_default().to_owned();
        let location = said
            .lines()
            .find_map(|line| line.strip_prefix("location: "))
            .unwrap_or_default();
        (status, location.to_owned())
    }
}

#[test]
fn hostile_requests_lead_nowhere_but_to_the_public_url() {
    let story = RedirectingServer::begin();
    story.runtime.block_on(async {
        const OWN: &str = "Host: calls.example.com\r\n";
        let right = story.answered("/set-up?x=1", OWN).await;
        assert_eq!(right, ("308".to_owned(), format!("{PUBLIC}/set-up?x=1")));
        for target in ["//evil.example/", "/\\evil.example", "/%0d%0aSet-Cookie:%20x", "/..//..//x"] {
            let (status, location) = story.answered(target, OWN).await;
            assert_eq!((status.as_str(), location), ("308", format!("{PUBLIC}{target}")));
        }
        for (target, headers, status) in [
            ("/", "Host: evil.example\r\n", "421"),
            ("/", "Host: calls.example.com@evil.example\r\n", "421"),
            ("/", "Host: calls.example.com\r\nHost: evil.example\r\n", "400"),
            ("/", "X-Forwarded-Host: calls.example.com\r\nHost: evil.example\r\n", "421"),
            ("/", "", "400"),
            ("http://evil.example/", OWN, "400"),
            ("http://calls.example.com/x", OWN, "308"),
            ("*", OWN, "400"),
            ("/.well-known/acme-challenge/token", "Host: other.example\r\n", "200"),
            ("/.well-known/acme-challenge/../../../secret", OWN, "404"),
            ("/.well-known/acme-challenge/..%2f..%2f..%2fsecret", OWN, "404"),
            ("/.well-known/acme-challenge/", OWN, "404"),
            ("/api/v1/events", "Host: evil.example\r\n", "421"),
        ] {
            let (answered, location) = story.answered(target, headers).await;
            assert_eq!(answered, status, "{target} {headers:?}");
            assert!(location.is_empty() || location.starts_with(PUBLIC), "{location}");
        }
        let long = format!("/{}", "a".repeat(9_000));
        assert_eq!(story.answered(&long, OWN).await.0, "414");
        let longer = format!("/{}", "a".repeat(200_000));
        let (status, location) = story.answered(&longer, OWN).await;
        assert!(status.is_empty() || status.starts_with('4'), "{status}");
        assert_eq!(location, "");
        let injected = story.said("GET /\r\nX: y HTTP/1.1\r\nHost: calls.example.com\r\n\r\n").await;
        assert!(!injected.contains("308"), "{injected}");
        // A password that was posted in clear is neither forwarded nor repeated.
        let posted = story
            .said("POST /api/v1/sign-in HTTP/1.1\r\nHost: calls.example.com\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            .await;
        assert!(posted.starts_with("HTTP/1.1 403") && !posted.contains("location"), "{posted}");
        assert!(!posted.to_ascii_lowercase().contains("strict-transport"), "over TLS only: {posted}");
    });
    story.end();
}

#[test]
fn a_challenge_is_served_and_the_listener_has_few_slots() {
    let story = RedirectingServer::begin();
    story.runtime.block_on(async {
        let own = "GET /.well-known/acme-challenge/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        assert!(story.said(own).await.ends_with("\r\n\r\ntoken.thumbprint"));
        // Silent clients hold connections; the longest silent one is closed for each new client.
        let mut silent = Vec::new();
        for _ in 0..40 {
            silent.push(reach(&story.redirect).await);
        }
        assert!(story.said(own).await.ends_with("token.thumbprint"));
        let mut first = silent.remove(0);
        let mut said = Vec::new();
        drop(first.read_to_end(&mut said).await);
        assert!(said.is_empty(), "{said:?}");
    });
    story.end();
}

#[test]
fn the_server_s_own_certificate_names_its_hosts_and_browsers_stay_with_tls() {
    let story = RedirectingServer::begin();
    let data = story.running.installation.directory.clone();
    let certificate = data.join("tls/self-signed.crt");
    assert!(is_owner_only(&data.join("tls/self-signed.key")));
    let url = story.running.url.clone().unwrap();
    assert!(url.starts_with("https://"), "{url}");
    assert_eq!(story.running.url_for_browsers().unwrap(), PUBLIC);
    let fingerprint: Fingerprint = story.running.identity.as_ref().unwrap().fingerprint();
    story.runtime.block_on(async {
        for host in ["127.0.0.1", "calls.example.com"] {
            let trust = Trust::of_file(&certificate).unwrap();
            let mut stream = connect(reach(&url).await, trust, host, &[b"http/1.1"])
                .await
                .unwrap();
            assert_eq!(tls::testing::shown(&stream), fingerprint);
            let request = "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut said = Vec::new();
            drop(stream.read_to_end(&mut said).await);
            let said = String::from_utf8_lossy(&said);
            assert!(said.starts_with("HTTP/1.1 200"), "{said}");
            assert!(
                said.contains("strict-transport-security: max-age=31536000"),
                "{said}"
            );
        }
    });
    story.end();
}

fn is_owner_only(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o077 == 0
}
