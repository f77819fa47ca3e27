//! The test suite that every recognizer must pass; each implementation runs all of it.

use crate::testing::sounds::{frames, silence};
use crate::testing::{HUNG_AFTER_MS, JUDGES_TIME, SuiteClock, SuiteTasks};
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::recognizer::{
    FINAL_MS_MAX, HeardFrame, HotWord, InvalidRecognizerOptions, RecognitionEvent, RecognitionSession,
    Recognizer, RecognizerOptions, UTTERANCE_BYTES_MAX, Utterance, VOCABULARY_MAX,
};
use std::sync::Arc;
use std::time::Duration;

/// Number of frames pushed at once, before other tasks run.
const AT_ONCE: usize = 10;
/// Pause between these pushes, in milliseconds: forty times as fast as a call.
const PAUSE_MS: u64 = 5;
/// Time that the suite waits beyond the port's limit, in milliseconds. Short only where time is judged.
pub(crate) const PATIENCE_MS: u64 = if JUDGES_TIME { 20_000 } else { HUNG_AFTER_MS };
/// Time until an aborted session has ended, in milliseconds. Short only where time is judged.
const ABORTED_MS: u64 = if JUDGES_TIME { 100 } else { HUNG_AFTER_MS };

/// A recognizer under test, and the audio it can recognize.
#[async_trait]
pub(crate) trait RecognizerFixture: Send + Sync {
    fn recognizer(&self) -> Arc<dyn Recognizer>;
    /// Returns two clips and their texts, in the order in which they are said.
    fn said(&self) -> [(Vec<i16>, String); 2];
}

pub(crate) fn ports() -> (Arc<SuiteClock>, Arc<SuiteTasks>) {
    (Arc::new(SuiteClock), Arc::new(SuiteTasks::default()))
}

pub(crate) fn order() -> RecognizerOptions {
    RecognizerOptions {
        language: "zh-CN".to_owned(),
        hot_words: vec![HotWord {
            word: "分期".to_owned(),
            weight: 20,
        }],
        ..RecognizerOptions::default()
    }
}

/// Pushes audio as fast as an engine may get it. Returns all events up to the one after which `enough` is
/// true.
pub(crate) async fn listen(
    listening: &mut Box<dyn RecognitionSession>,
    audio: &[HeardFrame],
    enough: impl Fn(&[RecognitionEvent]) -> bool,
) -> Vec<RecognitionEvent> {
    let mut events = Vec::new();
    for piece in audio.chunks(AT_ONCE) {
        for frame in piece {
            listening.push(frame);
        }
        while let Some(Some(event)) = within(PAUSE_MS, listening.next()).await {
            events.push(event);
        }
    }
    while !enough(&events) {
        match within(FINAL_MS_MAX + PATIENCE_MS, listening.next()).await {
            Some(Some(event)) => events.push(event),
            Some(None) => break,
            None => panic!("nothing comes after {events:?}"),
        }
    }
    events
}

#[expect(clippy::disallowed_methods, reason = "a suite's own patience")]
pub(crate) async fn within<T>(ms: u64, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(Duration::from_millis(ms), work).await.ok()
}

pub(crate) fn finals(events: &[RecognitionEvent]) -> Vec<&Utterance> {
    events
        .iter()
        .filter_map(|event| match event {
            RecognitionEvent::Final(utterance) => Some(utterance),
            RecognitionEvent::SpeechStarted { .. }
            | RecognitionEvent::StillSpeaking { .. }
            | RecognitionEvent::Partial { .. }
            | RecognitionEvent::SpeechEnded { .. }
            | RecognitionEvent::Failed { .. } => None,
        })
        .collect()
}

/// Returns the frames of silence, the speech, and silence long enough for any engine to find its end.
pub(crate) fn call(said: &[i16], from_ms: u64) -> Vec<HeardFrame> {
    let audio = [silence(600), said.to_vec(), silence(1_500)].concat();
    frames(&audio, from_ms)
}

/// Runs all checks.
pub(crate) async fn run_contract(stage: &dyn RecognizerFixture) {
    facts_are_stated(stage);
    an_order_over_a_limit_is_refused(stage);
    what_is_said_is_heard_in_order_with_its_times(stage).await;
    silence_is_no_speech_and_finishing_ends_it(stage).await;
    a_gap_moves_the_time_and_nothing_else(stage).await;
    an_aborted_listening_ends_at_once(stage).await;
}

fn facts_are_stated(stage: &dyn RecognizerFixture) {
    let facts = stage.recognizer().facts();
    assert!(!facts.name.is_empty());
    let hexadecimal = facts.configuration.chars().all(|one| one.is_ascii_hexdigit());
    assert!(facts.configuration.len() == 16 && hexadecimal, "{facts:?}");
}

