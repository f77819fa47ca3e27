//! The small files of a data directory: its mode (real or rehearsal), the newest version that wrote into it,
//! its SIP address, and the names of its other parts.

use crate::directory_rights::{own_version, refuse_newer_version};
use application::{format_localized, private_file};
use domain::problem::Problem;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file with the directory's mode, `rehearsal` or `real`. Written at the first start and never changed.
pub const MODE_FILE: &str = "mode";

/// The file with the token that the HTTP listener requires.
pub const TOKEN_FILE: &str = "token";

/// The file with the address on which SIP was bound. `call.dialing` names it, so that a restarted process
/// must bind it again.
const SIP_FILE: &str = "sip-address";

/// The file with the newest version of ledgerline that has opened the directory for writing.
const VERSION_FILE: &str = "version";

/// The folder of recordings, `<call id>.wav`.
pub const RECORDINGS_DIR: &str = "recordings";

/// The folder of keys, unless `--keys` names another.
pub const KEYS_DIR: &str = "keys";

/// The folder of synthesized prompts, named by their content. It contains nothing personal.
pub const PROMPTS_DIR: &str = "prompts";

/// The kind of runs for which a data directory may be used, fixed for its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Real,
    Rehearsal,
}

impl Mode {
    /// Returns `Rehearsal` for true and `Real` for false.
    pub const fn of_rehearsal(rehearsal: bool) -> Self {
        if rehearsal { Self::Rehearsal } else { Self::Real }
    }

    /// Returns the mode that the word `real` or `rehearsal` names; `None` for another word.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Real, Self::Rehearsal]
            .into_iter()
            .find(|mode| mode.word() == word)
    }

    /// Returns the mode as a word: `real` or `rehearsal`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Rehearsal => "rehearsal",
        }
    }
}

/// Why a data directory cannot be used for a run.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error("{} is permanently a {} directory and cannot be used for a {} run; name another --data",
        dir.display(), is.word(), asked.word())]
    OtherMode { dir: PathBuf, is: Mode, asked: Mode },
    #[error("{}", newer_version(.dir, .version, .own))]
    NewerVersion {
        dir: PathBuf,
        version: String,
        own: &'static str,
    },
    #[error("{}", not_writable(.path, .dir, *.user, *.group))]
    NotWritable {
        path: PathBuf,
        dir: PathBuf,
        user: u32,
        group: u32,
    },
    #[error("{}: {why}", path.display())]
    Disk { path: PathBuf, why: String },
}

fn newer_version(dir: &Path, version: &str, own: &str) -> String {
    let dir = dir.display();
    format_localized!(
        "{dir} 已由 ledgerline {version} 写入，当前程序为 {own}，不能降级。未做任何更改。请使用 {version} 或更高版本；\
         若要回退，请将升级前的备份恢复到新目录",
        "{dir} was written by ledgerline {version}; this is {own}, and a downgrade is refused. Nothing was \
         changed. Use {version} or newer; to go back, restore the backup from before the upgrade into a new \
         directory"
    )
}

fn not_writable(path: &Path, dir: &Path, user: u32, group: u32) -> String {
    let (path, dir) = (path.display(), dir.display());
    format_localized!(
        "用户 {user} 无法读写 {path}。请将该目录（容器中为挂载到此处的主机目录）的所有者改为该用户：\
         chown -R {user}:{group} {dir}",
        "user {user} cannot read and write {path}. Give the directory to this user; for a container, the \
         directory of the host that is mounted there: chown -R {user}:{group} {dir}"
    )
}

impl From<DataDirError> for Problem {
    fn from(error: DataDirError) -> Self {
        match error {
            DataDirError::OtherMode { .. } => Self::refused("other-mode", error.to_string()),
            DataDirError::NewerVersion { .. } => Self::refused("newer-version", error.to_string()),
            DataDirError::NotWritable { .. } => Self::refused("directory-not-writable", error.to_string()),
            DataDirError::Disk { .. } => Self::unavailable(error.to_string()),
        }
    }
}

/// Fails if the directory has the other mode. Writes nothing.
pub(crate) fn refuse_other_mode(dir: &Path, asked: Mode) -> Result<(), DataDirError> {
    match mode(dir) {
        Some(is) if is != asked => Err(DataDirError::OtherMode {
            dir: dir.to_owned(),
            is,
            asked,
        }),
        Some(_) | None => Ok(()),
    }
}

