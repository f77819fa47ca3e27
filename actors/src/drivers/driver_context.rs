//! The context that all drivers share: entities, ports, the capacity of the lines and the live calls.

use super::alarms::Alarms;
use super::held_lines::HeldPorts;
use super::learning::LearningSchedule;
use super::live_calls::LiveCalls;
use super::pacers::Pacers;
use super::round_traces::RoundTraces;
use crate::capacity::Capacity;
use crate::entity::{Answer, EntityState};
use crate::environment::Environment;
use crate::error::AskError;
use crate::stops::Stops;
use crate::system::{ActorSystem, Entities};
use crate::traces::{OpenSpan, SpanAttribute, SpanFacts, SpanKind};
use domain::call::event::EndReason;
use domain::calling_plan::CampaignFacts;
use domain::decider::Decider;
use domain::ids::{CallId, CampaignId, CommandId, EventId};
use domain::ports::line::LineError;
use domain::stored_event::{Cause, Envelope, Position, RequestFacts, WritePriority};
use domain::time::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, watch};

/// Most times that a driver asks an entity that is busy or reports a conflict.
const ASK_TRIES_MAX: u64 = 5;
/// Wait before the second try, in milliseconds; try n waits n times as long.
const ASK_AGAIN_MS: u64 = 50;
/// Time without new dials after the store was unavailable or a call could not be recorded, in milliseconds:
/// enough for a restart of the store's server.
const STORE_AWAY_MS: u64 = 5_000;
/// Duration from which a driver's command counts as slow, in milliseconds. Half of what a callee may wait
/// for an agent, because the answer and the assignment of the agent are stored one after the other.
const RECORD_SLOW_MS: u64 = 1_000;
/// Time for which records count as slow after a slow one, in milliseconds: a disk checkpoint or a failover
/// takes seconds.
const SLOW_FOR_MS: u64 = 30_000;

/// Why a driver stops working on one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Halt {
    #[error("refused")]
    Refused,
    #[error("unavailable")]
    Unavailable,
    #[error("fault")]
    Fault,
}

/// What all drivers of a process share: the entities, the ports, and the state of lines, engines and calls.
pub(crate) struct DriverContext {
    pub(crate) system: ActorSystem,
    pub(crate) environment: Environment,
    pub(crate) ports: HeldPorts,
    pub(crate) capacity: Arc<Capacity>,
    pub(crate) live: Arc<LiveCalls>,
    pub(crate) pacers: Pacers,
    pub(crate) learning: LearningSchedule,
    pub(crate) alarms: Alarms,
    pub(crate) stops: Stops,
    draining: watch::Sender<bool>,
    /// Notified when a worker on a call or grant was aborted; the watchdog then looks for its work.
    pub(crate) cut_off: Notify,
    dial_hold: Mutex<Option<(DialHold, Timestamp)>>,
    slow_until: Mutex<Option<Timestamp>>,
    dialing_paused: watch::Sender<bool>,
    restored_up_to: AtomicU64,
    pub(crate) round_traces: RoundTraces,
}

/// What could not be stored a moment ago, so that no dial begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialHold {
    /// An event: the log is unavailable.
    Store,
    /// A recording.
    Recording,
}

