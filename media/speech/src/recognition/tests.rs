//! Tests every engine over the network against its double: the port's contract, and each way in which it can
//! fail.

use super::contract::{self, RecognizerFixture, call, finals, listen, order, ports};
use super::spec::RecognizerKind;
use super::{RecognizerError, RecognizerPorts, recognizer};
use crate::testing::double::{DoubleBehavior, EngineDouble};
use crate::testing::sounds::{frames, silence, voice};
use crate::testing::{JUDGES_TIME, SuiteIds};
use domain::ports::clock::Clock;
use domain::ports::recognizer::{FINAL_MS_MAX, FailureClass, RecognitionEvent, Recognizer};
use std::sync::Arc;

const KINDS: [RecognizerKind; 5] = [
    RecognizerKind::Vosk,
    RecognizerKind::FunAsr,
    RecognizerKind::Sherpa,
    RecognizerKind::Nls,
    RecognizerKind::OpenAi,
];
const TEXT: &str = "我要分三期";

fn surroundings() -> RecognizerPorts {
    let (clock, tasks) = ports();
    RecognizerPorts {
        clock,
        tasks,
        ids: Arc::new(SuiteIds::default()),
    }
}

fn reached(double: &EngineDouble) -> Arc<dyn Recognizer> {
    let secret = |name: &str| Some(format!("{name}-value"));
    recognizer(&double.parsed_spec().unwrap(), surroundings(), &secret).unwrap()
}

struct DoubleFixture(EngineDouble);

impl RecognizerFixture for DoubleFixture {
    fn recognizer(&self) -> Arc<dyn Recognizer> {
        reached(&self.0)
    }
    fn said(&self) -> [(Vec<i16>, String); 2] {
        [1_000, 700].map(|ms| (voice(ms), TEXT.to_owned()))
    }
}

async fn keeps_the_contract(kind: RecognizerKind) {
    for manner in [DoubleBehavior::Answers, DoubleBehavior::Late { ms: 1_000 }] {
        let double = EngineDouble::start(kind, manner, &[TEXT]).await.unwrap();
        contract::run_contract(&DoubleFixture(double)).await;
    }
}

#[tokio::test]
async fn vosk_keeps_the_contract() {
    keeps_the_contract(RecognizerKind::Vosk).await;
}

#[tokio::test]
async fn funasr_keeps_the_contract() {
    keeps_the_contract(RecognizerKind::FunAsr).await;
}

#[tokio::test]
async fn sherpa_keeps_the_contract() {
    keeps_the_contract(RecognizerKind::Sherpa).await;
}

#[tokio::test]
async fn nls_keeps_the_contract() {
    keeps_the_contract(RecognizerKind::Nls).await;
}

#[tokio::test]
async fn openai_transcription_keeps_the_contract() {
    keeps_the_contract(RecognizerKind::OpenAi).await;
}

/// Says one utterance of a second to an engine of this manner. Returns its events, and the milliseconds from
/// the last frame to the last of them.
async fn heard_of(kind: RecognizerKind, manner: DoubleBehavior) -> (Vec<RecognitionEvent>, u64) {
    let double = EngineDouble::start(kind, manner, &[TEXT]).await.unwrap();
    let (clock, _) = ports();
    let mut listening = reached(&double).open(&order()).unwrap();
    let audio = call(&voice(1_000), 0);
    let since = clock.now();
    let over = |events: &[RecognitionEvent]| {
        let failed = events
            .iter()
            .any(|event| matches!(event, RecognitionEvent::Failed { .. }));
        failed || finals(events).iter().any(|heard| heard.text == TEXT)
    };
    let events = listen(&mut listening, &audio, over).await;
    assert_eq!(double.connections(), 1, "{kind:?} {manner:?}");
    (events, clock.now().ms_since(since))
}

