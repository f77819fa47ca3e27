//! The commands of the installation: record a restore, confirm that dialing may resume, record clock checks.

use super::clock::ClockDoubt;
use super::event::{ClockOffset, RestoreFacts};
use super::keys::RestoredKeys;
use super::loss::LostHistory;

#[derive(Debug, Clone, PartialEq, Eq)]
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

impl InstallationCommand {
    /// Returns the command's name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Restore(_) => "installation.restore",
            Self::ConfirmDialing { .. } => "installation.confirm_dialing",
            Self::Name { .. } => "installation.name",
            Self::NoteKeysRestored(_) => "installation.note_keys_restored",
            Self::NoteHistoryLost(_) => "installation.note_history_lost",
            Self::NoteIndexRemade { .. } => "installation.note_index_remade",
            Self::NoteClockOffset(_) => "installation.note_clock_offset",
            Self::DoubtClock(_) => "installation.doubt_clock",
            Self::AgreeOnClock => "installation.agree_on_clock",
            Self::BelieveSource { .. } => "installation.believe_source",
            Self::ConfirmClock { .. } => "installation.confirm_clock",
        }
    }
}