impl DriverContext {
    pub(crate) fn new(system: ActorSystem, environment: Environment, ports: HeldPorts) -> Arc<Self> {
        let facts = ports.lines.iter().map(|line| line.facts()).collect();
        Arc::new(Self {
            system,
            environment,
            ports,
            capacity: Capacity::new(facts),
            live: LiveCalls::new(),
            pacers: Pacers::default(),
            learning: LearningSchedule::default(),
            alarms: Alarms::default(),
            stops: Stops::default(),
            draining: watch::Sender::new(false),
            cut_off: Notify::new(),
            dial_hold: Mutex::new(None),
            slow_until: Mutex::new(None),
            dialing_paused: watch::Sender::new(false),
            restored_up_to: AtomicU64::new(0),
            round_traces: RoundTraces::default(),
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.environment.clock.now()
    }

    /// Sends a command to an entity, up to `ASK_TRIES_MAX` times while it is busy or reports a conflict. A
    /// refusal is logged and returned as `Halt::Refused`. An unavailable store stops new dials for a while.
    pub(crate) async fn ask<D: Decider>(
        &self,
        entities: &Entities<D>,
        id: &D::Id,
        command: D::Command,
        cause: Cause,
    ) -> Result<Answer<D>, Halt> {
        let kind = D::command_kind(&command);
        for tried in 1..=ASK_TRIES_MAX {
            let asked_at = self.now();
            match entities.ask(id, command.clone(), cause).await {
                Ok(answer) => {
                    self.note_took(asked_at);
                    return Ok(answer);
                }
                Err(AskError::Busy | AskError::Conflict) => {
                    let again_at = self.now().plus_ms(ASK_AGAIN_MS * tried);
                    self.environment.clock.wait_until(again_at).await;
                }
                Err(AskError::Refused(refusal)) => {
                    tracing::debug!(aggregate = D::AGGREGATE, %id, kind, %refusal, "a driver was refused");
                    return Err(Halt::Refused);
                }
                Err(AskError::Unavailable) => {
                    self.note_store_away();
                    return Err(Halt::Unavailable);
                }
                // A driver derives its command ids itself; no outside request shares them.
                Err(AskError::Fault | AskError::AnotherRequest | AskError::Stale { .. }) => {
                    return Err(Halt::Fault);
                }
            }
        }
        tracing::warn!(aggregate = D::AGGREGATE, %id, kind, "an entity stayed busy");
        Err(Halt::Unavailable)
    }

    /// Sends the command that follows from an event, with a span of the driver in the event's trace. `what`:
    /// the text from which the command's id follows, and the name of the span.
    pub(crate) async fn ask_because<D: Decider>(
        &self,
        entities: &Entities<D>,
        id: &D::Id,
        command: D::Command,
        because: &Envelope,
        what: &'static str,
    ) -> Result<Answer<D>, Halt> {
        let span = self.environment.span_in(because.traceparent);
        let cause = Cause::follow(because, what).in_trace(span.map(|span| span.context()));
        let answered = self.ask(entities, id, command, cause).await;
        self.environment.end_span(span, || {
            SpanFacts::new(SpanKind::Driver, what, Vec::new()).failed(answered.is_err())
        });
        answered
    }

    /// Ends the span of a driver that works for a campaign.
    pub(crate) fn end_call_span(
        &self,
        span: Option<OpenSpan>,
        driver: &'static str,
        campaign: &CampaignId,
        has_failed: bool,
    ) {
        self.environment.end_span(span, || {
            let attributes = vec![SpanAttribute::Campaign(campaign.clone())];
            SpanFacts::new(SpanKind::Driver, driver, attributes).failed(has_failed)
        });
    }

    /// Measures how long a command took that was sent at `asked_at`. A slow one starts the period of
    /// `SLOW_FOR_MS` in which records count as slow.
    fn note_took(&self, asked_at: Timestamp) {
        let now = self.now();
        let took_ms = now.ms_since(asked_at);
        if took_ms >= RECORD_SLOW_MS {
            let until = now.plus_ms(SLOW_FOR_MS);
            let mut slow = self.slow_until.lock().unwrap_or_else(PoisonError::into_inner);
            if slow.is_none_or(|until| until <= now) {
                tracing::warn!(
                    took_ms,
                    "records are slow: campaigns for agents without an abandoned call left dial no calls for a while"
                );
            }
            *slow = Some(until);
        }
    }

    /// Returns true if a driver's command was slow within the last 30 s. A callee might then hang up before
    /// the records are stored that an agent needs.
    pub(crate) fn is_slow_on_record(&self, now: Timestamp) -> bool {
        let until = *self.slow_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| now < until)
    }

    /// Returns the state of an entity. Tries up to `ASK_TRIES_MAX` times while the entity is busy.
    pub(crate) async fn state<D: Decider>(
        &self,
        entities: &Entities<D>,
        id: &D::Id,
    ) -> Result<EntityState<D>, Halt> {
        for tried in 1..=ASK_TRIES_MAX {
            match entities.state(id).await {
                Ok(loaded) => return Ok(loaded),
                Err(AskError::Busy | AskError::Conflict) => {
                    let again_at = self.now().plus_ms(ASK_AGAIN_MS * tried);
                    self.environment.clock.wait_until(again_at).await;
                }
                Err(AskError::Unavailable | AskError::Refused(_)) => {
                    self.note_store_away();
                    return Err(Halt::Unavailable);
                }
                // A driver derives its command ids itself; no outside request shares them.
                Err(AskError::Fault | AskError::AnotherRequest | AskError::Stale { .. }) => {
                    return Err(Halt::Fault);
                }
            }
        }
        tracing::warn!(aggregate = D::AGGREGATE, %id, "an entity stayed busy");
        Err(Halt::Unavailable)
    }

    /// Stops new dials for `STORE_AWAY_MS` because the store is unavailable. Ignored while the process
    /// stops: entities that have ended report the same.
    pub(crate) fn note_store_away(&self) {
        if self.is_stopping() {
            return;
        }
        self.hold_dials(DialHold::Store);
        tracing::warn!("the store is unavailable; no call is dialed");
    }

    /// Stops new dials for `STORE_AWAY_MS` because a call could not be recorded.
    pub(crate) fn note_no_room(&self, why: &LineError) {
        self.hold_dials(DialHold::Recording);
        tracing::error!(%why, "no call is dialed, because it could not be recorded");
    }

    fn hold_dials(&self, hold: DialHold) {
        let until = self.now().plus_ms(STORE_AWAY_MS);
        *self.dial_hold.lock().unwrap_or_else(PoisonError::into_inner) = Some((hold, until));
    }

    /// Returns why no call of this campaign may be dialed on this line, as far as emergency stops are known
    /// here; `None` if no stop applies.
    pub(crate) fn stopped(&self, facts: &CampaignFacts, line: usize) -> Option<EndReason> {
        if self.stops.stops_campaign(&facts.campaign, facts.plan.presets()) || self.is_line_stopped(line) {
            return Some(EndReason::EmergencyStop);
        }
        // Emergency stops are not known up to the head of the log: the grant is given back, and the next one
        // is judged with all stops.
        self.stops.is_behind().then_some(EndReason::GrantExpired)
    }

    fn is_line_stopped(&self, line: usize) -> bool {
        let line = self.ports.lines.get(line);
        line.is_some_and(|line| self.stops.stops_trunk(&line.facts().name))
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.environment.tasks.stop_signal().is_stopping()
    }

    /// Returns true if another process has taken over dialing on this log.
    pub(crate) fn is_taken_over(&self) -> bool {
        self.system.calls.is_taken_over()
    }

    /// Returns the time until which no dial begins because the store was unavailable or a call could not be
    /// recorded; `None` if dials may begin.
    pub(crate) fn store_away_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.dial_hold(now).map(|(_, until)| until)
    }

