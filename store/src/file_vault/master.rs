//! The master key, which wraps all other keys. It comes from a file, from the environment of the process, or
//! wrapped by a key service.
//!
//! The file holds 32 bytes as hexadecimal digits, has mode 0600, and is durable before anything is wrapped
//! under it. With a key service, the key is random and the file holds the wrapped key, which only the service
//! can unwrap.

use crate::data_lock::{create_private_dir, sync_dir};
use crate::sealing::{KEY_BYTES, Secret};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::hex;
use domain::ports::id_source::IdSource;
use domain::ports::vault::VaultError;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The name of the master key's file in the keys directory.
pub const MASTER_KEY_FILE: &str = "master.key";

/// The name of the file, in the keys directory, with the master key wrapped by a key service.
pub const WRAPPED_MASTER_FILE: &str = "master.key.wrapped";

/// The number of random bytes in the name of a temporary key file, so that two processes that start at once
/// write two files.
const TAG_BYTES: usize = 8;

/// A key service: it wraps and unwraps our master key and never reveals its own key.
pub trait KeyWrapper: Send + Sync {
    /// Encrypts a key so that only `unwrap` of the same service can decrypt it. Blocks until the service
    /// answers.
    fn wrap(&self, plain: &[u8]) -> Result<Vec<u8>, VaultError>;
    /// Decrypts what `wrap` returned. Fails with `WrongMaster` if it is altered or from another key. Blocks
    /// until the service answers.
    fn unwrap(&self, wrapped: &[u8]) -> Result<Vec<u8>, VaultError>;
}

/// The source of the master key.
#[derive(Clone)]
pub enum MasterKey {
    /// A file with 64 hexadecimal digits, created at the first start.
    File(PathBuf),
    /// A key that the caller supplies; it is never written. `given` parses it.
    Given(GivenKey),
    /// A file with the key wrapped by a key service, created at the first start.
    Wrapped {
        file: PathBuf,
        wrapper: Arc<dyn KeyWrapper>,
    },
}

/// A master key that the caller supplies. Zeroed when dropped, never printed.
#[derive(Clone)]
pub struct GivenKey(Secret);

impl MasterKey {
    /// Returns the source that a first start uses: the key file in this directory.
    pub fn in_dir(dir: &Path) -> Self {
        Self::File(dir.join(MASTER_KEY_FILE))
    }

    /// Parses a key: 64 hexadecimal digits, or base64 of 32 bytes. `None` for anything else.
    pub fn given(text: &str) -> Option<Self> {
        let text = text.trim();
        let secret = parse(text).or_else(|| {
            let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
            Some(Secret::new(bytes.as_slice().try_into().ok()?))
        });
        secret.map(|secret| Self::Given(GivenKey(secret)))
    }

    /// Reads the master key from its source. `None` if its file does not exist yet.
    pub(crate) fn read(&self) -> Result<Option<Secret>, VaultError> {
        match self {
            Self::File(file) => read_file(file),
            Self::Given(GivenKey(secret)) => Ok(Some(secret.clone())),
            Self::Wrapped { file, wrapper } => read_wrapped(file, wrapper.as_ref()),
        }
    }

