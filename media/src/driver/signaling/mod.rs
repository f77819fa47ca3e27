//! The signalling task: gives messages, orders and time to the legs' state machines, and sends their output.

mod commands;
mod deadlines;
mod left_over_legs;
mod leg_events;
mod sending;
#[cfg(test)]
mod tests;

pub(super) use commands::{DatagramSource, NewLeg, SignalingCommand, SocketEvent, TrunkNumber, TrunkSocket};

use deadlines::{DeadlineOwner, Deadlines};
use left_over_legs::{LegWatch, LiveLeftOverLeg};
use sending::SendOutcome;

use crate::driver::abandoned_legs::AbandonedLegs;
use crate::driver::hung_up_dialogs::HungUpDialogs;
use crate::driver::leg_mailbox::LegMailbox;
use crate::driver::pace::Request;
use crate::driver::recording_writer::LegNumber;
use crate::driver::reserved_recording::ReservedRecording;
use crate::driver::sip_sockets::{SipCounters, count};
use crate::driver::steady_time::SteadyTime;
use crate::rtp::packet::OutgoingStream;
use crate::sip::dialog::Hop;
use crate::sip::message::SipMessage;
use crate::sip::stray_requests;
use crate::sip::user_agent::{Input, Output, Uac};
use crate::sip::via;
use domain::call::EndCause;
use domain::ports::line::{FailureCause, LegEvent, LegFailure};
use domain::ports::tasks::StopSignal;
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

/// Most queued orders.
pub(super) const ORDERS_MAX: usize = 1_024;
/// Most queued datagrams: further ones are dropped and counted; SIP over UDP repeats them.
pub(super) const ARRIVALS_MAX: usize = 4_096;
/// Longest sleep, in milliseconds; abandoned legs are looked for at least this often.
const IDLE_MS: u64 = 1_000;
/// How long BYEs and CANCELs may be repeated after the process stops, in milliseconds.
const FAREWELL_MS: u64 = 2_000;
/// Most addresses, besides its trunk's, that a leg was sent to and may be answered from.
const PEERS_MAX: usize = 8;

struct LiveLeg {
    uac: Uac,
    number: LegNumber,
    trunk: TrunkNumber,
    mailbox: Arc<LegMailbox>,
    begin: Option<(OutgoingStream, ReservedRecording)>,
    slot: Option<OwnedSemaphorePermit>,
    peers: BTreeSet<SocketAddr>,
    watch: LegWatch,
}

/// The parts that the task works with.
pub(super) struct SignalingContext {
    pub(super) time: SteadyTime,
    pub(super) orders: mpsc::Receiver<SignalingCommand>,
    pub(super) arrivals: mpsc::Receiver<SocketEvent>,
    pub(super) pace: mpsc::Sender<Request>,
    pub(super) general: Arc<UdpSocket>,
    pub(super) counters: Arc<SipCounters>,
    /// Legs with owners that left without an order.
    pub(super) abandoned: Arc<AbandonedLegs>,
    pub(super) hung_up: Arc<HungUpDialogs>,
    /// Ends the receiving tasks.
    pub(super) ended: watch::Sender<()>,
}

/// The state of the task.
pub(super) struct SignalingTask {
    grounds: SignalingContext,
    trunks: Vec<TrunkSocket>,
    legs: BTreeMap<String, LiveLeg>,
    left_overs: BTreeMap<String, LiveLeftOverLeg>,
    deadlines: Deadlines,
    /// No new leg begins.
    stopping: bool,
}

impl SignalingTask {
    pub(super) fn new(grounds: SignalingContext) -> Self {
        Self {
            grounds,
            trunks: Vec::new(),
            legs: BTreeMap::new(),
            left_overs: BTreeMap::new(),
            deadlines: Deadlines::default(),
            stopping: false,
        }
    }

    /// Runs the task until the process stops. Then every leg is given up, and BYEs have a moment to be
    /// answered.
    pub(super) async fn run(mut self, signal: Arc<dyn StopSignal>) {
        let clock = self.grounds.time;
        let mut farewell: Option<Timestamp> = None;
        loop {
            let now = clock.now();
            if farewell.is_some_and(|until| now >= until || self.is_idle()) {
                break;
            }
            let idle = now.plus_ms(IDLE_MS);
            let next = self.deadlines.next().map_or(idle, |at| at.min(idle));
            tokio::select! {
                biased;
                () = signal.stopping(), if farewell.is_none() => {
                    farewell = Some(clock.now().plus_ms(FAREWELL_MS));
                    self.stopping = true;
                    self.give_up_all().await;
                }
                Some(order) = self.grounds.orders.recv() => self.take_order(order).await,
                Some(arrival) = self.grounds.arrivals.recv() => self.take_arrival(arrival).await,
                () = clock.wait_until(next) => {}
            }
            self.elapse().await;
        }
        self.close_all().await;
        self.grounds.ended.send_replace(());
    }