fn an_order_over_a_limit_is_refused(stage: &dyn RecognizerFixture) {
    let order = RecognizerOptions {
        vocabulary: vec!["是".to_owned(); VOCABULARY_MAX + 1],
        ..order()
    };
    assert_eq!(
        stage.recognizer().open(&order).err(),
        Some(InvalidRecognizerOptions::Vocabulary)
    );
}

async fn what_is_said_is_heard_in_order_with_its_times(stage: &dyn RecognizerFixture) {
    let recognizer = stage.recognizer();
    let mut listening = recognizer.open(&order()).expect("a good order");
    let mut from_ms = 4_000;
    for (sound, text) in stage.said() {
        let audio = call(&sound, from_ms);
        let until_ms = from_ms + audio.len() as u64 * 20;
        let events = listen(&mut listening, &audio, |events| !finals(events).is_empty()).await;
        let began = from_ms + 500..from_ms + 900;
        let started = matches!(
            events.first(),
            Some(RecognitionEvent::SpeechStarted { t_ms }) if began.contains(t_ms)
        );
        assert!(started, "{events:?}");
        let ended = events
            .iter()
            .any(|event| matches!(event, RecognitionEvent::SpeechEnded { .. }));
        assert!(ended, "{events:?}");
        let [heard] = finals(&events).as_slice().to_vec()[..] else {
            panic!("{events:?}");
        };
        assert_eq!(heard.text, text);
        assert!(heard.begin_ms >= from_ms + 500 && heard.begin_ms < heard.end_ms && heard.end_ms < until_ms);
        assert!(heard.text.len() <= UTTERANCE_BYTES_MAX);
        if !recognizer.facts().gives_partials {
            let partial = events
                .iter()
                .any(|event| matches!(event, RecognitionEvent::Partial { .. }));
            assert!(!partial, "{events:?}");
        }
        from_ms = until_ms;
    }
    ends(&mut listening).await;
}

/// Asserts that the session ends after `finish`, and that no event comes after its end.
async fn ends(listening: &mut Box<dyn RecognitionSession>) {
    listening.finish();
    let since = SuiteClock.now();
    loop {
        let next = within(FINAL_MS_MAX + PATIENCE_MS, listening.next()).await;
        match next.expect("the end comes in time") {
            None => break,
            Some(RecognitionEvent::Failed { class, .. }) => panic!("{class:?} instead of the end"),
            Some(_) => {}
        }
    }
    assert!(!JUDGES_TIME || SuiteClock.now().ms_since(since) < FINAL_MS_MAX + 500);
    assert_eq!(listening.next().await, None);
    listening.push(&frames(&silence(20), 90_000)[0]);
    assert_eq!(listening.next().await, None);
}

async fn silence_is_no_speech_and_finishing_ends_it(stage: &dyn RecognizerFixture) {
    let mut listening = stage.recognizer().open(&order()).expect("a good order");
    let events = listen(&mut listening, &frames(&silence(2_000), 0), |_| true).await;
    assert_eq!(events, []);
    ends(&mut listening).await;
}

async fn a_gap_moves_the_time_and_nothing_else(stage: &dyn RecognizerFixture) {
    let mut listening = stage.recognizer().open(&order()).expect("a good order");
    let [(sound, text), _] = stage.said();
    let mut audio = call(&sound, 0);
    audio.extend(frames(&silence(2_000), audio.len() as u64 * 20));
    // The listener lost half a second of silence before the first word, and begins a minute into the call.
    audio.drain(2..20);
    for frame in audio.iter_mut().skip(2) {
        frame.at_ms += 60_000;
    }
    if let Some(first) = audio.get_mut(2) {
        first.lost_before = 3_018;
    }
    let events = listen(&mut listening, &audio, |events| !finals(events).is_empty()).await;
    let heard = finals(&events);
    assert_eq!(heard[0].text, text, "{events:?}");
    assert!((60_400..61_000).contains(&heard[0].begin_ms), "{events:?}");
}

async fn an_aborted_listening_ends_at_once(stage: &dyn RecognizerFixture) {
    let mut listening = stage.recognizer().open(&order()).expect("a good order");
    let [(sound, _), _] = stage.said();
    for frame in call(&sound, 0).iter().take(60) {
        listening.push(frame);
    }
    listening.abort();
    // Nothing that the engine still says is an event.
    assert_eq!(within(ABORTED_MS, listening.next()).await, Some(None));
    listening.finish();
    assert_eq!(listening.next().await, None);
}
