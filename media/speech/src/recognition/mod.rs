//! Speech to text behind the `Recognizer` port: one session for every engine, and the engines themselves.
//!
//! `session.rs` keeps the guarantees of the port (voice activity, times, limits, how late an answer may
//! be); an engine only turns audio into texts. `spec.rs` reads the user's choice of an engine.

pub mod engine;
mod funasr;
mod nls;
pub(crate) mod protocol;
mod recognizer_factory;
pub(crate) mod segment;
pub mod session;
mod sherpa;
pub mod spec;
pub mod template;
mod text_cleanup;
mod transcription;
mod vosk;
mod websocket;

pub use recognizer_factory::{RecognizerError, RecognizerPorts, recognizer};

#[cfg(test)]
pub(crate) mod contract;
#[cfg(test)]
mod interruptions;
#[cfg(test)]
mod tests;
