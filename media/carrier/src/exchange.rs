//! Manages all calls at the carrier: assigns requests to calls, and knows what is due when.
//!
//! Bytes and time in, bytes and facts out (`handle_input`, `poll_output`, `next_deadline`). Memory is
//! bounded: a full exchange answers 503 and remembers ended calls for some minutes only.

use super::call_details::EndedBy;
use super::callee::Persona;
use super::challenge::{CarrierUser, Challenger, CredentialCheck};
use super::leg::{Leg, LegOrigin, NO_ROOM};
use super::profile::CarrierProfile;
use super::reply::{ALLOW, reply};
use super::{CarrierCounts, Input, LegNumber, Output};
use domain::time::Timestamp;
use media::sip::message::SipMessage;
use media::sip::parse::parse;
use media::sip::sdp::SDP_BYTES_MAX;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

/// Most calls at once; a further INVITE gets 503.
pub const LIVE_LEGS_MAX: usize = 2_000;
/// Most calls remembered, including ended ones: five minutes at 66 calls a second. At the limit the oldest
/// ended one is forgotten.
const REMEMBERED_LEGS_MAX: usize = 20_000;
/// Most numbers for which calls are counted; each call to a further number counts as its first.
const NUMBERS_MAX: usize = 200_000;

/// Longest number for which calls are counted, in bytes; E.164 has 15 digits.
const NUMBER_BYTES_MAX: usize = 32;

/// The settings of an exchange.
pub struct ExchangeSettings {
    /// The SIP address that peers reach.
    pub local: SocketAddr,
    pub seed: u64,
    pub profile: CarrierProfile,
    pub user: Option<CarrierUser>,
}

/// The carrier's call handling without sockets.
pub struct Exchange {
    local: SocketAddr,
    seed: u64,
    profile: CarrierProfile,
    challenger: Option<Challenger>,
    legs: BTreeMap<LegNumber, (Option<Timestamp>, Leg)>,
    by_call_id: BTreeMap<String, LegNumber>,
    deadlines: BTreeSet<(Timestamp, LegNumber)>,
    calls_of_number: BTreeMap<String, u32>,
    last_number: LegNumber,
    live_count: usize,
    outputs: VecDeque<Output>,
    counts: CarrierCounts,
}

impl Exchange {
    /// Makes an exchange without legs, which does nothing until its first input.
    pub fn new(settings: ExchangeSettings) -> Self {
        let challenger = settings.user.map(|user| Challenger {
            user,
            by: settings.profile.challenge_by,
            seed: settings.seed,
        });
        Self {
            local: settings.local,
            seed: settings.seed,
            profile: settings.profile,
            challenger,
            legs: BTreeMap::new(),
            by_call_id: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            calls_of_number: BTreeMap::new(),
            last_number: 0,
            live_count: 0,
            outputs: VecDeque::new(),
            counts: CarrierCounts::default(),
        }
    }

    /// Sets the number of earlier calls to a number, from the details that an earlier process wrote.
    /// Ignored above `NUMBERS_MAX` numbers.
    pub fn remember_calls(&mut self, callee: &str, calls: u32) {
        if self.calls_of_number.len() < NUMBERS_MAX {
            let number = callee.trim_start_matches('+').to_owned();
            self.calls_of_number.insert(number, calls);
        }
    }

    /// Returns the number of calls to a number, over all processes that wrote to the same file.
    pub fn calls_of(&self, callee: &str) -> u32 {
        let calls = self.calls_of_number.get(callee.trim_start_matches('+'));
        calls.copied().unwrap_or(0)
    }

    /// Returns what this exchange has counted so far.
    pub const fn counts(&self) -> CarrierCounts {
        self.counts
    }
    /// Returns the number of legs that have not ended.
    pub const fn live_count(&self) -> usize {
        self.live_count
    }

    /// Returns the time at which `handle_input` needs `Input::Time` next; `None` without any call.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Returns the calls that have something due by now. Their media should be read before `Input::Time`.
    pub fn due(&self, now: Timestamp) -> Vec<LegNumber> {
        self.deadlines
            .range(..=(now, LegNumber::MAX))
            .map(|(_, leg)| *leg)
            .collect()
    }

    /// Returns the next output; call it again until it returns `None`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Handles one input at the time `now`. What is to be sent or done then is in the outputs.
    pub fn handle_input(&mut self, now: Timestamp, input: Input<'_>) {
        match input {
            Input::Sip { from, datagram } => self.take_datagram(now, from, datagram),
            Input::Media { leg, datagram } => self.with_leg(leg, |leg, _| leg.take_media(now, datagram)),
            Input::MediaOpened { leg, address } => self.with_leg(leg, |leg, _| leg.media_opened(address)),
            Input::Time => {
                for number in self.due(now) {
                    self.on_time(now, number);
                }
            }
            Input::Stop => self.stop(now),
        }
    }

