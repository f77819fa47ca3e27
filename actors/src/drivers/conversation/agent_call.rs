//! An answered call for agents: an agent takes it within the limit, or it is dropped and recorded as dropped.
//!
//! The limit runs from the answer, as the record of abandoned calls counts it, and not from the time the
//! answer was stored. After the limit an agent who is free at that moment may still take the call, which
//! counts as dropped.
//!
//! `call.agent_connected` is stored before the two hear each other. A callee without an agent hears the
//! seller's name and number, if the campaign has a seller, and is then hung up (`seller_message.rs`).

use super::clip_wait::HangUpOrders;
use super::end_facts::{CLOSE_MS_MAX, HangUpFacts, ending};
use super::opt_out::{opt_out_by_key, refuses};
use super::prepare::PreparedConversation;
use crate::drivers::driver_context::{DriverContext, Halt};
use crate::drivers::live_calls::{EnrolmentLease, Phase};
use crate::drivers::one_call::{Attempt, reason_of};
use domain::call::ATTENDED_WITHIN_MS;
use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::EndReason;
use domain::disposition::Outcome;
use domain::ids::{CallId, UserId};
use domain::ports::agents::Agents;
use domain::ports::line::{Leg, LegEvent, LegSummary};
use domain::time::Timestamp;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The node stored with a key that was pressed while no flow ran.
const AGENT_NODE: &str = "agent";

/// Runs an answered call for agents until it is over. Returns the ending, which the caller stores with
/// `call.ended`.
pub(super) async fn attend(
    attempt: &mut Attempt,
    working: &mut EnrolmentLease,
    leg: Box<dyn Leg>,
    leg_number: u8,
    prepared: oneshot::Receiver<PreparedConversation>,
) -> Result<CallEnding, Halt> {
    let kit = Arc::clone(&attempt.kit);
    working.set_phase(Phase::Waiting);
    kit.pacers.answered(&attempt.facts.campaign);
    let call = kit.state(&kit.system.calls, &attempt.call).await?;
    let answered_at = call.state.answered_at().unwrap_or_else(|| kit.now());
    let until = answered_at.plus_ms(ATTENDED_WITHIN_MS);
    let mut attending = AgentCall {
        orders: HangUpOrders::of(working),
        kit: Arc::clone(&kit),
        attempt,
        leg,
        leg_number,
        hung_up: None,
        hanging_up: None,
        over: None,
        pressed: Vec::new(),
        opted_out: false,
    };
    let taken = attending.taken(kit.ports.agents.as_deref(), until).await?;
    if attending.opted_out {
        taken.into_iter().for_each(|agent| attending.let_go(&agent));
        attending.hang_up(EndReason::OptedOut).await?;
        return attending.ended().await;
    }
    let Some((agents, agent)) = kit.ports.agents.as_deref().zip(taken) else {
        kit.pacers.note_dropped(&attending.attempt.facts.campaign);
        working.set_phase(Phase::Talking);
        attending.drop_call(answered_at, prepared).await?;
        return attending.ended().await;
    };
    let reserved = ReservedAgent {
        agents,
        agent,
        call: attending.attempt.call,
        kit: Arc::clone(&kit),
    };
    working.set_phase(Phase::Talking);
    attending.connected(&reserved).await?;
    attending.ended().await
}

/// An agent who took a call. Dropping it starts the agent's wrap-up, also when the worker is aborted.
struct ReservedAgent<'a> {
    agents: &'a dyn Agents,
    agent: UserId,
    call: CallId,
    kit: Arc<DriverContext>,
}

impl Drop for ReservedAgent<'_> {
    fn drop(&mut self) {
        self.agents.over(&self.agent, self.call, self.kit.now());
    }
}

/// A call from the wait for an agent to its end: the leg to the callee, keys, opt-out, and the end of the
/// leg.
pub(super) struct AgentCall<'a> {
    pub(super) attempt: &'a mut Attempt,
    pub(super) kit: Arc<DriverContext>,
    pub(super) leg: Box<dyn Leg>,
    pub(super) leg_number: u8,
    pub(super) orders: HangUpOrders,
    pub(super) hung_up: Option<HangUpFacts>,
    pub(super) hanging_up: Option<EndReason>,
    pub(super) over: Option<LegSummary>,
    /// Keys that were received and are not processed yet.
    pressed: Vec<char>,
    pub(super) opted_out: bool,
}

