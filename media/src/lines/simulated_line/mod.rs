//! A line without a network: a script gives the behavior of each callee, and the Clock port gives the time.
//!
//! It is for the simulation and for tests of drivers. It proves nothing about SIP or RTP.

mod crash_cleanup;
mod far_end;
mod orders;

use crate::lines::callee_script::{
    CalleeScript, SimulatedCallees, SimulatedInvite, build_cancellation_failure,
};
use crate::lines::carrier_book::{CarrierBook, LegSlotGuard, lock};
use crate::lines::simulated_voice::SpokenClip;
use async_trait::async_trait;
use crash_cleanup::SimulatedLeftOverLeg;
use domain::call::KeyPath;
use domain::compliance::DialPermit;
use domain::ports::clock::Clock;
use domain::ports::line::{
    AnsweredDialog, DialOrder, FailureCause, HangupSource, LeftOverLeg, Leg, LegEvent, LegFacts, LegFailure,
    LegSummary, Line, LineError, LineFacts,
};
use domain::realm::Realm;
use domain::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Simulated network delay between our request and its effect, in milliseconds.
const ROUND_TRIP_MS: u64 = 20;

/// The simulated line. After a simulated crash it can be created again with the same record of legs.
pub struct SimulatedLine {
    facts: LineFacts,
    clock: Arc<dyn Clock>,
    callees: Arc<dyn SimulatedCallees>,
    book: Arc<CarrierBook>,
    legs: Arc<Mutex<u32>>,
}

impl SimulatedLine {
    /// Makes a line with these facts and callees. `book` is what the simulated carrier remembers of calls;
    /// it outlives the line.
    pub fn new(
        facts: LineFacts,
        clock: Arc<dyn Clock>,
        callees: Arc<dyn SimulatedCallees>,
        book: Arc<CarrierBook>,
    ) -> Self {
        Self {
            facts,
            clock,
            callees,
            book,
            legs: Arc::new(Mutex::new(0)),
        }
    }
}

#[async_trait]
impl Line for SimulatedLine {
    fn facts(&self) -> LineFacts {
        self.facts.clone()
    }

    async fn dial(&self, permit: DialPermit, order: DialOrder) -> Result<Box<dyn Leg>, LineError> {
        self.begin_leg(&permit, &order)
    }

    async fn end_left_over(&self, facts: LegFacts) -> Result<Box<dyn LeftOverLeg>, LineError> {
        Ok(self.end_crashed_leg(&facts))
    }
}

impl SimulatedLine {
    /// Begins the leg of a permit, of whichever realm the caller is.
    pub(super) fn begin_leg<R: Realm>(
        &self,
        permit: &DialPermit<R>,
        order: &DialOrder,
    ) -> Result<Box<dyn Leg>, LineError> {
        if permit.call() != order.call || permit.leg() != order.leg {
            return Err(LineError::PermitMismatch {
                permitted: permit.call(),
                ordered: order.call,
            });
        }
        if self.clock.now() > permit.leaves_by() {
            return Err(LineError::TooLate(permit.leaves_by()));
        }
        let held = {
            let mut legs = lock(&self.legs);
            if *legs >= self.facts.legs_max {
                return Err(LineError::Busy);
            }
            *legs += 1;
            LegSlotGuard(Arc::clone(&self.legs))
        };
        let now = self.clock.now();
        let sip_call_id = order.identity.sip_call_id();
        let (line, callee) = (self.facts.name.as_str(), order.callee.as_str());
        let nth = self.book.invite(&sip_call_id, line, callee, now);
        let invite = SimulatedInvite {
            sip_call_id: &sip_call_id,
            line,
            callee,
            nth,
            at: now,
        };
        let script = self.callees.script(&invite);
        let crosses = matches!(script, CalleeScript::CrossesCancel { .. });
        if crosses {
            self.book.note_crossing(&sip_call_id);
        }
        let voice = self.callees.voice(&invite).into();
        let mut leg = SimulatedLeg {
            clock: Arc::clone(&self.clock),
            book: Arc::clone(&self.book),
            sip_call_id,
            callee: callee.to_owned(),
            invited_at: now,
            pending: BTreeMap::new(),
            closed: false,
            drawn: 0,
            phase: Phase::Dialing { rang: false },
            crosses,
            callees: Arc::clone(&self.callees),
            playing_until: now,
            answered_at: None,
            acknowledge_by: None,
            keys: Vec::new(),
            hang_up_ms: None,
            voice,
            playing: VecDeque::new(),
            over: Arc::new(AtomicBool::new(false)),
            _held: held,
        };
        let ring_timeout_ms = order.ring_timeout_ms.unwrap_or(self.facts.ring_timeout_ms);
        leg.begin(script, ring_timeout_ms, self.facts.first_response_ms);
        Ok(Box::new(leg))
    }

