//! The commands of the installation: record a restore, confirm that dialing may resume, record clock checks.

use super::clock::ClockDoubt;
use super::event::{ClockOffset, RestoreFacts};
use super::keys::RestoredKeys;
use super::loss::LostHistory;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "installation")]
pub enum InstallationCommand {
    /// Records a restore. Sent by the restore command, directly after the last restored event.
    Restore(RestoreFacts),
    /// A user reviewed the restored log and permits dialing.
    ConfirmDialing { by: Option<String>, reason: String },
    /// Records the fingerprint of the installation. Sent by the process that opens log and keys, after it
    /// checked that the keys belong to the log.
    Name { fingerprint: String },
    /// Records a restore of keys. Sent by the command that restored them, afterwards.
    NoteKeysRestored(RestoredKeys),
    /// Records lost history. Sent by a process that opens a log without events that it knew of.
    NoteHistoryLost(LostHistory),
    /// Records that the log's index was rebuilt. Sent by the process that rebuilt it.
    NoteIndexRemade { why: String },
    /// Records a clock comparison. Stored if it differs from the last one.
    NoteClockOffset(ClockOffset),
    /// Records that a process found its wall clock changed, or before the end of the log.
    DoubtClock(ClockDoubt),
    /// Records that the wall clock and its reference agree again.
    AgreeOnClock,
    /// Records that another clock, named as in `ClockOffset`, confirmed the wall clock.
    BelieveSource { source: String },
    /// A user checked the clock and confirms it.
    ConfirmClock { by: Option<String>, reason: String },
}
