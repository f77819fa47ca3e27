//! A fake line: each leg follows a test's script, and reacts to our actions as a real line would.

use super::left_over::{FakeLeftOver, LeftOverScript};
pub(crate) use super::recordings::FakeRecordings;
use super::sound::FakeSound;
use async_trait::async_trait;
use domain::call::EndCause;
use domain::compliance::DialPermit;
use domain::ids::CallId;
use domain::ports::clock::Clock;
use domain::ports::line::{
    AnsweredDialog, DialOrder, FailureCause, HangupSource, LeftOverLeg, Leg, LegEvent, LegFacts, LegFailure,
    LegSummary, Line, LineError, LineFacts, ProbeAnswer,
};
use domain::ports::recognizer::HeardAudio;
use domain::ports::recording::RecordingFacts;
use domain::ports::speech::Clip;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

/// The first events of a leg; a test adds more with `FakeLine::tell`.
pub(crate) type Script = Box<dyn Fn(&DialOrder) -> Vec<LegEvent> + Send + Sync>;

/// Most events that a scripted leg may hold.
const EVENTS_MAX: usize = 64;

pub(crate) struct FakeLine {
    facts: LineFacts,
    script: Script,
    journal: Arc<Mutex<Journal>>,
    /// True: recordings cannot be stored.
    is_full: AtomicBool,
    lacks: AtomicBool,
    probed: Mutex<Option<ProbeAnswer>>,
}

/// How the line differs from a plain one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum LineBehavior {
    #[default]
    Plain,
    /// Clips never finish playing.
    Stalls,
    /// Callees' answers are acknowledged only after the line's limit.
    AcknowledgesLate,
    /// Callees answer while a CANCEL is on its way.
    CrossesCancels,
}

#[derive(Default)]
struct Journal {
    /// Our actions: `dial`, `cancel`, `hang_up`, `record_callee`, `left_over`, with the leg's number if it
    /// has one.
    entries: Vec<String>,
    legs: Vec<(CallId, mpsc::Sender<LegEvent>)>,
    dialed: Vec<DialOrder>,
    /// The scripts of left-over legs, in the order in which these are ended. A leg without a script is
    /// `Closed`.
    left_overs: VecDeque<LeftOverScript>,
    manner: LineBehavior,
    /// The key that callees press while we hang up.
    pressed_late: Option<char>,
    /// The clock of the silent audio that legs deliver; `None`: legs deliver no audio.
    heard_by: Option<Arc<dyn Clock>>,
}

pub(crate) fn dialog() -> AnsweredDialog {
    AnsweredDialog {
        to_tag: "tag".to_owned(),
        remote_target: "sip:127.0.0.1:5070".to_owned(),
        route_set: Vec::new(),
        cseq: 1,
        key_paths: None,
    }
}

/// Puts the called number into the Contact, as many carriers do.
fn naming(callee: &str, dialog: AnsweredDialog) -> AnsweredDialog {
    let remote_target = dialog
        .remote_target
        .replacen("sip:", &format!("sip:{callee}@"), 1);
    AnsweredDialog {
        remote_target,
        ..dialog
    }
}

pub(crate) fn ringing() -> LegEvent {
    LegEvent::Ringing {
        sip_code: 180,
        early_media: false,
    }
}

pub(crate) fn failed(sip_code: u16, rang: bool) -> LegEvent {
    LegEvent::Failed(LegFailure {
        sip_code: Some(sip_code),
        definite: true,
        rang,
        after_ms: 1_500,
        ..LegFailure::default()
    })
}

