//! A synthesizer that joins a campaign's recordings with synthesised values between them: the sentences in
//! one voice, the values in another.
//!
//! A template such as `尊敬的{{name}}，您本期账单{{amount}}元。` is recorded piece by piece, one WAV file for each piece
//! between its variables, named by the digest of the piece. If any piece has no recording, the other
//! synthesizer speaks the whole prompt, so that the voice never changes within a sentence by accident.

use super::clips::read_clip;
use async_trait::async_trait;
use domain::hex;
use domain::ports::speech::{Clip, Prompt, SpeechError, Synthesizer};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Most recordings of a directory; more are refused. Enough for the pieces of some dozen flows.
const RECORDINGS_MAX: usize = 2_048;
/// Most bytes of a recording's file; a larger one is refused. A minute of audio.
const FILE_BYTES_MAX: u64 = 60 * 16_000 + 4_096;
/// Silence between a recording and a value, in samples of 8 kHz: 60 ms.
const SEAM_SAMPLES: usize = 480;
/// Samples over which each side of a seam fades in or out: 5 ms, so that it does not click.
const FADE_SAMPLES: usize = 40;

/// A synthesizer that plays recordings of a template's fixed pieces and lets another synthesizer speak the
/// values between them.
pub struct SplicedSynthesizer {
    recordings: BTreeMap<String, Arc<Clip>>,
    others: Arc<dyn Synthesizer>,
}

/// Returns the file name of a piece's recording: the first 16 hexadecimal digits of the SHA-256 of its text
/// without surrounding blanks, and `.wav`.
pub fn file_of(piece: &str) -> String {
    hex::encode_first(8, &Sha256::digest(piece.trim())) + ".wav"
}

/// Returns the pieces that have no recording in the directory, each once, by the name of the missing file.
pub fn find_missing_recordings<'a>(
    dir: &Path,
    pieces: impl Iterator<Item = &'a str>,
) -> BTreeMap<String, &'a str> {
    let wanted = pieces.map(|piece| (file_of(piece), piece));
    wanted.filter(|(file, _)| !dir.join(file).is_file()).collect()
}

/// The reason why recordings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpliceError {
    #[error("cannot read {path}: {error}")]
    Unreadable { path: String, error: std::io::Error },
    #[error("{path}: {why}")]
    Unfit { path: String, why: String },
    #[error("more than {RECORDINGS_MAX} recordings")]
    TooMany,
}

impl SplicedSynthesizer {
    /// Reads every `.wav` file of a directory as a recording. `others` speaks everything that has none.
    /// Fails for a file that is too large or has another format, or for too many files.
    pub fn from_directory(dir: &Path, others: Arc<dyn Synthesizer>) -> Result<Self, SpliceError> {
        let unreadable = |path: &Path| {
            let path = path.display().to_string();
            move |error| SpliceError::Unreadable { path, error }
        };
        let mut recordings = BTreeMap::new();
        for entry in std::fs::read_dir(dir).map_err(unreadable(dir))? {
            let path = entry.map_err(unreadable(dir))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if !name.ends_with(".wav") {
                continue;
            }
            let unfit = |why: String| SpliceError::Unfit {
                path: path.display().to_string(),
                why,
            };
            if std::fs::metadata(&path).map_err(unreadable(&path))?.len() > FILE_BYTES_MAX {
                return Err(unfit("it is longer than a minute".to_owned()));
            }
            let wav = std::fs::read(&path).map_err(unreadable(&path))?;
            let clip = read_clip(&wav).map_err(|error| unfit(error.to_string()))?;
            recordings.insert(name.to_owned(), Arc::new(clip));
            if recordings.len() > RECORDINGS_MAX {
                return Err(SpliceError::TooMany);
            }
        }
        Ok(Self { recordings, others })
    }

    /// Speaks a template: recordings of its pieces, and its values by the other synthesizer. If a piece has
    /// no recording, the other synthesizer speaks the whole prompt.
    async fn splice(&self, prompt: &Prompt) -> Result<Arc<Clip>, SpeechError> {
        let pieces = prompt.parts.iter().step_by(2);
        let recorded: Option<Vec<Option<&Arc<Clip>>>> = pieces.map(|piece| self.piece(piece)).collect();
        let Some(recorded) = recorded else {
            return self.others.speak(prompt).await;
        };
        let values = prompt.parts.iter().skip(1).step_by(2);
        let mut samples = Vec::new();
        let mut values = values;
        for piece in recorded {
            if let Some(clip) = piece {
                join(&mut samples, &clip.samples);
            }
            if let Some(value) = values.next() {
                let spoken = self.others.speak(&value_of(prompt, value)).await?;
                join(&mut samples, &spoken.samples);
            }
        }
        Ok(Arc::new(Clip { samples }))
    }

    /// Returns the recording of a piece; `Some(None)` if the piece has nothing to say, `None` if its
    /// recording is missing.
    fn piece(&self, piece: &str) -> Option<Option<&Arc<Clip>>> {
        if !piece.contains(char::is_alphanumeric) {
            return Some(None);
        }
        self.recordings.get(&file_of(piece)).map(Some)
    }
}

