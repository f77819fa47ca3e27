//! The shared parts of speech test suites: a wall clock, tasks, audio that sounds like a voice, and doubles
//! of engines that speak the published protocols.

pub mod double;
pub mod sounds;

pub use media::testing::{
    ElapsedClock, HUNG_AFTER_MS, JUDGES_TIME, StoppedClock, SuiteClock, SuiteIds, SuiteTasks,
};
