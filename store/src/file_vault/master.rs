//! `master.key`: 32 random bytes as hexadecimal digits, 0600, durable before anything is wrapped under them.

use crate::data_lock::{create_private_dir, sync_dir};
use crate::sealing::{KEY_BYTES, Secret, hex};
use domain::ports::id_source::IdSource;
use domain::ports::vault::VaultError;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use zeroize::Zeroizing;

/// The master key's file inside the keys directory.
pub const MASTER_KEY_FILE: &str = "master.key";

/// Where it is written before it gets its name; a crash may leave it, and the next start replaces it.
const UNNAMED_FILE: &str = "master.key.new";

/// Reads the master key; `None` when there is no such file.
pub(super) fn read(dir: &Path) -> Result<Option<Secret>, VaultError> {
    let file = dir.join(MASTER_KEY_FILE);
    let text = match fs::read_to_string(&file) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unavailable(&file, &error)),
    };
    let mode = fs::metadata(&file)
        .map_err(|error| unavailable(&file, &error))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        tracing::warn!(file = %file.display(), "the master key can be read by others than its owner");
    }
    match parse(text.trim()) {
        Some(key) => Ok(Some(key)),
        None => Err(VaultError::WrongMaster(format!(
            "{} does not hold 64 hexadecimal digits",
            file.display()
        ))),
    }
}

/// Makes the master key. It and its name are durable when this returns.
pub(super) fn create(dir: &Path, ids: &dyn IdSource) -> Result<Secret, VaultError> {
    let file = dir.join(MASTER_KEY_FILE);
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    ids.random(&mut *bytes);
    write(dir, &file, &Zeroizing::new(hex(&*bytes))).map_err(|error| unavailable(&file, &error))?;
    Ok(Secret::new(*bytes))
}

fn write(dir: &Path, file: &Path, text: &str) -> std::io::Result<()> {
    create_private_dir(dir)?;
    let unnamed = dir.join(UNNAMED_FILE);
    if unnamed.exists() {
        fs::remove_file(&unnamed)?;
    }
    let mut new = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unnamed)?;
    writeln!(new, "{text}")?;
    new.sync_all()?;
    fs::rename(&unnamed, file)?;
    sync_dir(dir)
}

fn parse(text: &str) -> Option<Secret> {
    let digits = text.as_bytes();
    if digits.len() != KEY_BYTES * 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(Secret::new(*bytes))
}

fn unavailable(file: &Path, error: &std::io::Error) -> VaultError {
    VaultError::Unavailable(format!("{}: {error}", file.display()))
}
