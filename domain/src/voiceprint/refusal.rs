//! Refusals of a voiceprint command. No event is stored.

use super::take::{NOISE_BELOW_DB_MIN, SPOKEN_MS_MIN};
use super::{CONSENT_DAYS_MAX, EVENTS_MAX, TAKES_MAX, TAKES_MIN, TEMPLATE_BYTES_MAX};
use crate::problem::Explained;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VoiceprintRefusal {
    #[error("the person has not consented to a voiceprint")]
    NotConsented,
    #[error("the person withdrew their consent to a voiceprint")]
    ConsentWithdrawn,
    #[error("the person's consent to a voiceprint ended at {until}")]
    ConsentExpired { until: Timestamp },
    #[error("a consent ends after now, and within {CONSENT_DAYS_MAX} days")]
    Until,
    #[error("{member} is needed, of up to {bytes_max} bytes")]
    Text { member: &'static str, bytes_max: usize },
    #[error("this person already has a voiceprint: delete it first")]
    AlreadyEnrolled,
    #[error("there is no voiceprint of this person")]
    NotEnrolled,
    #[error("the voiceprint was replaced in the meantime: compare again")]
    Changed,
    #[error(
        "a template has {TAKES_MIN} to {TAKES_MAX} utterances and no more than {TEMPLATE_BYTES_MAX} bytes"
    )]
    Template,
    #[error("an utterance has {SPOKEN_MS_MIN} ms of speech at least; this one has {spoken_ms}")]
    TooShort { spoken_ms: u64 },
    #[error("noise lies {NOISE_BELOW_DB_MIN} dB below the voice at least; here it is {noise_below_db}")]
    TooNoisy { noise_below_db: u32 },
    #[error("this person's voiceprint has {EVENTS_MAX} events, the most it may have")]
    TooOften,
}

impl Explained for VoiceprintRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::NotEnrolled)
    }
}
