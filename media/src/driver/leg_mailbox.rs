//! The queue of a leg's events for its owner: bounded, but it never loses the end of the leg.
//!
//! Keypresses and played clips are dropped beyond the bound, which is reached only if the owner does not
//! read. All other events come at most once each.

use super::key_merger::KeyMerger;
use crate::rtp::keypress::KeySign;
use domain::call::KeyPath;
use domain::ports::line::LegEvent;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Most queued events; above that keypresses and events of played clips are dropped. A call has far fewer
/// between two reads.
const EVENTS_MAX: usize = 256;

/// The stage of a leg, which decides what its owner may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LegStage {
    Unanswered,
    Answered,
    Ended,
}

struct MailboxState {
    events: VecDeque<LegEvent>,
    stage: LegStage,
    closed: bool,
    keys: KeyMerger,
}

/// The queue of a leg's events, shared by its owner, its signaling and its audio.
pub(crate) struct LegMailbox {
    waiting: Mutex<MailboxState>,
    arrived: Notify,
    heard_rtp: AtomicBool,
    abandoned: AtomicBool,
}

impl LegMailbox {
    pub(super) fn new() -> Self {
        Self {
            waiting: Mutex::new(MailboxState {
                events: VecDeque::new(),
                stage: LegStage::Unanswered,
                closed: false,
                keys: KeyMerger::default(),
            }),
            arrived: Notify::new(),
            heard_rtp: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, MailboxState> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues an event for the owner. Ignored after `Closed`. Keypresses and events of clips are also
    /// ignored before the answer and while the queue is full.
    pub(super) fn push(&self, event: LegEvent) {
        let mut waiting = self.lock();
        let droppable = matches!(
            event,
            LegEvent::Keypress { .. } | LegEvent::Played { .. } | LegEvent::PlayCut { .. }
        );
        let unwanted = waiting.stage == LegStage::Unanswered || waiting.events.len() >= EVENTS_MAX;
        if waiting.closed || (droppable && unwanted) {
            return;
        }
        match event {
            LegEvent::Answered(_) => waiting.stage = LegStage::Answered,
            LegEvent::Failed(_) | LegEvent::LateAnswered(_) | LegEvent::HungUp { .. } => {
                waiting.stage = LegStage::Ended;
            }
            LegEvent::Closed(_) => {
                waiting.stage = LegStage::Ended;
                waiting.closed = true;
            }
            LegEvent::Ringing { .. }
            | LegEvent::Keypress { .. }
            | LegEvent::Played { .. }
            | LegEvent::PlayCut { .. }
            | LegEvent::RecordingFailed => {}
        }
        waiting.events.push_back(event);
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Handles a key's sign from a transport at `now_us`. Copies of one press over several transports give
    /// one event.
    pub(super) fn push_key(&self, path: KeyPath, sign: KeySign, now_us: i64) {
        let counts = {
            let mut waiting = self.lock();
            match sign {
                KeySign::Pressed(digit) => waiting.keys.press(path, digit, now_us).then_some(digit),
                KeySign::Held => {
                    waiting.keys.hold(path, now_us);
                    None
                }
            }
        };
        if let Some(digit) = counts {
            self.push(LegEvent::Keypress { digit });
        }
    }

    /// Waits for the next event and removes it from the queue. Cancel-safe: an event is removed only when
    /// it is returned.
    pub(crate) async fn next(&self) -> LegEvent {
        loop {
            if let Some(event) = self.lock().events.pop_front() {
                return event;
            }
            self.arrived.notified().await;
        }
    }

    pub(crate) fn stage(&self) -> LegStage {
        self.lock().stage
    }

    pub(super) fn note_rtp(&self) {
        self.heard_rtp.store(true, Ordering::Relaxed);
    }
    pub(super) fn heard_rtp(&self) -> bool {
        self.heard_rtp.load(Ordering::Relaxed)
    }

    /// Marks the leg as abandoned: its owner is gone and could not queue a command. Signaling then ends the
    /// leg.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }
}
