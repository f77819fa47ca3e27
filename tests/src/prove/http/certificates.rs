//! Proof of the certificates of a running server: wrong ones are not trusted, renewed ones are used for new
//! connections, broken ones change nothing; and files that cannot be used fail the start.

use super::{Form, ServerProcess, Violations};
use crate::program::{fail, instant, run};
use crate::server_tokens;
use crate::wire::{Wire, WireSecurity};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};
use tls::testing::{Authority, NOW, Years};
use tls::{IdentityFiles, Trust};

/// The longest wait for a renewal, judged in the long form: it is noticed at the next check (5 s), a broken
/// file at the one after.
const SEEN_WITHIN: Duration = Duration::from_secs(20);

/// The notices about a new certificate, and about one that cannot be used.
const RENEWED: &str = "the certificate was renewed";
const NOT_USED: &str = "the new certificate cannot be used, the old one stays";

/// The longest time until a silent connection is cut off: a head, and a handshake before it, has 10 s.
/// Judged in the long form.
const SILENT_FOR: Duration = Duration::from_secs(12);

/// The number of connections that send nothing, or not everything.
const SILENT: usize = 20;

/// The beginning of a handshake that is not continued.
const HALF_A_GREETING: &[u8] = &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0, 0, 0, 0, 0];

/// The files of the authorities and of the server.
struct CertificateFiles {
    folder: tempfile::TempDir,
    authority: Authority,
    files: IdentityFiles,
    ours: PathBuf,
    theirs: PathBuf,
}

impl CertificateFiles {
    fn make() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let authority = Authority::new("ours");
        Self {
            files: authority.issue(folder.path(), &["127.0.0.1"], NOW),
            ours: authority.write(&folder.path().join("ours.crt")),
            theirs: Authority::new("another").write(&folder.path().join("theirs.crt")),
            authority,
            folder,
        }
    }

    fn believing(&self, file: &Path, host: &str) -> WireSecurity {
        let trust = Trust::of_file(file).expect("the file was just written");
        WireSecurity::Secured(trust, host.to_owned())
    }

    fn serve(&self, files: &IdentityFiles) -> Option<ServerProcess> {
        let (certificate, key) = (text(&files.certificate), text(&files.key));
        let more = [
            "--tls-cert",
            &certificate,
            "--tls-key",
            &key,
            "--kurrent-listen",
            "127.0.0.1:0",
        ];
        ServerProcess::on(&self.folder.path().join("data"), &more)
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

pub(super) fn prove(form: Form, violations: &mut Violations) -> Value {
    let stage = CertificateFiles::make();
    no_start(&stage, violations);
    let issued = stage.authority.issue(stage.folder.path(), &["127.0.0.1"], NOW);
    let Some(server) = stage.serve(&issued) else {
        violations.unless(false, "the server with a certificate does not become ready");
        return Value::Null;
    };
    let silent = silent(&server);
    let began = instant();
    let (renewed_ms, cut) = std::thread::scope(|scope| {
        let cutting = scope.spawn(|| cut(form, silent, began));
        believed(&stage, &server, violations);
        let renewed_ms = renewed(form, &stage, &server, violations);
        broken(form, &stage, &server, violations);
        let cut = cutting.join();
        (
            renewed_ms,
            cut.unwrap_or_else(|_| fail("the silent connections are not read")),
        )
    });
    violations.unless(
        cut == SILENT,
        format!("of {SILENT} silent connections {cut} were cut off"),
    );
    json!({"renewed_after_ms": renewed_ms, "silent_connections_cut": cut})
}

/// Checks that certificates which no client accepts fail the start, with the file named.
fn no_start(stage: &CertificateFiles, violations: &mut Violations) {
    let expired = stage
        .authority
        .issue(stage.folder.path(), &["127.0.0.1"], Years(2020, 2021));
    let (certificate, key) = (text(&expired.certificate), text(&expired.key));
    let data = text(&stage.folder.path().join("data"));
    let served = |certificate: &str, key: &str| {
        run(&[
            "serve",
            "--data",
            &data,
            "--http",
            "127.0.0.1:0",
            "--tls-cert",
            certificate,
            "--tls-key",
            key,
        ])
    };
    let refused = said(&served(&certificate, &key));
    violations.unless(
        refused.contains("server.crt") && refused.contains("expired"),
        format!("an expired certificate: {refused}"),
    );
    let refused = said(&served(&text(&stage.ours), &key));
    violations.unless(
        refused.contains("server.key") && refused.contains("not that of"),
        format!("another certificate's key: {refused}"),
    );
    let alone = run(&["serve", "--data", &data, "--tls-cert", &certificate]);
    violations.unless(
        alone.status.code() == Some(2),
        format!("a certificate without a key: {}", said(&alone)),
    );
}

/// Returns standard error of a failed program; a remark if it succeeded.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        return format!("it succeeded: {text}");
    }
    text
}

/// Opens connections that never send a request.
fn silent(server: &ServerProcess) -> Vec<Wire> {
    let opened = (0..SILENT).map(|index| {
        let mut wire = Wire::open(&server.address, &WireSecurity::Plain).ok()?;
        if index % 2 == 0 {
            wire.say(HALF_A_GREETING).ok()?;
        }
        Some(wire)
    });
    opened.flatten().collect()
}

