//! Writes and reads a model as bytes: a head with its version, the parts, and a digest over all of it at the
//! end.
//!
//! Little-endian. `LLNLU` and the version in six bytes, the length of a JSON head in four, the head, the
//! hashes (8 bytes each), rarities (4), weights (1), and SHA-256 of all before it. Version 2 is for a model
//! with word vectors: its head has `meaning`, and before the digest come the words' hashes (8), steps (4) and
//! numbers (1). A model without word vectors is written as version 1, as before.

use super::{Judges, Model};
use crate::learning::{Calibration, Meaning, Vocabulary};
use crate::word_vectors::{DIMENSIONS_MAX, WordVectors};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use thiserror::Error;

/// Largest model file, in bytes; a larger one is refused. It is the largest that is written, with its head.
pub const MODEL_BYTES_MAX: usize = 10_000_000;

const MAGIC: &[u8; 5] = b"LLNLU";
/// The format's version for models without word vectors. It changes whenever features, blocks or layout
/// change: a model is only right with its own features.
const VERSION: u8 = 1;
/// The format's version for models with word vectors.
const VERSION_WITH_WORDS: u8 = 2;
/// Bytes of a SHA-256.
const DIGEST_BYTES: usize = 32;

/// The reason why bytes cannot be read as a model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ModelFault {
    /// The bytes are something else.
    #[error("this is not a ledgerline model")]
    NotAModel,
    /// The model was written by another version.
    #[error("the model is of version {found}; this build reads up to {wanted}. Train it again")]
    OtherVersion {
        /// The version in the file.
        found: u8,
        /// The highest version that this build reads.
        wanted: u8,
    },
    /// The bytes are not those that were written.
    #[error("the model is damaged: {what}")]
    Damaged {
        /// The part that is wrong.
        what: &'static str,
    },
    /// The model is larger than allowed.
    #[error("the model has {bytes} bytes, more than {MODEL_BYTES_MAX}")]
    TooLarge {
        /// Its size, in bytes.
        bytes: usize,
    },
}

#[derive(Serialize, Deserialize)]
struct Head {
    intents: Vec<String>,
    pieces: usize,
    unseen: f32,
    steps: Vec<f32>,
    biases: Vec<f32>,
    calibration: Calibration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    meaning: Option<MeaningHead>,
}

/// The head of a model's word vectors: the number of words, and the mean of the rows' vectors, with as many
/// numbers as a word has.
#[derive(Serialize, Deserialize)]
struct MeaningHead {
    words: usize,
    centre: Vec<f32>,
}

