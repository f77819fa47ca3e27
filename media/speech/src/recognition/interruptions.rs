//! Who cuts in and who only listens: whole calls of made-up sound through detector and turn, with no engine.

use crate::testing::sounds::{frames, silence, voice};
use domain::ports::recognizer::Cuts;
use domain::ports::recognizer::RecognitionEvent;
use domain::turn::{BargeIn, Expected, Turn, TurnAct, TurnRules};
use media::audio::frame::sample_from;
use media::audio::voice_activity::{VoiceActivity, VoiceChange};

/// Calls of each kind.
const CALLS: u64 = 60;

/// Numbers that differ from call to call and are the same in every run.
struct Chance(u64);

impl Chance {
    fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        least + (self.0 >> 33) % (most - least + 1)
    }
}

fn quieter(samples: &[i16], db: f64) -> Vec<i16> {
    let share = 10.0_f64.powf(-db / 20.0);
    samples
        .iter()
        .map(|one| sample_from(f64::from(*one) * share))
        .collect()
}

fn event_of(change: VoiceChange) -> RecognitionEvent {
    match change {
        VoiceChange::Started { t_ms } => RecognitionEvent::SpeechStarted { t_ms },
        VoiceChange::Going { t_ms, voiced_ms } => RecognitionEvent::StillSpeaking { t_ms, voiced_ms },
        VoiceChange::Ended { t_ms, .. } => RecognitionEvent::SpeechEnded { t_ms },
    }
}

/// When a prompt that plays throughout is cut, in milliseconds of the call.
fn cut_at(samples: &[i16]) -> Option<u64> {
    let mut detector = VoiceActivity::new(None);
    let mut turn = Turn::new(TurnRules {
        expected: Expected::Open,
        barge_in: BargeIn::Allowed,
        hears_partials: false,
        cuts: Cuts::Engines,
    });
    turn.prompt_began();
    for frame in frames(samples, 0) {
        let now_ms = frame.at_ms + 20;
        let Some(change) = detector.push(frame.at_ms, &frame.samples) else {
            continue;
        };
        if let Some(TurnAct::CutPrompt { .. }) = turn.heard(&event_of(change), now_ms) {
            return Some(now_ms);
        }
    }
    None
}

/// The caller has said hello; then a prompt of ten seconds plays over what `sounds` makes.
fn call(chance: &mut Chance, sounds: impl Fn(&mut Chance) -> Vec<i16>) -> Vec<i16> {
    let mut audio = [silence(500), voice(240), silence(1_500)].concat();
    for _ in 0..chance.between(2, 5) {
        audio.extend(sounds(chance));
        audio.extend(silence(chance.between(600, 2_000)));
    }
    audio
}

#[test]
fn sounds_of_listening_and_other_people_cut_at_most_one_call_in_ten() {
    let mut chance = Chance(11);
    let mut cut = 0;
    for number in 0..CALLS {
        let audio = call(&mut chance, |chance| {
            let ms = chance.between(100, 280);
            // Every other call has somebody else in the room, 16 to 24 dB below the caller.
            let below_db = f64::from(u32::try_from(chance.between(16, 24)).unwrap());
            match number % 2 {
                0 => voice(ms),
                _ => [voice(ms), silence(700), quieter(&voice(5 * ms), below_db)].concat(),
            }
        });
        cut += u64::from(cut_at(&audio).is_some());
    }
    println!("{cut} of {CALLS} calls were cut by nobody");
    assert!(cut * 10 <= CALLS, "{cut} of {CALLS}");
}

#[test]
fn whoever_cuts_in_is_heard_within_200_ms_of_the_300_that_count() {
    let mut chance = Chance(12);
    let mut waits = Vec::new();
    for _ in 0..CALLS {
        let before_ms = chance.between(1_000, 5_000);
        let audio = [
            silence(before_ms),
            voice(chance.between(600, 2_000)),
            silence(400),
        ]
        .concat();
        let at_ms = cut_at(&audio).expect("somebody cuts in");
        // A frame that holds the first of it counts whole.
        waits.push((at_ms - before_ms).saturating_sub(300));
    }
    waits.sort_unstable();
    println!(
        "after the 300 ms: {} ms at the median, {} at most",
        waits[30], waits[59]
    );
    assert!(
        waits[56] <= 140,
        "a packet of 20 ms and the pace come on top: {waits:?}"
    );
}
