//! The audio that a fake leg receives: silent frames at the pace of the test's clock.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::recognizer::{FRAME_MS, FRAME_SAMPLES, HeardAudio, HeardFrame};
use domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Silent frames until the leg ends; each is returned when the clock reaches the frame's end.
pub(super) struct FakeSound {
    pub(super) clock: Arc<dyn Clock>,
    /// The time at which the first frame begins.
    pub(super) begins: Timestamp,
    /// The beginning of the next frame, in milliseconds after `begins`.
    pub(super) at_ms: u64,
    /// Set by the leg when it ends; then there are no more frames.
    pub(super) is_over: Arc<AtomicBool>,
}

#[async_trait]
impl HeardAudio for FakeSound {
    async fn next(&mut self) -> Option<HeardFrame> {
        if self.is_over.load(Ordering::Relaxed) {
            return None;
        }
        self.clock
            .wait_until(self.begins.plus_ms(self.at_ms + FRAME_MS))
            .await;
        let at_ms = self.at_ms;
        self.at_ms += FRAME_MS;
        Some(HeardFrame {
            at_ms,
            lost_before: 0,
            samples: [0; FRAME_SAMPLES],
        })
    }
}