    /// Ends a leg that a crash left open, as `Line::end_left_over`.
    pub(super) fn end_crashed_leg(&self, facts: &LegFacts) -> Box<dyn LeftOverLeg> {
        let (clock, book) = (Arc::clone(&self.clock), Arc::clone(&self.book));
        Box::new(SimulatedLeftOverLeg::end(facts, clock, book))
    }

    /// Returns the number of legs that are open now.
    pub(super) fn open_legs(&self) -> u32 {
        *lock(&self.legs)
    }

    /// Returns the line's facts.
    pub(super) fn own_facts(&self) -> LineFacts {
        self.facts.clone()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Dialing { rang: bool },
    Answered,
    Over,
}

/// A clip that is playing or queued, with its times.
struct ScheduledClip {
    play: u32,
    begins: Timestamp,
    ends: Timestamp,
}

/// Returns the dialog that a simulated leg's answer establishes.
fn dialog_of(sip_call_id: &str, callee: &str) -> AnsweredDialog {
    AnsweredDialog {
        to_tag: format!("to-{sip_call_id}"),
        remote_target: format!("sip:{callee}@127.0.0.1"),
        route_set: Vec::new(),
        cseq: 1,
        key_paths: Some(vec![KeyPath::RtpEvent]),
    }
}

struct SimulatedLeg {
    clock: Arc<dyn Clock>,
    book: Arc<CarrierBook>,
    sip_call_id: String,
    callee: String,
    invited_at: Timestamp,
    /// Events to come, by time and order of scheduling.
    pending: BTreeMap<(Timestamp, u64), LegEvent>,
    closed: bool,
    drawn: u64,
    phase: Phase,
    crosses: bool,
    playing_until: Timestamp,
    answered_at: Option<Timestamp>,
    /// The time by which the answer must be acknowledged, while it is not.
    acknowledge_by: Option<Timestamp>,
    callees: Arc<dyn SimulatedCallees>,
    keys: Vec<(u64, char)>,
    hang_up_ms: Option<u64>,
    voice: Arc<[SpokenClip]>,
    /// Playing and queued clips.
    playing: VecDeque<ScheduledClip>,
    /// True after the leg has ended; shared with the listener.
    over: Arc<AtomicBool>,
    _held: LegSlotGuard,
}

impl SimulatedLeg {
    fn schedule(&mut self, at: Timestamp, event: LegEvent) {
        self.drawn += 1;
        self.pending.insert((at, self.drawn), event);
    }

    fn begin(&mut self, script: CalleeScript, ring_timeout_ms: u64, first_response_ms: u64) {
        let at = |ms: u64| self.invited_at.plus_ms(ms);
        let ringing = LegEvent::Ringing {
            sip_code: 180,
            early_media: false,
        };
        let gives_up = |ring_ms: u64| at(ring_ms.saturating_add(ring_timeout_ms));
        match script {
            CalleeScript::Answers {
                ring_ms,
                answer_ms,
                keys,
                hang_up_ms,
            } => {
                let (ring_at, answer_at, give_up_at) =
                    (at(ring_ms), at(ring_ms + answer_ms), gives_up(ring_ms));
                self.keys = keys;
                self.hang_up_ms = hang_up_ms;
                self.schedule(ring_at, ringing);
                if answer_at < give_up_at {
                    self.schedule(answer_at, LegEvent::Answered(self.dialog()));
                } else {
                    self.schedule_failure(give_up_at, build_cancellation_failure(true));
                }
            }
            CalleeScript::Refuses {
                ring_ms,
                refuse_ms,
                sip_code,
                q850,
            } => {
                let refuse_at = at(ring_ms.unwrap_or(0).saturating_add(refuse_ms));
                if let Some(ring_ms) = ring_ms {
                    let ring_at = at(ring_ms);
                    self.schedule(ring_at, ringing);
                }
                let failure = LegFailure {
                    sip_code: Some(sip_code),
                    reason_header: q850.map(|cause| format!("Q.850;cause={cause}")),
                    q850,
                    cause: FailureCause::Response,
                    definite: true,
                    rang: ring_ms.is_some(),
                    ..LegFailure::default()
                };
                self.schedule_failure(refuse_at, failure);
            }
            CalleeScript::Rings { ring_ms } | CalleeScript::CrossesCancel { ring_ms } => {
                let (ring_at, give_up_at) = (at(ring_ms), gives_up(ring_ms));
                self.schedule(ring_at, ringing);
                if self.crosses {
                    self.schedule(give_up_at, LegEvent::LateAnswered(self.dialog()));
                }
                self.schedule_failure(give_up_at, build_cancellation_failure(true));
            }
            CalleeScript::Unreachable { refuse_ms } => {
                let failure = LegFailure {
                    cause: FailureCause::Refused,
                    definite: true,
                    ..LegFailure::default()
                };
                self.schedule_failure(at(refuse_ms), failure);
            }
            CalleeScript::Silent { late_answer_ms } => {
                self.fall_silent(at(first_response_ms), late_answer_ms);
            }
        }
    }

