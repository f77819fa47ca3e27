//! What is recorded, handed to the writer without waiting for it: in order, bounded, on the recording's time.

use super::{BACKLOG_FRAMES_MAX, Pace};
use crate::driver::recording_writer::Piece;
use domain::ports::line::LegEvent;
use std::sync::PoisonError;
use tokio::sync::mpsc::error::TrySendError;

impl Pace {
    /// In order: nothing overtakes what waits.
    pub(super) fn hand_over(&mut self, piece: Piece) {
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
                    // Without a recording, but nobody waits for ever for a leg's end.
                    if let Piece::Close { summary, mailbox, .. } = piece {
                        mailbox.push(LegEvent::Closed(summary));
                    }
                }
            }
        }
    }

    /// Frames go after what waits; when the disk is five seconds behind they are given back, then dropped.
    pub(super) fn hand_over_frames(&mut self, piece: Piece) {
        let refused = if self.waiting.is_empty() {
            match self.grounds.writer.try_send(piece) {
                Ok(()) => return,
                Err(TrySendError::Full(piece) | TrySendError::Closed(piece)) => piece,
            }
        } else {
            piece
        };
        let Piece::Frames { leg, gap, frames } = refused else {
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
