//! The transcript of a call after its end: kept, or disposed of when its retention period was over.

use super::event::CallEvent;
use super::recording::RecordingStatus;
use super::refusal::CallRefusal;
use super::state::CallState;
use crate::calling_plan::Preset;

/// The disposal that destroyed data of a call at the end of its retention: its number and the rule it
/// followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disposal {
    /// Number of the disposal within its data class.
    pub disposal: u64,
    pub preset: Preset,
    /// The retention period, in days.
    pub days: u32,
}

impl CallState {
    /// Returns true if the call's transcript was destroyed.
    pub const fn is_transcript_disposed(&self) -> bool {
        self.transcript_disposed
    }

    /// Returns true if at least one utterance of the callee was recorded.
    pub const fn has_heard(&self) -> bool {
        self.turns.heard_count() > 0
    }

    /// Returns the status of the call's recording: none, kept or disposed of.
    pub const fn recording(&self) -> RecordingStatus {
        self.recording
    }
}

/// Records that the key of the call's transcript was destroyed. No event if that is recorded already.
/// Refused for a call that has not ended or was never answered.
pub(super) fn dispose_transcript(
    state: &CallState,
    Disposal {
        disposal,
        preset,
        days,
    }: Disposal,
) -> Result<Vec<CallEvent>, CallRefusal> {
    if state.is_transcript_disposed() {
        return Ok(Vec::new());
    }
    if state.answered_at().is_none() || state.ended().is_none() {
        return Err(CallRefusal::NothingSaid);
    }
    Ok(vec![CallEvent::TranscriptDisposed {
        disposal,
        preset,
        days,
    }])
}

#[cfg(test)]
mod tests {
    use super::super::command::CallCommand;
    use super::super::event::EndReason;
    use super::super::test_support::{and, check, ended, permitted, up_to_answer};
    use super::*;
    use values::disposition::Disposition;

    #[test]
    fn a_transcript_is_disposed_of_once_and_only_of_an_answered_call_that_is_over() {
        let dispose = || {
            CallCommand::DisposeTranscript(Disposal {
                disposal: 3,
                preset: Preset::CnService,
                days: 365,
            })
        };
        let disposed = CallEvent::TranscriptDisposed {
            disposal: 3,
            preset: Preset::CnService,
            days: 365,
        };
        let nothing = || Err(CallRefusal::NothingSaid);
        let over = || ended(Disposition::Answered, EndReason::FlowEnded);
        check(&[(0, permitted())], dispose(), nothing());
        check(&up_to_answer(), dispose(), nothing());
        let given = and(up_to_answer(), over());
        check(&given, dispose(), Ok(vec![disposed.clone()]));
        check(&and(given, disposed), dispose(), Ok(vec![]));
    }
}
