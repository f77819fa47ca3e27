//! Reads the files with which an authority checks that this server has a host name (RFC 8555, 8.3): those of
//! `DIR/.well-known/acme-challenge/`, where an ACME client writes them (certbot: `--webroot -w DIR`).
//!
//! Only a plain file directly in that folder is read. No symbolic link is followed below DIR, so a name
//! cannot lead elsewhere, and a pipe or device does not stall the request.

use domain::problem::Problem;
use rustix::fs::{Mode, OFlags, open, openat};
use rustix::io::Errno;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The folders below DIR.
const FOLDERS: [&str; 2] = [".well-known", "acme-challenge"];

/// Longest token, in bytes: 128 bits have 22 characters of base64url (RFC 8555, 8.3); authorities use 43.
const TOKEN_BYTES_MAX: usize = 128;

/// Longest file, in bytes: a key authorization is the token, a dot and 43 characters.
const FILE_BYTES_MAX: u64 = 1_024;

/// The directory in which an ACME client writes its challenges.
#[derive(Debug, Clone)]
pub struct ChallengeDir(PathBuf);

impl ChallengeDir {
    /// Names the directory. Fails with `setting-invalid` if it is none. The folders in it may appear later.
    pub fn new(path: &Path) -> Result<Self, Problem> {
        match path.metadata() {
            Ok(found) if found.is_dir() => Ok(Self(path.to_owned())),
            Ok(_) => Err(unfit(path, "it is not a directory")),
            Err(error) => Err(unfit(path, &error.to_string())),
        }
    }

    /// Returns the content of the challenge with this token; `None` if there is none, or if the name or the
    /// file is not that of a challenge.
    pub fn read(&self, token: &str) -> Option<Vec<u8>> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(1..=TOKEN_BYTES_MAX).contains(&token.len()) || !token.bytes().all(is_token) {
            return None;
        }
        match self.open(token) {
            Ok(file) => content(file),
            Err(Errno::NOENT) => None,
            Err(error) => {
                tracing::warn!(%error, "an acme challenge cannot be read");
                None
            }
        }
    }

    fn open(&self, token: &str) -> Result<File, Errno> {
        let folder = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut at = open(&self.0, folder, Mode::empty())?;
        for name in FOLDERS {
            at = openat(&at, name, folder | OFlags::NOFOLLOW, Mode::empty())?;
        }
        let file = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        openat(&at, token, file, Mode::empty()).map(File::from)
    }
}

/// Reads a plain file up to its limit; `None` for another kind of file and a longer one.
fn content(file: File) -> Option<Vec<u8>> {
    let found = file.metadata().ok()?;
    if !found.is_file() || found.len() > FILE_BYTES_MAX {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn unfit(path: &Path, why: &str) -> Problem {
    Problem::invalid("setting-invalid", format!("--acme-dir {}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// A directory with the folder of challenges.
    fn challenges() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join(".well-known/acme-challenge");
        fs::create_dir_all(&folder).unwrap();
        (directory, folder)
    }

    #[test]
    fn a_challenge_is_read_and_a_missing_one_is_none() {
        let (directory, folder) = challenges();
        let dir = ChallengeDir::new(directory.path()).unwrap();
        let token = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
        assert_eq!(dir.read(token), None);
        fs::write(folder.join(token), format!("{token}.9jg46WB3rR")).unwrap();
        assert_eq!(dir.read(token), Some(format!("{token}.9jg46WB3rR").into_bytes()));
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let (directory, folder) = challenges();
        fs::write(directory.path().join("secret"), "s").unwrap();
        fs::write(folder.join("plain"), "p").unwrap();
        fs::write(folder.join(".hidden"), "h").unwrap();
        let dir = ChallengeDir::new(directory.path()).unwrap();
        for name in [
            "",
            ".",
            "..",
            "../secret",
            "..%2fsecret",
            "../../secret",
            "/etc/passwd",
            ".hidden",
            "plain/",
            "plain\0",
            "plain\r\n",
            "a b",
            "密",
            "a".repeat(TOKEN_BYTES_MAX + 1).as_str(),
        ] {
            assert_eq!(dir.read(name), None, "{name:?}");
        }
        assert_eq!(dir.read("plain"), Some(b"p".to_vec()));
    }

    #[test]
    fn links_folders_pipes_and_large_files_are_not_served() {
        let (directory, folder) = challenges();
        let secret = directory.path().join("secret");
        fs::write(&secret, "s").unwrap();
        symlink(&secret, folder.join("link")).unwrap();
        symlink("plain", folder.join("inner")).unwrap();
        fs::create_dir(folder.join("folder")).unwrap();
        fs::write(folder.join("large"), vec![b'x'; 1_025]).unwrap();
        fs::write(folder.join("largest"), vec![b'x'; 1_024]).unwrap();
        let pipe = rustix::fs::mknodat(
            rustix::fs::CWD,
            folder.join("pipe"),
            rustix::fs::FileType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        );
        pipe.unwrap();
        let dir = ChallengeDir::new(directory.path()).unwrap();
        for name in ["link", "inner", "folder", "large", "pipe"] {
            assert_eq!(dir.read(name), None, "{name}");
        }
        assert_eq!(dir.read("largest").map(|bytes| bytes.len()), Some(1_024));
    }

    #[test]
    fn a_linked_folder_is_not_followed_and_what_is_no_directory_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let (_other, folder) = challenges();
        fs::write(folder.join("token"), "t").unwrap();
        symlink(folder.parent().unwrap(), directory.path().join(".well-known")).unwrap();
        let dir = ChallengeDir::new(directory.path()).unwrap();
        assert_eq!(dir.read("token"), None);
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        for wrong in [file, directory.path().join("absent")] {
            assert_eq!(ChallengeDir::new(&wrong).unwrap_err().code, "setting-invalid");
        }
    }
}