    fn stop(&mut self, now: Timestamp) {
        let numbers: Vec<LegNumber> = self.legs.keys().copied().collect();
        for number in numbers {
            self.with_leg(number, |leg, out| leg.hang_up(EndedBy::Carrier, now, out));
        }
    }

    fn on_time(&mut self, now: Timestamp, number: LegNumber) {
        let mut forgotten = false;
        self.with_leg(number, |leg, out| forgotten = leg.on_time(now, out));
        if forgotten {
            self.forget(number);
        }
    }

    /// Lets a leg act, then updates its deadline and the number of live legs. Does nothing for an unknown
    /// leg.
    fn with_leg(&mut self, number: LegNumber, act: impl FnOnce(&mut Leg, &mut VecDeque<Output>)) {
        let Some((scheduled, leg)) = self.legs.get_mut(&number) else {
            return;
        };
        let was_live = leg.is_live();
        act(leg, &mut self.outputs);
        let deadline = leg.deadline();
        match (was_live, leg.is_live()) {
            (false, true) => self.live_count += 1,
            (true, false) => self.live_count -= 1,
            (true, true) | (false, false) => {}
        }
        if *scheduled != deadline {
            if let Some(at) = scheduled.take() {
                self.deadlines.remove(&(at, number));
            }
            self.deadlines.extend(deadline.map(|at| (at, number)));
            *scheduled = deadline;
        }
    }

    fn forget(&mut self, number: LegNumber) {
        if let Some((scheduled, leg)) = self.legs.remove(&number) {
            if let Some(at) = scheduled {
                self.deadlines.remove(&(at, number));
            }
            self.by_call_id.remove(&leg.details.call_id);
        }
    }

    fn take_datagram(&mut self, now: Timestamp, from: SocketAddr, datagram: &[u8]) {
        let Ok(message) = parse(datagram) else {
            self.counts.malformed += 1;
            return;
        };
        let known = self.by_call_id.get(message.call_id()).copied();
        if !message.is_request() {
            if let Some(number) = known {
                self.with_leg(number, |leg, _| leg.take_response(&message, now));
            }
            return;
        }
        match message.method() {
            "INVITE" if message.tag_of_to().is_none() => self.take_invite(now, from, message),
            "ACK" => {
                if let Some(number) = known {
                    self.with_leg(number, |leg, _| leg.acknowledge(&message, now));
                }
            }
            "CANCEL" => self.take_cancel(now, from, &message),
            _ => self.take_in_dialog(now, from, &message),
        }
    }

    fn leg_of(&self, request: &SipMessage) -> Option<(LegNumber, &Leg)> {
        let number = self.by_call_id.get(request.call_id())?;
        self.legs.get(number).map(|(_, leg)| (*number, leg))
    }

    fn refuse(&mut self, request: &SipMessage, code: u16, from: SocketAddr) {
        self.counts.refused += 1;
        let bytes = reply(request, code, from, "carrier").to_bytes();
        self.outputs.push_back(Output::Send { to: from, bytes });
    }

    fn take_cancel(&mut self, now: Timestamp, from: SocketAddr, cancel: &SipMessage) {
        match self.leg_of(cancel) {
            Some((number, leg)) if leg.is_cancelled_by(cancel) => {
                self.with_leg(number, |leg, out| {
                    leg.heard_from(from);
                    leg.cancel(cancel, now, out);
                });
            }
            Some(_) | None => self.refuse(cancel, 481, from),
        }
    }

    fn take_in_dialog(&mut self, now: Timestamp, from: SocketAddr, request: &SipMessage) {
        if request.method() == "OPTIONS" && request.tag_of_to().is_none() {
            let bytes = reply(request, 200, from, "carrier")
                .with("Allow", ALLOW)
                .to_bytes();
            self.outputs.push_back(Output::Send { to: from, bytes });
            return;
        }
        match self.leg_of(request) {
            Some((number, leg)) if leg.is_dialog_of(request) => {
                self.with_leg(number, |leg, out| match request.method() {
                    "BYE" => {
                        leg.heard_from(from);
                        leg.take_bye(request, now, out);
                    }
                    "INVITE" => leg.take_reinvite(request, out),
                    _ => leg.take_other(request, out),
                });
            }
            Some(_) | None if request.tag_of_to().is_some() => self.refuse(request, 481, from),
            Some(_) | None if request.method() == "BYE" => self.refuse(request, 481, from),
            Some(_) | None => self.refuse(request, 405, from),
        }
    }

