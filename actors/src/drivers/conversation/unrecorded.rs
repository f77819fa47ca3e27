//! A conversation that cannot go on: its recording has failed, or it has reached its longest duration.

use super::talk::Talk;
use crate::drivers::kit::Halt;
use domain::call::EndCause;
use domain::call::event::EndReason;

impl Talk<'_> {
    /// Whatever is being said: a robot that has said nothing final by then never will.
    pub(super) async fn end_too_long(&mut self) -> Result<(), Halt> {
        self.cause = Some(EndCause::CallTooLong);
        self.hang_up(EndReason::MediaLost).await
    }

    /// What is said from here on would not be recorded: the callee is taken leave of as after any fault of
    /// ours. Who is being taken leave of already hears it to its end.
    pub(super) async fn end_unrecorded(&mut self) -> Result<(), Halt> {
        self.cause = Some(EndCause::RecordingFailed);
        if self.hung_up.is_some() || self.ending {
            return Ok(());
        }
        Box::pin(self.fault()).await
    }
}
