//! The messages to and from an engine behind a websocket, without the connection.

use super::engine::RecognizedText;
use domain::ports::recognizer::{FRAME_SAMPLES, FailureClass, RecognizerFacts, RecognizerOptions};
use serde_json::Value;

/// One message of a websocket, in either direction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WireMessage {
    Text(String),
    Binary(Vec<u8>),
}

impl WireMessage {
    pub(crate) fn json(value: &Value) -> Self {
        Self::Text(value.to_string())
    }
}

/// The meaning of a message from the engine.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum EngineMessage {
    Nothing,
    /// The engine is listening and has recognized nothing.
    Idle,
    /// The engine has begun: audio may be sent.
    Ready,
    Partial(String),
    Final(RecognizedText),
    /// A final text after which nothing more comes.
    Last(RecognizedText),
    /// Nothing more comes.
    Done,
}

/// The state of the exchange of one call with an engine.
pub(crate) trait Protocol: Send {
    /// Returns the messages to send when the connection is made.
    fn hello(&mut self) -> Vec<WireMessage>;
    /// Returns true if audio may be sent only after `EngineMessage::Ready`.
    fn waits_for_ready(&self) -> bool {
        false
    }
    /// Adds 20 ms of audio. Returns a message when there is enough audio for one.
    fn audio(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Option<WireMessage>;
    /// Returns the messages to send when no more audio comes.
    fn farewell(&mut self) -> Vec<WireMessage>;
    fn read(&mut self, wire: &WireMessage) -> Result<EngineMessage, FailureClass>;
    /// Returns true if an engine that owes no text may answer the farewell with silence instead of an end
    /// message.
    fn may_end_silently(&self) -> bool {
        false
    }
}

/// A kind of engine: it makes a protocol exchange for each call.
pub(crate) trait Dialect: Send + Sync {
    fn facts(&self) -> RecognizerFacts;
    fn task(&self) -> &'static str;
    /// Returns the websocket subprotocol to request; `None` for none.
    fn subprotocol(&self) -> Option<&'static str> {
        None
    }
    fn begin(&self, order: &RecognizerOptions) -> Box<dyn Protocol>;
}

/// Parses a message as a JSON object. Any other message is `Garbled`.
pub(super) fn object(wire: &WireMessage) -> Result<Value, FailureClass> {
    let WireMessage::Text(text) = wire else {
        return Err(FailureClass::Garbled);
    };
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) | Err(_) => Err(FailureClass::Garbled),
    }
}

/// Adds a member to a JSON object; does nothing to another value.
pub(super) fn add(object: &mut Value, member: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}

/// Returns a member of an object if it is a string.
pub(super) fn text_of<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member).and_then(Value::as_str)
}

/// Collects frames of 20 ms as PCM16 little-endian, a fixed number to a message.
pub(super) struct PcmBatch {
    bytes: Vec<u8>,
    frames: usize,
    frames_per_message: usize,
}

impl PcmBatch {
    pub(super) const fn new(frames_per_message: usize) -> Self {
        Self {
            bytes: Vec::new(),
            frames: 0,
            frames_per_message,
        }
    }

    pub(super) fn push(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Option<WireMessage> {
        self.bytes
            .extend(frame.iter().flat_map(|sample| sample.to_le_bytes()));
        self.frames += 1;
        (self.frames >= self.frames_per_message)
            .then(|| self.take())
            .flatten()
    }

    /// Returns the frames collected so far as a message; `None` without any.
    pub(super) fn take(&mut self) -> Option<WireMessage> {
        self.frames = 0;
        let bytes = std::mem::take(&mut self.bytes);
        (!bytes.is_empty()).then_some(WireMessage::Binary(bytes))
    }
}
