//! What suites of lines, carriers and speech stand on.

mod ports;

pub use ports::{SuiteClock, SuiteIds, SuiteTasks};
