//! The recording of a call after its end: kept, or disposed of when its retention period was over.

use super::event::CallEvent;
use super::refusal::CallRefusal;
use super::state::CallState;
use crate::calling_plan::Preset;

/// Whether a call has a recording, by the call's own events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordingStatus {
    /// Nothing was recorded, or the call has not ended.
    #[default]
    None,
    Kept,
    Disposed,
}

/// Records that the file of the call's recording was destroyed. No event if that is recorded already;
/// refused if nothing was recorded.
pub(super) fn dispose_recording(
    state: &CallState,
    disposal: u64,
    preset: Preset,
    days: u32,
) -> Result<Vec<CallEvent>, CallRefusal> {
    match state.recording() {
        RecordingStatus::None => Err(CallRefusal::NothingRecorded),
        RecordingStatus::Disposed => Ok(Vec::new()),
        RecordingStatus::Kept => Ok(vec![CallEvent::RecordingDisposed {
            disposal,
            preset,
            days,
        }]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::command::CallCommand;
    use super::super::event::EndReason;
    use super::super::test_support::{and, check, ended, permitted, up_to_answer};
    use super::*;
    use values::disposition::Disposition;

    fn end(sha256: Option<String>) -> CallEvent {
        let mut event = ended(Disposition::Answered, EndReason::FlowEnded);
        if let CallEvent::Ended { recording_sha256, .. } = &mut event {
            *recording_sha256 = sha256;
        }
        event
    }

    #[test]
    fn a_recording_is_disposed_of_once_and_only_where_there_was_one() {
        let dispose = || CallCommand::DisposeRecording {
            disposal: 17,
            preset: Preset::CnService,
            days: 365,
        };
        let disposed = CallEvent::RecordingDisposed {
            disposal: 17,
            preset: Preset::CnService,
            days: 365,
        };
        let nothing = || Err(CallRefusal::NothingRecorded);
        check(&[(0, permitted())], dispose(), nothing());
        check(&and(up_to_answer(), end(None)), dispose(), nothing());
        let given = and(up_to_answer(), end(Some("ab".repeat(32))));
        check(&given, dispose(), Ok(vec![disposed.clone()]));
        check(&and(given, disposed), dispose(), Ok(vec![]));
    }
}
