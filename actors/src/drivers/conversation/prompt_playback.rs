//! The prompts of a conversation: clips queued in order, each recorded when it was played to its end or cut.

use super::clip_wait::wait_for_clip;
use super::playback_queue::{ClipKind, PlaybackItem};
use super::prepare::SynthesisText;
use super::session::ConversationSession;
use crate::drivers::driver_context::Halt;
use crate::traces::{SpanAttribute, SpanFacts, SpanKind};
use domain::call::command::CallCommand;
use domain::call::event::{EndReason, Notice};
use domain::call::{EngineKind, SaidFact, TurnFact};
use domain::flow::{FlowInput, FlowRun};
use domain::number::event::OptOutSource;
use domain::ports::recognizer::Utterance;
use domain::ports::speech::{SpeechError, Urgency};
use domain::time::Timestamp;
use domain::turn::characters_spoken;
use std::sync::Arc;

/// Longest silence after a question that expects a spoken answer, in milliseconds; then the question is
/// followed up. The next prompt takes the rest of three seconds to reach the callee's ear.
const WORDLESS_MS_MAX: u64 = 2_600;

/// Longest wait for a prompt while the callee waits in silence, including its fallback prompt, in
/// milliseconds: the callee must not hear three seconds of silence.
const SAY_MS_MAX: u64 = 2_500;

