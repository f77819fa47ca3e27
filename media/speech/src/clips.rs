//! The clips that come with the program: the notices and the standard prompts, spoken without a synthesizer.
//!
//! The files are `fixtures/audio/*.wav`, 8 kHz mono 16 bit, made by `media/speech/examples/bundle_clips.rs`;
//! see `fixtures/PROVENANCE.md`. A text has a clip only if it equals one in the table, apart from white space
//! at its ends.

use async_trait::async_trait;
use domain::flow::{AI_NOTICE, CALLBACK_PROMISE, GOODBYE, MENU, OPTED_OUT, RECORDING_NOTICE};
use domain::ports::speech::{Clip, Prompt, SAMPLES_PER_SECOND, SpeechError, Synthesizer};
use media::audio::resampling::to_telephone_rate;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The text that the demonstration speaks; without variables.
pub const DEMO_TEXT: &str = "您好，这里是示例银行，您的账单将于三天后到期，请按时还款。";

macro_rules! bundled {
    ($($text:expr => $file:literal;)*) => {
        /// Text, file name and file content of every bundled clip.
        const BUNDLED: &[(&str, &str, &[u8])] = &[
            $(($text, $file, include_bytes!(concat!("../../../fixtures/audio/", $file)))),*
        ];
    };
}

bundled! {
    RECORDING_NOTICE => "notice_recording.wav";
    AI_NOTICE => "notice_robot.wav";
    MENU => "menu.wav";
    CALLBACK_PROMISE => "callback_promise.wav";
    OPTED_OUT => "opted_out.wav";
    GOODBYE => "goodbye.wav";
    DEMO_TEXT => "demo_text.wav";
}

/// Returns all texts that can be spoken without a synthesizer.
pub fn bundled_texts() -> impl Iterator<Item = &'static str> {
    BUNDLED.iter().map(|(text, _, _)| *text)
}

/// Returns text and file name of every bundled clip, for the program that makes the files.
pub fn bundled_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    BUNDLED.iter().map(|(text, file, _)| (*text, *file))
}

/// Returns the clip that tests whether a recognizer works: a voice that says the recording notice. Empty if
/// the bundled file cannot be read.
pub fn probe_clip() -> Clip {
    let notice = BUNDLED.iter().find(|(text, _, _)| *text == RECORDING_NOTICE);
    let clip = notice.and_then(|(_, _, wav)| read_clip(wav).ok());
    clip.unwrap_or(Clip { samples: Vec::new() })
}

/// Returns true if this text, without surrounding blanks, is one of the bundled texts.
fn is_bundled(text: &str) -> bool {
    bundled_texts().any(|bundled| bundled == text.trim())
}

/// Sample rates of audio that users upload, in hertz: the telephone's, and that of most speech engines.
const AUDIO_RATES_HZ: [u32; 2] = [SAMPLES_PER_SECOND, 16_000];

/// The reason why bytes are not a usable clip.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClipError {
    #[error("not a WAV file: {0}")]
    Unreadable(String),
    #[error("not 16-bit PCM, one channel, 8000 samples per second")]
    WrongFormat,
    #[error("not 16-bit PCM, one channel, 8000 or 16000 samples per second")]
    UnheardOf,
}

/// Reads a clip from a WAV file. Fails unless it is 16-bit PCM, mono, 8 kHz.
pub fn read_clip(wav: &[u8]) -> Result<Clip, ClipError> {
    let unreadable = |error: hound::Error| ClipError::Unreadable(error.to_string());
    let reader = hound::WavReader::new(wav).map_err(unreadable)?;
    let spec = reader.spec();
    let right = spec.channels == 1
        && spec.bits_per_sample == 16
        && spec.sample_rate == SAMPLES_PER_SECOND
        && spec.sample_format == hound::SampleFormat::Int;
    if !right {
        return Err(ClipError::WrongFormat);
    }
    let samples: Result<Vec<i16>, hound::Error> = reader.into_samples().collect();
    Ok(Clip {
        samples: samples.map_err(unreadable)?,
    })
}

/// Reads uploaded audio from a WAV file and resamples it to 8 kHz. Fails unless it is 16-bit PCM, mono, 8
/// or 16 kHz.
pub fn read_audio(wav: &[u8]) -> Result<Clip, ClipError> {
    let unreadable = |error: hound::Error| ClipError::Unreadable(error.to_string());
    let reader = hound::WavReader::new(wav).map_err(unreadable)?;
    let spec = reader.spec();
    let is_pcm = spec.bits_per_sample == 16 && spec.sample_format == hound::SampleFormat::Int;
    if spec.channels != 1 || !is_pcm || !AUDIO_RATES_HZ.contains(&spec.sample_rate) {
        return Err(ClipError::UnheardOf);
    }
    let samples: Result<Vec<i16>, hound::Error> = reader.into_samples().collect();
    let samples = to_telephone_rate(&samples.map_err(unreadable)?, spec.sample_rate);
    Ok(Clip {
        samples: samples.map_err(|rate| ClipError::Unreadable(rate.to_string()))?,
    })
}

