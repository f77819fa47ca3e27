//! The session of one call's listening with any engine: it keeps the guarantees of the `Recognizer` port.
//!
//! Voice is detected here, frame by frame, before the audio goes to the engine. The engine runs in its own
//! task behind two bounded queues; if it is slow, wrong or gone, the owner gets an event about it, at the
//! latest `FINAL_MS_MAX` after speech has ended.

use super::engine::{
    Engine, EngineChannels, EngineInput, EngineOutput, FROM_ENGINE_MAX, RecognizedText, TO_ENGINE_MAX,
};
use super::text_cleanup::{clean_recognized_text, clean_text};
use async_trait::async_trait;
use domain::emotion::Prosody;
use domain::ports::clock::Clock;
use domain::ports::recognizer::{
    FINAL_MS_MAX, FRAME_MS, FRAME_SAMPLES, FailureClass, HeardFrame, InvalidRecognizerOptions,
    RecognitionEvent, RecognitionSession, Recognizer, RecognizerFacts, RecognizerOptions, Utterance,
    UtteranceSegmenter,
};
use domain::ports::tasks::Tasks;
use domain::time::Timestamp;
use domain::turn::PendingTextCount;
use media::audio::denoising::Denoiser;
use media::audio::prosody::ProsodyMeter;
use media::audio::voice_activity::{VoiceActivity, VoiceChange};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Most missing frames replaced by silence at once: half a second. Of a longer gap only the time counts.
const GAP_FRAMES_MAX: u32 = 25;
/// Shortest voice of a speech segment to which an engine must give a text, in milliseconds. A shorter one
/// may be a cough; without a text it counts as nothing recognized.
const ANSWERABLE_MS: u64 = 600;
/// Number of consecutive speech segments without an answer at which the engine counts as failed.
const UNANSWERED_MAX: u32 = 2;
/// Most events that wait for the session's owner. Above that the oldest partial text or `StillSpeaking` is
/// dropped, otherwise the oldest event.
const EVENTS_MAX: usize = 256;

/// A recognizer that runs an engine in a task per call.
pub struct EngineRecognizer {
    engine: Arc<dyn Engine>,
    clock: Arc<dyn Clock>,
    tasks: Arc<dyn Tasks>,
}

impl EngineRecognizer {
    pub fn new(engine: Arc<dyn Engine>, clock: Arc<dyn Clock>, tasks: Arc<dyn Tasks>) -> Self {
        Self { engine, clock, tasks }
    }
}

impl Recognizer for EngineRecognizer {
    fn facts(&self) -> RecognizerFacts {
        self.engine.facts()
    }

    fn open(
        &self,
        order: &RecognizerOptions,
    ) -> Result<Box<dyn RecognitionSession>, InvalidRecognizerOptions> {
        order.check()?;
        let (to_engine, audio) = mpsc::channel(TO_ENGINE_MAX);
        let (heard, from_engine) = mpsc::channel(FROM_ENGINE_MAX);
        let ends = EngineChannels {
            audio,
            heard,
            clock: Arc::clone(&self.clock),
        };
        let hearing = self.engine.begin(order);
        self.tasks.spawn(self.engine.task(), Box::pin(hearing.run(ends)));
        Ok(Box::new(EngineListening {
            clock: Arc::clone(&self.clock),
            voice: VoiceActivity::new(order.voice_threshold_db),
            denoiser: order.noise_suppression.then(Denoiser::default),
            prosody: order.measures_prosody.then(ProsodyMeter::default),
            to_engine: Some(to_engine),
            from_engine,
            events: VecDeque::new(),
            stretch: SpeechSegment::default(),
            next_ms: None,
            final_by: None,
            unanswered: 0,
            owed: PendingTextCount::NOTHING,
            alive: false,
            cuts: self.engine.facts().cuts,
            ended: false,
        }))
    }
}

/// The current or last speech segment.
#[derive(Debug, Clone, Copy, Default)]
struct SpeechSegment {
    begin_ms: u64,
    end_ms: Option<u64>,
    voiced_ms: u64,
    partial: bool,
    prosody: Option<Prosody>,
    /// Number of the engine's texts of this segment that are still to come.
    awaited: PendingTextCount,
    /// True once speech has begun in this call.
    begun: bool,
}

struct EngineListening {
    clock: Arc<dyn Clock>,
    voice: VoiceActivity,
    /// The noise suppression before the engine. The voice detector receives the unfiltered audio.
    denoiser: Option<Denoiser>,
    prosody: Option<ProsodyMeter>,
    /// The queue to the engine; `None` after `finish` or the end.
    to_engine: Option<mpsc::Sender<EngineInput>>,
    from_engine: mpsc::Receiver<EngineOutput>,
    events: VecDeque<RecognitionEvent>,
    stretch: SpeechSegment,
    /// The time of the call at which the next frame begins, in milliseconds; `None` before the first frame.
    next_ms: Option<u64>,
    /// The time by which the engine must have answered the last segment; `None` if no text is awaited.
    final_by: Option<Timestamp>,
    unanswered: u32,
    /// Number of texts that may still come for a segment already given up; they are dropped.
    owed: PendingTextCount,
    /// True if the engine has reported since the end of speech that it is listening.
    alive: bool,
    cuts: UtteranceSegmenter,
    ended: bool,
}

