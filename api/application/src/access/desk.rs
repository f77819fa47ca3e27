//! What of access a process keeps in memory: nothing that a log would have to say.

use super::idle::IdleSessions;
use super::passwords::Passwords;
use super::refused::Tally;
use super::set_up::FirstSetUp;

/// What of access this process keeps in memory.
#[derive(Default)]
pub struct AccessDesk {
    /// When each session was used last.
    pub(crate) idle: IdleSessions,
    /// Where slow functions have their turns.
    pub(crate) passwords: Passwords,
    /// The link by which the first admin is made.
    pub first: FirstSetUp,
    /// Refused attempts that are not on record yet.
    pub refused: Tally,
}
