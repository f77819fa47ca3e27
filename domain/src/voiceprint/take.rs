//! What is known of an utterance besides its sound, and what it has to be to be taken.

use super::refusal::VoiceprintRefusal;

/// Shortest utterance that tells a voice: a sentence.
pub const SPOKEN_MS_MIN: u64 = 1_000;

/// How far noise lies below a voice at least; measured on synthetic voices at 20 dB, which a call has.
pub const NOISE_BELOW_DB_MIN: u32 = 12;

/// One utterance.
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
