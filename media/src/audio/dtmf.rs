//! Detects keypresses as tone pairs in the audio (ITU-T Q.23, Q.24) with the Goertzel algorithm.
//!
//! Every 5 ms it examines the last 15 ms: they hold a digit if one tone of each group is strong, the two are
//! about equally strong, the other tones are weak, and the pair makes up most of the energy. A press begins
//! after 40 ms of the same digit and ends after 40 ms without it, so that two quick presses are two and a
//! lost packet splits none. Speech is not detected: it has harmonics, and its pitch does not stay for 40 ms.

use super::frame::{FRAME_SAMPLES, Frame};
use std::collections::VecDeque;
use std::f64::consts::PI;

/// Tones of the keypad's rows, in hertz (ITU-T Q.23).
const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
/// Tones of the keypad's columns, in hertz (ITU-T Q.23).
const COLUMNS: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// The digits by row and column.
const DIGITS: [[char; 4]; 4] = [
    ['1', '2', '3', 'A'],
    ['4', '5', '6', 'B'],
    ['7', '8', '9', 'C'],
    ['*', '0', '#', 'D'],
];
const SAMPLES_PER_S: f64 = 8_000.0;

/// Samples examined at once: 15 ms. The zeros of their spectrum lie 67 Hz away, about as far as the next
/// tone (73 Hz).
const BLOCK_SAMPLES: usize = 120;
/// Samples between two examinations: 5 ms.
const STEP_SAMPLES: usize = 40;
/// Number of consecutive examinations with the digit that begin a press. A tone of 40 ms has at least
/// seven, since one that is mostly tone counts; a tone of 23 ms has five. Q.24 wants the first recognized
/// and the second ignored.
const BEGIN_STEPS: u32 = 6;
/// Number of consecutive examinations without the digit that end a press. A pause of 40 ms, which separates
/// two presses (Q.24), has at least eight; one of 20 ms has five.
const END_STEPS: u32 = 7;
/// Most consecutive lost frames within one press: 60 ms, a packet of the longest usual size. After that the
/// press ends.
const LOST_FRAMES_MAX: u32 = 3;

/// Smallest amplitude of a tone, of 32,768: about -47 dBm0 (Q.24: receivers work down to -25 to -46 dBm).
const AMPLITUDE_MIN: f64 = 100.0;
/// Largest ratio of the column tone's power to the row tone's: 8 dB.
const COLUMN_STRONGER_MAX: f64 = 6.3;
/// Largest ratio of the row tone's power to the column tone's: 6 dB; voices have more of the low frequencies.
const ROW_STRONGER_MAX: f64 = 4.0;
/// Smallest ratio of a tone's power to that of the others of its group: 8 dB.
const DOMINANCE_MIN: f64 = 6.3;
/// Smallest share of the tone pair in the whole energy. Tones that are 1.5 % off (Q.24) still have it.
const SHARE_MIN: f64 = 0.6;

/// The keypress detector of one direction of audio.
#[derive(Debug, Clone, Default)]
pub struct DtmfDetector {
    samples: VecDeque<f64>,
    /// The digit of the latest examinations; `None` if the last one had none.
    candidate: Option<char>,
    /// Number of consecutive examinations with the candidate.
    hits: u32,
    /// The digit of the press in progress.
    pressed: Option<char>,
    /// Number of consecutive examinations without the pressed digit.
    misses: u32,
    lost_frames: u32,
}

impl DtmfDetector {
    /// Examines the next 20 ms of audio. Returns the digit of a press that began in them; `None` while a
    /// press continues.
    pub fn receive(&mut self, frame: &Frame) -> Option<char> {
        self.lost_frames = 0;
        self.look(frame)
    }

    /// Takes note of a lost packet of 20 ms. For up to 60 ms it counts neither as tone nor as pause, after
    /// that as a pause.
    pub fn receive_lost(&mut self) {
        self.lost_frames = self.lost_frames.saturating_add(1);
        if self.lost_frames > LOST_FRAMES_MAX {
            self.look(&[0; FRAME_SAMPLES]);
        } else {
            self.samples.clear();
            self.hits = 0;
        }
    }

    /// Returns true while a key is held down.
    pub const fn is_pressed(&self) -> bool {
        self.pressed.is_some()
    }

    fn look(&mut self, frame: &Frame) -> Option<char> {
        let mut begun = None;
        for step in frame.chunks(STEP_SAMPLES) {
            self.samples.extend(step.iter().copied().map(f64::from));
            let excess = self.samples.len().saturating_sub(BLOCK_SAMPLES);
            self.samples.drain(..excess);
            if self.samples.len() == BLOCK_SAMPLES {
                let digit = digit_of(self.samples.make_contiguous());
                begun = self.take(digit).or(begun);
            }
        }
        begun
    }

