//! The interface between a session and an engine's task: the messages both ways, and bounded queues for them.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::recognizer::{
    Alternative, FRAME_SAMPLES, FailureClass, RecognizerFacts, RecognizerOptions,
};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Most frames that may wait for an engine: three seconds, which covers the time for a connection.
pub const TO_ENGINE_MAX: usize = 150;
/// Most texts that may wait for the session; beyond that, the engine's connection is not read.
pub const FROM_ENGINE_MAX: usize = 64;

/// A message to an engine; they come in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineInput {
    Audio(Box<[i16; FRAME_SAMPLES]>),
    /// Speech, by our own detector, began this many frames back, counted from the last frame sent.
    SpeechStarted {
        frames_back: usize,
    },
    SpeechEnded {
        frames_back: usize,
    },
    /// No more audio comes.
    Finish,
}

/// A text that an engine recognized, with its confidence and alternatives.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RecognizedText {
    pub text: String,
    pub confidence_ratio: Option<f64>,
    pub alternatives: Vec<Alternative>,
}

/// A message from an engine.
#[derive(Debug, Clone, PartialEq)]
pub enum EngineOutput {
    /// The engine is listening and has recognized nothing so far.
    Idle,
    /// The whole text of the present utterance so far.
    Partial(String),
    Final(RecognizedText),
    Failed(FailureClass),
}

/// The engine's ends of both queues. If `audio` ends without `Finish`, no result is wanted any more.
pub struct EngineChannels {
    pub audio: mpsc::Receiver<EngineInput>,
    pub heard: mpsc::Sender<EngineOutput>,
    pub clock: Arc<dyn Clock>,
}

/// An engine's work for one call, run in its own task; it ends when all results after `Finish` have been
/// sent.
#[async_trait]
pub trait EngineSession: Send {
    async fn run(self: Box<Self>, ends: EngineChannels);
}

/// An engine that recognizes speech, without the session around it.
pub trait Engine: Send + Sync {
    fn facts(&self) -> RecognizerFacts;
    /// The name of its tasks.
    fn task(&self) -> &'static str;
    fn begin(&self, order: &RecognizerOptions) -> Box<dyn EngineSession>;
}
