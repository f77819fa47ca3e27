//! The far end of a simulated leg: what it receives from us, recorded in the outside world's record.

use super::{Phase, SimulatedLeg};
use domain::call::EndCause;
use domain::ports::line::{ACKNOWLEDGE_MS_MAX, HangupSource, LegEvent};
use domain::time::Timestamp;
use std::sync::atomic::Ordering;

impl SimulatedLeg {
    pub(super) fn note_answer(&self, at: Timestamp) {
        self.book.change(&self.sip_call_id, |entry| {
            entry.replied = true;
            entry.answered_at = Some(at);
        });
    }

    /// Schedules the end of an answered leg by the line itself if the answer is not acknowledged in time.
    pub(super) fn hold_answer(&mut self, at: Timestamp) {
        let until = at.plus_ms(ACKNOWLEDGE_MS_MAX);
        self.acknowledge_by = Some(until);
        self.schedule_hang_up(until, HangupSource::Media(EndCause::AnswerNotStored));
    }

    pub(super) fn note_acknowledged(&self, at: Timestamp) {
        self.book.change(&self.sip_call_id, |entry| {
            entry.acknowledged_at.get_or_insert(at);
        });
    }

    /// Records our BYE, and an ACK before it if there was none.
    pub(super) fn note_bye(&self, at: Timestamp) {
        self.book.change(&self.sip_call_id, |entry| {
            entry.acknowledged_at.get_or_insert(at);
            entry.byes += 1;
        });
    }

    pub(super) fn note_end(&self, at: Timestamp) {
        self.book.change(&self.sip_call_id, |entry| {
            entry.ended_at.get_or_insert(at);
        });
    }
}

impl Drop for SimulatedLeg {
    /// Simulates what the far end sees when the leg is dropped: a dead machine sends nothing more; a live
    /// one acknowledges and hangs up an answer, also one that was not read yet.
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let now = self.clock.now();
        let mut unread = self.pending.iter().filter_map(|(key, event)| {
            let is_answer = key.0 <= now && matches!(event, LegEvent::Answered(_));
            is_answer.then_some(key.0)
        });
        let unread_at = unread.next();
        if let Some(answered_at) = unread_at {
            self.note_answer(answered_at);
        }
        let is_answered = unread_at.is_some() || self.phase == Phase::Answered;
        if is_answered && !self.callees.machine_is_dead() {
            self.note_bye(now);
        }
        self.note_end(now);
    }
}