impl EngineListening {
    /// Queues an event for the owner until the session ends. A full queue drops its oldest partial text.
    fn tell(&mut self, event: RecognitionEvent) {
        if self.ended {
            return;
        }
        if self.events.len() >= EVENTS_MAX {
            let oldest = self.events.iter().position(|one| {
                matches!(
                    one,
                    RecognitionEvent::Partial { .. } | RecognitionEvent::StillSpeaking { .. }
                )
            });
            self.events.remove(oldest.unwrap_or(0));
        }
        self.events.push_back(event);
    }

    fn fail(&mut self, class: FailureClass) {
        self.tell(RecognitionEvent::failed(class));
        self.end();
    }

    /// Ends the session: no event follows, and the engine's task sees the end of its queue.
    fn end(&mut self) {
        self.ended = true;
        self.to_engine = None;
        self.final_by = None;
    }

    fn send(&mut self, what: EngineInput) {
        let Some(engine) = &self.to_engine else { return };
        match engine.try_send(what) {
            // A task that has ended gives the reason in its own queue.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
            Err(mpsc::error::TrySendError::Full(_)) => self.fail(FailureClass::Overrun),
        }
    }

    fn take_frame(&mut self, at_ms: u64, samples: &[i16; FRAME_SAMPLES]) {
        let change = self.voice.push(at_ms, samples);
        let given = match &mut self.denoiser {
            Some(denoiser) => denoiser.push(samples),
            None => *samples,
        };
        self.send(EngineInput::Audio(Box::new(given)));
        if self.voice.is_speaking()
            && let Some(prosody) = &mut self.prosody
        {
            prosody.push(samples);
        }
        let back =
            |t_ms: u64| usize::try_from((at_ms + FRAME_MS).saturating_sub(t_ms) / FRAME_MS).unwrap_or(0);
        match change {
            Some(VoiceChange::Started { t_ms }) => {
                self.stretch = SpeechSegment {
                    begin_ms: t_ms,
                    awaited: self.stretch.awaited.began(self.cuts),
                    begun: true,
                    ..SpeechSegment::default()
                };
                self.final_by = None;
                self.send(EngineInput::SpeechStarted {
                    frames_back: back(t_ms),
                });
                self.tell(RecognitionEvent::SpeechStarted { t_ms });
            }
            Some(VoiceChange::Going { t_ms, voiced_ms }) => {
                self.tell(RecognitionEvent::StillSpeaking { t_ms, voiced_ms });
            }
            Some(VoiceChange::Ended { t_ms, voiced_ms }) => {
                self.send(EngineInput::SpeechEnded {
                    frames_back: back(t_ms),
                });
                self.speech_ended(t_ms, voiced_ms, (at_ms + FRAME_MS).saturating_sub(t_ms));
            }
            None => {}
        }
    }

    /// Records the end of a speech segment at `t_ms` and sets the time for the engine's answer. `ago_ms`:
    /// how long the detector waited for more voice, in milliseconds.
    fn speech_ended(&mut self, t_ms: u64, voiced_ms: u64, ago_ms: u64) {
        self.stretch.end_ms = Some(t_ms);
        self.stretch.voiced_ms = voiced_ms;
        self.stretch.prosody = self.prosody.as_mut().and_then(ProsodyMeter::end_segment);
        self.alive = false;
        self.tell(RecognitionEvent::SpeechEnded { t_ms });
        if !self.stretch.awaited.is_nothing() {
            let left_ms = FINAL_MS_MAX.saturating_sub(ago_ms);
            self.final_by = Some(self.clock.now().plus_ms(left_ms));
        }
    }

    /// Handles a message of the engine. Texts before the first speech are dropped.
    fn take_text(&mut self, from: EngineOutput) {
        match from {
            EngineOutput::Idle => self.alive = true,
            EngineOutput::Partial(text) => {
                let text = clean_text(&text);
                if !text.is_empty() && self.stretch.begun {
                    self.stretch.partial = true;
                    self.tell(RecognitionEvent::Partial { text });
                }
            }
            EngineOutput::Final(made) => self.take_final(&made),
            EngineOutput::Failed(class) => self.fail(class),
        }
    }

