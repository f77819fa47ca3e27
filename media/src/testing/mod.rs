//! The shared ports for test suites of lines, carriers and speech.

mod ports;
#[cfg(test)]
pub(crate) mod split_mix;

pub use ports::{ElapsedClock, JumpingClock, StoppedClock, SuiteClock, SuiteIds, SuiteTasks};

/// True if tests judge limits on elapsed time: as `make bench-deadlines` builds them, on an idle machine. In
/// `make test`, which may share its machine, they judge order and counts only (decision 0217).
pub const JUDGES_TIME: bool = option_env!("LEDGERLINE_JUDGES_TIME").is_some();

/// The limit of a wait that only detects a hang, in milliseconds: long enough on any loaded machine.
pub const HUNG_AFTER_MS: u64 = 120_000;
