//! The callees of a rehearsal, spoken by espeak-ng in one of its voices, and the vocabulary with which the
//! embedded recognizer understands them.

use crate::chinese_readings::readings;
use crate::clips::write_clip;
use crate::espeak::clip_of_output;
use domain::ports::speech::Clip;
use std::io;
use std::path::Path;

/// Twelve utterances of callees in an outbound call, each with its syllables in pinyin.
pub const COMMANDS: [(&str, &str); 12] = [
    ("是的", "shi4 de5"),
    ("不需要", "bu4 xu1 yao4"),
    ("转人工", "zhuan3 ren2 gong1"),
    ("多少钱", "duo1 shao3 qian2"),
    ("三期", "san1 qi1"),
    ("六期", "liu4 qi1"),
    ("十二期", "shi2 er4 qi1"),
    ("再说一遍", "zai4 shuo1 yi2 bian4"),
    ("不要再打了", "bu2 yao4 zai4 da3 le5"),
    ("利率太高", "li4 lv4 tai4 gao1"),
    ("我在开会", "wo3 zai4 kai1 hui4"),
    ("可以办理", "ke3 yi3 ban4 li3"),
];

/// A speaker: a voice of espeak-ng with its pace and pitch.
#[derive(Debug, Clone, Copy)]
pub struct Speaker {
    /// One of espeak-ng's variants, for example `f2`.
    pub variant: &'static str,
    /// The pace in words per minute.
    pub pace: u32,
    /// The pitch from 0 to 99.
    pub pitch: u32,
}

/// The speakers of a vocabulary's examples. The callee has another voice.
pub const EXAMPLES: [Speaker; 3] = [
    Speaker {
        variant: "m3",
        pace: 180,
        pitch: 50,
    },
    Speaker {
        variant: "f2",
        pace: 180,
        pitch: 50,
    },
    Speaker {
        variant: "m7",
        pace: 180,
        pitch: 40,
    },
];

/// The speaker of the callee's phrases: another voice than those of the examples.
pub const CALLEE: Speaker = Speaker {
    variant: "f4",
    pace: 165,
    pitch: 55,
};

/// The reason why phrases cannot be spoken by espeak-ng.
#[derive(Debug, thiserror::Error)]
pub enum VoicesError {
    #[error("espeak-ng is not installed, or does not speak: apt-get install espeak-ng")]
    NoEspeak,
    #[error("{file}: {error}")]
    File { file: String, error: io::Error },
}

/// Writes WAV files of each phrase (text, pinyin): spoken by the callee into `voices`, and by each example
/// speaker into `vocabulary`. Both folders must exist.
pub fn write_voices(phrases: &[(&str, &str)], voices: &Path, vocabulary: &Path) -> Result<(), VoicesError> {
    for (text, pinyin) in phrases {
        CALLEE.write(pinyin, &voices.join(format!("{text}.wav")))?;
        for speaker in EXAMPLES {
            let name = format!("{text}.{}.wav", speaker.variant);
            speaker.write(pinyin, &vocabulary.join(name))?;
        }
    }
    Ok(())
}

impl Speaker {
    /// Writes a WAV file with the syllables spoken by this speaker, 8 kHz mono 16 bit.
    pub fn write(self, pinyin: &str, file: &Path) -> Result<(), VoicesError> {
        let samples = self.says(pinyin).ok_or(VoicesError::NoEspeak)?;
        let wav = write_clip(&Clip { samples });
        let written = wav
            .map_err(|error| io::Error::other(error.to_string()))
            .and_then(|wav| std::fs::write(file, wav));
        written.map_err(|error| VoicesError::File {
            file: file.display().to_string(),
            error,
        })
    }

    /// Returns a text in Chinese or English, spoken by this speaker, as samples at 8 kHz; `None` if
    /// espeak-ng is not installed.
    pub fn says_in(self, text: &str, language: &str) -> Option<Vec<i16>> {
        if language.starts_with("zh") {
            return self.says(&readings(text));
        }
        self.says_by("en-us", text)
    }

    /// Returns syllables with tones, spoken by this speaker, as samples at 8 kHz; `None` if espeak-ng is
    /// not installed.
    pub fn says(self, pinyin: &str) -> Option<Vec<i16>> {
        self.says_by("cmn-latn-pinyin", pinyin)
    }

    /// Runs espeak-ng with this voice and returns its samples at 8 kHz. The text is never taken for an
    /// option.
    #[expect(clippy::disallowed_methods, reason = "made once, before a rehearsal begins")]
    fn says_by(self, voice: &str, said: &str) -> Option<Vec<i16>> {
        let output = std::process::Command::new("espeak-ng")
            .args([
                "-v",
                &format!("{voice}+{}", self.variant),
                "-z",
                "-b",
                "1",
                "--stdout",
            ])
            .args([
                "-s",
                &self.pace.to_string(),
                "-p",
                &self.pitch.to_string(),
                "--",
                said,
            ])
            .output()
            .ok()?;
        clip_of_output(&output.stdout).ok().map(|clip| clip.samples)
    }
}
