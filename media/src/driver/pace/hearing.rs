//! What a leg's owner hears of its sound: frames as they come, and how far a clip was when it was cut.

use super::PacedLeg;
use crate::audio::frame::{FRAME_MS, Frame};
use crate::audio::heard::HeardSender;
use crate::driver::leg_audio::LegAudio;
use domain::ports::line::LegEvent;

impl PacedLeg {
    /// What played is told how far it came; nothing of it is in a packet any more.
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

/// What was heard in the frame from this instant goes to whoever listens, until nobody does.
pub(super) fn hand_out(listener: &mut Option<HeardSender>, from_ms: u64, heard: &Frame) {
    if listener.as_ref().is_some_and(|one| !one.send(from_ms, heard)) {
        *listener = None;
    }
}
