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
