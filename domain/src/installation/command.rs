//! Requests to the installation: note a restore, confirm that dialing may go on.

use super::event::{ClockOffset, RestoreFacts};
use super::keys::RestoredKeys;

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
    /// A process has compared its clock; noted when it says something new.
    NoteClockOffset(ClockOffset),
}
