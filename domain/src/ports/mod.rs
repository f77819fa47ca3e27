//! The ports: what the domain needs from outside, as traits. The documentation of a trait is its
//! specification.
//!
//! Each port has one contract suite next to its implementations; nothing here does I/O.

pub mod agents;
pub mod assistant;
pub mod clock;
pub mod disk;
pub mod encoder;
pub mod event_store;
pub mod id_source;
pub mod knowledge;
pub mod line;
pub mod masking;
pub mod messenger;
pub mod number_checker;
pub mod recognizer;
pub mod recording;
pub mod speech;
pub mod tasks;
pub mod understanding;
pub mod vault;
pub mod worklist;
pub mod writer;