impl AgentCall<'_> {
    /// Waits for an agent who takes the call before `until`. `None` if there is none, the callee hangs up
    /// or opts out, or an order ends the call.
    async fn taken(&mut self, agents: Option<&dyn Agents>, until: Timestamp) -> Result<Option<UserId>, Halt> {
        let (campaign, call) = (self.attempt.facts.campaign.clone(), self.attempt.call);
        let Some(agents) = agents else {
            return Ok(None);
        };
        let keeps_agent = self.attempt.keeps_agent;
        let taking = async {
            match keeps_agent {
                true => agents.take_reserved(&campaign, call).await,
                false => agents.take(&campaign, call, until).await,
            }
        };
        tokio::pin!(taking);
        loop {
            tokio::select! {
                biased;
                () = self.orders.given() => return Ok(None),
                agent = &mut taking => return Ok(agent),
                event = self.leg.next() => {
                    self.heard(event);
                    self.obey_keys().await?;
                    if self.hung_up.is_some() || self.over.is_some() || self.opted_out {
                        return Ok(None);
                    }
                }
                () = self.kit.environment.clock.wait_until(until.plus_ms(1)) => return Ok(None),
            }
        }
    }

    /// Stores the agent who took the call, then lets both talk until the callee, the agent or an order ends
    /// the call.
    async fn connected(&mut self, reserved: &ReservedAgent<'_>) -> Result<(), Halt> {
        let connect = CallCommand::ConnectAgent {
            leg: self.leg_number,
            agent: reserved.agent.clone(),
        };
        let connected = self.attempt.ask(connect).await?;
        let facts = &self.attempt.facts;
        if connected
            .state
            .is_attended_in_time(&facts.plan.presets().collect::<Vec<_>>())
        {
            self.kit.pacers.served(&facts.campaign);
        } else {
            self.kit.pacers.note_dropped(&facts.campaign);
        }
        let ends = reserved.agents.hung_up(&reserved.agent, reserved.call);
        tokio::pin!(ends);
        while self.hung_up.is_none() && self.over.is_none() {
            tokio::select! {
                biased;
                () = self.orders.given() => return self.hang_up_ordered().await,
                event = self.leg.next() => {
                    self.heard(event);
                    self.obey_keys().await?;
                    if self.opted_out {
                        return self.hang_up(EndReason::OptedOut).await;
                    }
                }
                () = &mut ends => return self.hang_up(EndReason::AgentHungUp).await,
            }
        }
        Ok(())
    }

    /// Stores every pressed key. For a key that means an opt-out in the campaign's flow, the opt-out is
    /// stored on the number first.
    pub(super) async fn obey_keys(&mut self) -> Result<(), Halt> {
        for digit in std::mem::take(&mut self.pressed) {
            if !self.opted_out && refuses(&self.kit, &self.attempt.facts.flow, digit).await? {
                opt_out_by_key(self.attempt).await?;
                self.opted_out = true;
            }
            let command = CallCommand::NoteKeypress {
                leg: self.leg_number,
                node: AGENT_NODE.to_owned(),
                digit,
            };
            match self.attempt.ask(command).await {
                // More keys than are recorded.
                Err(Halt::Refused) | Ok(_) => {}
                Err(halt) => return Err(halt),
            }
        }
        Ok(())
    }

    /// Releases an agent who was assigned at the moment in which the callee opted out.
    fn let_go(&self, agent: &UserId) {
        if let Some(agents) = &self.kit.ports.agents {
            agents.over(agent, self.attempt.call, self.kit.now());
        }
    }

    async fn hang_up_ordered(&mut self) -> Result<(), Halt> {
        let reason = self.orders.reason().unwrap_or(EndReason::Requested);
        self.hang_up(reason).await
    }

    /// Stores the request to hang up, then hangs up. Does nothing if the callee hung up first.
    async fn hang_up(&mut self, reason: EndReason) -> Result<(), Halt> {
        if self.hung_up.is_some() || self.over.is_some() {
            return Ok(());
        }
        let reason = self.orders.reason().unwrap_or(reason);
        self.hanging_up = Some(reason);
        let leg = self.leg.as_mut();
        self.attempt.hang_up(leg, self.leg_number, reason).await
    }

    pub(super) fn heard(&mut self, event: LegEvent) {
        match event {
            LegEvent::HungUp {
                by,
                reason_header,
                q850,
                heard_rtp,
            } => {
                self.hung_up = Some(HangUpFacts {
                    by,
                    reason_header,
                    q850,
                    heard_rtp,
                    at: self.kit.now(),
                });
            }
            LegEvent::Closed(summary) => self.over = Some(summary),
            LegEvent::Keypress { digit } => self.pressed.push(digit),
            LegEvent::Played { .. }
            | LegEvent::PlayCut { .. }
            | LegEvent::RecordingFailed
            | LegEvent::Ringing { .. }
            | LegEvent::Failed(_)
            | LegEvent::Answered(_)
            | LegEvent::LateAnswered(_) => {}
        }
    }

    /// Waits until the leg has closed and returns how the call ended. Until then a key that means an
    /// opt-out is still obeyed, as in a call with a robot.
    async fn ended(mut self) -> Result<CallEnding, Halt> {
        let until: Timestamp = self.kit.now().plus_ms(CLOSE_MS_MAX);
        let kit = Arc::clone(&self.kit);
        while self.over.is_none() {
            tokio::select! {
                biased;
                event = self.leg.next() => {
                    self.heard(event);
                    if self.hung_up.is_none() {
                        self.obey_keys().await?;
                    }
                }
                () = kit.environment.clock.wait_until(until) => break,
            }
        }
        let by_itself = self.hung_up.as_ref().map(|one| reason_of(one.by));
        let reason = self.hanging_up.or(by_itself);
        let summary = self.over.unwrap_or_default();
        Ok(ending(
            reason,
            None,
            self.opted_out.then_some(Outcome::OptedOut),
            self.hung_up,
            summary,
        ))
    }
}
