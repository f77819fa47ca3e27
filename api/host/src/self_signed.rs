//! The certificate that this server makes for itself: `DIR/tls/self-signed.crt` and its key.

use application::private_file;
use domain::problem::Problem;
use domain::time::Timestamp;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use tls::{IdentityFiles, is_self_signed_current, issue_self_signed};

/// The folder of the certificate in the data directory.
const FOLDER: &str = "tls";
const CERTIFICATE: &str = "self-signed.crt";
const KEY: &str = "self-signed.key";

/// File with this machine's name (proc(5)).
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// Returns the files of the server's own certificate for these hosts and this machine's name. Makes a new
/// one if there is none, if it lacks a host, or if it ends within a month. Fails if the data directory
/// cannot be written.
pub fn ensure_self_signed(
    directory: &Path,
    hosts: &[String],
    now: Timestamp,
) -> Result<IdentityFiles, Problem> {
    let folder = directory.join(FOLDER);
    let files = IdentityFiles {
        certificate: folder.join(CERTIFICATE),
        key: folder.join(KEY),
    };
    let mut hosts = hosts.to_vec();
    hosts.extend(host_name().filter(|name| !hosts.contains(name)));
    if is_self_signed_current(&files, &hosts, now) {
        return Ok(files);
    }
    let made = issue_self_signed(&hosts, now)?;
    let written = || -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        // A crash between the two leaves a pair that does not match; the next start makes another.
        replace(&files.key, made.key.as_bytes())?;
        replace(&files.certificate, made.certificate.as_bytes())
    };
    written().map_err(|error| {
        Problem::unavailable(format!(
            "the certificate cannot be written to {}: {error}",
            folder.display()
        ))
    })?;
    Ok(files)
}

/// Replaces a file in one step: a reader never sees half of it, and only its owner can read it.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    private_file::write(&aside, bytes)?;
    fs::rename(aside, path)
}

/// Returns this machine's name; `None` if it has none.
fn host_name() -> Option<String> {
    let name = fs::read_to_string(HOST_NAME).ok()?;
    let name = name.trim();
    (!name.is_empty() && name != "(none)").then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    fn noon() -> Timestamp {
        Timestamp::from_millis(1_795_305_600_000)
    }

    fn hosts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn it_is_made_once_for_its_owner_and_anew_for_another_host_or_near_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let made = |names: &[&str], at| {
            let files = ensure_self_signed(directory.path(), &hosts(names), at).unwrap();
            let mode = fs::metadata(&files.key).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600);
            fs::read(&files.certificate).unwrap()
        };
        let first = made(&["dialer"], noon());
        assert_eq!(made(&["dialer"], noon()), first);
        let wider = made(&["dialer", "192.0.2.1"], noon());
        assert_ne!(wider, first);
        let later = noon().plus(Duration::from_secs(370 * 86_400));
        assert_ne!(made(&["dialer"], later), wider);
    }

    #[test]
    fn a_damaged_pair_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let make = || ensure_self_signed(directory.path(), &hosts(&["dialer"]), noon()).unwrap();
        let files = make();
        for (file, bytes) in [
            (&files.key, &b""[..]),
            (&files.certificate, b"-----BEGIN CERTIFICATE-----\nAA\n"),
        ] {
            fs::write(file, bytes).unwrap();
            make();
            assert_ne!(fs::read(file).unwrap(), bytes);
        }
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_named() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(FOLDER), "a file").unwrap();
        let problem = ensure_self_signed(directory.path(), &hosts(&["dialer"]), noon()).unwrap_err();
        assert!(problem.detail.contains("/tls"), "{}", problem.detail);
    }
}
