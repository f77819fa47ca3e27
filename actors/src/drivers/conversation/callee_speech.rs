//! The callee's speech in a conversation: it is stored, understood and given to the flow, as keys are.
//!
//! An opt-out (谢绝来电) by voice counts at any moment, also during a notice and the goodbye. A word on the
//! campaign's lists ends the call in the middle of an utterance. What is said before the recording notice was
//! heard is not kept as text.

use super::session::ConversationSession;
use super::speech_input::{SpeechInput, SpeechResult};
use crate::drivers::driver_context::Halt;
use domain::call::{
    BargedInFact, EngineFailedFact, EngineKind, HeardFact, SensitiveWordFact, TurnFact, UnderstandingFact,
};
use domain::flow::{AskNode, FlowAction, FlowInput, FlowRun, Interruption, SlotKind, UnderstandingResult};
use domain::number::event::OptOutSource;
use domain::personal::Personal;
use domain::ports::recognizer::{
    FINAL_MS_MAX, FailureClass, HotWord, RecognitionEvent, RecognizerOptions, Utterance,
};
use domain::ports::understanding::Understanding;
use domain::spoken_turn::EncoderShare;
use domain::turn::{AnswerChannel, BargeIn, ExpectedAnswer, TurnAct};
use std::sync::Arc;

/// A wordless sound shorter than this, in milliseconds, was a cough or a knock: the wait continues.
const NOISE_MS_MAX: u64 = 400;

/// A campaign hot word's weight in the recognizer, 0 to 100: the value of FunASR's own examples.
const HOT_WORD_WEIGHT: u8 = 20;

/// Longest wait for the last words' text after the end, in milliseconds; an engine has `FINAL_MS_MAX`.
const LAST_WORDS_MS_MAX: u64 = FINAL_MS_MAX + 500;

