//! The customers of the demo: those who press keys, and those who speak if voices are available.

use crate::demo::customers::{DemoCustomer, generate};
use crate::demo::speakers::{Voices, split_by_speech};
use crate::kit::failure::Failure;
use crate::kit::output;
use application::language::localized;
use host::speech_args::SpeechChoice;
use std::path::Path;

/// The customers, and the voices of those who speak.
pub(super) struct People {
    pub(super) others: Vec<DemoCustomer>,
    pub(super) speakers: Vec<DemoCustomer>,
    /// `None` if no voices can be made; then all customers press keys.
    voices: Option<Voices>,
}

impl People {
    pub(super) fn of(seed: u64, customers: u32, rehearsal: &Path, is_new: bool) -> Result<Self, Failure> {
        let count = usize::try_from(customers).unwrap_or(usize::MAX);
        let everybody = generate(seed, count);
        let voices = Voices::of(rehearsal, is_new)?;
        if voices.is_none() {
            output::notice(localized(
                "未安装 espeak-ng，本次演示没有语音对话（apt-get install espeak-ng）",
                "this demo has no spoken calls: it was started without espeak-ng (apt-get install espeak-ng)",
            ));
            return Ok(Self {
                others: everybody,
                speakers: Vec::new(),
                voices,
            });
        }
        let (others, speakers) = split_by_speech(everybody);
        Ok(Self {
            others,
            speakers,
            voices,
        })
    }

    pub(super) fn profile(&self) -> Option<String> {
        let voices = self.voices.as_ref()?;
        Some(voices.profile(&self.speakers))
    }

    pub(super) fn speech(&self) -> Result<SpeechChoice, Failure> {
        let Some(voices) = &self.voices else {
            return Ok(SpeechChoice::default());
        };
        let spec = voices.recognizer().parse();
        Ok(SpeechChoice {
            recognizer: Some(spec.map_err(|error| Failure::fault(format!("{error}")))?),
            ..SpeechChoice::default()
        })
    }
}
