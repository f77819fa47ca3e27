//! `ledgerline support-bundle`: one archive with what a maintainer asks for first, without secrets.

use crate::commands::support_bundle_parts::{BundlePart, collect};
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use domain::ports::clock::Clock;
use flate2::Compression;
use flate2::write::GzEncoder;
use host::clock::SystemClock;
use host::keys_spec::KeysSpec;
use host::outbound::server_locator::ServerArgs;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The folder in the archive.
const FOLDER: &str = "ledgerline-support";

/// The mode of the archive and of its files: the owner only.
const OWNER_ONLY: u32 = 0o600;

/// The first file of the archive.
const README: &str = "\
Support bundle of ledgerline.

configuration.toml  effective configuration of the file and the environment, with sources; secrets are ***
versions.json       this program, system, kernel, processors
doctor.json         what `ledgerline doctor` says about the machine and about the running server
metrics.txt         GET /metrics of the running server
server.log          recent log lines; links and tokens are ***

No file holds a secret, a set-up link or personal data. Read them before you send them.
";

/// Write an archive for support: configuration, versions, doctor, metrics and log, without secrets
///
/// The archive (tar, gzip) is only for its owner and holds no secret, no set-up link and no personal data. A
/// part that cannot be read says why. With --data the log is that of the directory; a log of journald,
/// Docker or Kubernetes can be given as a file: journalctl --unit ledgerline --output cat > ledgerline.log.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// File to write; it must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    pub(super) server: ServerArgs,
    #[command(flatten)]
    pub(super) keys: KeysSpec,
    /// Configuration file of the server; default: /etc/ledgerline/ledgerline.toml if it exists
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Log file in place of the one in the data directory; may be repeated
    #[arg(long = "log", value_name = "FILE")]
    pub(super) logs: Vec<PathBuf>,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let unwritable = |error: io::Error| Failure::unavailable(format!("{}: {error}", args.out.display()));
    let file = create_new(&args.out).map_err(unwritable)?;
    let parts = collect(&args).await;
    let modified_s = u64::try_from(SystemClock::default().now().micros() / 1_000_000).unwrap_or(0);
    write_archive(file, &parts, modified_s).map_err(unwritable)?;
    let shown = args.out.display();
    output::line(&format_localized!(
        "已写入 {shown}，不含密钥；发送前请先查看内容",
        "wrote {shown}, without secrets; read it before you send it"
    ))
}

fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(OWNER_ONLY).open(path)
}

fn write_archive(file: File, parts: &[BundlePart], modified_s: u64) -> io::Result<()> {
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
    let readme = BundlePart {
        name: "README.txt",
        text: README.to_owned(),
    };
    for part in std::iter::once(&readme).chain(parts) {
        let mut header = tar::Header::new_gnu();
        header.set_size(part.text.len() as u64);
        header.set_mode(OWNER_ONLY);
        header.set_mtime(modified_s);
        let name = format!("{FOLDER}/{}", part.name);
        archive.append_data(&mut header, name, part.text.as_bytes())?;
    }
    let mut file = archive.into_inner()?.finish()?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn an_archive_is_for_its_owner_and_replaces_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("support.tar.gz");
        let part = BundlePart {
            name: "server.log",
            text: "{}\n".to_owned(),
        };
        write_archive(create_new(&path).unwrap(), &[part], 1).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, OWNER_ONLY);
        assert!(create_new(&path).is_err());
        let packed = flate2::read::GzDecoder::new(File::open(&path).unwrap());
        let mut archive = tar::Archive::new(packed);
        let names: Vec<String> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect();
        assert_eq!(
            names,
            ["ledgerline-support/README.txt", "ledgerline-support/server.log"]
        );
    }
}