impl ConversationSession<'_> {
    /// Handles the end of a clip that was played completely: stores it and, after the last one, starts the
    /// silence timer.
    pub(super) async fn hear_played(&mut self, play: u32, recorded_ms: u64) -> Result<(), Halt> {
        // It ended before it could be cut.
        if let Some(cut) = self.cut.take_if(|cut| cut.play == play) {
            let played_ms = cut.duration_ms;
            return self.note_said(&cut, played_ms).await;
        }
        let Some(index) = self.playing.iter().position(|one| one.play == play) else {
            return Ok(());
        };
        let Some(played) = self.playing.remove(index) else {
            return Ok(());
        };
        self.said_since = Some(self.kit.now());
        if let ClipKind::Notice(notice) = played.said {
            self.note_notice(notice, recorded_ms).await?;
        }
        self.note_said(&played, played.duration_ms).await?;
        if !self.playing.is_empty() {
            return Ok(());
        }
        if let Some(ear) = &mut self.ear {
            ear.prompt_ended();
        }
        if self.ending {
            return self.hang_up(EndReason::FlowEnded).await;
        }
        self.listen();
        self.step(FlowInput::Played).await
    }

    /// Handles the end of a clip that was interrupted: stores how much of it was played.
    pub(super) async fn hear_cut(&mut self, play: u32, played_ms: u64) -> Result<(), Halt> {
        match self.cut.take_if(|cut| cut.play == play) {
            Some(cut) => self.note_said(&cut, played_ms).await,
            None => Ok(()),
        }
    }

    /// Stores a played prompt with the part that was played, if the turns of the call are stored.
    async fn note_said(&mut self, playing: &PlaybackItem, played_ms: u64) -> Result<(), Halt> {
        let ClipKind::Prompt(prompt) = &playing.said else {
            return Ok(());
        };
        if !self.kept.turns {
            return Ok(());
        }
        let chars = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let spoken = characters_spoken(&playing.text, played_ms, playing.duration_ms);
        self.note_turn(TurnFact::Said(SaidFact {
            leg: self.leg_number,
            node: playing.node.clone(),
            prompt: prompt.member.clone(),
            variant: prompt.variant.clone(),
            spoken_chars: chars(spoken),
            prompt_chars: chars(playing.text.chars().count()),
            engine: Some(self.kit.ports.synthesizer.name().to_owned()),
        }))
        .await
    }

    async fn note_notice(&mut self, notice: Notice, recorded_ms: u64) -> Result<(), Halt> {
        let command = CallCommand::NoteNoticePlayed {
            leg: self.leg_number,
            notice,
            recorded_ms: Some(recorded_ms),
        };
        self.attempt.ask(command).await?;
        if notice != Notice::Recording {
            return Ok(());
        }
        self.kept.words = true;
        if let Err(error) = self.leg.record_callee().await {
            tracing::debug!(call = %self.attempt.call, %error, "the leg ended before the callee was recorded");
        }
        Ok(())
    }

    /// Starts the silence timer if all queued clips are played. If a spoken answer is expected, the timer
    /// is limited to `WORDLESS_MS_MAX`.
    pub(super) fn listen(&mut self) {
        if self.playing.is_empty() {
            let asks = self.run.as_ref().and_then(FlowRun::asking).is_some();
            let most_ms = if asks { WORDLESS_MS_MAX } else { u64::MAX };
            self.silence_ms = self.silence_ms.map(|silence_ms| silence_ms.min(most_ms));
            self.silent_at = self
                .silence_ms
                .map(|silence_ms| self.kit.now().plus_ms(silence_ms));
        }
    }

    /// Synthesizes a text and queues its clip. Returns false if it was not synthesized in time or failed.
    pub(super) async fn say(&mut self, words: SynthesisText<'_>, said: ClipKind) -> Result<bool, Halt> {
        self.silent_at = None;
        let (kit, voice) = (Arc::clone(&self.kit), self.voice.clone());
        let clock = kit.environment.clock.as_ref();
        let latest = clock.now().plus_ms(SAY_MS_MAX);
        // While an earlier clip is still playing, the callee does not wait in silence.
        let by = self.silent_from(clock.now()).plus_ms(SAY_MS_MAX);
        let until = latest.min(*self.speak_by.get_or_insert(by));
        let speaking = async {
            tokio::select! {
                biased;
                spoken = voice.speak(&kit, words, Urgency::CalleeWaits) => spoken,
                () = clock.wait_until(until) => {
                    Err(SpeechError::Failed("it took too long for a waiting callee".to_owned()))
                }
            }
        };
        let unheard = &mut self.unheard;
        let clip = match wait_for_clip(&mut self.orders, self.leg.as_mut(), unheard, clock, speaking).await {
            Ok(Some(clip)) => clip,
            Ok(None) => return Ok(true),
            Err(error) => {
                tracing::error!(call = %self.attempt.call, %error, "a prompt could not be spoken");
                self.note_voice_failed().await?;
                return Ok(false);
            }
        };
        self.speak_by = None;
        self.plays_count += 1;
        let playing = PlaybackItem {
            play: self.plays_count,
            said,
            node: self.node.clone(),
            text: words.text.to_owned(),
            duration_ms: clip.duration_ms(),
        };
        if let Err(error) = self.leg.play(playing.play, clip).await {
            tracing::debug!(call = %self.attempt.call, %error, "the leg ended while something was said");
            return Ok(true);
        }
        self.note_clip_began(kit.now());
        self.playing.push_back(playing);
        if let Some(ear) = &mut self.ear {
            ear.prompt_began();
        }
        Ok(true)
    }

    /// Notes that the callee has spoken and waits for a reply, since the last sound of these words.
    pub(super) fn note_reply_due(&mut self, said: &Utterance) {
        let now = self.kit.now();
        if let Some(ear) = &mut self.ear {
            ear.unanswered_since = Some(now.minus_ms(ear.ms_since(said.end_ms)));
        }
    }

    /// Notes that a clip begins, unless an earlier one is still playing. If it is a reply after a silence,
    /// its delay is counted.
    fn note_clip_began(&mut self, now: Timestamp) {
        let ear = self.ear.as_mut();
        let unanswered_since = ear.and_then(|ear| ear.unanswered_since.take());
        if !self.playing.is_empty() {
            return;
        }
        self.said_since = Some(now);
        let keyed_at = self.attempt.keyed_at.take();
        if let Some(since) = unanswered_since {
            let latencies = &self.kit.environment.latencies;
            latencies.turn.observe(now.duration_since(since));
        }
        if let Some(since) = unanswered_since.or(keyed_at) {
            self.record_turn(since);
        }
    }

    /// Records the span of a turn that ends with the begin of a reply.
    fn record_turn(&self, since: Timestamp) {
        let environment = &self.kit.environment;
        let span = environment.span_in(self.attempt.trace);
        environment.end_span(span.map(|span| span.since(since)), || {
            let attributes = vec![
                SpanAttribute::Call(self.attempt.call),
                SpanAttribute::Leg(self.leg_number),
            ];
            SpanFacts::new(SpanKind::Turn, "turn", attributes)
        });
    }

    /// Gives a key to the flow. The first prompt that follows at once is the reply to it.
    pub(super) async fn step_by_key(&mut self, digit: char) -> Result<(), Halt> {
        self.attempt.keyed_at = Some(self.kit.now());
        let stepped = self.step(FlowInput::Keypress(digit)).await;
        self.attempt.keyed_at = None;
        stepped
    }

    /// Returns the time at which all queued clips will have been played; now if there are none.
    fn silent_from(&self, now: Timestamp) -> Timestamp {
        let queued_ms = self.playing.iter().map(|playing| playing.duration_ms).sum();
        let ends = self.said_since.filter(|_| !self.playing.is_empty());
        ends.map_or(now, |since| since.plus_ms(queued_ms).max(now))
    }

    async fn note_voice_failed(&mut self) -> Result<(), Halt> {
        let engine = self.kit.ports.synthesizer.name();
        let failed = self.engine_failed(EngineKind::Synthesizer, engine, "failed", self.answer_by());
        self.note_turn(failed).await
    }

    pub(super) async fn stop_saying(&mut self) {
        self.cut = self.playing.pop_front();
        self.playing.clear();
        if let Some(ear) = &mut self.ear {
            ear.prompt_ended();
        }
        if let Err(error) = self.leg.stop_playing().await {
            tracing::debug!(call = %self.attempt.call, %error, "the leg ended while being silenced");
        }
    }

    /// Returns the source to store for an opt-out that the flow itself requests, without a key or a word of
    /// the callee.
    pub(super) const fn source(&self) -> OptOutSource {
        if self.kept.turns {
            OptOutSource::Speech
        } else {
            OptOutSource::Keypress
        }
    }
}