    /// True if no response of a far end is awaited.
    fn is_idle(&self) -> bool {
        self.left_overs.values().all(|live| !live.left_over.is_ending())
            && self
                .legs
                .values()
                .all(|leg| leg.slot.is_none() && !leg.uac.is_ending())
    }

    async fn give_up_all(&mut self) {
        let call_ids: Vec<String> = self.legs.keys().cloned().collect();
        for call_id in call_ids {
            self.step(&call_id, Input::GiveUp).await;
        }
    }

    /// Closes what is still open in the pace, so that recordings are finished and owners notified.
    async fn close_all(&mut self) {
        for leg in self.legs.values() {
            self.ask_pace(Request::End { leg: leg.number }).await;
        }
        self.ask_pace(Request::Stop).await;
    }

    async fn take_order(&mut self, order: SignalingCommand) {
        match order {
            SignalingCommand::AddTrunk(trunk, reply) => {
                let number = self.trunks.len();
                self.trunks.push(trunk);
                if reply.send(number).is_err() {
                    tracing::debug!(number, "a trunk was added after its line was gone");
                }
            }
            SignalingCommand::Dial(new) => self.dial(*new).await,
            SignalingCommand::GiveUp(call_id) => self.step(&call_id, Input::GiveUp).await,
            SignalingCommand::MediaLost(call_id) => self.step(&call_id, Input::MediaLost).await,
            SignalingCommand::Acknowledge(call_id, reply) => {
                self.step(&call_id, Input::Acknowledge).await;
                let talks = self.legs.get(&call_id).is_some_and(|leg| leg.uac.is_talking());
                if reply.send(talks).is_err() {
                    tracing::debug!(%call_id, "the owner of an answer left while it was acknowledged");
                }
            }
            SignalingCommand::EndLeftOver {
                left_over,
                trunk,
                reports,
            } => self.end_left_over(*left_over, trunk, reports).await,
        }
    }

    async fn dial(&mut self, new: NewLeg) {
        let call_id = new.uac.call_id();
        let live = LiveLeg {
            uac: new.uac,
            number: new.number,
            trunk: new.trunk,
            mailbox: new.mailbox,
            begin: Some((new.out, new.recording)),
            slot: Some(new.slot),
            peers: BTreeSet::new(),
            watch: LegWatch::default(),
        };
        let too_late = self.stopping || self.grounds.time.now() > new.leaves_by;
        if too_late || self.legs.contains_key(&call_id) {
            // One leg has one INVITE: a leg ordered twice is closed unsent, and so is a late one, which says
            // nothing about its trunk.
            match too_late {
                true => tracing::warn!(%call_id, "a leg was ordered too late"),
                false => tracing::error!(%call_id, "a leg was ordered twice"),
            }
            live.mailbox.push(LegEvent::Failed(LegFailure {
                cause: FailureCause::Local,
                definite: true,
                lack: too_late.then_some(EndCause::TooLate),
                ..LegFailure::default()
            }));
            self.ask_pace(Request::End { leg: live.number }).await;
            return;
        }
        // From here on, an owner that leaves finds the leg by its name; earlier it could not.
        let is_abandoned = live.mailbox.is_abandoned();
        self.legs.insert(call_id.clone(), live);
        self.settle(&call_id).await;
        if is_abandoned {
            self.step(&call_id, Input::GiveUp).await;
        }
    }

    async fn take_arrival(&mut self, arrival: SocketEvent) {
        match arrival {
            SocketEvent::Message {
                message,
                from,
                origin,
            } => self.take_message(&message, from, origin).await,
            SocketEvent::Refused(trunk) => self.refuse(trunk).await,
        }
    }

    async fn take_message(&mut self, message: &SipMessage, from: SocketAddr, origin: DatagramSource) {
        let call_id = message.call_id().to_owned();
        let is_known = |trunk: TrunkNumber, peers: &BTreeSet<SocketAddr>| {
            let trunk = self.trunks.get(trunk);
            trunk.is_some_and(|trunk| trunk.is_sender_allowed(message, from, peers))
        };
        if let Some(leg) = self.legs.get(&call_id) {
            if is_known(leg.trunk, &leg.peers) {
                return self.step(&call_id, Input::Message(message, from)).await;
            }
            return count(&self.grounds.counters.foreign);
        }
        if let Some(live) = self.left_overs.get(&call_id) {
            if !is_known(live.trunk, &live.peers) {
                return count(&self.grounds.counters.foreign);
            }
            if let Some(live) = self.left_overs.get_mut(&call_id) {
                live.left_over.take(self.grounds.time.now(), message, from);
            }
            return self.settle_left_over(&call_id).await;
        }
        self.take_stray(message, from, origin).await;
    }