    fn take_invite(&mut self, now: Timestamp, from: SocketAddr, invite: SipMessage) {
        let Some((number, leg)) = self.leg_of(&invite) else {
            return self.begin(now, from, invite);
        };
        if leg.knows(&invite) {
            return self.with_leg(number, |leg, out| leg.repeat_response(out));
        }
        if leg.is_older(&invite) {
            return; // a repetition that was overtaken by the next transaction
        }
        if leg.is_challenged() {
            return self.admit(now, from, number, invite);
        }
        self.counts.second_invites += 1;
        self.with_leg(number, |leg, out| leg.count_second_invite(&invite, out));
    }

    fn begin(&mut self, now: Timestamp, from: SocketAddr, invite: SipMessage) {
        // A remembered leg holds its INVITE: it must not be larger than an offer that can be answered.
        if invite.body.len() > SDP_BYTES_MAX {
            return self.refuse(&invite, 488, from);
        }
        if self.live_count >= LIVE_LEGS_MAX || !self.make_room() {
            return self.refuse(&invite, NO_ROOM.code, from);
        }
        self.last_number += 1;
        let number = self.last_number;
        let call_id = invite.call_id().to_owned();
        let origin = LegOrigin {
            number,
            invite: invite.clone(),
            peer: from,
            local: self.local,
            seed: self.seed,
        };
        let mut leg = Leg::new(origin, now);
        leg.stale_due = leg.chance().percent(self.profile.stale_nonce_percent);
        self.legs.insert(number, (None, leg));
        self.by_call_id.insert(call_id, number);
        self.counts.calls += 1;
        self.admit(now, from, number, invite);
    }

    /// Makes room for another call: above the limit, forgets the oldest call that is not live. Returns
    /// false if all are live.
    fn make_room(&mut self) -> bool {
        if self.legs.len() < REMEMBERED_LEGS_MAX {
            return true;
        }
        let oldest = self.legs.iter().find(|(_, (_, leg))| !leg.is_live());
        let Some(number) = oldest.map(|(number, _)| *number) else {
            return false;
        };
        self.forget(number);
        true
    }

    /// Accepts the INVITE, or challenges it if the carrier demands credentials and they are not right.
    fn admit(&mut self, now: Timestamp, from: SocketAddr, number: LegNumber, invite: SipMessage) {
        let stale = match self.credentials(&invite, now) {
            CredentialCheck::Right => self.take_stale(number),
            CredentialCheck::Stale => true,
            CredentialCheck::Missing | CredentialCheck::Wrong => false,
        };
        let right = self.credentials(&invite, now) == CredentialCheck::Right;
        let tag = self.legs.get(&number).map_or("", |(_, leg)| leg.local_tag());
        let challenge = match &self.challenger {
            Some(challenger) if !right || stale => Some(challenger.challenge(&invite, now, stale, tag)),
            Some(_) | None => None,
        };
        if let Some(response) = challenge {
            return self.with_leg(number, |leg, out| leg.challenge(invite, &response, now, out));
        }
        let persona = self.persona_of(number);
        tracing::debug!(leg = number, peer = %from, "call taken");
        self.with_leg(number, |leg, out| leg.accept(invite, persona, now, out));
    }

    fn credentials(&self, invite: &SipMessage, now: Timestamp) -> CredentialCheck {
        let judged = self
            .challenger
            .as_ref()
            .map(|challenger| challenger.judge(invite, now));
        judged.unwrap_or(CredentialCheck::Right)
    }

    /// Returns true once for a leg that is to have its right credentials called stale; the next call
    /// returns false.
    fn take_stale(&mut self, number: LegNumber) -> bool {
        let leg = self.legs.get_mut(&number);
        self.challenger.is_some() && leg.is_some_and(|(_, leg)| std::mem::take(&mut leg.stale_due))
    }

    fn persona_of(&mut self, number: LegNumber) -> Persona {
        let callee = self.legs.get(&number).map_or("", |(_, leg)| &leg.details.callee);
        let callee = callee.trim_start_matches('+').to_owned();
        let full = self.calls_of_number.len() >= NUMBERS_MAX || callee.len() > NUMBER_BYTES_MAX;
        let attempt = match self.calls_of_number.get_mut(&callee) {
            Some(calls) => {
                *calls = calls.saturating_add(1);
                *calls
            }
            None => 1,
        };
        if attempt == 1 && !full {
            self.calls_of_number.insert(callee.clone(), 1);
        }
        Persona::draw(&self.profile, self.seed, &callee, attempt)
    }
}
