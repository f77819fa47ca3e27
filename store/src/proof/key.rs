//! The keys of logs and witnesses: Ed25519, in the text formats of C2SP signed-note.
//!
//! A key has a name. A signature line identifies it by the name and four bytes of a hash over name, type and
//! public key. A log signs with type 0x01, a witness with 0x04 (cosignature/v1: the time is signed too).

use super::error::ProofError;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::ports::id_source::IdSource;
use ed25519_dalek::{Signer, VerifyingKey};
use sha2::{Digest, Sha256};
use signed_note::{Signature, is_key_name_valid};
use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;

/// The most bytes of a key's name, which is a host and path, or one that we generate; a longer one is
/// refused.
pub const KEY_NAME_BYTES_MAX: usize = 255;

/// The type of a key, which decides what its signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Type 0x01: Ed25519 over the note's text.
    Log,
    /// Type 0x04: Ed25519 over `cosignature/v1`, the time and the note's text.
    Witness,
}

impl KeyKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Log => 0x01,
            Self::Witness => 0x04,
        }
    }

    const fn of(byte: u8) -> Option<Self> {
        match byte {
            0x01 => Some(Self::Log),
            0x04 => Some(Self::Witness),
            _ => None,
        }
    }
}

/// A public key. Its text form (a "vkey") is `<name>+<key id>+<base64 of type and key>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: VerifyingKey,
}

/// A private key. Its file contains `PRIVATE+KEY+<name>+<key id>+<base64 of type and seed>`.
#[derive(Clone)]
pub struct SigningKey {
    name: String,
    kind: KeyKind,
    key: ed25519_dalek::SigningKey,
}

const KEY: &str = "the key";

impl VerifierKey {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Returns the key id: the four bytes with which signature lines begin.
    pub fn id(&self) -> u32 {
        signed_note::key_id(&self.name, &self.typed_key())
    }

    /// Returns the SHA-256 of the vkey text in lower-case hex, which people can compare by telephone.
    pub fn fingerprint(&self) -> String {
        domain::hex::encode(&Sha256::digest(self.to_string().as_bytes()))
    }

    fn typed_key(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind.byte()];
        bytes.extend_from_slice(self.key.as_bytes());
        bytes
    }

    /// Verifies a signature over a note's text. Returns the time of a witness in Unix seconds, 0 for a
    /// log's key, and `None` if the signature is of another key or not valid.
    pub(crate) fn holds(&self, text: &[u8], signature: &Signature) -> Option<u64> {
        if signature.name() != self.name || signature.id() != self.id() {
            return None;
        }
        let (seconds, message, bytes) = match self.kind {
            KeyKind::Log => (0, text.to_vec(), signature.signature()),
            KeyKind::Witness => {
                let (time, bytes) = signature.signature().split_first_chunk::<8>()?;
                let seconds = u64::from_be_bytes(*time);
                (seconds, cosigned_text(text, seconds), bytes)
            }
        };
        let signature = ed25519_dalek::Signature::from_slice(bytes).ok()?;
        self.key
            .verify_strict(&message, &signature)
            .ok()
            .map(|()| seconds)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64_STANDARD.encode(self.typed_key());
        write!(f, "{}+{:08x}+{key}", self.name, self.id())
    }
}

impl FromStr for VerifierKey {
    type Err = ProofError;

    fn from_str(text: &str) -> Result<Self, ProofError> {
        let (name, kind, bytes) = parse(text)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|error| ProofError::malformed(KEY, error))?;
        let key = Self { name, kind, key };
        if key.to_string() == text {
            return Ok(key);
        }
        Err(malformed("its key id does not match the key"))
    }
}

