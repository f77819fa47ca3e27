//! What an engine behind a websocket says and hears, as pure messages; the connection is somebody else's.

use super::engine::Made;
use domain::ports::recognizer::{FRAME_SAMPLES, FailureClass, ListeningOrder, RecognizerFacts};
use serde_json::Value;

/// One message either way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wire {
    Text(String),
    Binary(Vec<u8>),
}

impl Wire {
    pub(crate) fn json(value: &Value) -> Self {
        Self::Text(value.to_string())
    }
}

/// What a message of the engine meant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Read {
    Nothing,
    /// It listens, and has made nothing out.
    Idle,
    /// It has begun: audio may be sent.
    Ready,
    Partial(String),
    Final(Made),
    /// The same, and nothing comes after it.
    Last(Made),
    /// It has said all that it will.
    Done,
}

/// One call's exchange with an engine.
pub(crate) trait Protocol: Send {
    /// Sent at once when the connection stands.
    fn hello(&mut self) -> Vec<Wire>;
    /// Whether audio waits for `Read::Ready`.
    fn waits_for_ready(&self) -> bool {
        false
    }
    /// Takes 20 ms; answers what is to be sent, where enough has come together.
    fn audio(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Option<Wire>;
    /// No more audio comes.
    fn farewell(&mut self) -> Vec<Wire>;
    fn read(&mut self, wire: &Wire) -> Result<Read, FailureClass>;
    /// Whether an engine of which nothing is awaited may answer the farewell with silence.
    fn may_end_silently(&self) -> bool {
        false
    }
}

/// Engines of one kind: what makes a protocol for each call.
pub(crate) trait Dialect: Send + Sync {
    fn facts(&self) -> RecognizerFacts;
    fn task(&self) -> &'static str;
    /// The websocket subprotocol asked for.
    fn subprotocol(&self) -> Option<&'static str> {
        None
    }
    fn begin(&self, order: &ListeningOrder) -> Box<dyn Protocol>;
}

/// A message as a JSON object; anything else is none of the protocol's.
pub(super) fn object(wire: &Wire) -> Result<Value, FailureClass> {
    let Wire::Text(text) = wire else {
        return Err(FailureClass::Garbled);
    };
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) | Err(_) => Err(FailureClass::Garbled),
    }
}

/// One more member of an object that we write.
pub(super) fn add(object: &mut Value, member: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}

/// A member that is a text.
pub(super) fn text_of<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member).and_then(Value::as_str)
}

/// 20 ms frames put together as PCM16 little-endian, so many to a message.
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

    pub(super) fn push(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Option<Wire> {
        self.bytes
            .extend(frame.iter().flat_map(|sample| sample.to_le_bytes()));
        self.frames += 1;
        (self.frames >= self.frames_per_message)
            .then(|| self.take())
            .flatten()
    }

    /// What has come together so far.
    pub(super) fn take(&mut self) -> Option<Wire> {
        self.frames = 0;
        let bytes = std::mem::take(&mut self.bytes);
        (!bytes.is_empty()).then_some(Wire::Binary(bytes))
    }
}
