//! FunASR's websocket protocol in mode `2pass`: partial texts as increments, then each sentence whole.
//!
//! Traps: `mode`, not `is_final`, says what kind a message is; hot words are JSON within a JSON string; the
//! websocket subprotocol is `binary`; a sentence comes when the server's own detector ends it.
//!
//! The two servers end in different ways. The C++ server marks its last message with `is_final`, and sends
//! that message without a `mode` if no text is left. The Python server sets `is_final` in every message while
//! the client speaks and in none afterwards, sends nothing if no text is left, and never closes. So
//! `is_final` marks the last message only after one that came without it.

use super::engine::RecognizedText;
use super::protocol::{Dialect, EngineMessage, PcmBatch, Protocol, WireMessage, add, object, text_of};
use domain::ports::recognizer::{
    FRAME_SAMPLES, FailureClass, HotWord, RecognizerFacts, RecognizerOptions, UTTERANCE_BYTES_MAX,
    UtteranceSegmenter,
};
use domain::ports::speech::SAMPLES_PER_SECOND;
use serde_json::{Map, Value, json};

/// Number of 20 ms frames in a message: 60 ms, as the server's own clients send.
const FRAMES_PER_MESSAGE: usize = 3;
/// The first message's `chunk_size`: chunks of 600 ms with 300 ms of look-ahead.
const CHUNK_SIZE: [u32; 3] = [5, 10, 5];
/// The first message's `chunk_interval`: the number of messages that make one chunk.
const CHUNK_INTERVAL: u32 = 10;

/// A FunASR server.
pub(super) struct FunAsr {
    facts: RecognizerFacts,
}

impl FunAsr {
    pub(super) const fn new(configuration: String) -> Self {
        Self {
            facts: RecognizerFacts {
                name: "funasr",
                configuration,
                rehearsal_only: false,
                gives_partials: true,
                cuts: UtteranceSegmenter::Engines,
            },
        }
    }
}

impl Dialect for FunAsr {
    fn facts(&self) -> RecognizerFacts {
        self.facts.clone()
    }
    fn task(&self) -> &'static str {
        "recognizer-funasr"
    }
    fn subprotocol(&self) -> Option<&'static str> {
        Some("binary")
    }
    fn begin(&self, order: &RecognizerOptions) -> Box<dyn Protocol> {
        Box::new(FunAsrExchange {
            hot_words: order.hot_words.clone(),
            language: order.language_code(),
            batch: PcmBatch::new(FRAMES_PER_MESSAGE),
            partial: String::new(),
            ending: false,
            marks_last: false,
        })
    }
}

/// The values of `svs_lang`, which selects the language of a multilingual model (SenseVoice).
const LANGUAGES: [&str; 5] = ["zh", "en", "yue", "ja", "ko"];

struct FunAsrExchange {
    hot_words: Vec<HotWord>,
    language: String,
    batch: PcmBatch,
    /// The increments of the current sentence so far, joined.
    partial: String,
    ending: bool,
    /// True after a message without `is_final` set: from then on, `is_final` marks the last message.
    marks_last: bool,
}

impl Protocol for FunAsrExchange {
    fn hello(&mut self) -> Vec<WireMessage> {
        let mut hello = json!({
            "mode": "2pass",
            "wav_name": "call",
            "is_speaking": true,
            "wav_format": "pcm",
            "audio_fs": SAMPLES_PER_SECOND,
            "chunk_size": CHUNK_SIZE,
            "chunk_interval": CHUNK_INTERVAL,
            "itn": true,
        });
        if !self.hot_words.is_empty() {
            let words: Map<String, Value> = self
                .hot_words
                .iter()
                .map(|hot| (hot.word.clone(), json!(hot.weight)))
                .collect();
            add(&mut hello, "hotwords", json!(Value::Object(words).to_string()));
        }
        // Models of one language ignore it.
        if LANGUAGES.contains(&self.language.as_str()) {
            add(&mut hello, "svs_lang", json!(self.language));
        }
        vec![WireMessage::json(&hello)]
    }

