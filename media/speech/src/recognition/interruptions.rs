//! Tests which sounds cut a prompt and which are only signs of listening: whole calls of generated audio
//! through detector and turn, without an engine.
//!
//! The rate of false interruptions covers the sounds drawn here: signs of listening of 150 to 700 ms with an
//! engine that gives partial texts, and other people 18 dB and more below a caller who has spoken in the last
//! seconds.
//! The cases it does not cover are pinned below it.

use crate::testing::sounds::{frames, silence, voice};
use domain::ports::recognizer::{RecognitionEvent, UtteranceSegmenter};
use domain::turn::{BargeIn, ExpectedAnswer, Turn, TurnAct, TurnRules};
use media::audio::frame::sample_from;
use media::audio::voice_activity::{VoiceActivity, VoiceChange};

/// Number of simulated calls of each kind.
const CALLS: u64 = 60;
/// Texts of the signs of listening, as an engine gives them.
const LISTENING: [&str; 6] = ["嗯", "嗯嗯", "哦", "对对", "uh huh", "mm"];

/// Pseudo-random numbers: the same seed gives the same sequence in every run.
struct TestRandom(u64);

impl TestRandom {
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

/// A simulated call: its audio, and the partial texts that an engine gives, with their times in
/// milliseconds.
#[derive(Default)]
struct Call {
    audio: Vec<i16>,
    partials: Vec<(u64, &'static str)>,
}

impl Call {
    /// Returns a call in which the caller has said hello, which sets their level. From then on a prompt
    /// plays.
    fn begun() -> Self {
        Self {
            audio: [silence(500), voice(240), silence(1_500)].concat(),
            partials: Vec::new(),
        }
    }

    fn ms(&self) -> u64 {
        self.audio.len() as u64 / 8
    }

    fn add(&mut self, sound: &[i16]) {
        self.audio.extend_from_slice(sound);
    }

    /// Adds a sound of listening of `ms` milliseconds, and its text 200 to 450 ms after it began.
    fn listens(&mut self, chance: &mut TestRandom, ms: u64) {
        let index = usize::try_from(chance.between(0, LISTENING.len() as u64 - 1)).unwrap();
        let at_ms = self.ms() + chance.between(200, 450);
        self.partials.push((at_ms, LISTENING[index]));
        self.add(&voice(ms));
    }

    /// Returns the time at which the prompt is interrupted, in milliseconds of the call; `None` if it is
    /// not.
    fn cut_at(&self, hears_partials: bool) -> Option<u64> {
        let mut detector = VoiceActivity::new(None);
        let mut turn = Turn::new(TurnRules {
            expected: ExpectedAnswer::Open,
            barge_in: BargeIn::Allowed,
            hears_partials,
            cuts: UtteranceSegmenter::Engines,
        });
        turn.prompt_began();
        let mut partials = self.partials.iter().filter(|_| hears_partials).peekable();
        for frame in frames(&self.audio, 0) {
            let now_ms = frame.at_ms + 20;
            let change = detector.push(frame.at_ms, &frame.samples).map(event_of);
            let partial = partials.next_if(|one| one.0 <= now_ms);
            let partial = partial.map(|one| RecognitionEvent::Partial {
                text: one.1.to_owned(),
            });
            for event in partial.into_iter().chain(change) {
                if let Some(TurnAct::CutPrompt { .. }) = turn.heard(&event, now_ms) {
                    return Some(now_ms);
                }
            }
        }
        None
    }
}

/// Returns in how many simulated calls the prompt is interrupted although the caller does not speak against
/// it. `sounds` adds two to five sounds to each call.
fn count_false_cuts(
    seed: u64,
    hears_partials: bool,
    sounds: impl Fn(&mut TestRandom, &mut Call, u64),
) -> u64 {
    let mut chance = TestRandom(seed);
    let mut cut = 0;
    for number in 0..CALLS {
        let mut call = Call::begun();
        for _ in 0..chance.between(2, 5) {
            sounds(&mut chance, &mut call, number);
            call.add(&silence(chance.between(600, 2_000)));
        }
        cut += u64::from(call.cut_at(hears_partials).is_some());
    }
    cut
}

/// Adds the voice of another person in the room, this many decibels below the caller, for 0.5 to 3.5
/// seconds.
fn babble(chance: &mut TestRandom, call: &mut Call, least_db: u64, most_db: u64) {
    let below_db = f64::from(u32::try_from(chance.between(least_db, most_db)).unwrap());
    let ms = chance.between(500, 3_500);
    call.add(&quieter(&voice(ms), below_db));
}

#[test]
fn sounds_of_listening_and_other_people_cut_at_most_one_call_in_ten() {
    let cut = count_false_cuts(11, true, |chance, call, number| {
        let ms = chance.between(150, 700);
        call.listens(chance, ms);
        // Every other call has another person in the room.
        if number % 2 == 1 {
            call.add(&silence(700));
            babble(chance, call, 18, 24);
        }
    });
    println!("the prompt was cut by mistake in {cut} of {CALLS} calls");
    assert!(cut * 10 <= CALLS, "{cut} of {CALLS}");
}

/// Without partial texts, a sign of listening must be short, or it cuts.
#[test]
fn without_partial_texts_only_short_sounds_of_listening_are_let_pass() {
    let of = |least_ms, most_ms| {
        count_false_cuts(13, false, |chance, call, _| {
            let ms = chance.between(least_ms, most_ms);
            call.listens(chance, ms);
        })
    };
    let (short, any, long) = (of(150, 250), of(150, 700), of(400, 700));
    println!("of {CALLS} calls: {short} up to 250 ms, {any} up to 700 ms, {long} from 400 ms");
    assert!(short * 10 <= CALLS, "{short} of {CALLS}");
    assert_eq!(long, CALLS, "each cuts in; if that changes, update the documents");
}

/// The detector cannot tell a second voice nearly as loud as the caller's from the caller.
#[test]
fn other_people_cut_in_by_how_near_to_the_caller_they_are() {
    let of = |least_db, most_db, caller_speaks| {
        count_false_cuts(14, true, |chance, call, _| {
            if caller_speaks {
                call.listens(chance, 300);
                call.add(&silence(700));
            }
            babble(chance, call, least_db, most_db);
        })
    };
    let (near, any, far) = (of(6, 12, true), of(6, 24, true), of(18, 24, true));
    let alone = of(18, 24, false);
    println!("of {CALLS} calls: {near} 6 to 12 dB below, {any} 6 to 24, {far} 18 to 24");
    println!("{alone} of {CALLS} 18 to 24 dB below a caller who has long been silent");
    assert!(far * 10 <= CALLS, "{far} of {CALLS}");
    assert!(
        near * 10 > CALLS * 8,
        "if people nearby no longer cut in, update the documents: {near}"
    );
    assert!(alone > far, "how loud a silent caller is, is forgotten: {alone}");
}

#[test]
fn a_caller_who_cuts_in_is_heard_within_200_ms_of_the_300_that_count() {
    let mut chance = TestRandom(12);
    let mut waits = Vec::new();
    for _ in 0..CALLS {
        let before_ms = chance.between(1_000, 5_000);
        let mut call = Call::default();
        call.add(&silence(before_ms));
        call.add(&voice(chance.between(600, 2_000)));
        call.add(&silence(400));
        let at_ms = call.cut_at(false).expect("the caller cuts in");
        // A frame that holds the beginning of the voice counts as a whole.
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
