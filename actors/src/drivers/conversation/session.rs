//! One conversation: carries out the flow's actions and feeds it the callee's keys and silences.

use super::clip_wait::{HangUpOrders, TimedLegEvent};
use super::end_facts::{CLOSE_MS_MAX, HangUpFacts, ending};
use super::offer_choice::OfferAndModel;
use super::playback_queue::{ClipKind, PlaybackItem};
use super::prepare::{PreparedConversation, SynthesisText, Voice};
use super::speech_input::{SpeechInput, next_of};
use super::stored_notice;
use crate::drivers::driver_context::{DriverContext, Halt};
use crate::drivers::live_calls::{EnrolmentLease, WorkerOrder};
use crate::drivers::one_call::{Attempt, reason_of};
use crate::timers::wake_at;
use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::EndReason;
use domain::call::{EndCause, TurnFact};
use domain::disposition::Outcome;
use domain::flow::{FlowAction, FlowInput, FlowRun};
use domain::model::ModelRef;
use domain::number::event::OptOutSource;
use domain::ports::knowledge::KnowledgeBase;
use domain::ports::line::{Leg, LegEvent, LegSummary};
use domain::ports::understanding::{SensitiveWords, Understanding};
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Longest answered call, in milliseconds: a robot that has not reached an end by then never will.
const TALK_MS_MAX: u64 = 180_000;

/// Which parts of a conversation may be stored.
#[derive(Default)]
pub(super) struct TranscriptPolicy {
    /// True if the call was listened to from its answer on: its turns are stored.
    pub(super) turns: bool,
    /// True once the recording notice was played to its end: the callee's words may be stored.
    pub(super) words: bool,
}

/// The conversation of one answered call: its leg, its flow, and what was said and stored so far.
pub(super) struct ConversationSession<'a> {
    pub(super) attempt: &'a mut Attempt,
    pub(super) kit: Arc<DriverContext>,
    pub(super) leg: Box<dyn Leg>,
    pub(super) leg_number: u8,
    pub(super) run: Option<FlowRun>,
    first: Vec<FlowAction>,
    /// The offer and model that were chosen before the call and are not stored yet.
    chosen: OfferAndModel,
    /// The model of the customer's tier, if the campaign has tiers and the customer belongs to one.
    pub(super) tier_model: Option<ModelRef>,
    pub(super) voice: Voice,
    pub(super) node: String,
    pub(super) playing: VecDeque<PlaybackItem>,
    /// The interrupted prompt. Its played length is reported later.
    pub(super) cut: Option<PlaybackItem>,
    pub(super) plays_count: u32,
    /// The time since which the first queued clip has been playing.
    pub(super) said_since: Option<Timestamp>,
    /// The time by which the callee must hear something; a fallback prompt does not extend it.
    pub(super) speak_by: Option<Timestamp>,
    /// Milliseconds of silence after all clips until the flow gets `Silence`; `None` for no limit.
    pub(super) silence_ms: Option<u64>,
    pub(super) silent_at: Option<Timestamp>,
    /// The speech input; `None` in a call that is answered by keypress only.
    pub(super) ear: Option<SpeechInput>,
    pub(super) sensitive_words: Option<Box<dyn SensitiveWords>>,
    /// The understanding with the campaign's own model, if it names one that exists here.
    pub(super) by_model: Option<Arc<dyn Understanding>>,
    /// The campaign's knowledge base, if it names one.
    pub(super) base: Option<Arc<dyn KnowledgeBase>>,
    pub(super) kept: TranscriptPolicy,
    pub(super) outcome: Option<Outcome>,
    /// True if the callee opted out (谢绝来电) by key or by voice, and that is stored.
    pub(super) opted_out: bool,
    /// True if the flow has ended; queued clips are still played.
    pub(super) ending: bool,
    /// Why we requested to hang up; `None` if we did not.
    pub(super) hanging_up: Option<EndReason>,
    /// Held while a question is open and its answers are synthesized ahead. Dropping it stops that.
    pub(super) asking: Option<oneshot::Sender<()>>,
    deadline: Timestamp,
    pub(super) hung_up: Option<HangUpFacts>,
    /// The cause of the end, if neither the callee nor the carrier ended the call.
    pub(super) cause: Option<EndCause>,
    /// Events of the leg that came while a prompt was made, with their times. They are handled next.
    pub(super) unheard: VecDeque<TimedLegEvent>,
    pub(super) orders: HangUpOrders,
}