    /// Handles a message that belongs to no leg: a trunk's request is answered, and its 2xx to an INVITE is
    /// ended. Messages from unknown addresses are dropped without a reply.
    async fn take_stray(&mut self, message: &SipMessage, from: SocketAddr, origin: DatagramSource) {
        count(&self.grounds.counters.foreign);
        if !message.is_request() {
            return self.end_stray_answer(message, from, origin).await;
        }
        let of_trunk = match origin {
            DatagramSource::Trunk(_) => true,
            DatagramSource::Anyone => self.trunks.iter().any(|trunk| trunk.remote.ip() == from.ip()),
        };
        if !of_trunk {
            return;
        }
        if let Some(response) = stray_requests::answer(message) {
            let hop = Hop::At(via::reply_to(message, from));
            self.send(None, &response.to_bytes(), hop).await;
        }
    }

    async fn refuse(&mut self, trunk: TrunkNumber) {
        let Some(remote) = self.trunks.get(trunk).map(|trunk| trunk.remote) else {
            return;
        };
        // Trunks at one address share a socket and its errors.
        let of_trunk = |leg: &LiveLeg| self.trunks.get(leg.trunk).is_some_and(|own| own.remote == remote);
        let call_ids: Vec<String> = self
            .legs
            .iter()
            .filter(|(_, leg)| of_trunk(leg))
            .map(|(call_id, _)| call_id.clone())
            .collect();
        for call_id in call_ids {
            self.step(&call_id, Input::Refused).await;
        }
    }

    /// Handles passed deadlines and abandoned legs. Returns how many legs it looked at: only those that are
    /// due.
    async fn elapse(&mut self) -> usize {
        let now = self.grounds.time.now();
        let mut looked_at = 0;
        while let Some(waiting) = self.deadlines.take_due(now) {
            looked_at += 1;
            match waiting {
                DeadlineOwner::Leg(call_id) => self.step(&call_id, Input::Elapsed).await,
                DeadlineOwner::LeftOver(call_id) => {
                    if let Some(live) = self.left_overs.get_mut(&call_id) {
                        live.left_over.elapse(now);
                    }
                    self.settle_left_over(&call_id).await;
                }
            }
        }
        for call_id in self.grounds.abandoned.take() {
            looked_at += 1;
            self.step(&call_id, Input::GiveUp).await;
        }
        looked_at
    }

    async fn step(&mut self, call_id: &str, input: Input<'_>) {
        let now = self.grounds.time.now();
        if let Some(leg) = self.legs.get_mut(call_id) {
            leg.uac.handle_input(now, input);
            self.settle(call_id).await;
        }
    }

    /// Carries out the output of a leg's state machine, and sets its next deadline.
    async fn settle(&mut self, call_id: &str) {
        while let Some(output) = self.legs.get_mut(call_id).and_then(|leg| leg.uac.poll_output()) {
            match output {
                Output::Send { bytes, hop } => {
                    let Some(leg) = self.legs.get_mut(call_id) else {
                        return;
                    };
                    if let Hop::At(address) = hop
                        && leg.peers.len() < PEERS_MAX
                    {
                        leg.peers.insert(address);
                    }
                    let trunk = leg.trunk;
                    let trouble = match self.send(Some(trunk), &bytes, hop).await {
                        SendOutcome::Yes => continue,
                        SendOutcome::Refused => Input::Refused,
                        SendOutcome::Failed => Input::NotSent,
                    };
                    if let Some(leg) = self.legs.get_mut(call_id) {
                        leg.uac.handle_input(self.grounds.time.now(), trouble);
                    }
                }
                Output::Event(event) => self.tell(call_id, event).await,
            }
        }
        let Some(leg) = self.legs.get(call_id) else {
            return;
        };
        let is_finished = leg.uac.is_finished();
        let deadline = leg.uac.next_deadline().filter(|_| !is_finished);
        self.deadlines
            .set(DeadlineOwner::Leg(call_id.to_owned()), deadline);
        self.report_end(call_id);
        if is_finished {
            self.legs.remove(call_id);
        }
    }
}
