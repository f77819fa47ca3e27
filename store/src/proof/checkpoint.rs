//! Checkpoints: the number of events of a log and the Merkle root over them, signed, in the C2SP
//! tlog-checkpoint format.

use super::error::ProofError;
use super::key::{SigningKey, VerifierKey};
use super::leaf::TreeHash;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use signed_note::Signature;

/// The most bytes of a signed checkpoint; a longer one is refused. Enough for three lines and a handful of
/// signatures.
pub const CHECKPOINT_BYTES_MAX: usize = 16 * 1024;

const CHECKPOINT: &str = "the checkpoint";

/// The state of a log: the number of its first events and the Merkle root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log, which is the name of its key.
    pub origin: String,
    pub size: u64,
    pub root: TreeHash,
}

/// A checkpoint as a signed note. Its signatures are not checked until `verify`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: SignedText,
}

/// A signed note: a text, and signature lines over it (C2SP signed-note). Its bytes are canonical.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedText {
    text: String,
    signatures: Vec<Signature>,
}

impl Eq for SignedText {}

impl Checkpoint {
    /// Returns the three lines that are signed: origin, size and root in base64. There are no extension
    /// lines.
    pub fn text(&self) -> String {
        let root = BASE64_STANDARD.encode(self.root);
        format!("{}\n{}\n{root}\n", self.origin, self.size)
    }

    fn parse(text: &str) -> Result<Self, ProofError> {
        let malformed = |why: &str| ProofError::malformed(CHECKPOINT, why);
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(malformed("it does not have three lines"));
        };
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: size
                .parse()
                .map_err(|error| ProofError::malformed(CHECKPOINT, error))?,
            root: parse_hash(root)?,
        };
        if origin.is_empty() || checkpoint.text() != text {
            return Err(malformed("it is not exactly origin, size and root"));
        }
        Ok(checkpoint)
    }

    /// Signs the checkpoint with the log's key. The key's name must be the origin.
    pub fn sign(self, key: &SigningKey) -> Result<SignedCheckpoint, ProofError> {
        if self.origin != key.name() {
            return Err(ProofError::malformed(
                CHECKPOINT,
                format!("its origin is {}, the key's name is {}", self.origin, key.name()),
            ));
        }
        let note = SignedText::sign(self.text(), key)?;
        Ok(SignedCheckpoint {
            checkpoint: self,
            note,
        })
    }
}

impl SignedCheckpoint {
    /// Parses a signed checkpoint. Does not check its signatures; `verify` does.
    pub fn parse_signed(text: &str) -> Result<Self, ProofError> {
        if text.len() > CHECKPOINT_BYTES_MAX {
            return Err(ProofError::malformed(CHECKPOINT, "it is too long"));
        }
        let note = SignedText::parse(text)?;
        Ok(Self {
            checkpoint: Checkpoint::parse(&note.text)?,
            note,
        })
    }

    /// Returns the checkpoint if `key` signed it and its origin is the key's name. Fails otherwise.
    pub fn verify(&self, key: &VerifierKey) -> Result<&Checkpoint, ProofError> {
        if self.checkpoint.origin != key.name() || self.note.signed_by(key).is_none() {
            return Err(ProofError::NotSigned {
                what: CHECKPOINT,
                key: key.to_string(),
            });
        }
        Ok(&self.checkpoint)
    }

    /// Returns the time of a witness's cosignature, in Unix seconds. `None` without a valid cosignature by
    /// this key.
    pub fn cosigned_by(&self, witness: &VerifierKey) -> Option<u64> {
        self.note.signed_by(witness)
    }

    /// Returns the checkpoint without checking any signature.
    pub const fn claimed(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Verifies a witness's signature line and adds it. An earlier line by the same key is replaced.
    pub fn add_cosignature(&mut self, line: &str, witness: &VerifierKey) -> Result<(), ProofError> {
        let signature = parse_line(line)?;
        if witness.holds(self.note.text.as_bytes(), &signature).is_none() {
            return Err(ProofError::NotSigned {
                what: "the cosignature",
                key: witness.to_string(),
            });
        }
        let other = |have: &Signature| have.name() != signature.name() || have.id() != signature.id();
        self.note.signatures.retain(other);
        self.note.signatures.push(signature);
        Ok(())
    }

    /// Returns the name of the key of each signature line, verified or not.
    pub fn signers(&self) -> impl Iterator<Item = &str> {
        self.note.signatures.iter().map(Signature::name)
    }

    /// Returns the three lines that the signatures cover.
    pub fn signed_text(&self) -> &str {
        &self.note.text
    }

    /// Returns the text of the signed note.
    pub fn text(&self) -> String {
        self.note.to_text()
    }
}

impl SignedText {
    /// Parses a signed note. Fails if it is not in canonical form or has no signature. Verifies none.
    pub fn parse(note: &str) -> Result<Self, ProofError> {
        let malformed = |why: &str| ProofError::malformed("the signed note", why);
        signed_note::Note::from_bytes(note.as_bytes())
            .map_err(|error| ProofError::malformed("the signed note", error))?;
        let (text, lines) = note
            .rsplit_once("\n\n")
            .ok_or_else(|| malformed("it is unsigned"))?;
        let signatures: Result<Vec<Signature>, ProofError> = lines.lines().map(parse_line).collect();
        let parsed = Self {
            text: format!("{text}\n"),
            signatures: signatures?,
        };
        if parsed.to_text() != note {
            return Err(malformed("it is not in its canonical form"));
        }
        Ok(parsed)
    }

