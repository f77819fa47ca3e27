//! Delivers a leg's audio to its listener, and reports how much of a cut clip was played.

use super::PacedLeg;
use crate::audio::audio_ring::HeardSender;
use crate::audio::frame::{FRAME_MS, Frame};
use crate::driver::leg_audio::LegAudio;
use domain::ports::line::LegEvent;

impl PacedLeg {
    /// Removes the leg's clips, and reports to the owner how much of the current one was played.
    pub(super) fn stop_playing(&mut self) {
        let cut = self.audio.as_mut().and_then(LegAudio::stop_playing);
        if let Some(cut) = cut {
            self.mailbox.push(LegEvent::PlayCut {
                play: cut.play,
                played_ms: cut.frames * FRAME_MS,
                recorded_ms: self.frames_count * FRAME_MS,
            });
        }
    }
}

/// Gives a received frame, which begins at `from_ms`, to the listener. Removes a listener that is gone;
/// does nothing without one.
pub(super) fn hand_out(listener: &mut Option<HeardSender>, from_ms: u64, heard: &Frame) {
    if listener.as_ref().is_some_and(|one| !one.send(from_ms, heard)) {
        *listener = None;
    }
}