    fn take(&mut self, digit: Option<char>) -> Option<char> {
        self.hits = match digit {
            Some(_) if digit == self.candidate => self.hits.saturating_add(1),
            Some(_) => 1,
            None => 0,
        };
        self.candidate = digit;
        self.misses = match digit == self.pressed {
            true => 0,
            false => self.misses.saturating_add(1),
        };
        if self.misses >= END_STEPS {
            self.pressed = None;
        }
        let begins = self.hits >= BEGIN_STEPS && self.pressed != digit;
        if !begins {
            return None;
        }
        self.pressed = digit;
        self.misses = 0;
        digit
    }
}

/// Returns the digit with both its tones in these samples; `None` if they contain no digit.
fn digit_of(samples: &[f64]) -> Option<char> {
    let energy: f64 = samples.iter().map(|sample| sample * sample).sum();
    let rows = ROWS.map(|tone| power(samples, tone));
    let columns = COLUMNS.map(|tone| power(samples, tone));
    let (row, row_power) = strongest(&rows)?;
    let (column, column_power) = strongest(&columns)?;
    let half = f64::from(u32::try_from(samples.len()).unwrap_or(0)) / 2.0;
    let weakest = (AMPLITUDE_MIN * half).powi(2);
    let is_loud = row_power >= weakest && column_power >= weakest;
    let is_even =
        column_power <= row_power * COLUMN_STRONGER_MAX && row_power <= column_power * ROW_STRONGER_MAX;
    // A tone of amplitude A has the power (A n/2)² here and the energy A² n/2.
    let is_alone = row_power + column_power >= SHARE_MIN * energy * half;
    if !(is_loud && is_even && is_alone) {
        return None;
    }
    DIGITS.get(row)?.get(column).copied()
}

/// Returns index and power of the strongest tone of a group; `None` if it does not dominate the others.
fn strongest(powers: &[f64; 4]) -> Option<(usize, f64)> {
    let (at, strongest) = powers
        .iter()
        .copied()
        .enumerate()
        .max_by(|one, other| one.1.total_cmp(&other.1))?;
    let is_dominant = |(other, power): (usize, &f64)| other == at || strongest >= power * DOMINANCE_MIN;
    powers
        .iter()
        .enumerate()
        .all(is_dominant)
        .then_some((at, strongest))
}

