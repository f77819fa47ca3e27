//! What a data directory remembers besides events, keys and rows: rehearsal or real, and its SIP address.

use application::private_file;
use domain::problem::Problem;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// `rehearsal` or `real`, written at first start, for life.
pub const MODE_FILE: &str = "mode";

/// The token that every listener asks for.
pub const TOKEN_FILE: &str = "token";

/// Where SIP was bound: `call.dialing` names it, so a restarted process must come back to it.
const SIP_FILE: &str = "sip-address";

/// Recordings, `<call id>.wav`.
pub const RECORDINGS_DIR: &str = "recordings";

/// Keys, unless `--keys` says otherwise.
pub const KEYS_DIR: &str = "keys";

/// Spoken prompts, by content; nothing personal.
pub const PROMPTS_DIR: &str = "prompts";

/// What a directory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Real,
    Rehearsal,
}

impl Mode {
    /// The mode of what a rehearsal clock made, or did not.
    pub const fn of_rehearsal(rehearsal: bool) -> Self {
        if rehearsal { Self::Rehearsal } else { Self::Real }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Real, Self::Rehearsal]
            .into_iter()
            .find(|mode| mode.word() == word)
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Rehearsal => "rehearsal",
        }
    }
}

/// Why a directory cannot be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error("{} is a {} directory for life and cannot be used for a {} run; name another --data",
        dir.display(), is.word(), asked.word())]
    OtherMode { dir: PathBuf, is: Mode, asked: Mode },
    #[error("{}: {why}", path.display())]
    Disk { path: PathBuf, why: String },
}

impl From<DataDirError> for Problem {
    fn from(error: DataDirError) -> Self {
        match error {
            DataDirError::OtherMode { .. } => Self::refused("other-mode", error.to_string()),
            DataDirError::Disk { .. } => Self::unavailable(error.to_string()),
        }
    }
}

/// Refuses a directory that was made for the other mode; writes nothing.
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

/// Holds the directory to what it was made for, or marks a new one.
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

/// The mode of a directory that has one.
pub fn mode(dir: &Path) -> Option<Mode> {
    let text = fs::read_to_string(dir.join(MODE_FILE)).ok()?;
    [Mode::Real, Mode::Rehearsal]
        .into_iter()
        .find(|mode| mode.word() == text.trim())
}

/// The SIP address this directory has used before.
pub(crate) fn sip_address(dir: &Path) -> Option<SocketAddr> {
    fs::read_to_string(dir.join(SIP_FILE)).ok()?.trim().parse().ok()
}

pub(crate) fn keep_sip_address(dir: &Path, address: SocketAddr) -> Result<(), DataDirError> {
    if sip_address(dir) == Some(address) {
        return Ok(());
    }
    write_durable(&dir.join(SIP_FILE), &address.to_string())
}

/// Writes aside, syncs and renames: a crash leaves the old text or the new one.
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

/// The signing key, in the directory of keys: it is in no backup of events.
const SIGNING_KEY_FILE: &str = "log-signing.key";

/// The file of the log's signing key.
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
            refused.to_string().contains("rehearsal directory for life"),
            "{refused}"
        );
        assert_eq!(mode(dir.path()), Some(Mode::Rehearsal));
    }

    #[test]
    fn the_sip_address_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(sip_address(dir.path()), None);
        keep_sip_address(dir.path(), "127.0.0.1:5071".parse().unwrap()).unwrap();
        assert_eq!(sip_address(dir.path()), Some("127.0.0.1:5071".parse().unwrap()));
    }
}
