//! A conversation whose recording has failed: it is not gone on with, and the callee is not just cut off.

use super::talk::Talk;
use crate::drivers::kit::Halt;
use domain::call::EndCause;

impl Talk<'_> {
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
