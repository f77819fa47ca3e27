//! One simulated day: events in the order of time, and a pacer that decides at each tick.

use super::run::{Account, Trial};
use crate::TICK_S;
use crate::floor::{FloorSnapshot, Pacer, RING_AGES, TickEvents};
use crate::times::{AHEAD_S, Lognormal, WAITS_S, count, float};
use libm::log;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Seconds of a simulated day: eight hours.
pub(super) const DAY_S: f64 = 28_800.0;
/// Microseconds of a second. Times are integers, so that equal seeds give equal days.
const MICROS: f64 = 1e6;

/// A simulated event. Events of the same time are ordered by their variant and fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum DayEvent {
    /// A call that was started at this tick is answered.
    Answered {
        tick: usize,
    },
    /// A call of this tick rang out or was rejected.
    Unanswered {
        tick: usize,
    },
    /// The callee of this answer has waited long enough and hangs up.
    GivesUp {
        answer: u64,
    },
    TalkEnds {
        agent: usize,
    },
    WrapUpEnds {
        agent: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Agent {
    Free,
    /// Talking since this time.
    Talks(u64),
    WrapsUp,
}

/// The state of a day's simulation.
pub(super) struct Day<'a> {
    trial: &'a Trial,
    random: &'a mut ChaCha8Rng,
    agents: Vec<Agent>,
    free: Vec<usize>,
    /// Answers that wait for an agent, in order.
    waiting: VecDeque<u64>,
    answers: u64,
    ringing: VecDeque<(usize, u32)>,
    coming: BinaryHeap<Reverse<(u64, DayEvent)>>,
    events: TickEvents,
    /// Microseconds in which agents were busy.
    busy: u64,
    ring: Lognormal,
    talk: Lognormal,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time within a day"
)]
const fn micros(seconds: f64) -> u64 {
    (seconds * MICROS) as u64
}

impl<'a> Day<'a> {
    pub(super) fn new(trial: &'a Trial, random: &'a mut ChaCha8Rng) -> Self {
        let agents = trial.agents as usize;
        Self {
            trial,
            random,
            agents: vec![Agent::Free; agents],
            free: (0..agents).collect(),
            waiting: VecDeque::new(),
            answers: 0,
            ringing: VecDeque::new(),
            coming: BinaryHeap::new(),
            events: TickEvents::default(),
            busy: 0,
            ring: Lognormal::of(9.0, 0.6),
            talk: Lognormal::of(120.0, 0.8),
        }
    }

    /// Simulates the day with `pacer` and adds its answers and drops to `account`. Returns the busy time of
    /// all agents in microseconds.
    pub(super) fn run(mut self, pacer: &mut dyn Pacer, account: &mut Account) -> u64 {
        // No call is started that could be answered after the day's end.
        let ticks = count((DAY_S - float(AHEAD_S) - WAITS_S) / TICK_S) as usize;
        let mut ringing = vec![0; RING_AGES];
        for tick in 0..ticks {
            let now = micros(float(tick) * TICK_S);
            self.until(now);
            let events = std::mem::take(&mut self.events);
            account.add(events);
            pacer.record_events(&ringing, events);
            let mut floor = self.floor(tick, now, account);
            let dials = pacer.dials(&floor);
            self.dial(tick, dials);
            if let Some(newest) = floor.ringing.first_mut() {
                *newest += dials;
            }
            ringing = floor.ringing;
        }
        self.until(micros(DAY_S));
        account.add(self.events);
        self.busy
    }

    fn floor(&self, tick: usize, now: u64, account: &Account) -> FloorSnapshot {
        let mut ringing = vec![0; RING_AGES];
        for (started, calls) in &self.ringing {
            if let Some(of_age) = ringing.get_mut(tick - started) {
                *of_age = *calls;
            }
        }
        let (mut talking, mut wrapping) = (Vec::new(), 0);
        for agent in &self.agents {
            match agent {
                Agent::Free => {}
                Agent::Talks(since) => talking.push(half_seconds(now - since)),
                Agent::WrapsUp => wrapping += 1,
            }
        }
        FloorSnapshot {
            agents: self.trial.agents,
            free: u32::try_from(self.free.len()).unwrap_or(u32::MAX),
            waiting: u32::try_from(self.waiting.len()).unwrap_or(u32::MAX),
            talking,
            wrapping,
            ringing,
            budget: account.budget(self.trial.ledger),
            answers: account.answers,
            drops: account.drops,
        }
    }

