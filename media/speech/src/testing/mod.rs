//! What suites of speech stand on: a wall clock, tasks of their own, sounds that are a voice, and doubles of
//! engines that speak the published protocols.

pub mod double;
pub mod sounds;

pub use media::testing::{SuiteClock, SuiteIds, SuiteTasks};