impl SigningKey {
    /// Makes a private key and writes it to a file (mode 0600). Fails if the file exists or the name is not
    /// valid. `name` becomes the log's origin.
    pub fn create(file: &Path, name: &str, kind: KeyKind, ids: &dyn IdSource) -> Result<Self, ProofError> {
        if !is_key_name_valid(name) || name.len() > KEY_NAME_BYTES_MAX || name.contains(char::is_control) {
            return Err(malformed(
                "a key name must not contain blanks, plus signs or control characters",
            ));
        }
        let mut seed = [0_u8; ed25519_dalek::SECRET_KEY_LENGTH];
        ids.random(&mut seed);
        let key = Self {
            name: name.to_owned(),
            kind,
            key: ed25519_dalek::SigningKey::from_bytes(&seed),
        };
        zeroize::Zeroize::zeroize(&mut seed);
        key.write(file).map_err(|error| ProofError::disk(file, &error))?;
        Ok(key)
    }

    /// Reads a key from its file.
    pub fn read(file: &Path) -> Result<Self, ProofError> {
        let text = std::fs::read_to_string(file).map_err(|error| ProofError::disk(file, &error))?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let public = text
            .strip_prefix("PRIVATE+KEY+")
            .ok_or_else(|| malformed("it does not begin with PRIVATE+KEY+"))?;
        let (name, kind, seed) = parse(public)?;
        let key = Self {
            name,
            kind,
            key: ed25519_dalek::SigningKey::from_bytes(&seed),
        };
        if *key.text() == *text {
            return Ok(key);
        }
        Err(malformed("its key id does not match the key"))
    }

    /// Reads the log's key. If there is none, makes one with the name `ledgerline/<16 random hex digits>`.
    pub fn of_log(file: &Path, ids: &dyn IdSource) -> Result<Self, ProofError> {
        if file.exists() {
            return Self::read(file);
        }
        let mut installation = [0_u8; 8];
        ids.random(&mut installation);
        let name = format!("ledgerline/{}", domain::hex::encode(&installation));
        match Self::create(file, &name, KeyKind::Log, ids) {
            // Another process made it first.
            Err(_) if file.exists() => Self::read(file),
            made => made,
        }
    }

    /// Reads the log's key and appends `suffix` to its name: a log that lost signed events gets a new origin.
    /// The file is changed before anything is signed; the key itself stays the same.
    pub fn of_origin(file: &Path, suffix: Option<&str>, ids: &dyn IdSource) -> Result<Self, ProofError> {
        let key = Self::of_log(file, ids)?;
        let Some(suffix) = suffix.filter(|suffix| !key.name.ends_with(&format!("/{suffix}"))) else {
            return Ok(key);
        };
        let base: Vec<&str> = key.name.split('/').take(2).collect();
        let named = Self {
            name: format!("{}/{suffix}", base.join("/")),
            ..key
        };
        if !is_key_name_valid(&named.name) || named.name.len() > KEY_NAME_BYTES_MAX {
            return Err(malformed("the name with this suffix is not a valid key name"));
        }
        named
            .replace(file)
            .map_err(|error| ProofError::disk(file, &error))?;
        Ok(named)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Returns the public key with which the signatures of this key are verified.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey {
            name: self.name.clone(),
            kind: self.kind,
            key: self.key.verifying_key(),
        }
    }

    /// Signs a note's text with a log's key.
    pub(crate) fn sign(&self, text: &[u8]) -> Result<Signature, ProofError> {
        self.signature(self.key.sign(text).to_bytes().to_vec())
    }

    /// Signs a note's text together with a time in Unix seconds, with a witness's key (C2SP
    /// tlog-cosignature).
    pub(crate) fn cosign(&self, text: &[u8], seconds: u64) -> Result<Signature, ProofError> {
        let signature = self.key.sign(&cosigned_text(text, seconds)).to_bytes();
        self.signature([seconds.to_be_bytes().as_slice(), &signature].concat())
    }

    fn signature(&self, bytes: Vec<u8>) -> Result<Signature, ProofError> {
        Signature::new(self.name.clone(), self.verifier().id(), bytes)
            .map_err(|error| ProofError::malformed(KEY, error))
    }

