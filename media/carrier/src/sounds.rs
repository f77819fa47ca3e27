//! The audio of a callee: packets of speech-like noise, a beep and a ringing tone, encoded once.
//!
//! None of it is a voice: it is bursts of a buzz with noise, loud enough for any detector.

use media::audio::frame::{FRAME_SAMPLES, Frame, SILENCE, frame_of, sample_from};
use media::codec::Codec;
use std::f64::consts::TAU;
use std::sync::LazyLock;

/// Number of packets after which a sound repeats: one second.
const FRAMES: usize = 50;

/// What a callee's packets contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sound {
    Silence,
    Speech,
    /// A phrase, by its index.
    Phrase(u16),
    /// A tone of 1000 Hz, as answering machines beep.
    Beep,
    /// A tone of 450 Hz, China's ringing tone (the caller of this function applies 1 s on, 4 s off).
    Ringing,
}

/// The payload of one packet: 20 ms of G.711.
pub(super) type Payload = [u8; FRAME_SAMPLES];

struct SoundBank {
    silence: Payload,
    speech: Vec<Payload>,
    beep: Vec<Payload>,
    ringing: Vec<Payload>,
}

static PCMA: LazyLock<SoundBank> = LazyLock::new(|| SoundBank::new(Codec::Pcma));
static PCMU: LazyLock<SoundBank> = LazyLock::new(|| SoundBank::new(Codec::Pcmu));

impl SoundBank {
    fn new(codec: Codec) -> Self {
        Self {
            silence: encoded(codec, &SILENCE),
            speech: rendered(codec, speech),
            beep: rendered(codec, |second| (TAU * 1_000.0 * second).sin() * 9_000.0),
            ringing: rendered(codec, |second| (TAU * 450.0 * second).sin() * 5_000.0),
        }
    }
}

/// Returns the payload of a sound's packet at the index `place`. Sounds repeat after a second. For a phrase
/// it is silence; `spoken` returns its packets.
pub(super) fn payload(codec: Codec, sound: Sound, place: u64) -> Payload {
    let bank = match codec {
        Codec::Pcma => &PCMA,
        Codec::Pcmu => &PCMU,
    };
    let frames = match sound {
        // A phrase past its end; its own packets are made by `spoken`.
        Sound::Silence | Sound::Phrase(_) => return bank.silence,
        Sound::Speech => &bank.speech,
        Sound::Beep => &bank.beep,
        Sound::Ringing => &bank.ringing,
    };
    let place = usize::try_from(place % FRAMES as u64).unwrap_or(0);
    frames.get(place).copied().unwrap_or(bank.silence)
}

/// Returns the payload of a phrase's packet at the index `place`; `None` after the phrase's end.
pub(super) fn spoken(codec: Codec, samples: &[i16], place: u64) -> Option<Payload> {
    let index = usize::try_from(place).ok()?;
    frame_of(samples, index).map(|frame| encoded(codec, &frame))
}

/// Returns one sample of speech-like sound at this time: harmonics of 130 Hz that swell four times a second
/// like syllables.
fn speech(second: f64) -> f64 {
    let harmonics = [(1.0, 0.6), (2.0, 1.0), (4.0, 0.7), (9.0, 0.4), (17.0, 0.2)];
    let buzz: f64 = harmonics
        .iter()
        .map(|(times, level)| level * (TAU * 130.0 * times * second).sin())
        .sum();
    let syllable = (TAU * 2.0 * second).sin().abs();
    buzz * syllable * 4_000.0
}

fn rendered(codec: Codec, sound: impl Fn(f64) -> f64) -> Vec<Payload> {
    let mut numbers = (0_u32..).map(|number| f64::from(number) / 8_000.0);
    let mut frames = Vec::with_capacity(FRAMES);
    for _ in 0..FRAMES {
        let mut frame: Frame = SILENCE;
        for (sample, second) in frame.iter_mut().zip(numbers.by_ref()) {
            *sample = sample_from(sound(second));
        }
        frames.push(encoded(codec, &frame));
    }
    frames
}

fn encoded(codec: Codec, frame: &Frame) -> Payload {
    let mut bytes = [0; FRAME_SAMPLES];
    codec.encode(frame, &mut bytes);
    bytes
}

/// Peak above which a packet counts as audible: far above comfort noise, far below a quiet voice (-36
/// dBFS). Of 32,768.
const SOUND_PEAK: u16 = 500;
/// Distance between the bytes of a packet that are examined: cheap enough for hundreds of calls. Not eight,
/// which would meet a tone of 1000 Hz at its zero crossings only.
const LOOK_STEP: usize = 7;
/// Number of bytes examined in a packet of 20 ms.
const LOOKS: usize = FRAME_SAMPLES.div_ceil(LOOK_STEP);

/// Returns true if a payload is audible, by a sample of its bytes.
pub(super) fn is_sound(codec: Codec, payload: &[u8]) -> bool {
    let mut samples = [0_i16; LOOKS];
    let mut bytes = [0_u8; LOOKS];
    let mut count = 0;
    for (kept, byte) in bytes.iter_mut().zip(payload.iter().step_by(LOOK_STEP)) {
        *kept = *byte;
        count += 1;
    }
    codec.decode(bytes.get(..count).unwrap_or(&[]), &mut samples);
    samples.iter().any(|sample| sample.unsigned_abs() > SOUND_PEAK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sound_is_heard_and_silence_is_not() {
        for codec in Codec::ALL {
            for sound in [Sound::Speech, Sound::Beep, Sound::Ringing] {
                let heard =
                    (0..FRAMES as u64).filter(|place| is_sound(codec, &payload(codec, sound, *place)));
                assert!(heard.count() > 40, "{sound:?}");
            }
            assert!(!is_sound(codec, &payload(codec, Sound::Silence, 3)));
            assert!(!is_sound(codec, &[]));
        }
    }

    #[test]
    fn a_sound_repeats_after_a_second() {
        let first = payload(Codec::Pcma, Sound::Speech, 7);
        assert_eq!(payload(Codec::Pcma, Sound::Speech, 57), first);
        assert_ne!(payload(Codec::Pcma, Sound::Speech, 8), first);
    }
}
