//! Speech to text behind the `Recognizer` port: one session for every engine, and the engines themselves.
//!
//! `listening.rs` keeps the guarantees of the port (voice activity, times, limits, how late an answer may
//! be); an engine only turns audio into texts. `spec.rs` reads the user's choice of an engine.

mod chosen;
mod cleaned;
pub mod engine;
mod funasr;
pub mod listening;
mod nls;
pub(crate) mod protocol;
pub(crate) mod segment;
mod sherpa;
pub mod spec;
pub mod template;
mod transcription;
mod vosk;
mod websocket;

pub use chosen::{RecognizerError, RecognizerPorts, recognizer};

#[cfg(test)]
pub(crate) mod contract;
#[cfg(test)]
mod interruptions;
#[cfg(test)]
mod tests;