impl<'a> ConversationSession<'a> {
    pub(super) fn new(
        attempt: &'a mut Attempt,
        leg: Box<dyn Leg>,
        leg_number: u8,
        prepared: PreparedConversation,
        orders: HangUpOrders,
    ) -> Self {
        let kit = Arc::clone(&attempt.kit);
        let deadline = kit.now().plus_ms(TALK_MS_MAX);
        let (run, first) = match prepared.run {
            Some((run, first)) => (Some(run), first),
            None => (None, Vec::new()),
        };
        Self {
            attempt,
            kit,
            leg,
            leg_number,
            run,
            first,
            tier_model: prepared.chosen.model.as_ref().and_then(|fact| fact.model.clone()),
            chosen: prepared.chosen,
            voice: prepared.voice,
            node: String::new(),
            playing: VecDeque::new(),
            cut: None,
            plays_count: 0,
            said_since: None,
            speak_by: None,
            silence_ms: None,
            silent_at: None,
            ear: None,
            sensitive_words: None,
            by_model: None,
            base: None,
            kept: TranscriptPolicy::default(),
            outcome: None,
            opted_out: false,
            ending: false,
            hanging_up: None,
            asking: None,
            deadline,
            hung_up: None,
            cause: None,
            unheard: VecDeque::new(),
            orders,
        }
    }

    pub(super) async fn run(
        mut self,
        working: &mut EnrolmentLease,
        heard: VecDeque<TimedLegEvent>,
    ) -> Result<CallEnding, Halt> {
        let chosen = std::mem::take(&mut self.chosen);
        self.note_chosen(chosen).await?;
        for (event, at) in heard {
            if let Some(summary) = self.hear(event, at).await? {
                return self.over(summary).await;
            }
        }
        if self.run.is_none() && !self.orders.stand() {
            self.fail().await?;
        }
        self.begin_listening().await;
        let first = std::mem::take(&mut self.first);
        // A callee who opted out before the first prompt was ready hears only the goodbye.
        if !self.opted_out {
            self.act(first).await?;
        }
        let kit = Arc::clone(&self.kit);
        loop {
            if let Some((event, at)) = self.unheard.pop_front() {
                if let Some(summary) = self.hear(event, at).await? {
                    return self.over(summary).await;
                }
                continue;
            }
            let event = tokio::select! {
                biased;
                order = working.next_order(), if self.hanging_up.is_none() => {
                    self.obey(order).await?;
                    continue;
                }
                event = self.leg.next() => event,
                sounded = next_of(&mut self.ear) => {
                    self.take_sound(sounded).await?;
                    continue;
                }
                // A callee who speaks, or waits for their words to be recognized, is not silent.
                () = wake_at(kit.environment.clock.as_ref(), self.silent_at),
                    if !self.ear.as_ref().is_some_and(SpeechInput::is_open) =>
                {
                    self.silent_at = None;
                    let waited_ms = self.silence_ms.take();
                    self.fall_silent(waited_ms).await?;
                    continue;
                }
                () = kit.environment.clock.wait_until(self.deadline) => {
                    if self.hanging_up.is_some() {
                        tracing::warn!(call = %self.attempt.call, "a leg did not close in time");
                        return self.over(LegSummary::default()).await;
                    }
                    self.end_too_long().await?;
                    continue;
                }
            };
            if let Some(summary) = self.hear(event, kit.now()).await? {
                return self.over(summary).await;
            }
        }
    }

    /// Handles one event of the leg. Returns the leg's summary when it has closed.
    async fn hear(&mut self, event: LegEvent, at: Timestamp) -> Result<Option<LegSummary>, Halt> {
        match event {
            LegEvent::Keypress { digit } => self.hear_key(digit).await?,
            LegEvent::Played { play, recorded_ms } => self.hear_played(play, recorded_ms).await?,
            LegEvent::RecordingFailed => self.end_unrecorded().await?,
            LegEvent::HungUp {
                by,
                reason_header,
                q850,
                heard_rtp,
            } => {
                self.silent_at = None;
                self.deadline = self.kit.now().plus_ms(CLOSE_MS_MAX);
                self.hanging_up.get_or_insert(reason_of(by));
                self.hung_up = Some(HangUpFacts {
                    by,
                    reason_header,
                    q850,
                    heard_rtp,
                    at,
                });
            }
            LegEvent::Closed(summary) => return Ok(Some(summary)),
            LegEvent::PlayCut { play, played_ms, .. } => self.hear_cut(play, played_ms).await?,
            LegEvent::Ringing { .. }
            | LegEvent::Failed(_)
            | LegEvent::Answered(_)
            | LegEvent::LateAnswered(_) => {}
        }
        Ok(None)
    }

    /// Handles a keypress and stores it, also one without a meaning here. A key that means an opt-out is
    /// obeyed until the leg is closed, also while a prompt is playing.
    async fn hear_key(&mut self, digit: char) -> Result<(), Halt> {
        if self.hung_up.is_some() {
            return Ok(());
        }
        let refuses = self.means_opt_out(FlowInput::Keypress(digit));
        if refuses {
            self.opt_out(OptOutSource::Keypress).await?;
        }
        let command = CallCommand::NoteKeypress {
            leg: self.leg_number,
            node: self.node.clone(),
            digit,
        };
        match self.attempt.ask(command).await {
            // More keys than are recorded: no further key has an effect.
            Err(Halt::Refused) if !refuses => Ok(()),
            Err(Halt::Refused) | Ok(_) => self.step_by_key(digit).await,
            Err(halt) => Err(halt),
        }
    }

