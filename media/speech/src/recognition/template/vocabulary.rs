//! The phrases that a template recognizer knows, with their recorded examples: a directory of WAV files, or a
//! list of phrases spoken by espeak-ng in some of its voices.
//!
//! A file is named after its words: `是的.wav`, or with any text after a dot for another voice: `是的.m3.wav`.

use crate::clips::{ClipError, read_clip};
use domain::hex;
use domain::ports::recognizer::{PHRASE_BYTES_MAX, VOCABULARY_MAX};
use media::audio::likeness::{Coefficients, coefficients_of, distance, without_silence};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// Most examples of all phrases together; more are refused. Enough for 500 phrases in a few voices.
const EXAMPLES_MAX: usize = 2_000;
/// Most bytes of an example's file; a larger one is refused. Ten seconds of audio.
const FILE_BYTES_MAX: u64 = 10 * 16_000 + 4_096;

/// The reason why a vocabulary cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum VocabularyError {
    #[error("cannot read {path}: {error}")]
    Unreadable { path: String, error: std::io::Error },
    #[error("{path} is larger than ten seconds of audio at 8 kHz")]
    TooLarge { path: String },
    #[error(
        "{path}: {error}; a template is a WAV file of 8 kHz, mono, 16 bit, such as `ffmpeg -ar 8000 -ac 1` writes"
    )]
    NotAClip { path: String, error: ClipError },
    #[error("{path} holds no speech: it is shorter than a tenth of a second")]
    TooShort { path: String },
    #[error(
        "the name of {path} is not a phrase: a phrase has 1 to {PHRASE_BYTES_MAX} bytes of UTF-8 before the first dot"
    )]
    NoPhrase { path: String },
    #[error(
        "{0} contains no template: put WAV files there, each named after its words, for example `是的.wav`"
    )]
    Empty(String),
    #[error("more than {VOCABULARY_MAX} phrases or {EXAMPLES_MAX} files")]
    TooMany,
}

/// The phrases of a template recognizer and their recorded examples.
#[derive(Debug, Default)]
pub struct Vocabulary {
    examples: BTreeMap<String, Vec<Vec<Coefficients>>>,
    count: usize,
    digest: String,
}

impl Vocabulary {
    /// Reads every `.wav` file of a directory as an example. The file's name before the first dot is the
    /// phrase.
    pub fn from_directory(dir: &Path) -> Result<Self, VocabularyError> {
        let unreadable = |path: &Path| {
            let path = path.display().to_string();
            move |error| VocabularyError::Unreadable { path, error }
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(unreadable(dir))? {
            let path = entry.map_err(unreadable(dir))?.path();
            if path
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("wav"))
            {
                files.push(path);
            }
            if files.len() > EXAMPLES_MAX {
                return Err(VocabularyError::TooMany);
            }
        }
        // The directory's own order does not matter.
        files.sort();
        let mut vocabulary = Self::default();
        for path in &files {
            let shown = || path.display().to_string();
            let size = std::fs::metadata(path).map_err(unreadable(path))?.len();
            if size > FILE_BYTES_MAX {
                return Err(VocabularyError::TooLarge { path: shown() });
            }
            let wav = std::fs::read(path).map_err(unreadable(path))?;
            let clip = read_clip(&wav).map_err(|error| VocabularyError::NotAClip { path: shown(), error })?;
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or("");
            let phrase = name.split('.').next().unwrap_or("").trim();
            if !vocabulary.add(phrase, &clip.samples)? {
                return Err(match phrase.len() {
                    1..=PHRASE_BYTES_MAX => VocabularyError::TooShort { path: shown() },
                    _ => VocabularyError::NoPhrase { path: shown() },
                });
            }
        }
        if vocabulary.examples.is_empty() {
            return Err(VocabularyError::Empty(dir.display().to_string()));
        }
        Ok(vocabulary.sealed())
    }

    /// Adds an example of a phrase. Returns false, and adds nothing, if the phrase is empty or too long or
    /// the audio is too short; fails if the vocabulary is full.
    pub fn add(&mut self, phrase: &str, samples: &[i16]) -> Result<bool, VocabularyError> {
        let voiced = without_silence(samples);
        let found = coefficients_of(voiced);
        if found.len() < 8 || !(1..=PHRASE_BYTES_MAX).contains(&phrase.len()) {
            return Ok(false);
        }
        let known = self.examples.len() + usize::from(!self.examples.contains_key(phrase));
        if known > VOCABULARY_MAX || self.count >= EXAMPLES_MAX {
            return Err(VocabularyError::TooMany);
        }
        self.examples.entry(phrase.to_owned()).or_default().push(found);
        self.count += 1;
        Ok(true)
    }

    /// Returns the vocabulary with the digest of all its examples. Call it after the last `add`.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        let mut digest = Sha256::new();
        for (phrase, examples) in &self.examples {
            digest.update(phrase);
            for value in examples.iter().flatten().flatten() {
                digest.update(value.to_be_bytes());
            }
        }
        self.digest = hex::encode_first(8, &digest.finalize());
        self
    }

    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Returns all phrases in order, without their examples.
    pub fn phrases(&self) -> impl Iterator<Item = &str> {
        self.examples.keys().map(String::as_str)
    }

    /// Returns the phrases with the distance of their nearest example, the nearest phrase first. If `only`
    /// is not empty, other phrases are left out.
    pub(super) fn rank_phrases(&self, only: &[String], heard: &[Coefficients]) -> Vec<(&str, f64)> {
        let wanted = |phrase: &str| only.is_empty() || only.iter().any(|one| one == phrase);
        let mut ranked: Vec<(&str, f64)> = Vec::new();
        for (phrase, examples) in self.examples.iter().filter(|one| wanted(one.0)) {
            let near = examples
                .iter()
                .filter_map(|example| distance(heard, example, f64::INFINITY));
            if let Some(nearest) = near.reduce(f64::min) {
                ranked.push((phrase, nearest));
            }
        }
        ranked.sort_by(|one, other| one.1.total_cmp(&other.1));
        ranked
    }
}