    /// Schedules the leg's failure for lack of a response at `silent_at`, and an answer `late_answer_ms`
    /// after it, if set.
    fn fall_silent(&mut self, silent_at: Timestamp, late_answer_ms: Option<u64>) {
        let failure = LegFailure {
            cause: FailureCause::NoResponse,
            after_ms: silent_at.ms_since(self.invited_at),
            ..LegFailure::default()
        };
        self.schedule(silent_at, LegEvent::Failed(failure));
        let late_at = silent_at.plus_ms(late_answer_ms.unwrap_or(0));
        if late_answer_ms.is_some() {
            let dialog = self.dialog();
            self.schedule(late_at, LegEvent::LateAnswered(dialog));
        }
        self.schedule(late_at, LegEvent::Closed(LegSummary::default()));
    }

    fn dialog(&self) -> AnsweredDialog {
        dialog_of(&self.sip_call_id, &self.callee)
    }

    fn schedule_failure(&mut self, at: Timestamp, mut failure: LegFailure) {
        failure.after_ms = at.ms_since(self.invited_at);
        self.schedule(at, LegEvent::Failed(failure));
        self.schedule(at, LegEvent::Closed(LegSummary::default()));
    }

    /// Applies the consequences of an event that happens at `at`.
    fn enter(&mut self, event: &LegEvent, at: Timestamp) {
        match event {
            LegEvent::Ringing { .. } => {
                self.phase = Phase::Dialing { rang: true };
                self.book.change(&self.sip_call_id, |entry| entry.replied = true);
            }
            LegEvent::Answered(_) => {
                self.phase = Phase::Answered;
                self.playing_until = at;
                self.answered_at = Some(at);
                self.note_answer(at);
                self.hold_answer(at);
                for (after_ms, digit) in std::mem::take(&mut self.keys) {
                    self.schedule(at.plus_ms(after_ms), LegEvent::Keypress { digit });
                }
                if let Some(after_ms) = self.hang_up_ms {
                    self.schedule_hang_up(at.plus_ms(after_ms), HangupSource::Callee);
                }
            }
            LegEvent::LateAnswered(_) => {
                self.note_answer(at);
                self.note_bye(at);
            }
            LegEvent::Failed(failure) => {
                self.phase = Phase::Over;
                let refused_code = failure
                    .sip_code
                    .filter(|_| failure.cause == FailureCause::Response);
                let replied = failure.definite && failure.cause != FailureCause::NoResponse;
                self.book.change(&self.sip_call_id, |entry| {
                    entry.replied |= replied;
                    entry.refused_code = refused_code;
                });
            }
            LegEvent::HungUp { by, .. } => {
                self.phase = Phase::Over;
                self.acknowledge_by = None;
                match by {
                    HangupSource::Callee => self.note_acknowledged(at),
                    HangupSource::Robot | HangupSource::Media(_) => self.note_bye(at),
                }
                self.over.store(true, Ordering::Relaxed);
                self.note_end(at);
            }
            LegEvent::Closed(_) => self.note_end(at),
            LegEvent::Keypress { .. }
            | LegEvent::Played { .. }
            | LegEvent::PlayCut { .. }
            | LegEvent::RecordingFailed => {}
        }
    }

    fn schedule_hang_up(&mut self, at: Timestamp, by: HangupSource) {
        self.schedule(
            at,
            LegEvent::HungUp {
                by,
                reason_header: None,
                q850: None,
                heard_rtp: true,
            },
        );
        self.schedule(at, LegEvent::Closed(LegSummary::default()));
    }