    /// Signs a text with a log's key. Fails unless the text ends with a line feed.
    pub fn sign(text: String, key: &SigningKey) -> Result<Self, ProofError> {
        signed_note::Note::new(text.as_bytes(), &[])
            .map_err(|error| ProofError::malformed("the text to sign", error))?;
        let signatures = vec![key.sign(text.as_bytes())?];
        Ok(Self { text, signatures })
    }

    /// Returns the time at which `key` signed the note: Unix seconds for a witness, 0 for a log. `None` if
    /// it has no valid signature of this key.
    pub fn signed_by(&self, key: &VerifierKey) -> Option<u64> {
        let holds = |signature: &Signature| key.holds(self.text.as_bytes(), signature);
        self.signatures.iter().find_map(holds)
    }

    /// Returns the whole signed note: the text and its signatures.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the number of signature lines, of any key.
    pub fn signature_count(&self) -> usize {
        self.signatures.len()
    }

    /// Returns the text of the note with its signatures.
    pub fn to_text(&self) -> String {
        let mut note = self.text.clone();
        note.push('\n');
        for signature in &self.signatures {
            note.push_str(&line_of(signature));
        }
        note
    }
}

/// Returns a signature line: `— <name> <base64 of key id and signature>`, with its line feed.
pub(crate) fn line_of(signature: &Signature) -> String {
    String::from_utf8_lossy(&signature.to_bytes()).into_owned()
}

fn parse_line(line: &str) -> Result<Signature, ProofError> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    Signature::from_bytes(line.as_bytes()).map_err(|error| ProofError::malformed("the signature line", error))
}

/// Decodes standard base64 of exactly 32 bytes, in canonical form.
pub(crate) fn parse_hash(text: &str) -> Result<TreeHash, ProofError> {
    let bytes = BASE64_STANDARD
        .decode(text)
        .map_err(|error| ProofError::malformed("the hash", error))?;
    match bytes.try_into() {
        Ok(hash) => Ok(hash),
        Err(_) => Err(ProofError::malformed("the hash", "it does not have 32 bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::key::KeyKind;
    use crate::test_ports::HashIds;

    fn key(name: &str, kind: KeyKind) -> SigningKey {
        let dir = tempfile::tempdir().unwrap();
        SigningKey::create(&dir.path().join("key"), name, kind, &HashIds::new(1)).unwrap()
    }

    fn signed() -> (SigningKey, SignedCheckpoint) {
        let key = key("ledgerline/1", KeyKind::Log);
        let checkpoint = Checkpoint {
            origin: "ledgerline/1".to_owned(),
            size: 7,
            root: [9; 32],
        };
        let signed = checkpoint.sign(&key).unwrap();
        (key, signed)
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_signed_by_us_and_by_the_note_library() {
        let (key, signed) = signed();
        let text = signed.text();
        let read = SignedCheckpoint::parse_signed(&text).unwrap();
        assert_eq!(read.verify(&key.verifier()).unwrap().size, 7);
        let theirs = signed_note::StandardVerifier::new(&key.verifier().to_string()).unwrap();
        let note = signed_note::Note::from_bytes(text.as_bytes()).unwrap();
        note.verify(&signed_note::VerifierList::new(vec![Box::new(theirs)]))
            .unwrap();
        let plain = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!((plain.size(), plain.hash().0), (7, [9; 32]));
    }

    #[test]
    fn a_checkpoint_with_any_byte_changed_is_not_believed() {
        let (key, signed) = signed();
        let text = signed.text().into_bytes();
        for index in 0..text.len() {
            let mut altered = text.clone();
            altered[index] ^= 1;
            let believed =
                String::from_utf8(altered).is_ok_and(|text| match SignedCheckpoint::parse_signed(&text) {
                    Ok(read) => read.verify(&key.verifier()).is_ok(),
                    Err(_) => false,
                });
            assert!(!believed, "byte {index}");
        }
    }

    #[test]
    fn another_key_of_the_same_name_is_not_believed() {
        let (_, signed) = signed();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("other");
        let other = SigningKey::create(&file, "ledgerline/1", KeyKind::Log, &HashIds::new(2)).unwrap();
        assert!(signed.verify(&other.verifier()).is_err());
    }

    #[test]
    fn a_cosignature_holds_with_its_time_and_a_wrong_one_is_refused() {
        let (log, mut signed) = signed();
        let witness = key("witness.example.com/w", KeyKind::Witness);
        let line = line_of(
            &witness
                .cosign(signed.signed_text().as_bytes(), 1_772_416_800)
                .unwrap(),
        );
        assert_eq!(signed.cosigned_by(&witness.verifier()), None);
        signed.add_cosignature(&line, &witness.verifier()).unwrap();
        signed.add_cosignature(&line, &witness.verifier()).unwrap();
        let again = SignedCheckpoint::parse_signed(&signed.text()).unwrap();
        assert_eq!(again.cosigned_by(&witness.verifier()), Some(1_772_416_800));
        assert_eq!(again.signers().count(), 2);
        assert!(again.verify(&log.verifier()).is_ok());
        let other = line_of(&witness.cosign(b"something else\n", 1).unwrap());
        assert!(signed.add_cosignature(&other, &witness.verifier()).is_err());
    }

    #[test]
    fn an_extension_line_or_a_padded_size_is_refused() {
        let (key, _) = signed();
        for text in [
            "o\n07\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n",
            "o\n7\nCQk=\n",
            "o\n7\n",
        ] {
            let note = SignedText::sign(text.to_owned(), &key).unwrap().to_text();
            assert!(SignedCheckpoint::parse_signed(&note).is_err(), "{text}");
        }
    }
}
