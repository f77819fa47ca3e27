//! The seller's message for a callee when no agent is free: the seller's name and number, once, then the end.
//!
//! The drop of the call is stored before the message is played: if the callee hangs up or this process dies
//! then, the call still counts as abandoned. The message is stored with the length that was heard. A key that
//! refuses further calls is obeyed meanwhile and ends the message.

use super::agent_call::AgentCall;
use super::prepare::{PreparedConversation, SynthesisText};
use crate::drivers::driver_context::{DriverContext, Halt};
use domain::call::command::CallCommand;
use domain::call::event::EndReason;
use domain::call::{EngineFailedFact, EngineKind, SellerMessageFact, TurnFact};
use domain::ports::line::LegEvent;
use domain::ports::speech::{Clip, SpeechError, Urgency};
use domain::time::Timestamp;
use domain::turn::AnswerChannel;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Longest wait for the seller's message, in milliseconds. It was synthesized while the phone rang, and a
/// callee who waits longer in silence hangs up.
const MAKE_MS_MAX: u64 = 2_500;

/// How much longer than its length the message may take to be played, in milliseconds: the buffer of a
/// line.
const PLAY_MARGIN_MS: u64 = 2_000;

/// The play number of the message, the only clip of the call.
const PLAY: u32 = 1;

/// The node stored with an engine's failure while no flow ran.
const SELLER_NODE: &str = "seller_message";

/// The synthesized seller's message.
struct SellerMessageClip {
    text: String,
    clip: Arc<Clip>,
}

impl AgentCall<'_> {
    /// Drops a call for which no agent is free: stores the request to hang up, plays the seller's message,
    /// and hangs up. Does nothing if the callee is gone.
    pub(super) async fn drop_call(
        &mut self,
        answered_at: Timestamp,
        prepared: oneshot::Receiver<PreparedConversation>,
    ) -> Result<(), Halt> {
        if self.is_gone() {
            return Ok(());
        }
        let reason = self.orders.reason().unwrap_or(EndReason::NoAgent);
        self.hanging_up = Some(reason);
        let leg = self.leg_number;
        self.attempt
            .ask(CallCommand::RequestHangup { leg, reason })
            .await?;
        if reason == EndReason::NoAgent
            && let Some(made) = self.made(prepared).await?
        {
            self.tell(answered_at, made).await?;
        }
        if let Err(error) = self.leg.hang_up().await {
            tracing::debug!(call = %self.attempt.call, %error, "a leg to hang up was over already");
        }
        Ok(())
    }

    const fn is_gone(&self) -> bool {
        self.hung_up.is_some() || self.over.is_some()
    }

    /// Waits for the seller's message. `None` if the campaign has no seller, if the callee or an order ends
    /// the call first, or if it cannot be synthesized, which is stored.
    async fn made(
        &mut self,
        prepared: oneshot::Receiver<PreparedConversation>,
    ) -> Result<Option<SellerMessageClip>, Halt> {
        if self.attempt.facts.plan.seller.is_none() {
            return Ok(None);
        }
        let kit = Arc::clone(&self.kit);
        let making = make(&kit, prepared);
        tokio::pin!(making);
        let until = kit.now().plus_ms(MAKE_MS_MAX);
        let made = loop {
            tokio::select! {
                biased;
                () = self.orders.given() => return Ok(None),
                made = &mut making => break made,
                event = self.leg.next() => {
                    self.heard(event);
                    self.obey_keys().await?;
                    if self.is_gone() || self.opted_out {
                        return Ok(None);
                    }
                }
                () = kit.environment.clock.wait_until(until) => {
                    break Err(SpeechError::Failed("it took too long for a waiting callee".to_owned()));
                }
            }
        };
        match made {
            Ok(made) => Ok(Some(made)),
            Err(error) => {
                tracing::error!(call = %self.attempt.call, %error, "the seller's message could not be spoken");
                self.note(TurnFact::EngineFailed(EngineFailedFact {
                    leg: self.leg_number,
                    node: SELLER_NODE.to_owned(),
                    engine_kind: EngineKind::Synthesizer,
                    engine: kit.ports.synthesizer.name().to_owned(),
                    class: "failed".to_owned(),
                    answer_by: AnswerChannel::Keypress,
                }))
                .await?;
                Ok(None)
            }
        }
    }

    /// Plays the seller's message and stores how much of it was played. Does nothing if the leg has ended.
    async fn tell(&mut self, answered_at: Timestamp, made: SellerMessageClip) -> Result<(), Halt> {
        let Some(seller) = self.attempt.facts.plan.seller.as_deref().cloned() else {
            return Ok(());
        };
        let whole_ms = made.clip.duration_ms();
        let begun_at = self.kit.now();
        if let Err(error) = self.leg.play(PLAY, made.clip).await {
            tracing::debug!(call = %self.attempt.call, %error, "the leg ended before the seller was named");
            return Ok(());
        }
        let played_ms = self.played(begun_at, whole_ms).await?;
        self.note(TurnFact::SellerMessagePlayed(SellerMessageFact {
            leg: self.leg_number,
            seller,
            text: made.text,
            begun_after_ms: begun_at.ms_since(answered_at),
            played_ms,
            whole_ms,
        }))
        .await
    }

    /// Waits until the seller's message was played. Returns the played length in milliseconds: all of it,
    /// or less if the callee hung up or opted out, or an order came.
    async fn played(&mut self, begun_at: Timestamp, whole_ms: u64) -> Result<u64, Halt> {
        let kit = Arc::clone(&self.kit);
        let until = begun_at.plus_ms(whole_ms + PLAY_MARGIN_MS);
        loop {
            tokio::select! {
                biased;
                () = self.orders.given() => break,
                event = self.leg.next() => {
                    if matches!(event, LegEvent::Played { play: PLAY, .. }) {
                        return Ok(whole_ms);
                    }
                    self.heard(event);
                    self.obey_keys().await?;
                    if self.is_gone() || self.opted_out {
                        break;
                    }
                }
                () = kit.environment.clock.wait_until(until) => break,
            }
        }
        Ok(kit.now().ms_since(begun_at).min(whole_ms))
    }

    async fn note(&mut self, fact: TurnFact) -> Result<(), Halt> {
        crate::drivers::engines::note(&self.kit, &fact);
        self.attempt.ask(CallCommand::NoteTurn(fact)).await?;
        Ok(())
    }
}

/// Returns text and clip of the seller's message, which was synthesized while the phone rang or is
/// synthesized now.
async fn make(
    kit: &DriverContext,
    prepared: oneshot::Receiver<PreparedConversation>,
) -> Result<SellerMessageClip, SpeechError> {
    let nothing = || SpeechError::Failed("nothing was prepared".to_owned());
    let prepared = prepared.await.map_err(|_gone| nothing())?;
    let text = prepared.seller_message.ok_or_else(nothing)?;
    let clip = prepared
        .voice
        .speak(kit, SynthesisText::plain(&text), Urgency::CalleeWaits)
        .await?;
    Ok(SellerMessageClip { text, clip })
}
