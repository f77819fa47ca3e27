//! The facts about a conversation for `call.ended`: how the line ended it, and the summary of the leg.

use domain::call::EndCause;
use domain::call::command::CallEnding;
use domain::call::event::EndReason;
use domain::disposition::Outcome;
use domain::ports::line::{HangupSource, LegSummary};
use domain::time::Timestamp;

/// Longest wait for a leg to close after it was hung up, in milliseconds. The BYE leaves at once, so this
/// is the time that a busy or full disk may take to flush the recording. A call that ends without waiting
/// records that it has no recording, although its file is complete.
pub(super) const CLOSE_MS_MAX: u64 = 30_000;

/// How and when the leg ended, as the line reports it.
pub(super) struct HangUpFacts {
    pub(super) by: HangupSource,
    pub(super) reason_header: Option<String>,
    pub(super) q850: Option<u16>,
    pub(super) heard_rtp: bool,
    /// The time at which the line reported it; the talk time ends here.
    pub(super) at: Timestamp,
}

/// Returns the cause of the end if neither the callee nor we ended the call; otherwise `None`.
const fn cause_of(by: HangupSource) -> Option<EndCause> {
    match by {
        HangupSource::Callee | HangupSource::Robot => None,
        HangupSource::Media(cause) => Some(cause),
    }
}

pub(super) fn ending(
    reason: Option<EndReason>,
    cause: Option<EndCause>,
    outcome: Option<Outcome>,
    hung_up: Option<HangUpFacts>,
    summary: LegSummary,
) -> CallEnding {
    let by_line = hung_up.as_ref().and_then(|one| cause_of(one.by));
    let ending = CallEnding {
        reason,
        cause: cause.or(by_line),
        outcome,
        heard_rtp: summary.rtp_received_count > 0,
        recording: summary.recording,
        ..CallEnding::default()
    };
    match hung_up {
        Some(one) => CallEnding {
            heard_rtp: one.heard_rtp,
            reason_header: one.reason_header,
            q850: one.q850,
            hung_up_at: Some(one.at),
            ..ending
        },
        None => ending,
    }
}
