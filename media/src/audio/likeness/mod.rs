//! How much two utterances are alike: cepstral coefficients compared by dynamic time warping, as words
//! whoever says them, or as a voice that says the same words again.

mod coefficients;
mod voice;
mod warping;

pub use coefficients::{COEFFICIENTS, Coefficients, coefficients_of};
pub use voice::{BadTake, TAKE_MS_MAX, VOICE_FORM, VoiceTake, without_silence};
pub use warping::distance;