impl FakeLine {
    pub(crate) fn new(name: &str, script: Script) -> Arc<Self> {
        Self::with_rate(name, 50, script)
    }
    /// Makes a line with a limit of dials per second.
    pub(crate) fn with_rate(name: &str, dials_per_second: u32, script: Script) -> Arc<Self> {
        Arc::new(Self {
            facts: LineFacts {
                name: name.to_owned(),
                local: "127.0.0.1:5060".to_owned(),
                loopback: true,
                legs_max: 50,
                dials_per_second,
                ring_timeout_ms: 60_000,
                first_response_ms: 4_000,
                hold_off_ms: 5_000,
                caller_numbers: Vec::new(),
                calls_per_number_max: None,
            },
            script,
            journal: Arc::default(),
            is_full: AtomicBool::new(false),
            lacks: AtomicBool::new(false),
            probed: Mutex::new(None),
        })
    }
    /// Makes a line of the public network.
    pub(crate) fn public(name: &str, script: Script) -> Self {
        let line = Self::with_rate(name, 50, script);
        let mut line = Arc::into_inner(line).expect("it is not shared");
        line.facts.loopback = false;
        line
    }
    /// Sets whether recordings can be stored.
    pub(crate) fn set_full(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::Relaxed);
    }
    fn set_manner(&self, manner: LineBehavior) {
        self.journal.lock().expect("no panic inside").manner = manner;
    }
    /// Makes clips never finish playing from now on.
    pub(crate) fn stall(&self) {
        self.set_manner(LineBehavior::Stalls);
    }
    /// Makes answers acknowledged too late from now on.
    pub(crate) fn acknowledge_too_late(&self) {
        self.set_manner(LineBehavior::AcknowledgesLate);
    }
    /// Makes callees press this key while we hang up, from now on.
    pub(crate) fn press_late(&self, digit: char) {
        self.journal.lock().expect("no panic inside").pressed_late = Some(digit);
    }
    /// Makes legs deliver audio from now on: silence, a frame every 20 ms.
    pub(crate) fn hand_out_sound(&self, clock: Arc<dyn Clock>) {
        self.journal.lock().expect("no panic inside").heard_by = Some(clock);
    }
    /// Sets whether this machine lacks something that a leg needs.
    pub(crate) fn set_lack(&self, lacks: bool) {
        self.lacks.store(lacks, Ordering::Relaxed);
    }
    /// Sets the result of probes; `None`, which is the default, means that the line is not probed.
    pub(crate) fn answer_probes(&self, answer: Option<ProbeAnswer>) {
        *self.probed.lock().expect("no panic inside") = answer;
    }
    /// Returns our actions on the line, in order.
    pub(crate) fn entries(&self) -> Vec<String> {
        self.journal.lock().expect("no panic inside").entries.clone()
    }
    /// Returns all dialed legs, in order.
    pub(crate) fn dialed(&self) -> Vec<(CallId, u8)> {
        let journal = self.journal.lock().expect("no panic inside");
        journal
            .dialed
            .iter()
            .map(|order| (order.call, order.leg))
            .collect()
    }
    pub(crate) fn dialed_count(&self) -> usize {
        self.journal.lock().expect("no panic inside").dialed.len()
    }
    /// Sets the script of the next left-over leg.
    pub(crate) fn leave_over(&self, script: LeftOverScript) {
        let mut journal = self.journal.lock().expect("no panic inside");
        journal.left_overs.push_back(script);
    }
    /// Makes callees answer while a CANCEL is on its way, from now on.
    pub(crate) fn cross_cancels(&self) {
        self.set_manner(LineBehavior::CrossesCancels);
    }
    /// Sends an event of the far end to the leg `index` (in order of dialing).
    pub(crate) fn tell(&self, index: usize, event: LegEvent) {
        let journal = self.journal.lock().expect("no panic inside");
        journal.legs[index].1.try_send(event).expect("the leg is live");
    }
}

#[async_trait]
impl Line for FakeLine {
    fn facts(&self) -> LineFacts {
        self.facts.clone()
    }

    async fn probe(&self) -> Option<ProbeAnswer> {
        *self.probed.lock().expect("no panic inside")
    }

    async fn reserve(&self, _call: CallId, _leg: u8) -> Result<(), LineError> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(LineError::NoRecording("the disk is full".to_owned()));
        }
        Ok(())
    }

    fn lack(&self) -> Option<EndCause> {
        self.lacks.load(Ordering::Relaxed).then_some(EndCause::NoRtpPort)
    }

    async fn dial(&self, permit: DialPermit, order: DialOrder) -> Result<Box<dyn Leg>, LineError> {
        assert_eq!((permit.call(), permit.leg()), (order.call, order.leg));
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        for event in (self.script)(&order) {
            let event = match event {
                LegEvent::Answered(dialog) => LegEvent::Answered(naming(&order.callee, dialog)),
                other => other,
            };
            sender.try_send(event).expect("a script is short");
        }
        let mut journal = self.journal.lock().expect("no panic inside");
        journal.entries.push(format!("dial {}", order.leg));
        journal.legs.push((order.call, sender.clone()));
        journal.dialed.push(order);
        Ok(Box::new(FakeLeg {
            events,
            sender,
            journal: Arc::clone(&self.journal),
            is_over: Arc::default(),
        }))
    }

    async fn end_left_over(&self, facts: LegFacts) -> Result<Box<dyn LeftOverLeg>, LineError> {
        let how = if facts.answered.is_some() { "bye" } else { "cancel" };
        let target = facts
            .answered
            .map(|dialog| dialog.remote_target)
            .unwrap_or_default();
        let hidden = target.contains("{callee") || target.contains("sip:@");
        let named = target
            .split_once('@')
            .is_none_or(|(user, _)| user.ends_with(&facts.callee));
        assert!(!hidden && named, "{target} is not what the far end gave");
        let mut journal = self.journal.lock().expect("no panic inside");
        journal.entries.push(format!("left_over {how} {}", facts.leg));
        Ok(Box::new(FakeLeftOver::of(journal.left_overs.pop_front())))
    }
}

