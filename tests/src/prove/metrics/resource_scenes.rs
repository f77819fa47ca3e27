//! The scenes of resources that run out: a disk, and a certificate.

use super::server_scene::ServerScene;
use super::{MetricsResults, plain_server};
use crate::program::{command, fail, is_installed};
use std::path::Path;
use std::process::Stdio;

/// The size of the disk that fills.
const DISK_MB: u32 = 200;
/// What is written to it, so that less than a tenth is free.
const FILLED_BYTES: usize = 184 * 1_024 * 1_024;

/// A server with its data directory on a small disk that fills to nine tenths.
pub(super) fn observe_full_disk(folder: &Path) -> MetricsResults {
    let rule = "LedgerlineDiskLow";
    let disk = folder.join("disk");
    std::fs::create_dir_all(&disk).expect("a folder can be made");
    let mounted = command("mount")
        .args(["-t", "tmpfs", "-o", &format!("size={DISK_MB}m"), "tmpfs"])
        .arg(&disk)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        let mut found = MetricsResults::default();
        found
            .skipped
            .insert(rule, "no tmpfs can be mounted here".to_owned());
        return found;
    }
    let data = disk.join("data");
    let mut scene = ServerScene::on(folder, &data, plain_server(&data));
    let fill = disk.join("fill");
    scene.plant(
        &[rule],
        |_| std::fs::write(&fill, vec![0_u8; FILLED_BYTES]).expect("the disk has room for it"),
        |_, ()| std::fs::remove_file(&fill).expect("the file is there"),
    );
    let found = scene.end();
    drop(command("umount").arg(&disk).status());
    found
}

/// A server with a certificate that expires in three days, and is then renewed.
pub(super) fn observe_certificate(folder: &Path) -> MetricsResults {
    let rule = "LedgerlineCertificateExpires";
    if !is_installed("openssl") {
        let mut found = MetricsResults::default();
        found.skipped.insert(rule, "openssl is not installed".to_owned());
        return found;
    }
    let (certificate, key) = (folder.join("server.pem"), folder.join("server.key"));
    issue(folder, &certificate, &key, 400);
    let mut serve = plain_server(&folder.join("data"));
    serve.arg("--tls-cert").arg(&certificate);
    serve.arg("--tls-key").arg(&key);
    let mut scene = ServerScene::start(folder, serve);
    scene.plant(
        &[rule],
        |_| issue(folder, &certificate, &key, 3),
        |_, ()| issue(folder, &certificate, &key, 400),
    );
    scene.look_at_panels();
    scene.end()
}

/// Makes a certificate that is valid for so many days, and puts it and its key in place.
fn issue(folder: &Path, certificate: &Path, key: &Path, days: u32) {
    let (new_certificate, new_key) = (folder.join("new.pem"), folder.join("new.key"));
    let made = command("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ])
        .args(["-days", &days.to_string()])
        .arg("-out")
        .arg(&new_certificate)
        .arg("-keyout")
        .arg(&new_key)
        .stderr(Stdio::null())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        fail("openssl makes no certificate");
    }
    std::fs::rename(new_key, key).expect("the key can be put in place");
    std::fs::rename(new_certificate, certificate).expect("the certificate can be put in place");
}