    /// Creates a random master key and its file; durable when this returns. If another process has created
    /// the file meanwhile, returns that key. A given key is only returned.
    pub(crate) fn create(&self, ids: &dyn IdSource) -> Result<Secret, VaultError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        ids.random(&mut *bytes);
        let (file, text) = match self {
            Self::File(file) => (file, Zeroizing::new(hex::encode(&*bytes))),
            Self::Given(GivenKey(secret)) => return Ok(secret.clone()),
            Self::Wrapped { file, wrapper } => {
                let wrapped = wrapper.wrap(&*bytes)?;
                (file, Zeroizing::new(STANDARD.encode(wrapped)))
            }
        };
        let mut tag = [0; TAG_BYTES];
        ids.random(&mut tag);
        if write(file, &hex::encode(&tag), &text).map_err(|error| unavailable(file, &error))? {
            return Ok(Secret::new(*bytes));
        }
        let gone = || VaultError::Unavailable(format!("{} appeared and was removed again", file.display()));
        self.read()?.ok_or_else(gone)
    }

    /// Returns the source for the new key of a rotation: the same kind with another file name. `None` for a
    /// given key, which has no file.
    pub(crate) fn next(&self) -> Option<Self> {
        match self {
            Self::File(file) => Some(Self::File(beside(file))),
            Self::Given(_) => None,
            Self::Wrapped { file, wrapper } => Some(Self::Wrapped {
                file: beside(file),
                wrapper: Arc::clone(wrapper),
            }),
        }
    }

    /// Replaces the key's file by the new one that a rotation has written. Durable when this returns. Does
    /// nothing for a given key.
    pub(crate) fn take_next(&self) -> Result<(), VaultError> {
        let Some(file) = self.file() else { return Ok(()) };
        let take = || -> std::io::Result<()> {
            fs::rename(beside(file), file)?;
            sync_dir(file.parent().unwrap_or(Path::new(".")))
        };
        take().map_err(|error| unavailable(file, &error))
    }

    /// Removes the new key's file that an interrupted rotation left. Does nothing if there is none.
    pub(crate) fn drop_next(&self) -> Result<(), VaultError> {
        let Some(file) = self.file() else { return Ok(()) };
        match fs::remove_file(beside(file)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(unavailable(file, &error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Locks the key's folder for the clean-up of an interrupted rotation, until the returned file is
    /// dropped. Does not wait: `None` if another process holds the lock, if the file system cannot lock
    /// folders, or for a given key.
    pub(crate) fn try_turn(&self) -> Option<File> {
        let folder = self.folder()?;
        folder.try_lock().is_ok().then_some(folder)
    }

    /// Waits for the lock of `try_turn`. `None` if the folder cannot be locked, or for a given key. The
    /// kernel releases the lock of a process that dies.
    pub(crate) fn wait_turn(&self) -> Option<File> {
        let folder = self.folder()?;
        let locked = folder.lock().inspect_err(|error| {
            tracing::warn!(%error, "the folder of the master key cannot be locked");
        });
        locked.is_ok().then_some(folder)
    }

    fn folder(&self) -> Option<File> {
        let folder = self.file()?.parent()?;
        let named = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        File::open(named).ok()
    }

    /// Returns the path of the key's file for messages, or "the given master key".
    pub(crate) fn place(&self) -> String {
        self.file().map_or_else(
            || "the given master key".to_owned(),
            |file| file.display().to_string(),
        )
    }

    fn file(&self) -> Option<&Path> {
        match self {
            Self::File(file) | Self::Wrapped { file, .. } => Some(file),
            Self::Given(_) => None,
        }
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey({})", self.place())
    }
}

/// Returns the path to which a rotation writes the new key before it replaces the current one.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".next");
    PathBuf::from(name)
}

fn read_file(file: &Path) -> Result<Option<Secret>, VaultError> {
    let Some(text) = read_text(file)? else {
        return Ok(None);
    };
    let mode = fs::metadata(file)
        .map_err(|error| unavailable(file, &error))?
        .permissions()
        .mode();
    if is_exposed(mode) {
        tracing::warn!(file = %file.display(), "the master key can be read by others than its owner and group");
    }
    match parse(text.trim()) {
        Some(key) => Ok(Some(key)),
        None => Err(VaultError::WrongMaster(format!(
            "{} does not hold 64 hexadecimal digits",
            file.display()
        ))),
    }
}

/// Returns true if a file's mode gives more than reading to its group, or anything to others. Kubernetes
/// gives secrets to the server by its group.
const fn is_exposed(mode: u32) -> bool {
    mode & 0o037 != 0
}

fn read_wrapped(file: &Path, wrapper: &dyn KeyWrapper) -> Result<Option<Secret>, VaultError> {
    let Some(text) = read_text(file)? else {
        return Ok(None);
    };
    let wrong = |why: &str| VaultError::WrongMaster(format!("{} {why}", file.display()));
    let wrapped = STANDARD.decode(text.trim());
    let wrapped = wrapped.map_err(|error| wrong(&format!("does not hold base64: {error}")))?;
    let bytes = Zeroizing::new(wrapper.unwrap(&wrapped)?);
    match bytes.as_slice().try_into() {
        Ok(bytes) => Ok(Some(Secret::new(bytes))),
        Err(_) => Err(wrong("does not unwrap to 32 bytes")),
    }
}

fn read_text(file: &Path) -> Result<Option<Zeroizing<String>>, VaultError> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unavailable(file, &error)),
    }
}

/// Writes the text to a temporary file, syncs it and links it under its final name. Returns false if
/// another process has created the file first. A crash may leave the temporary file, which is never read.
fn write(file: &Path, tag: &str, text: &str) -> std::io::Result<bool> {
    let dir = file.parent().unwrap_or(Path::new("."));
    create_private_dir(dir)?;
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".new-{tag}"));
    let unnamed = PathBuf::from(name);
    let mut new = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unnamed)?;
    writeln!(new, "{text}")?;
    new.sync_all()?;
    // A rename would overwrite a key under which another process may already have wrapped keys.
    let named = match fs::hard_link(&unnamed, file) {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
        // The file system has no hard links.
        Err(_) if !file.exists() => {
            fs::rename(&unnamed, file)?;
            sync_dir(dir)?;
            return Ok(true);
        }
        Err(error) => return Err(error),
    };
    fs::remove_file(&unnamed)?;
    sync_dir(dir)?;
    Ok(named)
}

fn parse(text: &str) -> Option<Secret> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    hex::decode_into(text, &mut *bytes).then(|| Secret::new(*bytes))
}

fn unavailable(file: &Path, error: &std::io::Error) -> VaultError {
    VaultError::Unavailable(format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_may_read_the_master_key_and_others_may_not() {
        let exposed = [0o600, 0o400, 0o440, 0o640, 0o660, 0o604, 0o444].map(is_exposed);
        assert_eq!(exposed, [false, false, false, false, true, true, true]);
    }
}
