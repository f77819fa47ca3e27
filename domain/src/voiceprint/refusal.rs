//! Refusals of a voiceprint command. No event is stored.

use super::take::{NOISE_BELOW_DB_MIN, SPOKEN_MS_MIN};
use super::{CONSENT_DAYS_MAX, EVENTS_MAX, TAKES_MAX, TAKES_MIN, TEMPLATE_BYTES_MAX};
use crate::problem::DomainRefusal;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VoiceprintRefusal {
    #[error("the customer has not consented to a voiceprint")]
    NotConsented,
    #[error("the customer withdrew the consent to a voiceprint")]
    ConsentWithdrawn,
    #[error("the customer's consent to a voiceprint ended at {until}")]
    ConsentExpired { until: Timestamp },
    #[error("a consent must end in the future and within {CONSENT_DAYS_MAX} days")]
    Until,
    #[error("{member} is required, up to {bytes_max} bytes")]
    Text { member: &'static str, bytes_max: usize },
    #[error("this customer already has a voiceprint: delete it first")]
    AlreadyEnrolled,
    #[error("this customer has no voiceprint")]
    NotEnrolled,
    #[error("the voiceprint was replaced meanwhile: compare again")]
    Changed,
    #[error(
        "a template must have {TAKES_MIN} to {TAKES_MAX} utterances and at most {TEMPLATE_BYTES_MAX} bytes"
    )]
    Template,
    #[error("an utterance must have at least {SPOKEN_MS_MIN} ms of speech; this one has {spoken_ms}")]
    TooShort { spoken_ms: u64 },
    #[error("noise must be at least {NOISE_BELOW_DB_MIN} dB below the voice; here it is {noise_below_db}")]
    TooNoisy { noise_below_db: u32 },
    #[error("this voiceprint has reached the limit of {EVENTS_MAX} events")]
    TooOften,
}

impl DomainRefusal for VoiceprintRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::NotEnrolled)
    }
}
