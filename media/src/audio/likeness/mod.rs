//! Measures how alike two utterances are: cepstral coefficients compared by dynamic time warping, either as
//! words independent of the speaker, or as one voice that says the same words again.

mod coefficients;
mod voice;
mod warping;

pub use coefficients::{COEFFICIENTS, Coefficients, coefficients_of};
pub use voice::{TAKE_MS_MAX, VOICE_FORM, VoiceTake, VoiceTakeError, without_silence};
pub use warping::distance;