    async fn obey(&mut self, order: WorkerOrder) -> Result<(), Halt> {
        match order.against_talking() {
            Some(reason) => self.hang_up(reason).await,
            None => Ok(()),
        }
    }

    /// Gives an input to the flow and carries out the resulting actions. After the flow's end only a
    /// keypress or an opt-out (谢绝来电) by voice has an effect; after our hang-up nothing has.
    pub(super) async fn step(&mut self, input: FlowInput<'_>) -> Result<(), Halt> {
        let refuses = matches!(input, FlowInput::Spoken(said) if said.opt_out);
        let moves = !self.ending || refuses || matches!(input, FlowInput::Keypress(_));
        if !moves || self.hanging_up.is_some() {
            return Ok(());
        }
        if !matches!(input, FlowInput::Fault) {
            self.speak_by = None;
        }
        let Some(run) = &mut self.run else {
            return Ok(());
        };
        let actions = run.step(input);
        let asks = actions
            .iter()
            .any(|action| matches!(action, FlowAction::Listen { .. }));
        self.act(actions).await?;
        self.attune();
        if asks && !self.ending {
            self.look_behind_question();
        }
        Ok(())
    }

    async fn act(&mut self, actions: Vec<FlowAction>) -> Result<(), Halt> {
        for action in actions {
            if self.hanging_up.is_some() {
                return Ok(());
            }
            match action {
                FlowAction::Notice { notice, text } => {
                    let notice = stored_notice(notice);
                    if !self
                        .say(SynthesisText::plain(&text), ClipKind::Notice(notice))
                        .await?
                    {
                        return Box::pin(self.fault()).await;
                    }
                }
                FlowAction::Say {
                    text,
                    personal,
                    parts,
                    prompt,
                } => {
                    let words = SynthesisText {
                        text: &text,
                        personal,
                        parts: &parts,
                    };
                    if !self.say(words, ClipKind::Prompt(prompt)).await? {
                        return Box::pin(self.fault()).await;
                    }
                }
                FlowAction::EnterNode { node } => {
                    self.node.clone_from(&node);
                    self.silent_at = None;
                    self.silence_ms = None;
                    self.attempt.ask(CallCommand::EnterNode { node }).await?;
                }
                FlowAction::Decide { decision } => {
                    self.note_turn(TurnFact::Decided(*decision)).await?;
                }
                FlowAction::SpeakSlower => self.voice = self.voice.slower(),
                // The intention of an act node follows from the node, which is stored.
                FlowAction::Intend { .. } => {}
                FlowAction::StopSaying => self.stop_saying().await,
                FlowAction::Listen { silence_ms } => {
                    self.silence_ms = Some(silence_ms);
                    self.listen();
                }
                FlowAction::RequestTransfer { node, reason } => {
                    let reason = Some(reason);
                    let transfer = CallCommand::RequestTransfer { node, reason };
                    self.attempt.ask(transfer).await?;
                }
                FlowAction::OptOut => self.opt_out(self.source()).await?,
                FlowAction::End { outcome } => self.end_flow(outcome).await?,
            }
        }
        Ok(())
    }

    async fn end_flow(&mut self, outcome: Outcome) -> Result<(), Halt> {
        self.ending = true;
        self.silent_at = None;
        self.outcome = Some(outcome);
        if self.playing.is_empty() && !self.orders.stand() {
            return self.hang_up(EndReason::FlowEnded).await;
        }
        Ok(())
    }

    /// Handles a fault of ours: the flow takes its exception branch; during the goodbye the call fails.
    pub(super) async fn fault(&mut self) -> Result<(), Halt> {
        if self.ending {
            return self.fail().await;
        }
        self.step(FlowInput::Fault).await
    }

    async fn fail(&mut self) -> Result<(), Halt> {
        self.outcome = self.outcome.or(Some(Outcome::Failed));
        self.hang_up(EndReason::Fault).await
    }

    /// Stores the request to hang up, then hangs up. Does nothing if it was requested before.
    pub(super) async fn hang_up(&mut self, reason: EndReason) -> Result<(), Halt> {
        if self.hanging_up.is_some() {
            return Ok(());
        }
        self.hanging_up = Some(reason);
        self.silent_at = None;
        self.deadline = self.kit.now().plus_ms(CLOSE_MS_MAX);
        let leg = self.leg.as_mut();
        self.attempt.hang_up(leg, self.leg_number, reason).await
    }

    async fn over(mut self, summary: LegSummary) -> Result<CallEnding, Halt> {
        self.hear_last_words().await?;
        Ok(self.ended(summary))
    }

    fn ended(self, summary: LegSummary) -> CallEnding {
        let by_itself = self.hung_up.as_ref().map(|one| reason_of(one.by));
        let reason = self.hanging_up.or(by_itself);
        ending(reason, self.cause, self.outcome, self.hung_up, summary)
    }
}