    fn dial(&mut self, tick: usize, dials: u32) {
        if dials == 0 {
            return;
        }
        self.ringing.push_back((tick, dials));
        let second = float(tick) * TICK_S;
        let rate = self.trial.course.rate(self.trial.rate, second);
        for _ in 0..dials {
            let (after, happens) = if self.random.random::<f64>() < rate {
                (self.rings(), DayEvent::Answered { tick })
            } else {
                (float(AHEAD_S), DayEvent::Unanswered { tick })
            };
            self.coming.push(Reverse((micros(second + after), happens)));
        }
    }

    /// Draws the ring time of an answered call in seconds; draws again above `AHEAD_S`.
    fn rings(&mut self) -> f64 {
        loop {
            let normal = self.normal();
            let seconds = self.ring.at(normal);
            if seconds <= float(AHEAD_S) {
                return seconds;
            }
        }
    }

    /// Draws a standard normal value by Marsaglia's polar method; the method's second value is discarded.
    fn normal(&mut self) -> f64 {
        loop {
            let x = self.random.random::<f64>() * 2.0 - 1.0;
            let y = self.random.random::<f64>() * 2.0 - 1.0;
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * libm::sqrt(-2.0 * log(square) / square);
            }
        }
    }

    /// Executes all events up to `now`.
    fn until(&mut self, now: u64) {
        while let Some(Reverse((at, happens))) = self.coming.peek().copied()
            && at <= now
        {
            self.coming.pop();
            self.happen(at, happens);
        }
    }

    fn happen(&mut self, at: u64, happens: DayEvent) {
        match happens {
            DayEvent::Answered { tick } => {
                self.rings_no_more(tick);
                self.answered(at);
            }
            DayEvent::Unanswered { tick } => self.rings_no_more(tick),
            DayEvent::GivesUp { answer } => {
                if self.waiting.front() == Some(&answer) {
                    self.waiting.pop_front();
                    self.events.drops += 1;
                }
            }
            DayEvent::TalkEnds { agent } => {
                self.set(agent, Agent::WrapsUp);
                let wrap_up = -20.0 * log(1.0 - self.random.random::<f64>());
                self.busy_for(at, wrap_up, DayEvent::WrapUpEnds { agent });
            }
            DayEvent::WrapUpEnds { agent } => {
                if self.waiting.pop_front().is_some() {
                    self.connect(agent, at);
                } else {
                    self.set(agent, Agent::Free);
                    self.free.push(agent);
                }
            }
        }
    }

    fn answered(&mut self, at: u64) {
        self.events.answers += 1;
        self.answers += 1;
        if let Some(agent) = self.free.pop() {
            self.connect(agent, at);
            return;
        }
        self.waiting.push_back(self.answers);
        let gives_up = DayEvent::GivesUp { answer: self.answers };
        self.coming.push(Reverse((at + micros(WAITS_S), gives_up)));
    }

    fn connect(&mut self, agent: usize, at: u64) {
        self.events.served += 1;
        self.set(agent, Agent::Talks(at));
        let normal = self.normal();
        let talk = self.talk.at(normal);
        self.busy_for(at, talk, DayEvent::TalkEnds { agent });
    }

    fn busy_for(&mut self, at: u64, seconds: f64, then: DayEvent) {
        let ends = at + micros(seconds);
        let day = micros(DAY_S);
        self.busy += ends.min(day).saturating_sub(at.min(day));
        self.coming.push(Reverse((ends, then)));
    }

    fn set(&mut self, agent: usize, is: Agent) {
        if let Some(of_agent) = self.agents.get_mut(agent) {
            *of_agent = is;
        }
    }

    fn rings_no_more(&mut self, tick: usize) {
        // Calls ring for at most fifty ticks, so the list is short.
        if let Some((_, calls)) = self.ringing.iter_mut().find(|(started, _)| *started == tick) {
            *calls -= 1;
        }
        while self.ringing.front().is_some_and(|(_, calls)| *calls == 0) {
            self.ringing.pop_front();
        }
    }
}

fn half_seconds(micros: u64) -> u32 {
    u32::try_from(micros / 500_000).unwrap_or(u32::MAX)
}
