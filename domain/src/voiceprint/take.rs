//! The properties of an utterance for a voiceprint, and the quality that it needs.

use super::refusal::VoiceprintRefusal;

/// Shortest utterance for a voiceprint, in milliseconds of speech; a shorter one is refused. One sentence.
pub const SPOKEN_MS_MIN: u64 = 1_000;

/// Smallest distance of the noise below the voice, in dB; a noisier utterance is refused. A call has 20 dB,
/// measured on synthetic voices.
pub const NOISE_BELOW_DB_MIN: u32 = 12;

/// The measured properties of one utterance for a voiceprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakeFacts {
    pub spoken_ms: u64,
    pub noise_below_db: u32,
}

impl TakeFacts {
    pub(super) const fn check(self) -> Result<(), VoiceprintRefusal> {
        if self.spoken_ms < SPOKEN_MS_MIN {
            return Err(VoiceprintRefusal::TooShort {
                spoken_ms: self.spoken_ms,
            });
        }
        if self.noise_below_db < NOISE_BELOW_DB_MIN {
            return Err(VoiceprintRefusal::TooNoisy {
                noise_below_db: self.noise_below_db,
            });
        }
        Ok(())
    }
}
