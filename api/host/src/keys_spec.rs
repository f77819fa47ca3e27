//! The arguments `--keys` and `--master-key`: where the keys of customers are stored, and what wraps them.
//! Secrets are never printed.

use crate::clock::SystemClock;
use crate::config::named_variable;
use crate::data_dir::KEYS_DIR;
use crate::store_spec::is_postgres;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ports::clock::Clock;
use domain::ports::vault::VaultError;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::str::FromStr;
use std::sync::Arc;
use store::{KeyStoreLocation, KeyWrapper, MasterKey, WRAPPED_MASTER_FILE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::runtime::Handle;

/// The longest wait for a key service's program, in milliseconds: a slow network and a prompt of the service.
const WRAPPER_MS: u64 = 30_000;

/// The most bytes read from the output of a key service's program.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// Where the keys of customers are, and their master key. By default `DATA/keys` with a master key of its
/// own.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct KeysSpec {
    /// Where the keys of persons are: a directory with master.key and keys.db, or a postgres:// database that
    /// holds no events; default: DATA/keys
    #[arg(long, value_name = "DIR|URL")]
    pub keys: Option<KeysPlace>,
    /// What wraps the keys: file:PATH, env:NAME (64 hexadecimal digits or base64) or exec:PROGRAM, which is
    /// run as `PROGRAM wrap` or `PROGRAM unwrap` with base64 on standard input and output; default:
    /// master.key in the keys directory
    #[arg(long, value_name = "SPEC")]
    pub master_key: Option<MasterSpec>,
}

/// A location of keys that is named but not opened: a directory or a PostgreSQL database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeysPlace {
    Dir(PathBuf),
    Postgres(KeysUrl),
}

/// A `postgres://` URL, which may contain a password; `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeysUrl(String);

impl KeysUrl {
    /// Returns the URL with its password: for the database client, not for output.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for KeysUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("postgres://…")
    }
}

impl FromStr for KeysPlace {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if is_postgres(text) {
            Self::Postgres(KeysUrl(text.to_owned()))
        } else {
            Self::Dir(PathBuf::from(text))
        })
    }
}

/// A source of the master key that is named but not read: a file, an environment variable or a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MasterSpec {
    File(PathBuf),
    Env(String),
    Exec(PathBuf),
}

impl FromStr for MasterSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((_, "")) | None => Err("a master key is file:PATH, env:NAME or exec:PROGRAM".to_owned()),
            Some(("file", path)) => Ok(Self::File(PathBuf::from(path))),
            Some(("env", name)) => Ok(Self::Env(name.to_owned())),
            Some(("exec", program)) => Ok(Self::Exec(PathBuf::from(program))),
            Some(_) => Err("a master key is file:PATH, env:NAME or exec:PROGRAM".to_owned()),
        }
    }
}

impl MasterSpec {
    /// Returns the master key for the keys in `dir`. Fails if the environment variable does not hold a key;
    /// files and programs are read later.
    pub fn open(&self, dir: &Path) -> Result<MasterKey, VaultError> {
        match self {
            Self::File(path) => Ok(MasterKey::File(path.clone())),
            Self::Env(name) => {
                let key = named_variable(name).and_then(|text| MasterKey::given(&text));
                key.ok_or_else(|| {
                    VaultError::WrongMaster(format!(
                        "environment variable {name} does not hold 64 hexadecimal digits or base64 of 32 bytes"
                    ))
                })
            }
            Self::Exec(program) => Ok(MasterKey::Wrapped {
                file: dir.join(WRAPPED_MASTER_FILE),
                wrapper: Arc::new(ExecWrapper {
                    program: program.clone(),
                }),
            }),
        }
    }
}

impl KeysSpec {
    /// Returns the directory given with `--keys`, if it is one.
    pub fn dir(&self) -> Option<PathBuf> {
        match &self.keys {
            Some(KeysPlace::Dir(dir)) => Some(dir.clone()),
            Some(KeysPlace::Postgres(_)) | None => None,
        }
    }

    /// Returns the database given with `--keys`, if it is one.
    pub fn url(&self) -> Option<KeysUrl> {
        match &self.keys {
            Some(KeysPlace::Postgres(url)) => Some(url.clone()),
            Some(KeysPlace::Dir(_)) | None => None,
        }
    }

    /// Returns the keys directory of a server on `data`. With keys in a database, it contains the master key.
    pub fn directory(&self, data: &Path) -> PathBuf {
        self.dir().unwrap_or_else(|| data.join(KEYS_DIR))
    }