#[tokio::test]
async fn every_way_to_fail_is_reported_in_time_and_once() {
    let mut stories = Vec::new();
    for kind in KINDS {
        for manner in DoubleBehavior::ALL {
            stories.push(async move { (kind, manner, heard_of(kind, manner).await) });
        }
    }
    for (kind, manner, (events, ms)) in futures_util::future::join_all(stories).await {
        let classes: Vec<FailureClass> = events
            .iter()
            .filter_map(|event| match event {
                RecognitionEvent::Failed { class, .. } => Some(*class),
                RecognitionEvent::SpeechStarted { .. }
                | RecognitionEvent::StillSpeaking { .. }
                | RecognitionEvent::Partial { .. }
                | RecognitionEvent::Final(_)
                | RecognitionEvent::SpeechEnded { .. } => None,
            })
            .collect();
        // The queue of a session may run full first.
        let expected: &[FailureClass] = match manner {
            // A text before this engine has begun is not a message of its protocol.
            DoubleBehavior::Lies if kind == RecognizerKind::Nls => &[FailureClass::Garbled],
            DoubleBehavior::Answers | DoubleBehavior::Lies => &[],
            DoubleBehavior::Stalls | DoubleBehavior::Late { .. } => &[FailureClass::Late],
            DoubleBehavior::Hangs if kind == RecognizerKind::OpenAi => &[FailureClass::Late],
            DoubleBehavior::Hangs => &[FailureClass::Unreachable, FailureClass::Overrun],
            DoubleBehavior::Cuts => &[FailureClass::Cut],
            DoubleBehavior::Garbles | DoubleBehavior::Floods | DoubleBehavior::Swells => {
                &[FailureClass::Garbled]
            }
            DoubleBehavior::Denies => &[FailureClass::Denied],
        };
        if expected.is_empty() {
            assert_eq!(classes, [], "{kind:?} {manner:?}: {events:?}");
            continue;
        }
        assert_eq!(classes.len(), 1, "{kind:?} {manner:?}: {events:?}");
        assert!(expected.contains(&classes[0]), "{kind:?} {manner:?}: {events:?}");
        let is_in_time = !JUDGES_TIME || ms <= FINAL_MS_MAX + 2_000;
        assert!(is_in_time, "{kind:?} {manner:?}: {ms} ms");
        assert!(matches!(events.last(), Some(RecognitionEvent::Failed { .. })));
    }
}

#[tokio::test]
async fn partial_texts_grow_and_come_without_the_spaces_of_an_engine() {
    for kind in [
        RecognizerKind::Vosk,
        RecognizerKind::FunAsr,
        RecognizerKind::Sherpa,
        RecognizerKind::Nls,
    ] {
        let (events, _) = heard_of(kind, DoubleBehavior::Answers).await;
        let partials: Vec<&str> = events
            .iter()
            .filter_map(|event| match event {
                RecognitionEvent::Partial { text } => Some(text.as_str()),
                RecognitionEvent::SpeechStarted { .. }
                | RecognitionEvent::StillSpeaking { .. }
                | RecognitionEvent::Final(_)
                | RecognitionEvent::SpeechEnded { .. }
                | RecognitionEvent::Failed { .. } => None,
            })
            .collect();
        assert!(partials.len() >= 3, "{kind:?}: {partials:?}");
        assert!(
            partials.iter().all(|text| TEXT.starts_with(text)),
            "{kind:?}: {partials:?}"
        );
        assert!(
            partials.windows(2).all(|pair| pair[0].len() < pair[1].len()),
            "{kind:?}: {partials:?}"
        );
    }
}

#[tokio::test]
async fn what_an_engine_says_before_any_speech_is_ignored() {
    for kind in [
        RecognizerKind::Vosk,
        RecognizerKind::FunAsr,
        RecognizerKind::Sherpa,
    ] {
        let double = EngineDouble::start(kind, DoubleBehavior::Lies, &[TEXT])
            .await
            .unwrap();
        let mut listening = reached(&double).open(&order()).unwrap();
        for frame in frames(&silence(600), 0) {
            listening.push(&frame);
        }
        assert_eq!(contract::within(500, listening.next()).await, None, "{kind:?}");
        let events = listen(&mut listening, &call(&voice(1_000), 600), |events| {
            !finals(events).is_empty()
        })
        .await;
        assert_eq!(finals(&events)[0].text, TEXT, "{kind:?}");
    }
}

#[tokio::test]
async fn an_unreachable_engine_is_reported_as_an_event() {
    let spec = "vosk:ws://127.0.0.1:9".parse().unwrap();
    let mut listening = recognizer(&spec, surroundings(), &|_| None)
        .unwrap()
        .open(&order())
        .unwrap();
    let event = listening.next().await;
    assert_eq!(event, Some(RecognitionEvent::failed(FailureClass::Unreachable)));
    assert_eq!(listening.next().await, None);
}

#[test]
fn a_secret_that_is_not_set_is_named() {
    let made = |spec: &str| {
        recognizer(&spec.parse().unwrap(), surroundings(), &|_| None)
            .err()
            .unwrap()
    };
    let error = made("nls:ws://127.0.0.1:9/?appkey_env=KEY&token_env=TOKEN").to_string();
    assert!(error.contains("KEY"), "{error}");
    assert!(matches!(made("nls:ws://127.0.0.1:9"), RecognizerError::NoKey));
    assert!(
        matches!(made("openai:http://127.0.0.1:9?key_env=K"), RecognizerError::NoSecret(name) if name == "K")
    );
}