/// Returns a prompt for a single value, in the manner of the whole prompt.
fn value_of(prompt: &Prompt, value: &str) -> Prompt {
    Prompt {
        text: value.to_owned(),
        parts: Vec::new(),
        ..prompt.clone()
    }
}

/// Appends audio to `samples`, with a short silence between and both sides faded, so that it does not
/// click.
fn join(samples: &mut Vec<i16>, next: &[i16]) {
    if samples.is_empty() {
        samples.extend_from_slice(next);
        return;
    }
    let scaled = |sample: i16, index: usize| {
        let share = i32::try_from(index.min(FADE_SAMPLES)).unwrap_or(0);
        let whole = i32::try_from(FADE_SAMPLES).unwrap_or(1);
        i16::try_from(i32::from(sample) * share / whole).unwrap_or(sample)
    };
    for (index, sample) in samples.iter_mut().rev().take(FADE_SAMPLES).enumerate() {
        *sample = scaled(*sample, index);
    }
    samples.extend(std::iter::repeat_n(0, SEAM_SAMPLES));
    samples.extend(
        next.iter()
            .enumerate()
            .map(|(index, sample)| scaled(*sample, index)),
    );
}

#[async_trait]
impl Synthesizer for SplicedSynthesizer {
    fn name(&self) -> &'static str {
        self.others.name()
    }

    fn speaks_any_text(&self) -> bool {
        self.others.speaks_any_text()
    }

    fn is_elsewhere(&self) -> bool {
        self.others.is_elsewhere()
    }

    fn speaks(&self, text: &str) -> bool {
        self.recordings.contains_key(&file_of(text)) || self.others.speaks(text)
    }

    async fn speak(&self, prompt: &Prompt) -> Result<Arc<Clip>, SpeechError> {
        match self.recordings.get(&file_of(&prompt.text)) {
            Some(clip) if !prompt.text.trim().is_empty() => Ok(Arc::clone(clip)),
            Some(_) | None if !prompt.parts.is_empty() => self.splice(prompt).await,
            Some(_) | None => self.others.speak(prompt).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clips::write_clip;
    use crate::contract;
    use crate::simulated_synthesizer::SimulatedSynthesizer;

    const PIECES: [&str; 3] = ["尊敬的", "，您本期账单", "元。"];

    fn recorded(pieces: &[&str]) -> SplicedSynthesizer {
        let dir = tempfile::tempdir().unwrap();
        for piece in pieces {
            let clip = Clip {
                samples: vec![8_000; 1_600],
            };
            std::fs::write(dir.path().join(file_of(piece)), write_clip(&clip).unwrap()).unwrap();
        }
        std::fs::write(dir.path().join("notes.txt"), "x").unwrap();
        SplicedSynthesizer::from_directory(dir.path(), Arc::new(SimulatedSynthesizer)).unwrap()
    }

    /// Returns a prompt of the pieces above with these values.
    fn prompt_with(values: [&str; 2]) -> Prompt {
        let [first, second, third] = PIECES;
        let [one, other] = values;
        let parts = [first, one, second, other, third];
        Prompt {
            text: parts.concat(),
            language: "zh-CN".to_owned(),
            personal: true,
            parts: parts.map(str::to_owned).into(),
            ..Prompt::default()
        }
    }

    #[tokio::test]
    async fn recordings_before_a_synthesizer_hold_the_contract() {
        contract::run_contract(&recorded(&PIECES)).await;
    }

    #[tokio::test]
    async fn values_are_spoken_between_recordings_without_a_click() {
        let synthesizer = recorded(&PIECES);
        let clip = synthesizer.speak(&prompt_with(["张三", "三百"])).await.unwrap();
        // Three recordings of 200 ms, two values of 400 ms, four seams of 60 ms.
        assert_eq!(clip.duration_ms(), 3 * 200 + 2 * 400 + 4 * 60);
        let steps = clip
            .samples
            .windows(2)
            .map(|pair| (i32::from(pair[0]) - i32::from(pair[1])).abs());
        assert!(steps.max().unwrap() <= 8_000 / 40 + 1);
    }

    #[tokio::test]
    async fn a_piece_without_a_recording_has_the_whole_spoken_in_one_voice() {
        let clip = recorded(&PIECES[..2])
            .speak(&prompt_with(["张三", "三百"]))
            .await
            .unwrap();
        assert_eq!(
            clip.duration_ms(),
            200 * 13,
            "thirteen characters of the simulation"
        );
    }

    #[test]
    fn a_missing_recording_is_named_with_its_text_and_its_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(file_of("您好，")), b"RIFF").unwrap();
        let found = find_missing_recordings(dir.path(), ["您好，", "再见。", " 再见。"].into_iter());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            found.get(&file_of("再见。")).map(|text| text.trim()),
            Some("再见。")
        );
    }

    #[test]
    fn what_is_no_recording_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.wav"), b"RIFF").unwrap();
        let error = SplicedSynthesizer::from_directory(dir.path(), Arc::new(SimulatedSynthesizer))
            .err()
            .unwrap();
        assert!(error.to_string().contains("a.wav"), "{error}");
    }
}
