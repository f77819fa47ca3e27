//! What an engine is given and what it gives: bounded queues between the session and the engine's task.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::recognizer::{Alternative, FRAME_SAMPLES, FailureClass, ListeningOrder, RecognizerFacts};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Frames that may wait for an engine: three seconds, which covers the time a connection may take.
pub const TO_ENGINE_MAX: usize = 150;
/// Texts that may wait for whoever listens; beyond, the engine's connection is not read.
pub const FROM_ENGINE_MAX: usize = 64;

/// What goes to an engine, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToEngine {
    Audio(Box<[i16; FRAME_SAMPLES]>),
    /// Our detector: the frames from this instant on are speech. Frames are counted from the first.
    SpeechStarted {
        frames_back: usize,
    },
    SpeechEnded {
        frames_back: usize,
    },
    /// No more audio comes.
    Finish,
}

/// A text as an engine gives it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Made {
    pub text: String,
    pub confidence_ratio: Option<f64>,
    pub alternatives: Vec<Alternative>,
}

/// What comes from an engine.
#[derive(Debug, Clone, PartialEq)]
pub enum FromEngine {
    /// It listens, and has made nothing out so far.
    Idle,
    /// The present utterance so far, whole.
    Partial(String),
    Final(Made),
    Failed(FailureClass),
}

/// The engine's ends of both queues. When `audio` ends without `Finish`, nobody wants to know any more.
pub struct EngineEnds {
    pub audio: mpsc::Receiver<ToEngine>,
    pub heard: mpsc::Sender<FromEngine>,
    pub clock: Arc<dyn Clock>,
}

/// One call's hearing, run in a task of its own; it is over when the engine has said all after `Finish`.
#[async_trait]
pub trait Hearing: Send {
    async fn run(self: Box<Self>, ends: EngineEnds);
}

/// An engine: what a recognizer is made of.
pub trait Engine: Send + Sync {
    fn facts(&self) -> RecognizerFacts;
    /// The task's name.
    fn task(&self) -> &'static str;
    fn begin(&self, order: &ListeningOrder) -> Box<dyn Hearing>;
}
