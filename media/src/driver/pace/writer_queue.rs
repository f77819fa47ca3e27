//! Hands recorded audio to the writer without waiting: in order, bounded, without shifting the recording's
//! time.

use super::{AudioPacer, BACKLOG_FRAMES_MAX};
use crate::driver::recording_writer::RecordingRequest;
use domain::ports::line::LegEvent;
use std::sync::PoisonError;
use tokio::sync::mpsc::error::TrySendError;

impl AudioPacer {
    /// Queues a request for the recording writer and passes on as many as its queue takes. Requests keep
    /// their order.
    pub(super) fn hand_over(&mut self, piece: RecordingRequest) {
        self.waiting.push_back(piece);
        self.hand_over_waiting();
    }

    pub(super) fn hand_over_waiting(&mut self) {
        while let Some(piece) = self.waiting.pop_front() {
            match self.grounds.writer.try_send(piece) {
                Ok(()) => {}
                Err(TrySendError::Full(piece)) => {
                    self.waiting.push_front(piece);
                    return;
                }
                Err(TrySendError::Closed(piece)) => {
                    tracing::error!("the recording writer is gone");
                    // The recording is lost, but the leg's end is reported all the same.
                    if let RecordingRequest::Close { summary, mailbox, .. } = piece {
                        mailbox.push(LegEvent::Closed(summary));
                    }
                }
            }
        }
    }

    /// Gives frames to the recording writer, unless requests are waiting before them or its queue is full.
    /// Then they stay with the leg; above `BACKLOG_FRAMES_MAX` (five seconds) the oldest are dropped and
    /// counted.
    pub(super) fn hand_over_frames(&mut self, piece: RecordingRequest) {
        let refused = if self.waiting.is_empty() {
            match self.grounds.writer.try_send(piece) {
                Ok(()) => return,
                Err(TrySendError::Full(piece) | TrySendError::Closed(piece)) => piece,
            }
        } else {
            piece
        };
        let RecordingRequest::Frames { leg, gap, frames } = refused else {
            return;
        };
        let Some(paced) = self.legs.get_mut(&leg) else {
            return;
        };
        let mut kept = frames;
        kept.append(&mut paced.frames);
        let excess = kept.len().saturating_sub(BACKLOG_FRAMES_MAX);
        kept.drain(..excess);
        paced.frames = kept;
        paced.gap += gap + excess;
        let mut statistics = self
            .grounds
            .statistics
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        statistics.dropped_recording_frames += u64::try_from(excess).unwrap_or(0);
    }
}
