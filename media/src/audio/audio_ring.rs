//! Passes the audio received on a leg to one listener: a ring of one second, which the pace thread fills
//! without ever waiting.

use crate::audio::frame::Frame;
use async_trait::async_trait;
use domain::ports::recognizer::{FRAME_MS, HeardAudio, HeardFrame};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Most frames that wait for a slow listener: one second. Above that the oldest are dropped, and the
/// listener receives their number.
const FRAMES_WAITING_MAX: usize = 50;

struct Ring {
    frames: VecDeque<(u64, Frame)>,
    closed: bool,
}

struct SharedRing {
    ring: Mutex<Ring>,
    arrived: Notify,
}

impl SharedRing {
    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pace thread's end of the ring. Dropping it ends the listener's audio.
pub struct HeardSender(Arc<SharedRing>);

/// The listener's end of the ring.
pub struct HeardReceiver {
    shared: Arc<SharedRing>,
    /// The time at which the next frame begins if none was dropped, in milliseconds; `None` before the
    /// first.
    expected_ms: Option<u64>,
}

/// Returns both ends of a new ring for one leg's received audio.
pub fn heard_audio() -> (HeardSender, HeardReceiver) {
    let shared = Arc::new(SharedRing {
        ring: Mutex::new(Ring {
            frames: VecDeque::with_capacity(FRAMES_WAITING_MAX),
            closed: false,
        }),
        arrived: Notify::new(),
    });
    let receiver = HeardReceiver {
        shared: Arc::clone(&shared),
        expected_ms: None,
    };
    (HeardSender(shared), receiver)
}

impl HeardSender {
    /// Adds a frame that begins at `at_ms`; drops the oldest one if the ring is full. Never waits. Returns
    /// false if the listener is gone.
    pub fn send(&self, at_ms: u64, frame: &Frame) -> bool {
        let mut ring = self.0.lock();
        if ring.closed {
            return false;
        }
        if ring.frames.len() >= FRAMES_WAITING_MAX {
            ring.frames.pop_front();
        }
        ring.frames.push_back((at_ms, *frame));
        drop(ring);
        self.0.arrived.notify_one();
        true
    }
}

impl Drop for HeardSender {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.arrived.notify_one();
    }
}

impl Drop for HeardReceiver {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
    }
}

impl HeardReceiver {
    fn take(&mut self) -> Option<HeardFrame> {
        let (at_ms, samples) = self.shared.lock().frames.pop_front()?;
        let missing_ms = at_ms.saturating_sub(self.expected_ms.unwrap_or(at_ms));
        self.expected_ms = Some(at_ms + FRAME_MS);
        Some(HeardFrame {
            at_ms,
            lost_before: u32::try_from(missing_ms / FRAME_MS).unwrap_or(u32::MAX),
            samples,
        })
    }
}

#[async_trait]
impl HeardAudio for HeardReceiver {
    async fn next(&mut self) -> Option<HeardFrame> {
        loop {
            if let Some(frame) = self.take() {
                return Some(frame);
            }
            if self.shared.lock().closed {
                // A frame may have come between the two looks.
                return self.take();
            }
            self.shared.arrived.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::frame::FRAME_SAMPLES;

    #[tokio::test]
    async fn a_slow_listener_loses_the_oldest_frames_and_learns_how_many() {
        let (sender, mut receiver) = heard_audio();
        assert!(sender.send(0, &[1; FRAME_SAMPLES]));
        assert_eq!(receiver.next().await.unwrap().lost_before, 0);
        for frame in 1..=60 {
            assert!(sender.send(frame * FRAME_MS, &[2; FRAME_SAMPLES]));
        }
        let next = receiver.next().await.unwrap();
        assert_eq!((next.at_ms, next.lost_before), (11 * FRAME_MS, 10));
        // The pace itself may skip.
        sender.send(100 * FRAME_MS, &[2; FRAME_SAMPLES]);
        drop(sender);
        let mut lost = Vec::new();
        while let Some(frame) = receiver.next().await {
            lost.push(frame.lost_before);
        }
        assert_eq!(lost.len(), 50);
        assert_eq!((lost[0], lost.last()), (0, Some(&39)));
    }

    #[test]
    fn a_listener_that_is_gone_costs_nothing_more() {
        let (sender, receiver) = heard_audio();
        drop(receiver);
        assert!(!sender.send(0, &[0; FRAME_SAMPLES]));
    }
}