/// Returns a clip as a WAV file with metadata that say that a machine made it: a RIFF `LIST` of kind
/// `INFO`, with the member `AIGC` of GB 45438-2025, annex E, in its comment.
pub fn write_synthetic(clip: &Clip, voice: &str) -> Result<Vec<u8>, ClipError> {
    let mut bytes = write_clip(clip)?;
    let comment =
        format!("{{\"AIGC\":{{\"Label\":\"1\",\"ContentProducer\":\"ledgerline\",\"Voice\":\"{voice}\"}}}}");
    let mut list = b"INFO".to_vec();
    for (id, text) in [
        (b"ISFT", "ledgerline"),
        (b"ICMT", comment.as_str()),
        (b"IGNR", "synthetic speech"),
    ] {
        // A text of the list ends with a zero byte, and each begins at an even position.
        let mut text = text.as_bytes().to_vec();
        text.push(0);
        list.extend_from_slice(id);
        list.extend_from_slice(&size_of(text.len()));
        if !text.len().is_multiple_of(2) {
            text.push(0);
        }
        list.extend_from_slice(&text);
    }
    bytes.extend_from_slice(b"LIST");
    bytes.extend_from_slice(&size_of(list.len()));
    bytes.extend_from_slice(&list);
    // The size of the whole file follows `RIFF` and does not count these eight bytes.
    let whole = size_of(bytes.len().saturating_sub(8));
    if let Some(size) = bytes.get_mut(4..8) {
        size.copy_from_slice(&whole);
    }
    Ok(bytes)
}

fn size_of(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}

/// Returns a clip as a WAV file that `read_clip` can read.
pub fn write_clip(clip: &Clip) -> Result<Vec<u8>, ClipError> {
    let unreadable = |error: hound::Error| ClipError::Unreadable(error.to_string());
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLES_PER_SECOND,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).map_err(unreadable)?;
    for sample in &clip.samples {
        writer.write_sample(*sample).map_err(unreadable)?;
    }
    writer.finalize().map_err(unreadable)?;
    Ok(bytes.into_inner())
}

/// A synthesizer that speaks only the bundled texts and fails for every other text.
#[derive(Debug, Clone)]
pub struct BundledSynthesizer {
    clips: BTreeMap<&'static str, Arc<Clip>>,
}

impl Default for BundledSynthesizer {
    fn default() -> Self {
        Self::new()
    }
}

impl BundledSynthesizer {
    /// Decodes the bundled clips. A clip that cannot be read is left out.
    pub fn new() -> Self {
        let clips = BUNDLED.iter().filter_map(|(text, _, wav)| {
            let clip = read_clip(wav).ok()?;
            Some((*text, Arc::new(clip)))
        });
        Self {
            clips: clips.collect(),
        }
    }
}

#[async_trait]
impl Synthesizer for BundledSynthesizer {
    fn name(&self) -> &'static str {
        "clips"
    }

    fn speaks_any_text(&self) -> bool {
        false
    }

    fn is_elsewhere(&self) -> bool {
        false
    }

    fn speaks(&self, text: &str) -> bool {
        is_bundled(text)
    }

    async fn speak(&self, prompt: &Prompt) -> Result<Arc<Clip>, SpeechError> {
        match self.clips.get(prompt.text.trim()) {
            Some(clip) => Ok(Arc::clone(clip)),
            None => Err(SpeechError::NotBundled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use domain::flow::FlowDefinition;

    #[tokio::test]
    async fn bundled_clips_hold_the_contract() {
        contract::run_contract(&BundledSynthesizer::new()).await;
    }

    #[test]
    fn the_demonstration_speaks_bundled_texts_only() {
        let yaml = include_str!("../../../fixtures/flows/notice.yaml");
        let flow = FlowDefinition::from_yaml(yaml).unwrap();
        assert!(!flow.speaks_variables());
        let texts = flow.texts();
        assert!(texts.len() >= 8, "{texts:?}");
        for text in texts {
            assert!(is_bundled(text), "{text}");
        }
        assert!(is_bundled(&flow.notices.recording));
        assert!(!is_bundled("本次通话将录音"));
    }

    #[test]
    fn every_bundled_file_is_a_clip_with_sound_in_it() {
        assert_eq!(BundledSynthesizer::new().clips.len(), BUNDLED.len());
        for (text, file, wav) in BUNDLED {
            let clip = read_clip(wav).expect(file);
            let loudest = clip.samples.iter().map(|sample| sample.unsigned_abs()).max();
            assert!(loudest > Some(4_000), "{text}");
        }
    }

    #[test]
    fn a_clip_reads_back_as_it_was_written() {
        let clip = Clip {
            samples: (0..500).map(|n| n * 60).collect(),
        };
        assert_eq!(read_clip(&write_clip(&clip).unwrap()).unwrap(), clip);
    }

    #[test]
    fn another_rate_or_no_wav_is_refused() {
        assert!(matches!(read_clip(b"RIFF"), Err(ClipError::Unreadable(_))));
        let mut wav = write_clip(&Clip { samples: vec![1; 9] }).unwrap();
        wav[24..28].copy_from_slice(&16_000_u32.to_le_bytes());
        wav[28..32].copy_from_slice(&32_000_u32.to_le_bytes());
        assert_eq!(read_clip(&wav), Err(ClipError::WrongFormat));
    }
}