impl ConversationSession<'_> {
    /// Starts to listen to the callee at the answer. Does nothing if there is no recognizer or no flow run.
    pub(super) async fn begin_listening(&mut self) {
        let Some(run) = &self.run else { return };
        let Some(hearing) = &self.kit.ports.hearing else {
            return;
        };
        let order = self.listening_order(run);
        self.ear = SpeechInput::open(&hearing.recognizer, self.leg.as_mut(), order).await;
        self.kept.turns = self.ear.is_some();
        let own = self.attempt.facts.plan.model.as_deref();
        if let Some(model) = self.tier_model.as_ref().or(own) {
            self.by_model = hearing.understanding.by_model(model);
        }
        if let Some(named) = self.attempt.facts.plan.knowledge.as_deref() {
            self.base = hearing.knowledge.base(named).await;
        }
        let words = &self.attempt.facts.plan.sensitive_words;
        if !words.is_empty() {
            self.sensitive_words = hearing.understanding.sensitive_words(words.words());
        }
    }

    /// Returns the recognizer's options: the flow's language, the campaign's hot words and settings.
    fn listening_order(&self, run: &FlowRun) -> RecognizerOptions {
        let plan = &self.attempt.facts.plan;
        let usual = RecognizerOptions {
            language: run.language().to_owned(),
            measures_prosody: plan.emotion.is_some(),
            ..RecognizerOptions::default()
        };
        let Some(speech) = &plan.speech else { return usual };
        let hot = |word: &String| HotWord {
            word: word.clone(),
            weight: HOT_WORD_WEIGHT,
        };
        RecognizerOptions {
            dialect: speech.dialect_of(run.values()),
            hot_words: speech.hot_words.iter().map(hot).collect(),
            voice_threshold_db: speech.voice_threshold_db,
            noise_suppression: speech.noise_suppression,
            ..usual
        }
    }

    pub(super) async fn take_sound(&mut self, sounded: SpeechResult) -> Result<(), Halt> {
        if self.hung_up.is_some() || self.hanging_up.is_some() {
            return self.take_last(&sounded).await;
        }
        match &sounded.event {
            Some(RecognitionEvent::Partial { text }) if self.ends_by_word(text).await? => return Ok(()),
            Some(RecognitionEvent::Final(said)) => {
                let ends = self.ends_by_word(&said.text).await?;
                if ends || self.refuses_by_word(said).await? {
                    return Ok(());
                }
            }
            _ => {}
        }
        match sounded.act {
            Some(TurnAct::CutPrompt { voiced_ms, .. }) => self.take_barge_in(voiced_ms).await,
            Some(TurnAct::Answered(said)) => self.take_answer(&said).await,
            Some(TurnAct::Deaf { class, .. }) => self.take_deafness(class, sounded.was_open).await,
            None => Ok(()),
        }
    }

    /// Handles speech after the call: an opt-out still counts, the words are stored, nothing is answered.
    async fn take_last(&mut self, sounded: &SpeechResult) -> Result<(), Halt> {
        if let Some(RecognitionEvent::Final(said)) = &sounded.event
            && self.refuses_by_word(said).await?
        {
            return Ok(());
        }
        match &sounded.act {
            Some(TurnAct::Answered(said)) => self.note_heard(said).await,
            _ => Ok(()),
        }
    }

    /// Waits until the callee's last words are recognized, before the call's end is stored: a callee who
    /// opts out (谢绝来电) and hangs up at once must not be called again because the engine needs a second.
    pub(super) async fn hear_last_words(&mut self) -> Result<(), Halt> {
        let kit = Arc::clone(&self.kit);
        let clock = kit.environment.clock.as_ref();
        let limit = clock.now().plus_ms(LAST_WORDS_MS_MAX);
        while let Some(ear) = &mut self.ear {
            let sounded = tokio::select! {
                biased;
                sounded = ear.last() => sounded,
                () = clock.wait_until(limit) => None,
            };
            let Some(sounded) = sounded else { break };
            self.take_last(&sounded).await?;
            if self.opted_out {
                return Ok(());
            }
        }
        match self.ear.as_mut().and_then(SpeechInput::unanswered) {
            Some(said) => self.note_heard(&said).await,
            None => Ok(()),
        }
    }

    /// Sets the speech input's turn rules to those of the current node: expected answer and barge-in.
    pub(super) fn attune(&mut self) {
        let asking = self.run.as_ref().and_then(FlowRun::asking);
        let barge_in = match asking {
            _ if self.node.is_empty() => BargeIn::Never,
            _ if self.ending => BargeIn::Words,
            Some(ask) if ask.barge_in.as_ref().is_none_or(|policy| policy.allowed) => BargeIn::Allowed,
            Some(_) | None => BargeIn::Words,
        };
        let expected = asking.zip(self.run.as_ref()).map(|(ask, run)| expected(ask, run));
        if let Some(ear) = &mut self.ear {
            ear.attune(expected.unwrap_or(ExpectedAnswer::Short), barge_in);
        }
    }

    fn understanding(&self) -> Option<Arc<dyn Understanding>> {
        let hearing = self.kit.ports.hearing.as_ref()?;
        Some(Arc::clone(
            self.by_model.as_ref().unwrap_or(&hearing.understanding),
        ))
    }

    /// Returns what an utterance means at the current node; `None` without a flow run or understanding.
    /// Includes the emotion if the campaign asks for it and the recording notice was heard.
    fn understood(&self, said: &Utterance) -> Option<UnderstandingResult> {
        let (run, understanding) = self.run.as_ref().zip(self.understanding())?;
        let mut understood = understanding.understand(&said.text, run, self.kit.now());
        let plan = self.attempt.facts.plan.emotion.filter(|_| self.kept.words);
        understood.emotion = plan.map(|plan| plan.read(&said.text, said.prosody));
        Some(understood)
    }

    /// Ends the call if the text, perhaps part of an utterance, has a sensitive word. Returns true if it
    /// did. False before the recording notice was heard, because the word would have to be stored.
    async fn ends_by_word(&mut self, text: &str) -> Result<bool, Halt> {
        if self.ending || !self.kept.words {
            return Ok(false);
        }
        let words = self.sensitive_words.as_ref();
        let Some(found) = words.and_then(|words| words.first(text)) else {
            return Ok(false);
        };
        let fact = SensitiveWordFact {
            leg: self.leg_number,
            node: self.node.clone(),
            list: found.list,
            word: Personal::open(found.word),
        };
        self.note_turn(TurnFact::SensitiveWordMatched(fact)).await?;
        self.forget_turn();
        self.step(FlowInput::SensitiveWord).await?;
        Ok(true)
    }

    /// Handles an opt-out (谢绝来电) by voice, also while a prompt is playing. Returns true if the utterance
    /// was one; false also after an earlier opt-out.
    async fn refuses_by_word(&mut self, said: &Utterance) -> Result<bool, Halt> {
        if self.opted_out || said.text.is_empty() {
            return Ok(false);
        }
        let Some(understood) = self.understood(said) else {
            return Ok(false);
        };
        if !understood.opt_out {
            return Ok(false);
        }
        self.forget_turn();
        self.act_on_words(said, understood, None).await?;
        Ok(true)
    }

    fn forget_turn(&mut self) {
        if let Some(ear) = &mut self.ear {
            ear.acted_on();
        }
    }

    async fn take_answer(&mut self, said: &Utterance) -> Result<(), Halt> {
        if said.text.is_empty() {
            let heard_ms = said.end_ms.saturating_sub(said.begin_ms);
            if heard_ms < NOISE_MS_MAX {
                return Ok(());
            }
            return self.step(FlowInput::Unheard).await;
        }
        self.note_reply_due(said);
        let Some(mut understood) = self.understood(said) else {
            return Ok(());
        };
        if let Some((base, run)) = self.base.as_ref().zip(self.run.as_ref()) {
            base.look_up(&said.text, run, self.kit.now(), &mut understood);
        }
        let share = self.rank(said, &mut understood).await;
        self.act_on_words(said, understood, share).await
    }

    /// Acts on an understood utterance: stores it and moves the flow. An opt-out is stored first.
    async fn act_on_words(
        &mut self,
        said: &Utterance,
        mut understood: UnderstandingResult,
        share: Option<Box<EncoderShare>>,
    ) -> Result<(), Halt> {
        let refuses = self.means_opt_out(FlowInput::Spoken(&understood));
        if refuses {
            self.opt_out(OptOutSource::Speech).await?;
        }
        self.note_heard(said).await?;
        // Said during the goodbye: only a refusal has an effect.
        if self.ending && !refuses {
            return Ok(());
        }
        if !refuses {
            self.assist(said, &mut understood).await?;
        }
        let fact = UnderstandingFact {
            encoder: share,
            ..self.understood_fact(&understood)
        };
        self.note_turn(TurnFact::Understood(fact)).await?;
        self.step(FlowInput::Spoken(&understood)).await
    }

    /// Stores what the callee said, masked, if the recording notice was heard before.
    async fn note_heard(&mut self, said: &Utterance) -> Result<(), Halt> {
        if !self.kept.words || said.text.is_empty() {
            return Ok(());
        }
        let Some(hearing) = self.kit.ports.hearing.as_ref() else {
            return Ok(());
        };
        let asked = self
            .run
            .as_ref()
            .map(FlowRun::masking_context)
            .unwrap_or_default();
        let heard = self.heard_fact(said, hearing.masking.masked_answer(&said.text, &asked));
        self.note_turn(TurnFact::Heard(heard)).await
    }

    /// Returns the stored form of an utterance. `masked`: its text without card and identity numbers.
    fn heard_fact(&self, said: &Utterance, masked: String) -> HeardFact {
        let engine = self.ear.as_ref().map(|ear| ear.facts().name.to_owned());
        HeardFact {
            leg: self.leg_number,
            node: self.node.clone(),
            text: Personal::open(masked),
            confidence_permille: said.confidence_ratio.map(permille),
            engine: engine.unwrap_or_default(),
            begins_ms: said.begin_ms,
            ends_ms: said.end_ms,
        }
    }

    fn understood_fact(&self, understood: &UnderstandingResult) -> UnderstandingFact {
        let asked = self.run.as_ref().zip(self.understanding());
        let model = asked.and_then(|(run, understanding)| understanding.model(run.language()));
        let mut fact = UnderstandingFact::of(self.node.clone(), understood, model);
        if !self.kept.words {
            // Before the recording notice was heard, none of the callee's words is kept.
            fact.slots.clear();
        }
        fact
    }

    /// Handles speech during a prompt: by the rules of the node the prompt stops or continues.
    async fn take_barge_in(&mut self, voiced_ms: u64) -> Result<(), Halt> {
        let Some((run, ear)) = self.run.as_ref().zip(self.ear.as_mut()) else {
            return Ok(());
        };
        let chars = ear.partial_chars();
        let said_ms = self.said_since.map_or(0, |since| self.kit.now().ms_since(since));
        let heard = Interruption {
            said_ms,
            voiced_ms,
            chars,
        };
        let actions = run.clone().step(FlowInput::BargedIn(heard));
        if !actions.contains(&FlowAction::StopSaying) {
            ear.cut_refused();
            return Ok(());
        }
        let fact = BargedInFact {
            leg: self.leg_number,
            node: self.node.clone(),
            said_ms,
            voiced_ms,
            chars,
        };
        self.note_turn(TurnFact::BargedIn(fact)).await?;
        self.step(FlowInput::BargedIn(heard)).await
    }

    /// Handles a failed recognizer: opens it once more if that may help. Otherwise it is stored, and the
    /// callee answers by keypress, or is transferred to a person if the node has no keys.
    async fn take_deafness(&mut self, class: FailureClass, was_open: bool) -> Result<(), Halt> {
        let Some(ear) = &mut self.ear else { return Ok(()) };
        let engine = ear.facts().name;
        let again = class.is_retryable() && ear.open_again();
        tracing::warn!(call = %self.attempt.call, engine, class = class.name(), again, "a recognizer failed");
        if !again {
            self.ear = None;
        }
        let answer_by = self.answer_by();
        let fact = self.engine_failed(EngineKind::Recognizer, engine, class.name(), answer_by);
        self.note_turn(fact).await?;
        match (again, was_open) {
            (true, true) => self.step(FlowInput::Unheard).await,
            (true, false) => Ok(()),
            (false, _) => self.step(FlowInput::Deaf).await,
        }
    }

    pub(super) const fn answer_by(&self) -> AnswerChannel {
        match self.ear {
            Some(_) => AnswerChannel::Speech,
            None => AnswerChannel::Speech.after_failure(),
        }
    }

    pub(super) fn engine_failed(
        &self,
        engine_kind: EngineKind,
        engine: &str,
        class: &str,
        answer_by: AnswerChannel,
    ) -> TurnFact {
        TurnFact::EngineFailed(EngineFailedFact {
            leg: self.leg_number,
            node: self.node.clone(),
            engine_kind,
            engine: engine.to_owned(),
            class: class.to_owned(),
            answer_by,
        })
    }
}

/// Returns the kind of answer that the node expects. It decides how long a pause ends the answer.
fn expected(ask: &AskNode, run: &FlowRun) -> ExpectedAnswer {
    let kinds = ask.slots.iter().filter_map(|slot| run.slots().get(slot));
    let mut kinds = kinds.map(|slot| slot.kind);
    if kinds
        .clone()
        .any(|kind| matches!(kind, SlotKind::Digits | SlotKind::Phone))
    {
        return ExpectedAnswer::Groups;
    }
    if ask.otherwise.is_some() || kinds.any(|kind| kind == SlotKind::Text) {
        return ExpectedAnswer::Open;
    }
    ExpectedAnswer::Short
}

/// Returns a ratio in thousandths, limited to 0 to 1,000.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 1000 after the clamp; what is no number becomes 0"
)]
fn permille(ratio: f64) -> u16 {
    (ratio.clamp(0.0, 1.0) * 1_000.0).round() as u16
}
