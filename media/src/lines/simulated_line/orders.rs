//! The `Leg` port of a simulated leg: the owner's orders, and the events.

use super::{Phase, ROUND_TRIP_MS, ScheduledClip, SimulatedLeg};
use crate::lines::callee_script::build_cancellation_failure;
use crate::lines::simulated_voice::SimulatedHeardAudio;
use async_trait::async_trait;
use domain::ports::line::{HangupSource, Leg, LegEvent, LineError};
use domain::ports::recognizer::HeardAudio;
use domain::ports::speech::Clip;
use std::sync::Arc;

#[async_trait]
impl Leg for SimulatedLeg {
    async fn next(&mut self) -> LegEvent {
        if self.closed {
            // No event follows `Closed`.
            return std::future::pending().await;
        }
        let Some((key, _)) = self.pending.first_key_value() else {
            // No event is scheduled: only an order of ours can change that, and after `Closed` nothing can.
            return std::future::pending().await;
        };
        let key = *key;
        // Cancel-safe: no event is removed before the wait is over.
        self.clock.wait_until(key.0).await;
        let Some(event) = self.pending.remove(&key) else {
            return std::future::pending().await;
        };
        self.enter(&event, key.0);
        event
    }

    async fn acknowledge(&mut self) -> Result<(), LineError> {
        self.answered()?;
        let Some(until) = self.acknowledge_by else {
            return Ok(());
        };
        let now = self.clock.now();
        if now >= until {
            return Err(LineError::Ended);
        }
        self.acknowledge_by = None;
        self.note_acknowledged(now);
        self.callees.acknowledged(&self.sip_call_id);
        // The end that the line had scheduled itself.
        let by_line = |event: &LegEvent| {
            matches!(
                event,
                LegEvent::HungUp {
                    by: HangupSource::Media(_),
                    ..
                } | LegEvent::Closed(_)
            )
        };
        let callee_hangs_up = self.hang_up_ms.zip(self.answered_at);
        let callee_at = callee_hangs_up.map(|(after_ms, at)| at.plus_ms(after_ms));
        self.pending
            .retain(|key, event| !(key.0 == until && by_line(event)) || callee_at == Some(key.0));
        Ok(())
    }

    async fn play(&mut self, play: u32, clip: Arc<Clip>) -> Result<(), LineError> {
        self.answered()?;
        let begins = self.playing_until.max(self.clock.now());
        self.playing_until = begins.plus_ms(clip.duration_ms());
        let ends = self.playing_until;
        self.playing.retain(|one| one.ends > self.clock.now());
        self.playing.push_back(ScheduledClip { play, begins, ends });
        let recorded_ms = self
            .answered_at
            .map_or(0, |answered_at| ends.ms_since(answered_at));
        self.schedule(ends, LegEvent::Played { play, recorded_ms });
        Ok(())
    }

    async fn stop_playing(&mut self) -> Result<(), LineError> {
        self.answered()?;
        self.pending
            .retain(|_, event| !matches!(event, LegEvent::Played { .. }));
        let now = self.clock.now();
        self.playing_until = now;
        let queued = std::mem::take(&mut self.playing);
        let begun = queued.iter().find(|one| one.begins < now && now < one.ends);
        if let Some(cut) = begun {
            let recorded_ms = self
                .answered_at
                .map_or(0, |answered_at| now.ms_since(answered_at));
            let event = LegEvent::PlayCut {
                play: cut.play,
                played_ms: now.ms_since(cut.begins),
                recorded_ms,
            };
            self.schedule(now, event);
        }
        Ok(())
    }

    async fn record_callee(&mut self) -> Result<(), LineError> {
        self.answered()
    }

    async fn listen(&mut self) -> Result<Box<dyn HeardAudio>, LineError> {
        self.answered()?;
        let answered_at = self.answered_at.unwrap_or_else(|| self.clock.now());
        Ok(Box::new(SimulatedHeardAudio::new(
            Arc::clone(&self.clock),
            answered_at,
            Arc::clone(&self.voice),
            Arc::clone(&self.over),
        )))
    }

    async fn cancel(&mut self) -> Result<(), LineError> {
        let Phase::Dialing { rang } = self.phase else {
            return Err(LineError::Ended);
        };
        self.pending.clear();
        let at = self.clock.now().plus_ms(ROUND_TRIP_MS);
        if self.crosses {
            let dialog = self.dialog();
            self.schedule(at, LegEvent::LateAnswered(dialog));
        }
        self.schedule_failure(at, build_cancellation_failure(rang));
        Ok(())
    }

    async fn hang_up(&mut self) -> Result<(), LineError> {
        self.answered()?;
        self.pending.clear();
        let at = self.clock.now().plus_ms(ROUND_TRIP_MS);
        self.schedule_hang_up(at, HangupSource::Robot);
        Ok(())
    }
}
