//! Ends a conversation that cannot go on: its recording has failed, or it has reached its longest duration.

use super::session::ConversationSession;
use crate::drivers::driver_context::Halt;
use domain::call::EndCause;
use domain::call::event::EndReason;

impl ConversationSession<'_> {
    /// Ends the call because it reached its longest duration, also while a prompt is playing: a robot that
    /// has not reached an end by then never will.
    pub(super) async fn end_too_long(&mut self) -> Result<(), Halt> {
        self.cause = Some(EndCause::CallTooLong);
        self.hang_up(EndReason::MediaLost).await
    }

    /// Ends the call because its recording has failed: the flow says goodbye as after any fault of ours. A
    /// goodbye in progress is played to its end.
    pub(super) async fn end_unrecorded(&mut self) -> Result<(), Halt> {
        self.cause = Some(EndCause::RecordingFailed);
        if self.hung_up.is_some() || self.ending {
            return Ok(());
        }
        Box::pin(self.fault()).await
    }
}
