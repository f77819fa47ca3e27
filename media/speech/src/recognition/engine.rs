//! The interface between a session and an engine's task: the messages both ways, and bounded queues for them.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::recognizer::{
    Alternative, FRAME_SAMPLES, FailureClass, RecognizerFacts, RecognizerOptions,
};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Most frames of 20 ms that wait for an engine: three seconds, which covers the time for a connection.
pub const TO_ENGINE_MAX: usize = 150;
/// Most texts that wait for the session. At the limit the engine's connection is not read.
pub const FROM_ENGINE_MAX: usize = 64;

/// A message from the session to an engine; messages come in order.
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

/// A final text of an engine, with its confidence from 0 to 1 and other possible texts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RecognizedText {
    pub text: String,
    pub confidence_ratio: Option<f64>,
    pub alternatives: Vec<Alternative>,
}

/// A message from an engine to the session.
#[derive(Debug, Clone, PartialEq)]
pub enum EngineOutput {
    /// The engine is listening and has recognized nothing so far.
    Idle,
    /// The whole text of the current utterance so far.
    Partial(String),
    Final(RecognizedText),
    Failed(FailureClass),
}

/// The engine's ends of the queues from and to the session. If `audio` ends without `Finish`, the session
/// wants no more results.
pub struct EngineChannels {
    pub audio: mpsc::Receiver<EngineInput>,
    pub heard: mpsc::Sender<EngineOutput>,
    pub clock: Arc<dyn Clock>,
}

/// An engine's work for one call, run in its own task. It ends when all results have been sent after
/// `Finish`.
#[async_trait]
pub trait EngineSession: Send {
    async fn run(self: Box<Self>, ends: EngineChannels);
}

/// An engine that recognizes speech: it makes one `EngineSession` per call.
pub trait Engine: Send + Sync {
    fn facts(&self) -> RecognizerFacts;
    /// Returns the name of its sessions' tasks.
    fn task(&self) -> &'static str;
    fn begin(&self, order: &RecognizerOptions) -> Box<dyn EngineSession>;
}