/// Returns the squared magnitude of the samples at one frequency (Goertzel).
fn power(samples: &[f64], hertz: f64) -> f64 {
    let factor = 2.0 * (2.0 * PI * hertz / SAMPLES_PER_S).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in samples {
        let next = factor.mul_add(last, *sample) - before;
        before = last;
        last = next;
    }
    last.mul_add(last, before.mul_add(before, -(factor * last * before)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::frame::{frame_of, sample_from};
    use crate::codec::Codec;

    fn tones(digit: char) -> (f64, f64) {
        for (row, digits) in DIGITS.iter().enumerate() {
            if let Some(column) = digits.iter().position(|one| *one == digit) {
                return (ROWS[row], COLUMNS[column]);
            }
        }
        panic!("{digit} is no key");
    }

    /// A part of a test signal: a tone pair with the amplitude of its row and of its column, or silence.
    #[derive(Clone, Copy)]
    struct TonePart {
        ms: usize,
        pair: Option<((f64, f64), (f64, f64))>,
    }

    fn pause(ms: usize) -> TonePart {
        TonePart { ms, pair: None }
    }

    fn press(digit: char, ms: usize) -> TonePart {
        loud(digit, ms, 4_000.0, 4_000.0)
    }

    fn loud(digit: char, ms: usize, row: f64, column: f64) -> TonePart {
        TonePart {
            ms,
            pair: Some((tones(digit), (row, column))),
        }
    }

    /// Returns the parts one after another, coded by A-law and decoded, with noise of this amplitude.
    fn sound(parts: &[TonePart], noise: f64) -> Vec<i16> {
        let mut samples = Vec::new();
        let mut seed = 1_u32;
        for part in parts {
            for _ in 0..part.ms * 8 {
                let at = samples.len() as f64 / SAMPLES_PER_S;
                let tone = |hertz: f64, amplitude: f64| amplitude * (2.0 * PI * hertz * at).sin();
                let pair = part
                    .pair
                    .map_or(0.0, |((row, column), (row_amplitude, column_amplitude))| {
                        tone(row, row_amplitude) + tone(column, column_amplitude)
                    });
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let random = f64::from(seed >> 8) / f64::from(1_u32 << 23) - 1.0;
                samples.push(sample_from(pair + noise * random));
            }
        }
        let mut bytes = vec![0; samples.len()];
        let mut heard = vec![0; samples.len()];
        for (bytes, samples) in bytes.chunks_mut(FRAME_SAMPLES).zip(samples.chunks(FRAME_SAMPLES)) {
            let mut frame = [0; FRAME_SAMPLES];
            frame[..samples.len()].copy_from_slice(samples);
            let mut encoded = [0; FRAME_SAMPLES];
            Codec::Pcma.encode(&frame, &mut encoded);
            bytes.copy_from_slice(&encoded[..bytes.len()]);
        }
        Codec::Pcma.decode(&bytes, &mut heard);
        heard
    }

    fn found(samples: &[i16]) -> String {
        let mut detector = DtmfDetector::default();
        let frames = (0..).map_while(|at| frame_of(samples, at));
        frames.filter_map(|frame| detector.receive(&frame)).collect()
    }

    #[test]
    fn each_of_the_sixteen_keys_is_found_once_wherever_its_tones_begin() {
        for offset_ms in [0, 7, 13] {
            let mut parts = vec![pause(offset_ms)];
            for digit in "0123456789*#ABCD".chars() {
                parts.extend([press(digit, 70), pause(50)]);
            }
            assert_eq!(found(&sound(&parts, 30.0)), "0123456789*#ABCD", "{offset_ms}");
        }
    }

    #[test]
    fn tones_that_are_one_and_a_half_per_cent_off_are_found() {
        for digit in "0123456789*#ABCD".chars() {
            for off in [0.985, 1.015] {
                let (row, column) = tones(digit);
                let pair = Some(((row * off, column * off), (4_000.0, 4_000.0)));
                let samples = sound(&[pause(30), TonePart { ms: 80, pair }, pause(60)], 30.0);
                assert_eq!(found(&samples), digit.to_string(), "{off}");
            }
        }
    }

    #[test]
    fn forty_ms_are_a_press_and_twenty_are_none() {
        for offset_ms in 0..20 {
            let of = |ms| sound(&[pause(100 + offset_ms), press('9', ms), pause(100)], 0.0);
            assert_eq!(found(&of(40)), "9", "{offset_ms}");
            assert_eq!(found(&of(20)), "", "{offset_ms}");
        }
    }

    #[test]
    fn two_quick_presses_are_two_and_a_long_one_is_one() {
        let quick = [press('1', 60), pause(45), press('1', 60), pause(60)];
        assert_eq!(found(&sound(&quick, 0.0)), "11");
        assert_eq!(found(&sound(&[press('9', 3_000), pause(60)], 50.0)), "9");
        let without_pause = [press('1', 60), press('2', 60), pause(60)];
        assert_eq!(found(&sound(&without_pause, 0.0)), "12");
    }

    #[test]
    fn quiet_uneven_and_noisy_tones_are_found_within_the_limits() {
        for (row, column, noise, heard) in [
            (200.0, 200.0, 0.0, true),
            (16_000.0, 16_000.0, 0.0, true),
            (2_000.0, 4_500.0, 0.0, true),
            (3_600.0, 2_000.0, 0.0, true),
            (4_000.0, 4_000.0, 2_000.0, true),
            (20.0, 20.0, 0.0, false),
            (4_000.0, 1_000.0, 0.0, false),
            (1_000.0, 4_000.0, 0.0, false),
            (4_000.0, 0.0, 0.0, false),
            (1_000.0, 1_000.0, 8_000.0, false),
        ] {
            let samples = sound(&[pause(40), loud('9', 120, row, column), pause(60)], noise);
            assert_eq!(found(&samples) == "9", heard, "{row} {column} {noise}");
        }
    }

    #[test]
    fn a_lost_packet_splits_no_press_and_a_long_loss_ends_it() {
        let of = |lost: std::ops::Range<usize>| {
            let samples = sound(&[press('9', 400), pause(100)], 0.0);
            let mut detector = DtmfDetector::default();
            let frames = (0..).map_while(|at| frame_of(&samples, at)).enumerate();
            let mut digits = String::new();
            for (at, frame) in frames {
                if lost.contains(&at) {
                    detector.receive_lost();
                } else {
                    digits.extend(detector.receive(&frame));
                }
            }
            assert!(!detector.is_pressed());
            digits
        };
        assert_eq!(of(8..9), "9");
        assert_eq!(of(8..11), "9", "a packet of 60 ms");
        assert_eq!(of(6..14), "99", "after 160 ms it is another");
    }

    #[test]
    fn voices_and_call_progress_tones_are_no_keys() {
        // A voice: a fundamental that glides, with harmonics that fall by 6 dB an octave.
        let mut samples = Vec::new();
        let mut phase = 0.0;
        for at in 0..80_000_u32 {
            let seconds = f64::from(at) / SAMPLES_PER_S;
            let hertz = 60.0_f64.mul_add((2.0 * PI * 1.3 * seconds).sin(), 170.0);
            phase += 2.0 * PI * hertz / SAMPLES_PER_S;
            let harmonics = (1..=16).map(f64::from).map(|n| (n * phase).sin() / n);
            samples.push(sample_from(4_000.0 * harmonics.sum::<f64>()));
        }
        assert_eq!(found(&samples), "");
        for (low, high) in [
            (440.0, 480.0),
            (480.0, 620.0),
            (350.0, 440.0),
            (450.0, 450.0),
            (950.0, 1_400.0),
        ] {
            let tone = |hertz: f64, at: f64| 4_000.0 * (2.0 * PI * hertz * at).sin();
            let of = |at: u32| {
                let seconds = f64::from(at) / SAMPLES_PER_S;
                sample_from(tone(low, seconds) + tone(high, seconds))
            };
            let samples: Vec<i16> = (0..16_000).map(of).collect();
            assert_eq!(found(&samples), "", "{low} {high}");
        }
    }
}