    /// Returns where the keys of a server on `data` are stored: a directory or a database.
    pub fn place(&self, data: &Path) -> KeyStoreLocation {
        match &self.keys {
            Some(KeysPlace::Postgres(url)) => KeyStoreLocation::Database(url.as_str().to_owned()),
            Some(KeysPlace::Dir(_)) | None => KeyStoreLocation::Directory(self.directory(data)),
        }
    }

    /// Returns the master key that `--master-key` names, else the one in the keys directory `dir`.
    pub fn master(&self, dir: &Path) -> Result<MasterKey, VaultError> {
        match &self.master_key {
            Some(spec) => spec.open(dir),
            None => Ok(MasterKey::in_dir(dir)),
        }
    }
}

/// A key service reached by running a program: `PROGRAM wrap` or `PROGRAM unwrap`, with one line of base64 on
/// standard input and output and exit code 0.
struct ExecWrapper {
    program: PathBuf,
}

impl ExecWrapper {
    fn run(&self, verb: &str, input: &[u8]) -> Result<Vec<u8>, VaultError> {
        let text = format!("{}\n", STANDARD.encode(input));
        let asked = async {
            let clock = SystemClock::default();
            tokio::select! {
                biased;
                () = clock.wait_until(clock.now().plus_ms(WRAPPER_MS)) => {
                    Err(self.failed(format!("no answer within {} s", WRAPPER_MS / 1_000)))
                }
                answer = self.ask(verb, &text) => answer,
            }
        };
        let answer = tokio::task::block_in_place(|| Handle::current().block_on(asked))?;
        let decoded = STANDARD.decode(answer.trim_ascii());
        decoded.map_err(|error| self.failed(format!("its answer is not base64: {error}")))
    }

    async fn ask(&self, verb: &str, text: &str) -> Result<Vec<u8>, VaultError> {
        let failed = |error: std::io::Error| self.failed(error.to_string());
        let mut child = Command::new(&self.program)
            .arg(verb)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that reads nothing reports the reason by its exit code.
            drop(stdin.write_all(text.as_bytes()).await);
        }
        let mut answer = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout
                .take(ANSWER_BYTES_MAX)
                .read_to_end(&mut answer)
                .await
                .map_err(failed)?;
        }
        let status = child.wait().await.map_err(failed)?;
        if !status.success() {
            return Err(VaultError::WrongMaster(format!(
                "{} {verb} ended with {status}",
                self.program.display()
            )));
        }
        Ok(answer)
    }

    fn failed(&self, why: String) -> VaultError {
        VaultError::Unavailable(format!("{}: {why}", self.program.display()))
    }
}

impl KeyWrapper for ExecWrapper {
    fn wrap(&self, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.run("wrap", plain)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.run("unwrap", wrapped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn program(dir: &Path, text: &str) -> ExecWrapper {
        let program = dir.join("wrapper");
        std::fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        ExecWrapper { program }
    }

    #[test]
    fn keys_are_in_a_directory_or_a_database_and_its_password_is_not_shown() {
        assert_eq!("a/keys".parse(), Ok(KeysPlace::Dir("a/keys".into())));
        let place: KeysPlace = "postgres://u:secret@db.example.com/keys".parse().unwrap();
        assert!(!format!("{place:?}").contains("secret"), "{place:?}");
    }

    #[test]
    fn a_master_key_is_recognized_by_its_scheme() {
        assert_eq!("env:A".parse(), Ok(MasterSpec::Env("A".to_owned())));
        assert_eq!("file:/k".parse(), Ok(MasterSpec::File("/k".into())));
        assert_eq!("exec:/bin/k".parse(), Ok(MasterSpec::Exec("/bin/k".into())));
        for wrong in ["", "env:", "file:", "exec:", "/k", "kms:x"] {
            assert!(wrong.parse::<MasterSpec>().is_err(), "{wrong}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_program_wraps_and_unwraps_and_its_refusal_is_a_wrong_master_key() {
        let dir = tempfile::tempdir().unwrap();
        // Reverses the digits: enough to see that both directions are used.
        let turning = program(dir.path(), "rev | tr '+=' '=+' | tr '=+' '+='; exit 0");
        let wrapped = turning.wrap(&[7; 33]).unwrap();
        assert_eq!(turning.unwrap(&wrapped).unwrap(), [7; 33]);
        let refusing = program(dir.path(), "cat > /dev/null; exit 3");
        assert!(matches!(refusing.unwrap(&[1]), Err(VaultError::WrongMaster(_))));
        let babbling = program(dir.path(), "echo '?'");
        assert!(matches!(babbling.wrap(&[1]), Err(VaultError::Unavailable(_))));
        let missing = ExecWrapper {
            program: dir.path().join("nowhere"),
        };
        assert!(matches!(missing.wrap(&[1]), Err(VaultError::Unavailable(_))));
    }
}