    fn audio(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Option<WireMessage> {
        self.batch.push(frame)
    }

    fn farewell(&mut self) -> Vec<WireMessage> {
        self.ending = true;
        let rest = self.batch.take();
        let end = WireMessage::json(&json!({"is_speaking": false}));
        rest.into_iter().chain([end]).collect()
    }

    fn may_end_silently(&self) -> bool {
        true
    }

    fn read(&mut self, wire: &WireMessage) -> Result<EngineMessage, FailureClass> {
        let message = object(wire)?;
        let raw = text_of(&message, "text").unwrap_or("");
        let is_final = message.get("is_final") == Some(&Value::Bool(true));
        let is_last = is_final && self.ending && self.marks_last;
        self.marks_last |= !is_final;
        match text_of(&message, "mode") {
            Some("2pass-online" | "online") => {
                if self.partial.len() + raw.len() > UTTERANCE_BYTES_MAX {
                    return Err(FailureClass::Garbled);
                }
                self.partial.push_str(raw);
                Ok(match without_tags(&self.partial) {
                    partial if partial.is_empty() => EngineMessage::Nothing,
                    partial => EngineMessage::Partial(partial),
                })
            }
            Some("2pass-offline" | "offline") => {
                let partial = without_tags(&std::mem::take(&mut self.partial));
                let text = without_tags(raw);
                // The second pass found nothing in a sentence that the first pass recognized: it was said all
                // the same.
                let is_kept = text.is_empty() && !partial.is_empty();
                let made = RecognizedText {
                    text: if is_kept { partial } else { text },
                    ..RecognizedText::default()
                };
                Ok(match made.text.as_str() {
                    "" if is_last => EngineMessage::Done,
                    // The text of another sentence may follow.
                    "" if self.ending => EngineMessage::Idle,
                    "" => EngineMessage::Nothing,
                    _ if is_last || (is_kept && self.ending) => EngineMessage::Last(made),
                    _ => EngineMessage::Final(made),
                })
            }
            None if self.ending && raw.is_empty() => Ok(EngineMessage::Done),
            Some(_) | None => Err(FailureClass::Garbled),
        }
    }
}

/// Longest tag that is removed, in bytes, for example `<|withitn|>`; anything longer stays as text.
const TAG_BYTES_MAX: usize = 32;

/// Returns a text without the tags that SenseVoice puts into it: language, emotion, event, form of numbers
/// (`<|zh|><|NEUTRAL|><|Speech|><|withitn|>`).
fn without_tags(text: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("<|") {
        plain.push_str(before);
        match after.split_once("|>") {
            Some((tag, behind)) if is_tag(tag) => rest = behind,
            // The tag is cut off in an increment: the rest of it follows.
            None if is_tag(after) => rest = "",
            _ => {
                plain.push_str("<|");
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain.trim().to_owned()
}

fn is_tag(text: &str) -> bool {
    let is_of_tag = |found: char| found.is_ascii_alphanumeric() || "_-/ |".contains(found);
    text.len() <= TAG_BYTES_MAX && text.chars().all(is_of_tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognition::contract::{PATIENCE_MS, call, finals, listen, order, ports, within};
    use crate::recognition::{RecognizerPorts, recognizer};
    use crate::testing::double::{DoubleBehavior, EngineDouble, FunAsrServer};
    use crate::testing::sounds::{frames, silence, voice};
    use crate::testing::{JUDGES_TIME, SuiteIds};
    use domain::ports::clock::Clock;
    use domain::ports::recognizer::{FINAL_MS_MAX, RecognitionEvent, RecognitionSession};
    use std::sync::Arc;

    const SERVERS: [FunAsrServer; 2] = [FunAsrServer::Cpp, FunAsrServer::Python];

    async fn listening_to(
        server: FunAsrServer,
        manner: DoubleBehavior,
        texts: &[&str],
    ) -> Box<dyn RecognitionSession> {
        let double = EngineDouble::funasr(server, manner, texts).await.unwrap();
        let (clock, tasks) = ports();
        let ids = Arc::new(SuiteIds::default());
        let ports = RecognizerPorts { clock, tasks, ids };
        let recognizer = recognizer(&double.parsed_spec().unwrap(), ports, &|_| None).unwrap();
        recognizer.open(&order()).unwrap()
    }

    /// Returns all events up to the end, and asserts that it comes before the deadline, which would be a
    /// failure.
    async fn to_the_end(
        listening: &mut Box<dyn RecognitionSession>,
        server: FunAsrServer,
    ) -> Vec<RecognitionEvent> {
        let (clock, _) = ports();
        let since = clock.now();
        let mut events = Vec::new();
        while let Some(event) = within(FINAL_MS_MAX + PATIENCE_MS, listening.next())
            .await
            .unwrap()
        {
            events.push(event);
        }
        let ms = clock.now().ms_since(since);
        let is_in_time = !JUDGES_TIME || ms < FINAL_MS_MAX;
        assert!(is_in_time, "{server:?} ends after {ms} ms: {events:?}");
        let failed = |event: &RecognitionEvent| matches!(event, RecognitionEvent::Failed { .. });
        assert!(!events.iter().any(failed), "{server:?}: {events:?}");
        events
    }

    fn texts(events: &[RecognitionEvent]) -> Vec<&str> {
        finals(events).iter().map(|heard| heard.text.as_str()).collect()
    }

    #[tokio::test]
    async fn a_listening_of_which_nothing_is_left_ends_without_a_failure() {
        for server in SERVERS {
            let mut listening = listening_to(server, DoubleBehavior::Answers, &["办理分期"]).await;
            let said = call(&voice(1_000), 0);
            let events = listen(&mut listening, &said, |events| !finals(events).is_empty()).await;
            assert_eq!(texts(&events), ["办理分期"]);
            listening.finish();
            assert_eq!(to_the_end(&mut listening, server).await, []);
        }
    }

    #[tokio::test]
    async fn what_was_said_last_is_heard_behind_a_text_that_was_on_its_way() {
        for server in SERVERS {
            let manner = DoubleBehavior::Late { ms: 300 };
            let mut listening = listening_to(server, manner, &["办理分期", "不用了"]).await;
            let audio = [silence(400), voice(700), silence(600), voice(700)].concat();
            for frame in frames(&audio, 0) {
                listening.push(&frame);
            }
            listening.finish();
            let events = to_the_end(&mut listening, server).await;
            assert_eq!(texts(&events), ["办理分期", "不用了"], "{server:?}: {events:?}");
        }
    }

    /// One server sets it in its last message only, the other in every message while the client speaks.
    #[test]
    fn is_final_ends_a_listening_only_where_it_means_that() {
        let said = |mode: &str, text: &str, is_final: bool| {
            let message = json!({"mode": mode, "text": text, "wav_name": "call", "is_final": is_final});
            WireMessage::json(&message)
        };
        let made = |text: &str| RecognizedText {
            text: text.to_owned(),
            ..RecognizedText::default()
        };
        let (online, offline) = ("2pass-online", "2pass-offline");
        for (before, in_flight, last, read_last) in [
            (false, false, true, EngineMessage::Last(made("不用了"))),
            (true, true, false, EngineMessage::Final(made("不用了"))),
        ] {
            let mut exchange = exchange();
            assert!(matches!(
                exchange.read(&said(online, "办", before)),
                Ok(EngineMessage::Partial(_))
            ));
            exchange.farewell();
            let earlier = exchange.read(&said(offline, "办理分期", in_flight));
            assert_eq!(earlier, Ok(EngineMessage::Final(made("办理分期"))));
            assert_eq!(exchange.read(&said(offline, "不用了", last)), Ok(read_last));
        }
        let over = WireMessage::Text(r#"{"text":"","wav_name":"call","is_final":true}"#.to_owned());
        let mut exchange = exchange();
        assert_eq!(
            exchange.read(&over),
            Err(FailureClass::Garbled),
            "the client has not ended"
        );
        exchange.farewell();
        assert_eq!(exchange.read(&over), Ok(EngineMessage::Done));
    }

    fn exchange() -> Box<dyn Protocol> {
        FunAsr::new("0".repeat(16)).begin(&RecognizerOptions {
            hot_words: vec![HotWord {
                word: "分期".to_owned(),
                weight: 20,
            }],
            ..RecognizerOptions::default()
        })
    }

    #[test]
    fn tags_of_language_and_emotion_are_no_words() {
        let mut exchange = exchange();
        let mut read = |mode: &str, text: &str| {
            exchange.read(&WireMessage::json(
                &json!({"mode": mode, "text": text, "is_final": false}),
            ))
        };
        assert_eq!(read("2pass-online", "<|zh|><|NEUT"), Ok(EngineMessage::Nothing));
        let partial = read("2pass-online", "RAL|><|Speech|><|withitn|>办理");
        assert_eq!(partial, Ok(EngineMessage::Partial("办理".to_owned())));
        let said = read("2pass-offline", "<|zh|><|HAPPY|><|Speech|><|woitn|>办理分期。");
        assert!(matches!(said, Ok(EngineMessage::Final(made)) if made.text == "办理分期。"));
        assert_eq!(
            read("2pass-offline", "<|nospeech|><|EMO_UNKNOWN|>"),
            Ok(EngineMessage::Nothing)
        );
        assert_eq!(without_tags("a <|b 大|> c"), "a <|b 大|> c", "no tag");
    }

    #[test]
    fn an_empty_second_pass_does_not_erase_what_the_first_heard() {
        let said = |mode: &str, text: &str| {
            WireMessage::json(&json!({"mode": mode, "text": text, "is_final": false}))
        };
        let mut exchange = exchange();
        assert!(exchange.read(&said("2pass-online", "不用了")).is_ok());
        let kept = exchange.read(&said("2pass-offline", ""));
        assert!(matches!(kept, Ok(EngineMessage::Final(made)) if made.text == "不用了"));
        assert_eq!(
            exchange.read(&said("2pass-offline", "")),
            Ok(EngineMessage::Nothing)
        );
        assert!(exchange.read(&said("2pass-online", "再见")).is_ok());
        exchange.farewell();
        let last = exchange.read(&said("2pass-offline", "<|zh|>"));
        assert!(matches!(last, Ok(EngineMessage::Last(made)) if made.text == "再见"));
    }

    #[test]
    fn an_empty_sentence_does_not_end_a_listening_before_the_last_one() {
        let offline = |text: &str, is_final: bool| {
            WireMessage::json(&json!({"mode": "2pass-offline", "text": text, "is_final": is_final}))
        };
        let mut exchange = exchange();
        exchange.farewell();
        assert_eq!(exchange.read(&offline("", false)), Ok(EngineMessage::Idle));
        let said = exchange.read(&offline("我不用了", false));
        assert!(matches!(said, Ok(EngineMessage::Final(made)) if made.text == "我不用了"));
        assert_eq!(exchange.read(&offline("", true)), Ok(EngineMessage::Done));
    }

    #[test]
    fn a_dialect_that_the_engine_has_reaches_it() {
        let sent_dialect = |dialect: &str| {
            let mut exchange = FunAsr::new("0".repeat(16)).begin(&RecognizerOptions {
                language: "zh-CN".to_owned(),
                dialect: Some(dialect.to_owned()),
                ..RecognizerOptions::default()
            });
            let WireMessage::Text(hello) = exchange.hello().remove(0) else {
                panic!("a text");
            };
            serde_json::from_str::<Value>(&hello).unwrap()["svs_lang"].clone()
        };
        assert_eq!(
            (sent_dialect("yue"), sent_dialect("sichuan")),
            (json!("yue"), json!("zh"))
        );
        assert_eq!(
            sent_dialect("nan"),
            Value::Null,
            "a language that the model does not know is not requested"
        );
    }

    #[test]
    fn the_first_message_and_the_last_are_the_published_ones() {
        let mut exchange = exchange();
        let WireMessage::Text(hello) = exchange.hello().remove(0) else {
            panic!("a text");
        };
        let hello: Value = serde_json::from_str(&hello).unwrap();
        let expected = json!({
            "mode": "2pass", "wav_name": "call", "is_speaking": true, "wav_format": "pcm", "audio_fs": 8000,
            "chunk_size": [5, 10, 5], "chunk_interval": 10, "hotwords": "{\"分期\":20}", "itn": true,
        });
        assert_eq!(hello, expected);
        assert_eq!(exchange.audio(&[1; FRAME_SAMPLES]), None);
        let end = WireMessage::Text(r#"{"is_speaking":false}"#.to_owned());
        assert_eq!(
            exchange.farewell(),
            [WireMessage::Binary([1, 0].repeat(160)), end]
        );
    }

    #[test]
    fn increments_add_up_and_the_mode_decides_whatever_is_final_says() {
        let mut exchange = exchange();
        let mut read = |text: &str| exchange.read(&WireMessage::Text(text.to_owned()));
        let online = |text: &str| format!(r#"{{"mode":"2pass-online","text":"{text}","is_final":true}}"#);
        assert_eq!(
            read(&online("办理")),
            Ok(EngineMessage::Partial("办理".to_owned()))
        );
        assert_eq!(
            read(&online("分期")),
            Ok(EngineMessage::Partial("办理分期".to_owned()))
        );
        let offline =
            r#"{"mode":"2pass-offline","text":"办理分期。","timestamp":"[[0,200]]","is_final":false}"#;
        assert!(matches!(read(offline), Ok(EngineMessage::Final(made)) if made.text == "办理分期。"));
        assert_eq!(read(&online("好")), Ok(EngineMessage::Partial("好".to_owned())));
        for garbled in ["{}", r#"{"mode":"3pass"}"#, "null"] {
            assert_eq!(read(garbled), Err(FailureClass::Garbled));
        }
        let endless = online(&"a".repeat(3_000));
        assert!(read(&endless).is_ok());
        assert_eq!(
            read(&endless),
            Err(FailureClass::Garbled),
            "increments without end"
        );
    }
}