    fn answered(&self) -> Result<(), LineError> {
        if self.phase == Phase::Answered {
            Ok(())
        } else {
            Err(LineError::Ended)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CalleeScript, CarrierBook, SimulatedCallees, SimulatedInvite, SimulatedLine};
    use crate::lines::contract::{self, CrashPoint, LineFactory, ScriptedCallee};
    use crate::lines::suite_legs::{dial, next};
    use crate::testing::SuiteClock;
    use async_trait::async_trait;
    use domain::ids::CallId;
    use domain::ports::line::{AnsweredDialog, LegEvent, Line, LineFacts};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    struct FixedScript(CalleeScript, Arc<AtomicBool>);

    impl SimulatedCallees for FixedScript {
        fn script(&self, _invite: &SimulatedInvite<'_>) -> CalleeScript {
            self.0.clone()
        }
        fn machine_is_dead(&self) -> bool {
            self.1.load(Ordering::Relaxed)
        }
    }

    /// A stage of scripted lines; the flag says if the machine is dead.
    #[derive(Default)]
    struct ScriptedLineFactory(Arc<AtomicBool>);

    #[async_trait]
    impl LineFactory for ScriptedLineFactory {
        async fn line_to(&self, callee: ScriptedCallee) -> Arc<dyn Line> {
            let answers = |keys: Vec<(u64, char)>, hang_up_ms| CalleeScript::Answers {
                ring_ms: 10,
                answer_ms: 30,
                keys,
                hang_up_ms,
            };
            let script = match callee {
                ScriptedCallee::Answers => answers(Vec::new(), None),
                ScriptedCallee::PressesKey => answers(vec![(50, '1')], None),
                ScriptedCallee::HangsUp => answers(Vec::new(), Some(100)),
                ScriptedCallee::Busy => CalleeScript::Refuses {
                    ring_ms: Some(10),
                    refuse_ms: 20,
                    sip_code: 486,
                    q850: Some(17),
                },
                ScriptedCallee::Rings => CalleeScript::Rings { ring_ms: 10 },
                ScriptedCallee::CrossesCancel => CalleeScript::CrossesCancel { ring_ms: 10 },
                ScriptedCallee::Silent => CalleeScript::Silent { late_answer_ms: None },
            };
            line(script, &Arc::new(CarrierBook::default()), &self.0)
        }

        async fn lose(&self, line: &Arc<dyn Line>, loss: CrashPoint) -> (CallId, Option<AnsweredDialog>) {
            let (call, leg, dialog) = contract::dial_until(line, loss).await;
            self.0.store(true, Ordering::Relaxed);
            drop(leg);
            self.0.store(false, Ordering::Relaxed);
            (call, dialog)
        }
    }

    fn line(script: CalleeScript, book: &Arc<CarrierBook>, dead: &Arc<AtomicBool>) -> Arc<dyn Line> {
        let facts = LineFacts {
            name: "simulated".to_owned(),
            local: "127.0.0.1:5060".to_owned(),
            loopback: true,
            legs_max: 2,
            dials_per_second: 10,
            ring_timeout_ms: 30_000,
            first_response_ms: 400,
            hold_off_ms: 5_000,
            caller_numbers: Vec::new(),
            calls_per_number_max: None,
        };
        let callees = Arc::new(FixedScript(script, Arc::clone(dead)));
        Arc::new(SimulatedLine::new(
            facts,
            Arc::new(SuiteClock),
            callees,
            Arc::clone(book),
        ))
    }

    #[tokio::test]
    async fn the_simulated_line_keeps_the_contract() {
        contract::keeps_the_contract(&ScriptedLineFactory::default()).await;
    }

    #[tokio::test]
    async fn the_book_tells_silence_from_a_closed_port_and_from_a_late_answer() {
        let cases = [
            (CalleeScript::Unreachable { refuse_ms: 5 }, true, false),
            (CalleeScript::Silent { late_answer_ms: None }, false, false),
            (
                CalleeScript::Silent {
                    late_answer_ms: Some(5),
                },
                true,
                true,
            ),
        ];
        for (script, replied, answered) in cases {
            let book = Arc::new(CarrierBook::default());
            let line = line(script.clone(), &book, &Arc::default());
            let mut leg = dial(&line).await;
            while !matches!(next(&mut leg).await, LegEvent::Closed(_)) {}
            let entries = book.entries();
            let entry = entries.values().next().unwrap();
            assert_eq!(
                (entry.replied, entry.answered_at.is_some()),
                (replied, answered),
                "{script:?}"
            );
            assert!(entry.ended_at.is_some());
        }
    }
}