    /// Handles a final text. Engines end sentences by their own rules: an empty text mid-speech is ignored.
    fn take_final(&mut self, made: &RecognizedText) {
        let made = clean_recognized_text(made);
        let speaking = self.stretch.end_ms.is_none();
        if self.is_late(speaking) {
            return;
        }
        let asked = !self.stretch.awaited.is_nothing() && !speaking;
        if !self.stretch.begun || (made.text.is_empty() && !asked) {
            return;
        }
        self.unanswered = 0;
        self.stretch.awaited = self.stretch.awaited.text(self.cuts, speaking);
        if self.stretch.awaited.is_nothing() && self.to_engine.is_some() {
            self.final_by = None;
        }
        self.tell_final(made);
    }

    fn tell_final(&mut self, made: RecognizedText) {
        let end_ms = self
            .stretch
            .end_ms
            .or(self.next_ms)
            .unwrap_or(self.stretch.begin_ms);
        self.tell(RecognitionEvent::Final(Utterance {
            text: made.text,
            confidence_ratio: made.confidence_ratio,
            alternatives: made.alternatives,
            begin_ms: self.stretch.begin_ms,
            end_ms,
            prosody: self.stretch.prosody,
        }));
    }

    /// Returns true, and counts it, if a text belongs to a segment already reported as not recognized. With
    /// an engine that ends sentences itself, that is known only until the next speech begins.
    fn is_late(&mut self, speaking: bool) -> bool {
        let late = match self.cuts {
            UtteranceSegmenter::Ours => !self.owed.is_nothing(),
            UtteranceSegmenter::Engines => {
                !self.owed.is_nothing() && !speaking && self.stretch.awaited.is_nothing()
            }
        };
        if late {
            self.owed = self.owed.text(UtteranceSegmenter::Ours, false);
        }
        late
    }

    /// Handles the end of the time for an answer: reports an empty result, or the failure of an engine that
    /// owes an answer. An engine that reported that it is listening has answered.
    fn missed(&mut self) {
        self.final_by = None;
        self.unanswered += 1;
        let answerable = self.stretch.partial || self.stretch.voiced_ms >= ANSWERABLE_MS;
        let silent = answerable || self.unanswered >= UNANSWERED_MAX;
        let listens = self.alive && !self.stretch.partial;
        if silent && !listens {
            self.fail(FailureClass::Late);
            return;
        }
        self.owed = self.stretch.awaited;
        self.stretch.awaited = PendingTextCount::NOTHING;
        self.tell_final(RecognizedText::default());
    }

    /// Handles the end of the engine's task: after `finish` the end of the session, otherwise a failure.
    fn engine_ended(&mut self) {
        if self.to_engine.is_some() {
            self.fail(FailureClass::Cut);
            return;
        }
        if !self.stretch.awaited.is_nothing() {
            self.tell_final(RecognizedText::default());
        }
        self.end();
    }
}

#[async_trait]
impl RecognitionSession for EngineListening {
    fn push(&mut self, frame: &HeardFrame) {
        if self.to_engine.is_none() {
            return;
        }
        let from_ms = self.next_ms.unwrap_or(frame.at_ms);
        let missing = frame.at_ms.saturating_sub(from_ms) / FRAME_MS;
        let made_up = missing.min(u64::from(GAP_FRAMES_MAX));
        for index in 0..made_up {
            if self.ended {
                return;
            }
            let at_ms = frame.at_ms - (made_up - index) * FRAME_MS;
            self.take_frame(at_ms, &[0; FRAME_SAMPLES]);
        }
        self.next_ms = Some(frame.at_ms + FRAME_MS);
        self.take_frame(frame.at_ms, &frame.samples);
    }

    async fn next(&mut self) -> Option<RecognitionEvent> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            let clock = Arc::clone(&self.clock);
            let by = self.final_by;
            tokio::select! {
                biased;
                from = self.from_engine.recv() => match from {
                    Some(from) => self.take_text(from),
                    None => self.engine_ended(),
                },
                () = waits_until(clock.as_ref(), by) => {
                    if self.to_engine.is_some() {
                        self.missed();
                    } else {
                        self.fail(FailureClass::Late);
                    }
                }
            }
        }
    }

    fn finish(&mut self) {
        if self.ended || self.to_engine.is_none() {
            return;
        }
        self.send(EngineInput::Finish);
        if self.ended {
            return;
        }
        if self.voice.is_speaking() {
            let t_ms = self.next_ms.unwrap_or(self.stretch.begin_ms);
            self.stretch.end_ms = Some(t_ms);
            self.tell(RecognitionEvent::SpeechEnded { t_ms });
        }
        self.to_engine = None;
        self.final_by = Some(self.clock.now().plus_ms(FINAL_MS_MAX));
    }

    fn abort(&mut self) {
        self.events.clear();
        self.end();
    }
}

async fn waits_until(clock: &dyn Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => clock.wait_until(at).await,
        None => std::future::pending().await,
    }
}
