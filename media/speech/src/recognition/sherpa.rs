//! sherpa-onnx's streaming websocket protocol: samples as 32-bit floats at 16 kHz, results as JSON.

use super::engine::RecognizedText;
use super::protocol::{Dialect, EngineMessage, Protocol, WireMessage, object, text_of};
use domain::ports::recognizer::{
    FRAME_SAMPLES, FailureClass, RecognizerFacts, RecognizerOptions, UtteranceSegmenter,
};
use media::audio::rate_doubler::RateDoubler;
use serde_json::Value;

/// Frames in a message: 100 ms.
const FRAMES_PER_MESSAGE: usize = 5;

/// A sherpa-onnx server.
pub(super) struct Sherpa {
    facts: RecognizerFacts,
}

impl Sherpa {
    pub(super) const fn new(configuration: String) -> Self {
        Self {
            facts: RecognizerFacts {
                name: "sherpa",
                configuration,
                rehearsal_only: false,
                gives_partials: true,
                cuts: UtteranceSegmenter::Engines,
            },
        }
    }
}

impl Dialect for Sherpa {
    fn facts(&self) -> RecognizerFacts {
        self.facts.clone()
    }
    fn task(&self) -> &'static str {
        "recognizer-sherpa"
    }
    fn begin(&self, _order: &RecognizerOptions) -> Box<dyn Protocol> {
        Box::new(SherpaExchange {
            rate: RateDoubler::default(),
            bytes: Vec::new(),
            frames: 0,
        })
    }
}

struct SherpaExchange {
    rate: RateDoubler,
    bytes: Vec<u8>,
    frames: usize,
}

impl SherpaExchange {
    fn rest(&mut self) -> Option<WireMessage> {
        self.frames = 0;
        let bytes = std::mem::take(&mut self.bytes);
        (!bytes.is_empty()).then_some(WireMessage::Binary(bytes))
    }
}

impl Protocol for SherpaExchange {
    fn hello(&mut self) -> Vec<WireMessage> {
        Vec::new()
    }

    fn audio(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Option<WireMessage> {
        for sample in self.rate.push(frame) {
            self.bytes.extend(sample.to_le_bytes());
        }
        self.frames += 1;
        (self.frames >= FRAMES_PER_MESSAGE).then(|| self.rest()).flatten()
    }

    fn farewell(&mut self) -> Vec<WireMessage> {
        let rest = self.rest();
        rest.into_iter()
            .chain([WireMessage::Text("Done".to_owned())])
            .collect()
    }

    fn read(&mut self, wire: &WireMessage) -> Result<EngineMessage, FailureClass> {
        if *wire == WireMessage::Text("Done!".to_owned()) {
            return Ok(EngineMessage::Done);
        }
        let result = object(wire)?;
        let text = text_of(&result, "text").ok_or(FailureClass::Garbled)?;
        let is_final = result.get("is_final").and_then(Value::as_bool).unwrap_or(false);
        Ok(match (text.trim(), is_final) {
            ("", _) => EngineMessage::Idle,
            (text, true) => EngineMessage::Final(RecognizedText {
                text: text.to_owned(),
                ..RecognizedText::default()
            }),
            (text, false) => EngineMessage::Partial(text.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_is_sent_as_floats_at_twice_the_rate() {
        let mut exchange = Sherpa::new("0".repeat(16)).begin(&RecognizerOptions::default());
        assert_eq!(exchange.hello(), []);
        for _ in 0..4 {
            assert_eq!(exchange.audio(&[8_192; FRAME_SAMPLES]), None);
        }
        let Some(WireMessage::Binary(bytes)) = exchange.audio(&[8_192; FRAME_SAMPLES]) else {
            panic!("100 ms make a message");
        };
        assert_eq!(bytes.len(), 5 * 320 * 4);
        let floats: Vec<f32> = bytes
            .chunks(4)
            .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
            .collect();
        let later = &floats[400..];
        assert!(later.iter().all(|one| (one - 0.25).abs() < 0.01), "{later:?}");
        assert_eq!(exchange.farewell(), [WireMessage::Text("Done".to_owned())]);
    }

    #[test]
    fn results_are_read_by_segment() {
        let mut exchange = Sherpa::new("0".repeat(16)).begin(&RecognizerOptions::default());
        let mut read = |text: &str| exchange.read(&WireMessage::Text(text.to_owned()));
        let partial =
            r#"{"text":"办理","segment":0,"tokens":["办","理"],"timestamps":[0.1,0.2],"is_final":false}"#;
        assert_eq!(read(partial), Ok(EngineMessage::Partial("办理".to_owned())));
        assert!(matches!(
            read(r#"{"text":"办理分期","segment":0,"is_final":true}"#),
            Ok(EngineMessage::Final(_))
        ));
        assert_eq!(
            read(r#"{"text":"","segment":1,"is_final":false}"#),
            Ok(EngineMessage::Idle)
        );
        assert_eq!(read("Done!"), Ok(EngineMessage::Done));
        assert_eq!(read("Done"), Err(FailureClass::Garbled));
    }
}
