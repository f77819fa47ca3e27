//! The shared ports for test suites of lines, carriers and speech.

mod ports;

pub use ports::{SuiteClock, SuiteIds, SuiteTasks};