impl Model {
    /// Returns the model as bytes; equal models give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let judges = &self.judges;
        let meaning = judges.vocabulary.meaning.as_ref();
        let head = Head {
            intents: self.intents.clone(),
            pieces: judges.vocabulary.hashes.len(),
            unseen: judges.vocabulary.unseen,
            steps: judges.steps.clone(),
            biases: judges.biases.clone(),
            calibration: self.calibration,
            meaning: meaning.map(|meaning| MeaningHead {
                words: meaning.words.len(),
                centre: meaning.centre.clone(),
            }),
        };
        let head = serde_json::to_vec(&head).unwrap_or_default();
        let mut bytes = MAGIC.to_vec();
        bytes.push(match meaning {
            None => VERSION,
            Some(_) => VERSION_WITH_WORDS,
        });
        bytes.extend(u32::try_from(head.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(head);
        bytes.extend(
            judges
                .vocabulary
                .hashes
                .iter()
                .flat_map(|hash| hash.to_le_bytes()),
        );
        bytes.extend(
            judges
                .vocabulary
                .rarity
                .iter()
                .flat_map(|rarity| rarity.to_le_bytes()),
        );
        bytes.extend(judges.weights.iter().flat_map(|weight| weight.to_le_bytes()));
        if let Some(Meaning { words, .. }) = meaning {
            bytes.extend(words.hashes.iter().flat_map(|hash| hash.to_le_bytes()));
            bytes.extend(words.steps.iter().flat_map(|step| step.to_le_bytes()));
            bytes.extend(words.numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        let digest = Sha256::digest(&bytes);
        bytes.extend(digest);
        bytes
    }

    /// Returns the name of the model in events: the SHA-256 of its bytes, in lower-case hexadecimal.
    pub fn digest(&self) -> String {
        let digest = Sha256::digest(self.to_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a model from its bytes. Fails if they are no model, of another version, damaged (digest) or
    /// larger than `MODEL_BYTES_MAX`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFault> {
        if bytes.len() > MODEL_BYTES_MAX {
            return Err(ModelFault::TooLarge { bytes: bytes.len() });
        }
        let rest = bytes.strip_prefix(MAGIC).ok_or(ModelFault::NotAModel)?;
        let version = match rest.first() {
            Some(version @ (&VERSION | &VERSION_WITH_WORDS)) => *version,
            Some(found) => {
                return Err(ModelFault::OtherVersion {
                    found: *found,
                    wanted: VERSION_WITH_WORDS,
                });
            }
            None => return Err(damaged("it ends after its name")),
        };
        let kept = bytes
            .len()
            .checked_sub(DIGEST_BYTES)
            .ok_or(damaged("it is too short"))?;
        let (kept, digest) = bytes.split_at_checked(kept).ok_or(damaged("it is too short"))?;
        if Sha256::digest(kept).as_slice() != digest {
            return Err(damaged("its digest does not match"));
        }
        let mut parts = UnreadBytes {
            rest: kept.get(MAGIC.len() + 1..).unwrap_or_default(),
        };
        let [length] = parts
            .numbers(1, u32::from_le_bytes)?
            .try_into()
            .map_err(|_rest| damaged("no head"))?;
        let head: Head = serde_json::from_slice(parts.take(length as usize)?)
            .map_err(|_unreadable| damaged("its head cannot be read"))?;
        let intents = head.intents.len();
        if head.steps.len() != intents || head.biases.len() != intents {
            return Err(damaged("its head contradicts itself"));
        }
        if head.meaning.is_some() != (version == VERSION_WITH_WORDS) {
            return Err(damaged("its head is of another version"));
        }
        let dimensions = head.meaning.as_ref().map_or(0, |meaning| meaning.centre.len());
        if dimensions > DIMENSIONS_MAX {
            return Err(damaged("its words have too many numbers"));
        }
        let columns = head.pieces.saturating_add(dimensions);
        let hashes = parts.numbers(head.pieces, u64::from_le_bytes)?;
        let rarity = parts.numbers(head.pieces, f32::from_le_bytes)?;
        let weights = parts.numbers(columns.saturating_mul(intents), i8::from_le_bytes)?;
        let meaning = head.meaning.map(|meaning| parts.meaning(meaning)).transpose()?;
        if !parts.rest.is_empty() {
            return Err(damaged("there are bytes after its end"));
        }
        let vocabulary = Vocabulary::of(hashes, rarity, head.unseen).with(meaning);
        let judges = Judges {
            vocabulary,
            weights,
            steps: head.steps,
            biases: head.biases,
        };
        Ok(Self::new(head.intents, judges, head.calibration))
    }
}

fn damaged(what: &'static str) -> ModelFault {
    ModelFault::Damaged { what }
}

/// The bytes of a model that have not been read yet.
struct UnreadBytes<'b> {
    rest: &'b [u8],
}

impl<'b> UnreadBytes<'b> {
    fn take(&mut self, bytes: usize) -> Result<&'b [u8], ModelFault> {
        let (taken, rest) = self
            .rest
            .split_at_checked(bytes)
            .ok_or(damaged("a part is missing"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn meaning(&mut self, head: MeaningHead) -> Result<Meaning, ModelFault> {
        let MeaningHead { words, centre } = head;
        let hashes = self.numbers(words, u64::from_le_bytes)?;
        let steps = self.numbers(words, f32::from_le_bytes)?;
        let numbers = self.numbers(words.saturating_mul(centre.len()), i8::from_le_bytes)?;
        let words = Arc::new(WordVectors::of(centre.len(), hashes, steps, numbers));
        Ok(Meaning { words, centre })
    }

    fn numbers<T, const N: usize>(
        &mut self,
        count: usize,
        read: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, ModelFault> {
        let bytes = self.take(count.saturating_mul(N))?;
        Ok(bytes
            .as_chunks::<N>()
            .0
            .iter()
            .map(|chunk| read(*chunk))
            .collect())
    }
}
