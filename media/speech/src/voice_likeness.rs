//! Measures how near a voice is to one described before: reads takes from WAV files, makes a template from
//! takes, and computes a distance. It is a hint, and no proof of a person's identity.

use crate::clips::{ClipError, read_audio};
use domain::hex;
use media::audio::likeness::VoiceTakeError;

pub use media::audio::likeness::{TAKE_MS_MAX, VOICE_FORM, VoiceTake};

/// Largest distance of two voices that counts as alike, in thousandths: between the largest distance of
/// synthetic speakers to themselves and the smallest to others (`ledgerline speech eval-voiceprint`).
pub const THRESHOLD_MILLI: u32 = 665;

/// The reason why audio cannot be used as a take, or a text as a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VoiceError {
    #[error(transparent)]
    Audio(#[from] ClipError),
    #[error(transparent)]
    Take(#[from] VoiceTakeError),
}

/// Makes a take from a WAV file with one utterance, 8 or 16 kHz. Fails if the audio is not usable.
pub fn take_of(wav: &[u8]) -> Result<VoiceTake, VoiceError> {
    Ok(VoiceTake::of(&read_audio(wav)?.samples)?)
}

/// Returns takes as one text, the template: each in hexadecimal digits, separated by blanks.
pub fn template_of(takes: &[VoiceTake]) -> String {
    let digits = takes.iter().map(|take| hex::encode(&take.to_bytes()));
    digits.collect::<Vec<String>>().join(" ")
}

/// Returns the distance of a take from the nearest one of a template, in thousandths; `u32::MAX` if none
/// can be the same phrase. Fails if the template is not valid.
pub fn measure_distance_milli(template: &str, take: &VoiceTake) -> Result<u32, VoiceError> {
    let mut nearest = u32::MAX;
    for digits in template.split(' ') {
        let kept = VoiceTake::from_bytes(&bytes_of(digits)?)?;
        nearest = nearest.min(kept.measure_distance_milli(take).unwrap_or(u32::MAX));
    }
    Ok(nearest)
}

fn bytes_of(digits: &str) -> Result<Vec<u8>, VoiceTakeError> {
    let mut bytes = vec![0; digits.len() / 2];
    let is_read = hex::decode_into(digits, &mut bytes);
    is_read.then_some(bytes).ok_or(VoiceTakeError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clips::write_clip;
    use crate::testing::sounds::voice;
    use domain::ports::speech::Clip;

    fn wav(samples: Vec<i16>) -> Vec<u8> {
        write_clip(&Clip { samples }).unwrap()
    }

    #[test]
    fn a_template_is_a_text_of_takes_and_the_nearest_of_them_counts() {
        let takes = [700, 1_000].map(|ms| take_of(&wav(voice(ms))).unwrap());
        let template = template_of(&takes);
        assert_eq!(measure_distance_milli(&template, &takes[1]), Ok(0));
        assert_eq!(
            measure_distance_milli(&template_of(&takes[..1]), &takes[0]),
            Ok(0)
        );
        assert!(measure_distance_milli(&template_of(&takes[..1]), &takes[1]).unwrap() > 0);
    }

    #[test]
    fn what_is_no_audio_and_no_template_is_reported() {
        assert!(matches!(take_of(b"RIFF"), Err(VoiceError::Audio(_))));
        assert_eq!(
            take_of(&wav(vec![0; 4_000])),
            Err(VoiceError::Take(VoiceTakeError::Silent))
        );
        let take = take_of(&wav(voice(700))).unwrap();
        for bad in ["", "0", "zz", "00", "0011223344556677889900112233é"] {
            assert_eq!(
                measure_distance_milli(bad, &take),
                Err(VoiceError::Take(VoiceTakeError::Unreadable)),
                "{bad}"
            );
        }
    }
}