struct FakeLeg {
    events: mpsc::Receiver<LegEvent>,
    sender: mpsc::Sender<LegEvent>,
    journal: Arc<Mutex<Journal>>,
    is_over: Arc<AtomicBool>,
}

impl FakeLeg {
    fn manner(&self) -> LineBehavior {
        self.journal.lock().expect("no panic inside").manner
    }
    fn note(&self, what: &str) {
        self.journal
            .lock()
            .expect("no panic inside")
            .entries
            .push(what.to_owned());
    }
    fn emit(&self, event: LegEvent) {
        self.sender.try_send(event).expect("a leg has few events");
    }
}

pub(crate) fn closed() -> LegEvent {
    LegEvent::Closed(LegSummary {
        recording: Some(recording()),
        ..LegSummary::default()
    })
}

pub(super) fn recording() -> RecordingFacts {
    RecordingFacts {
        sha256: "ab".repeat(32),
        bytes: 44,
        duration_ms: 0,
        callee_audio_from_ms: None,
    }
}

pub(crate) fn hung_up(by: HangupSource) -> LegEvent {
    LegEvent::HungUp {
        by,
        reason_header: None,
        q850: None,
        heard_rtp: true,
    }
}

#[async_trait]
impl Leg for FakeLeg {
    async fn next(&mut self) -> LegEvent {
        match self.events.recv().await {
            Some(event) => {
                let over = matches!(event, LegEvent::Closed(_));
                self.is_over.fetch_or(over, Ordering::Relaxed);
                event
            }
            None => std::future::pending().await,
        }
    }
    async fn acknowledge(&mut self) -> Result<(), LineError> {
        self.note("acknowledge");
        match self.manner() {
            LineBehavior::AcknowledgesLate => Err(LineError::Ended),
            LineBehavior::Plain | LineBehavior::Stalls | LineBehavior::CrossesCancels => Ok(()),
        }
    }
    async fn play(&mut self, play: u32, _: Arc<Clip>) -> Result<(), LineError> {
        self.note("play");
        if self.manner() == LineBehavior::Stalls {
            return Ok(());
        }
        self.emit(LegEvent::Played {
            play,
            recorded_ms: 1_000,
        });
        Ok(())
    }
    async fn listen(&mut self) -> Result<Box<dyn HeardAudio>, LineError> {
        let heard_by = self.journal.lock().expect("no panic inside").heard_by.clone();
        let clock = heard_by.ok_or_else(|| LineError::Invalid("no sound".to_owned()))?;
        let begins = clock.now();
        Ok(Box::new(FakeSound {
            clock,
            begins,
            at_ms: 0,
            is_over: Arc::clone(&self.is_over),
        }))
    }
    async fn stop_playing(&mut self) -> Result<(), LineError> {
        self.note("stop_playing");
        Ok(())
    }
    async fn record_callee(&mut self) -> Result<(), LineError> {
        self.note("record_callee");
        Ok(())
    }
    async fn cancel(&mut self) -> Result<(), LineError> {
        self.note("cancel");
        if self.manner() == LineBehavior::CrossesCancels {
            self.emit(LegEvent::LateAnswered(dialog()));
            self.emit(LegEvent::Closed(LegSummary::default()));
            return Ok(());
        }
        self.emit(LegEvent::Failed(LegFailure {
            sip_code: Some(487),
            cause: FailureCause::Cancelled,
            definite: true,
            rang: true,
            after_ms: 2_000,
            ..LegFailure::default()
        }));
        self.emit(LegEvent::Closed(LegSummary::default()));
        Ok(())
    }
    async fn hang_up(&mut self) -> Result<(), LineError> {
        self.note("hang_up");
        let pressed = self.journal.lock().expect("no panic inside").pressed_late;
        pressed
            .into_iter()
            .for_each(|digit| self.emit(LegEvent::Keypress { digit }));
        self.emit(hung_up(HangupSource::Robot));
        self.emit(closed());
        Ok(())
    }
}

impl Drop for FakeLeg {
    fn drop(&mut self) {
        // A lost leg and a finished one look the same here; the journal only counts.
        self.note("dropped");
    }
}
