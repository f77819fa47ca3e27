//! The audio of a fake leg: frames that a test's clock gives out.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::recognizer::{FRAME_MS, FRAME_SAMPLES, HeardAudio, HeardFrame};
use domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Silence until the leg is over.
pub(super) struct FakeSound {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) begins: Timestamp,
    pub(super) at_ms: u64,
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
