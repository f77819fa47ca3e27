//! The audio of a simulated callee: clips at their times, silence between them, by the clock.

use crate::audio::frame::{FRAME_MS, SILENCE, frame_of};
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::recognizer::{HeardAudio, HeardFrame};
use domain::ports::speech::Clip;
use domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How far a listener may fall behind before it loses frames, in milliseconds: a second, as on a real
/// trunk.
const BEHIND_MS_MAX: u64 = 1_000;

/// A clip that a simulated callee says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenClip {
    /// Time from the answer, in milliseconds.
    pub after_ms: u64,
    pub clip: Arc<Clip>,
}

/// The received audio of one simulated leg. The next frame is the one that the clock has just passed.
pub(super) struct SimulatedHeardAudio {
    clock: Arc<dyn Clock>,
    answered_at: Timestamp,
    voice: Arc<[SpokenClip]>,
    over: Arc<AtomicBool>,
    next_ms: u64,
}

impl SimulatedHeardAudio {
    pub(super) fn new(
        clock: Arc<dyn Clock>,
        answered_at: Timestamp,
        voice: Arc<[SpokenClip]>,
        over: Arc<AtomicBool>,
    ) -> Self {
        let since_ms = clock.now().ms_since(answered_at);
        Self {
            clock,
            answered_at,
            voice,
            over,
            next_ms: since_ms - since_ms % FRAME_MS,
        }
    }

    fn samples(&self, at_ms: u64) -> [i16; domain::ports::recognizer::FRAME_SAMPLES] {
        let spoken = self.voice.iter().rev().find(|one| one.after_ms <= at_ms);
        let frame = spoken.and_then(|one| {
            let index = usize::try_from((at_ms - one.after_ms) / FRAME_MS).ok()?;
            frame_of(&one.clip.samples, index)
        });
        frame.unwrap_or(SILENCE)
    }
}

#[async_trait]
impl HeardAudio for SimulatedHeardAudio {
    async fn next(&mut self) -> Option<HeardFrame> {
        let ends = self.answered_at.plus_ms(self.next_ms + FRAME_MS);
        self.clock.wait_until(ends).await;
        if self.over.load(Ordering::Relaxed) {
            return None;
        }
        let behind_ms = self.clock.now().ms_since(ends).saturating_sub(BEHIND_MS_MAX);
        let lost = behind_ms / FRAME_MS;
        let at_ms = self.next_ms + lost * FRAME_MS;
        self.next_ms = at_ms + FRAME_MS;
        Some(HeardFrame {
            at_ms,
            lost_before: u32::try_from(lost).unwrap_or(u32::MAX),
            samples: self.samples(at_ms),
        })
    }
}