/// Fails if a newer version has opened the directory for writing. Writes nothing.
pub(crate) fn refuse_downgrade(dir: &Path) -> Result<(), DataDirError> {
    let path = dir.join(VERSION_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => refuse_newer_version(dir, Some(text.trim())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(disk(&path, &error)),
    }
}

/// Writes this program's version into the directory, durably, unless it is there.
pub(crate) fn keep_version(dir: &Path) -> Result<(), DataDirError> {
    let path = dir.join(VERSION_FILE);
    match fs::read_to_string(&path) {
        Ok(text) if text.trim() == own_version() => Ok(()),
        Ok(_) | Err(_) => write_durable(&path, own_version()),
    }
}

/// Fails if the directory has the other mode. A directory without a mode gets this one, written durably.
pub fn hold_to_mode(dir: &Path, asked: Mode) -> Result<(), DataDirError> {
    let path = dir.join(MODE_FILE);
    let is = match fs::read_to_string(&path) {
        Ok(text) if text.trim() == Mode::Real.word() => Mode::Real,
        Ok(text) if text.trim() == Mode::Rehearsal.word() => Mode::Rehearsal,
        Ok(text) => {
            let why = format!("it holds {:?}, neither real nor rehearsal", text.trim());
            return Err(DataDirError::Disk { path, why });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return write_durable(&path, asked.word());
        }
        Err(error) => return Err(disk(&path, &error)),
    };
    if is == asked {
        return Ok(());
    }
    Err(DataDirError::OtherMode {
        dir: dir.to_owned(),
        is,
        asked,
    })
}

/// Returns the mode of the directory, or `None` if it has none yet.
pub fn mode(dir: &Path) -> Option<Mode> {
    let text = fs::read_to_string(dir.join(MODE_FILE)).ok()?;
    [Mode::Real, Mode::Rehearsal]
        .into_iter()
        .find(|mode| mode.word() == text.trim())
}

/// Returns the SIP address that this directory has used before; `None` if there is none.
pub(crate) fn sip_address(dir: &Path) -> Option<SocketAddr> {
    fs::read_to_string(dir.join(SIP_FILE)).ok()?.trim().parse().ok()
}

pub(crate) fn keep_sip_address(dir: &Path, address: SocketAddr) -> Result<(), DataDirError> {
    if sip_address(dir) == Some(address) {
        return Ok(());
    }
    write_durable(&dir.join(SIP_FILE), &address.to_string())
}

/// Writes a file atomically: to a temporary file, which is synced and renamed. A crash leaves the old text or
/// the new one.
fn write_durable(path: &Path, text: &str) -> Result<(), DataDirError> {
    let aside = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = private_file::create(&aside)?;
        writeln!(file, "{text}")?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        match path.parent() {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(|error| disk(path, &error))
}

fn disk(path: &Path, error: &io::Error) -> DataDirError {
    DataDirError::Disk {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

/// The name of the file with the log's signing key. It is in the folder of keys, so that no backup of events
/// contains it.
const SIGNING_KEY_FILE: &str = "log-signing.key";

/// Returns the path of the log's signing key: in `keys`, or else in the keys folder of the data directory.
pub fn signing_key_file(directory: &Path, keys: Option<&PathBuf>) -> PathBuf {
    let default = directory.join(KEYS_DIR);
    keys.unwrap_or(&default).join(SIGNING_KEY_FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_rehearsal_or_real_for_life() {
        let dir = tempfile::tempdir().unwrap();
        hold_to_mode(dir.path(), Mode::Rehearsal).unwrap();
        hold_to_mode(dir.path(), Mode::Rehearsal).unwrap();
        let refused = hold_to_mode(dir.path(), Mode::Real).unwrap_err();
        assert!(
            refused.to_string().contains("permanently a rehearsal directory"),
            "{refused}"
        );
        assert_eq!(mode(dir.path()), Some(Mode::Rehearsal));
    }

    #[test]
    fn a_directory_of_a_newer_version_is_refused_and_an_older_one_is_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        refuse_downgrade(dir.path()).unwrap();
        keep_version(dir.path()).unwrap();
        refuse_downgrade(dir.path()).unwrap();
        let file = dir.path().join(VERSION_FILE);
        fs::write(&file, "99.0.0\n").unwrap();
        let refused = refuse_downgrade(dir.path()).unwrap_err();
        assert!(refused.to_string().contains("99.0.0"), "{refused}");
        fs::write(&file, "0.0.1\n").unwrap();
        refuse_downgrade(dir.path()).unwrap();
        keep_version(dir.path()).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap().trim(), own_version());
    }

    #[test]
    fn the_sip_address_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(sip_address(dir.path()), None);
        keep_sip_address(dir.path(), "127.0.0.1:5071".parse().unwrap()).unwrap();
        assert_eq!(sip_address(dir.path()), Some("127.0.0.1:5071".parse().unwrap()));
    }
}
