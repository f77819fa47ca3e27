//! Requests to the installation: note a restore, confirm that dialing may go on.

use super::clock::ClockDoubt;
use super::event::{ClockOffset, RestoreFacts};
use super::keys::RestoredKeys;
use super::loss::LostHistory;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstallationCommand {
    /// Asked by the restore command, right behind the last restored event.
    Restore(RestoreFacts),
    /// A person has looked at the restored past and lets dialing go on.
    ConfirmDialing { by: Option<String>, reason: String },
    /// Asked by whoever opens log and keys, once the keys are known to be the log's.
    Name { fingerprint: String },
    /// Asked by the command that restored keys, behind that.
    NoteKeysRestored(RestoredKeys),
    /// Asked by whoever opens a log that lacks what was known of it.
    NoteHistoryLost(LostHistory),
    /// Asked by whoever opened a log whose index had to be made again.
    NoteIndexRemade { why: String },
    /// A process has compared its clock; noted when it says something new.
    NoteClockOffset(ClockOffset),
    /// A process found its wall clock moved, or before the log's end.
    DoubtClock(ClockDoubt),
    /// The wall agrees again with what it was compared with.
    AgreeOnClock,
    /// Another clock, named as in `ClockOffset`, found the wall right.
    BelieveSource { source: String },
    /// A person has looked at the clock and finds it right.
    ConfirmClock { by: Option<String>, reason: String },
}

impl InstallationCommand {
    /// Its name, for logs.
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