/// Checks that the right authority and host are trusted, others are named in the error, and plain text gets
/// no response.
fn believed(stage: &CertificateFiles, server: &ServerProcess, violations: &mut Violations) {
    let met = |file: &Path, host: &str| {
        let wire = Wire::open(&server.address, &stage.believing(file, host));
        wire.and_then(|mut wire| wire.ask("/livez", ""))
    };
    let right = met(&stage.ours, "127.0.0.1");
    violations.unless(
        right.as_ref().is_ok_and(|head| head.starts_with("HTTP/1.1 200")),
        format!("the right authority: {right:?}"),
    );
    for (file, host, words) in [
        (&stage.theirs, "127.0.0.1", "no authority that is trusted here"),
        (&stage.ours, "localhost", "another host"),
    ] {
        let wrong = met(file, host);
        violations.unless(
            wrong.as_ref().is_err_and(|why| why.contains(words)),
            format!("{words}: {wrong:?}"),
        );
    }
    let plain = Wire::open(&server.address, &WireSecurity::Plain).and_then(|mut wire| {
        wire.say(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")?;
        wire.rest()
    });
    violations.unless(
        plain.as_ref().is_ok_and(|rest| !rest.starts_with(b"HTTP")),
        format!("plain text on a door with TLS: {plain:?}"),
    );
    let token = text(&server_tokens::token_file(&server.data));
    let url = format!("https://{}", server.address);
    for (file, works) in [(&stage.ours, true), (&stage.theirs, false)] {
        let asked = run(&[
            "campaign",
            "list",
            "--server",
            &url,
            "--token-file",
            &token,
            "--ca-file",
            &text(file),
        ]);
        violations.unless(
            asked.status.success() == works,
            format!("a command with {}: {}", file.display(), said(&asked)),
        );
    }
    let local = run(&["campaign", "list", "--data", &text(&server.data)]);
    violations.unless(
        local.status.success(),
        format!("a command with --data: {}", said(&local)),
    );
    let kurrent = server.kurrent.as_deref().unwrap_or_default();
    let right = Wire::open(kurrent, &stage.believing(&stage.ours, "127.0.0.1"));
    violations.unless(right.is_ok(), "the KurrentDB endpoint does not speak TLS");
    let wrong = Wire::open(kurrent, &stage.believing(&stage.theirs, "127.0.0.1"));
    violations.unless(
        wrong.is_err(),
        "the KurrentDB endpoint is believed by another authority",
    );
}

/// Checks that new connections get a new certificate, and an open stream continues. Returns the milliseconds
/// that took.
fn renewed(
    form: Form,
    stage: &CertificateFiles,
    server: &ServerProcess,
    violations: &mut Violations,
) -> Option<u128> {
    let mut stream = match server.follow() {
        Ok(stream) => stream,
        Err(why) => {
            violations.unless(false, format!("no stream before the renewal: {why}"));
            return None;
        }
    };
    let shown = |speech: &WireSecurity| {
        let wire = Wire::open(&server.address, speech).ok()?;
        wire.fingerprint().map(str::to_owned)
    };
    let speech = stage.believing(&stage.ours, "127.0.0.1");
    let before = shown(&speech)?;
    let began = instant();
    stage.authority.issue(stage.folder.path(), &["127.0.0.1"], NOW);
    let is_logged = server.says(RENEWED, form.waits(SEEN_WITHIN));
    let took = instant() - began;
    let is_shown = shown(&speech).is_some_and(|now| now != before);
    violations.unless(is_logged && is_shown, "a renewed certificate is not shown");
    let token = server_tokens::token(&server.data).unwrap_or_default();
    let body = r#"{"task_id":"RENEWED","script_template":"x","basis":"contract"}"#;
    let request = format!(
        "POST /api/v1/campaigns HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let posted = Wire::open(&server.address, &speech).and_then(|mut wire| {
        wire.say(request.as_bytes())?;
        wire.until("\r\n\r\n")
    });
    violations.unless(
        posted.as_ref().is_ok_and(|head| head.starts_with("HTTP/1.1 20")),
        format!("a campaign after the renewal: {posted:?}"),
    );
    let seen = stream.until("RENEWED");
    violations.unless(
        seen.is_ok(),
        format!("a stream of before the renewal: {:?}", seen.err()),
    );
    let local = run(&["campaign", "list", "--data", &text(&server.data)]);
    violations.unless(
        local.status.success(),
        format!("a command with --data after the renewal: {}", said(&local)),
    );
    Some(took.as_millis())
}

/// Checks that a broken new file changes nothing, and the server stays as ready as before.
fn broken(form: Form, stage: &CertificateFiles, server: &ServerProcess, violations: &mut Violations) {
    let speech = stage.believing(&stage.ours, "127.0.0.1");
    let shown = || {
        let mut wire = Wire::open(&server.address, &speech)?;
        let head = wire.ask("/readyz", "")?;
        let fingerprint = wire.fingerprint().unwrap_or_default().to_owned();
        Ok::<_, String>((fingerprint, head.starts_with("HTTP/1.1 200")))
    };
    let before = shown();
    let written = std::fs::write(&stage.files.key, "half a k");
    violations.unless(written.is_ok(), "the key cannot be overwritten");
    violations.unless(
        server.says(NOT_USED, form.waits(SEEN_WITHIN)),
        "no notice about a broken key",
    );
    let after = shown();
    violations.unless(
        after == before && before.as_ref().is_ok_and(|(_, ready)| *ready),
        format!("a broken key: {before:?}, then {after:?}"),
    );
}

/// Returns how many silent connections were cut off without a byte, in the long form in time.
fn cut(form: Form, silent: Vec<Wire>, began: Instant) -> usize {
    let cut = silent.into_iter().filter_map(|mut wire| {
        let rest = wire.rest().ok()?;
        let is_late = form.judges_time() && instant() > began + SILENT_FOR;
        (rest.is_empty() && !is_late).then_some(())
    });
    cut.count()
}