    fn text(&self) -> zeroize::Zeroizing<String> {
        let mut typed = zeroize::Zeroizing::new(vec![self.kind.byte()]);
        typed.extend_from_slice(self.key.as_bytes());
        let key = BASE64_STANDARD.encode(typed.as_slice());
        format!("PRIVATE+KEY+{}+{:08x}+{key}", self.name, self.verifier().id()).into()
    }

    /// Replaces the key file by writing a temporary file and renaming it; durable when it returns. A
    /// temporary file of an interrupted attempt is removed first.
    fn replace(&self, file: &Path) -> std::io::Result<()> {
        let aside = file.with_extension("new");
        match std::fs::remove_file(&aside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        self.write(&aside)?;
        std::fs::rename(&aside, file)?;
        crate::data_lock::sync_dir(file.parent().unwrap_or(Path::new(".")))
    }

    fn write(&self, file: &Path) -> std::io::Result<()> {
        let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty());
        if let Some(dir) = dir {
            crate::data_lock::create_private_dir(dir)?;
        }
        let mut out = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)?;
        out.write_all(self.text().as_bytes())?;
        out.write_all(b"\n")?;
        out.sync_all()?;
        dir.map_or(Ok(()), crate::data_lock::sync_dir)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.verifier())
    }
}

fn cosigned_text(text: &[u8], seconds: u64) -> Vec<u8> {
    [format!("cosignature/v1\ntime {seconds}\n").as_bytes(), text].concat()
}

fn parse(text: &str) -> Result<(String, KeyKind, [u8; 32]), ProofError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(malformed("it does not have the form <name>+<key id>+<key>"));
    };
    if !is_key_name_valid(name) || name.len() > KEY_NAME_BYTES_MAX {
        return Err(malformed("its name is not a valid key name"));
    }
    let bytes = BASE64_STANDARD
        .decode(key)
        .map_err(|error| ProofError::malformed(KEY, error))?;
    let (kind, key) = bytes.split_first().ok_or_else(|| malformed("it is empty"))?;
    let kind = KeyKind::of(*kind).ok_or_else(|| malformed("its type is neither 1 nor 4"))?;
    let key = key
        .try_into()
        .map_err(|error| ProofError::malformed(KEY, error))?;
    Ok((name.to_owned(), kind, key))
}

fn malformed(why: &str) -> ProofError {
    ProofError::malformed(KEY, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_ports::HashIds;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_read_as_it_was_made_and_its_file_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("keys/log-signing.key");
        let made = SigningKey::of_log(&file, &HashIds::new(1)).unwrap();
        assert!(made.name().starts_with("ledgerline/"), "{}", made.name());
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let read = SigningKey::of_log(&file, &HashIds::new(2)).unwrap();
        assert_eq!(read.verifier(), made.verifier());
        assert!(SigningKey::create(&file, "other", KeyKind::Log, &HashIds::new(3)).is_err());
        assert!(!format!("{made:?}").contains("PRIVATE"));
    }

    #[test]
    fn a_verifier_key_is_the_one_the_note_library_knows() {
        // From the documentation of golang.org/x/mod/sumdb/note.
        let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let key: VerifierKey = text.parse().unwrap();
        assert_eq!((key.to_string().as_str(), key.id()), (text, 0xc74f_20a3));
        let altered = text.replace("c74f20a3", "c74f20a4");
        assert!(altered.parse::<VerifierKey>().is_err());
        for bad in ["", "a", "a+b", "a+00000000+", "a b+00000000+AQ=="] {
            assert!(bad.parse::<VerifierKey>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_with_a_blank_or_a_plus_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["", "a b", "a+b", "a\nb"] {
            let made = SigningKey::create(&dir.path().join("k"), name, KeyKind::Log, &HashIds::new(1));
            assert!(made.is_err(), "{name:?}");
        }
    }
}