    /// Returns why no dial begins now because something could not be stored, and until when; `None` if dials
    /// may begin.
    pub(crate) fn dial_hold(&self, now: Timestamp) -> Option<(DialHold, Timestamp)> {
        let hold = *self.dial_hold.lock().unwrap_or_else(PoisonError::into_inner);
        hold.filter(|(_, until)| now < *until)
    }

    pub(crate) fn set_dialing_paused(&self, paused: bool) {
        self.dialing_paused.send_replace(paused);
    }
    /// Returns true while a restored log waits for a user's confirmation.
    pub(crate) fn is_dialing_paused(&self) -> bool {
        *self.dialing_paused.borrow()
    }
    /// Waits until dialing is not paused. Cancel-safe.
    pub(crate) async fn dialing_confirmed(&self) {
        // The sender lives as long as `self`.
        drop(self.dialing_paused.subscribe().wait_for(|paused| !*paused).await);
    }
    pub(crate) fn set_restored_up_to(&self, position: Position) {
        self.restored_up_to.store(position.0, Ordering::Release);
    }
    /// Returns true if an entity's last event is before the last restore. Its legs belonged to a process of
    /// the past, and their identities may be in use by another process today.
    pub(crate) fn is_of_restored_past(&self, last_event: Position) -> bool {
        last_event.0 < self.restored_up_to.load(Ordering::Acquire)
    }

    /// Returns the cause of a new command that a driver sends on its own, with a new id and without a
    /// causing event.
    pub(crate) fn fresh_cause(&self) -> Cause {
        Cause::outside(self.environment.ids.command(self.now()))
    }

    pub(crate) fn begin_drain(&self) {
        self.draining.send_replace(true);
    }
    pub(crate) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }
    /// Waits until draining begins. Cancel-safe.
    pub(crate) async fn draining(&self) {
        // The sender lives as long as `self`.
        drop(self.draining.subscribe().wait_for(|draining| *draining).await);
    }

    /// Waits until the worklist shows what was written up to `position`. If the view is unavailable it
    /// returns at once; the deciders refuse repeated commands.
    pub(crate) async fn view_reaches(&self, position: Position) {
        if let Err(error) = self.ports.worklist.wait_for(position).await {
            tracing::warn!(%error, "waiting for the worklist failed");
        }
    }
}

/// Returns the cause of a command about a call. The command's id is derived from the call and `what`, so
/// that a repeated command takes effect once.
pub(crate) fn call_cause(call: CallId, what: &str, causation: Option<EventId>) -> Cause {
    Cause {
        command: CommandId::derive_from_text(&format!("{what}:{call}")),
        causation,
        correlation: Some(call.uuid()),
        by: None,
        request: RequestFacts::NONE,
        urgency: WritePriority::First,
    }
}

/// Returns the cause of a command to a campaign. The command's id is derived from the campaign, `what` and
/// a log position, so that a repeated command takes effect once.
pub(crate) fn campaign_cause(campaign: &CampaignId, what: &str, position: Position) -> Cause {
    Cause::outside(CommandId::derive_from_text(&format!(
        "{what}:{campaign}:{position}"
    )))
}
