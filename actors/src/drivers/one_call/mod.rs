//! The life of one call: two grants, the permit, its legs, its end. Every step is stored before its effect.
//!
//! An enrolment has at most one worker. If it dies, the watchdog releases its grant, or ends its call.

mod agent_reservation;
mod answer;
mod attempt;
mod death_watch;
mod grant_release;
mod leg;
mod merged_ids;

pub(crate) use answer::reason_of;
pub(crate) use attempt::Attempt;

use super::driver_context::{DriverContext, Halt, call_cause};
use super::facts::{campaign_facts, find_digest_lists};
use super::held_lines::HeldPermit;
use super::live_calls::{EnrolmentLease, Phase};
use super::watchdog::GrantRelease;
use crate::capacity::LegSlot;
use crate::error::AskError;
use death_watch::DeathWatch;
use domain::call::command::CallCommand;
use domain::call::event::EndReason;
use domain::calling_plan::CampaignFacts;
use domain::campaign::CallingTerms;
use domain::compliance::{CustomerGrant, NumberGrant};
use domain::customer::CustomerRefusal;
use domain::customer::command::ForbiddingRule;
use domain::ids::{CallId, EventId, NumberId, UserId};
use domain::number::command::NumberCommand;
use domain::ports::worklist::DueEnrolment;
use domain::stored_event::{Cause, Position, TraceParent};
use domain::time::Timestamp;
use std::sync::Arc;

/// How long an enrolment is held after an error, or a refusal that left its due time, in milliseconds.
const ASK_AGAIN_MS: u64 = 30_000;

/// How long an enrolment is held after its grants expired before the dial, in milliseconds.
const AFTER_EXPIRY_MS: u64 = 5_000;

/// A worker's task: one due enrolment, the campaign's batch, and a slot on a line.
pub(crate) struct Assignment {
    pub(crate) due: DueEnrolment,
    pub(crate) facts: CampaignFacts,
    /// When the batch expires.
    pub(crate) leave_until: Timestamp,
    /// The id of the campaign's `campaign.dials_granted`.
    pub(crate) leave: EventId,
    pub(crate) place: LegSlot,
    pub(crate) working: EnrolmentLease,
    /// The trace of that event, if it is sampled.
    pub(crate) trace: Option<TraceParent>,
}

/// The customer's and the number's grant of one call.
struct Grants {
    attempt: u32,
    customer: CustomerGrant,
    number: NumberGrant,
}

/// Works on one enrolment until its call has ended or it turned out not to be dialed. If the process stops
/// without a drain, the work is aborted at once, as in a crash.
pub(crate) async fn run(kit: Arc<DriverContext>, assignment: Assignment) {
    let stop = kit.environment.tasks.stop_signal();
    tokio::select! {
        biased;
        () = stop.stopping() => {}
        () = Box::pin(work_on(kit, assignment)) => {}
    }
}

async fn work_on(kit: Arc<DriverContext>, assignment: Assignment) {
    let mut watch = DeathWatch {
        kit: Arc::clone(&kit),
        finished: false,
    };
    let Assignment {
        due,
        facts,
        leave_until,
        leave,
        place,
        working,
        trace,
    } = assignment;
    let span = kit.environment.span_in(trace);
    let mut worker = Worker {
        kit: Arc::clone(&kit),
        due,
        facts,
        leave_until,
        leave,
        line: place.line(),
        working,
        only: None,
        kept: None,
        dialed: false,
        last: Position(0),
        trace: span.map(|span| span.context()),
    };
    let worked = worker.work(place).await;
    if !worker.dialed && worker.facts.plan.stages.is_some() {
        kit.live.note_unused(&worker.due.campaign, leave_until);
    }
    if let Err(halt) = worked {
        let now = kit.now();
        tracing::warn!(enrolment = %worker.working.enrolment(), %halt, "work on an enrolment was cut off");
        kit.live
            .hold(worker.working.enrolment(), now.plus_ms(ASK_AGAIN_MS), now);
    }
    kit.end_call_span(span, "one_call", &worker.due.campaign, worked.is_err());
    watch.finished = worked.is_ok();
    worker.working.set_phase(Phase::Closing);
    kit.view_reaches(worker.last).await;
    drop(worker);
    drop(watch);
}

struct Worker {
    kit: Arc<DriverContext>,
    due: DueEnrolment,
    facts: CampaignFacts,
    leave_until: Timestamp,
    leave: EventId,
    /// Index of the line on which it is dialed first.
    line: usize,
    working: EnrolmentLease,
    /// The only agent who may take the call; `None` if any may, or a robot takes it.
    only: Option<UserId>,
    kept: Option<agent_reservation::AgentReservation>,
    /// True if a leg began, or may have begun.
    dialed: bool,
    /// Position of the last event that this work wrote.
    last: Position,
    trace: Option<TraceParent>,
}

impl Worker {
    async fn work(&mut self, place: LegSlot) -> Result<(), Halt> {
        let line = self.kit.ports.lines.get(place.line());
        if let Some(lack) = line.and_then(|line| line.lack()) {
            // No grant is requested and no attempt is spent: the enrolment stays due until the lack is over.
            tracing::warn!(lack = lack.code(), "no call is dialed: {}", lack.label_en());
            self.hold();
            return Ok(());
        }
        let Some((grants, callee)) = self.grants().await? else {
            return Ok(());
        };
        let Some(permit) = self.permit(&grants, callee.clone()).await? else {
            return Ok(());
        };
        let mut attempt = Attempt {
            kit: Arc::clone(&self.kit),
            facts: self.facts.clone(),
            due: self.due.clone(),
            number: grants.customer.number.clone(),
            callee,
            call: grants.customer.call,
            trial: None,
            keeps_agent: self.kept.is_some(),
            steps_count: 0,
            last: self.last,
            last_event: EventId::derive(call_cause(grants.customer.call, "permit", None).command, 0),
            trace: self.trace,
            keyed_at: None,
        };
        self.dialed = true;
        let dialed = attempt.run(&mut self.working, place, permit).await;
        self.last = self.last.max(attempt.last);
        match dialed {
            Ok(()) => Ok(()),
            // The first leg was refused: expired, or withdrawn in the meantime.
            Err(Halt::Refused) => {
                self.dialed = false;
                let ordered = self.ordered_to_end(grants.customer.call).await?;
                let reason = ordered.or_else(|| self.against_dialing());
                self.withdraw(&grants, reason.unwrap_or(EndReason::GrantExpired))
                    .await
            }
            Err(halt) => Err(halt),
        }
    }

    /// Why no call may be dialed now although the batch was granted: an order or an emergency stop that came
    /// since, or a doubted clock. Grants made by a doubted clock are given back.
    fn against_dialing(&self) -> Option<EndReason> {
        let doubted = self.kit.environment.skew.stops_dialing();
        let by_clock = doubted.then_some(EndReason::GrantExpired);
        let ordered = self.working.order().against_dialing();
        let stopped = || self.kit.stopped(&self.facts, self.line);
        ordered.or_else(stopped).or(by_clock)
    }

    /// Returns `EndReason::Requested` if the call was ordered to end, by its stream. The order may be there
    /// before it arrives as an order to this worker.
    async fn ordered_to_end(&self, call: CallId) -> Result<Option<EndReason>, Halt> {
        let state = self.kit.state(&self.kit.system.calls, &call).await?.state;
        Ok(state.end_ordered().map(|_| EndReason::Requested))
    }

    /// Requests the customer's grant, then the number's. `None`: refused, and released where needed.
    async fn grants(&mut self) -> Result<Option<(Grants, String)>, Halt> {
        if self.kit.now() > self.leave_until || self.against_dialing().is_some() {
            return Ok(None);
        }
        let Some((attempt, customer, granted)) = self.customer_grant().await? else {
            return Ok(None);
        };
        self.working.set_call(customer.call, &customer.number);
        if !self.reserved(&customer).await? {
            return Ok(None);
        }
        let Some(number) = self.number_grant(&customer, granted).await? else {
            return Ok(None);
        };
        let grants = Grants {
            attempt,
            customer,
            number,
        };
        if let Some(reason) = self.against_dialing() {
            self.withdraw(&grants, reason).await?;
            return Ok(None);
        }
        match self.callee(&grants.customer.number).await? {
            Some(callee) => Ok(Some((grants, callee))),
            None => {
                self.release_erased(&grants).await?;
                Ok(None)
            }
        }
    }

    /// Requests the customer's grant. Returns attempt number, grant and its event's id; `None` if refused.
    async fn customer_grant(&mut self) -> Result<Option<(u32, CustomerGrant, EventId)>, Halt> {
        let cause = Cause {
            causation: Some(self.leave),
            ..self.kit.fresh_cause().in_trace(self.trace)
        };
        let answer = match self.ask_customer(cause).await? {
            Ok(answer) => answer,
            // Refused earlier today: no event was written, and the view still lists it as due.
            Err(AskError::Refused(CustomerRefusal::NotDue { due_at })) => {
                self.hold_until(due_at);
                return Ok(None);
            }
            Err(AskError::Refused(_) | AskError::Busy | AskError::Conflict) => {
                self.hold();
                return Ok(None);
            }
            Err(AskError::Unavailable) => {
                self.kit.note_store_away();
                return Err(Halt::Unavailable);
            }
            // A driver derives its command ids itself; no outside request shares them.
            Err(AskError::Fault | AskError::AnotherRequest | AskError::Stale { .. }) => {
                return Err(Halt::Fault);
            }
        };
        self.last = self.last.max(answer.position);
        if answer.events.is_empty() {
            self.hold();
        }
        let enrolment = answer.state.enrolment(&self.facts.campaign);
        let callback = enrolment.and_then(|enrolment| enrolment.callback.as_deref());
        self.only = callback.and_then(|callback| callback.only_by(self.kit.now()).cloned());
        let accepted = self.facts.accepted.iter();
        if let Some(one) = accepted.rev().find(|one| one.customer == self.due.customer) {
            self.only = Some(one.agent.clone());
        }
        Ok(answer.events.iter().enumerate().find_map(|(index, event)| {
            let (attempt, grant) = event.dial_granted()?;
            Some((attempt, grant.clone(), EventId::derive(cause.command, index)))
        }))
    }

    /// Holds the enrolment for `ASK_AGAIN_MS`, because the worklist still lists it as due.
    fn hold(&self) {
        self.hold_until(self.kit.now().plus_ms(ASK_AGAIN_MS));
    }

    fn hold_until(&self, until: Timestamp) {
        self.kit
            .live
            .hold(self.working.enrolment(), until, self.kit.now());
    }

    async fn number_grant(
        &mut self,
        customer: &CustomerGrant,
        granted: EventId,
    ) -> Result<Option<NumberGrant>, Halt> {
        let hashed_on = match self.callee(&customer.number).await? {
            Some(e164) => find_digest_lists(&self.kit, &self.facts.kept.registries, &e164).await?,
            // Erased: noticed below, and given back.
            None => Vec::new(),
        };
        let command = NumberCommand::GrantDial {
            number: customer.number.clone(),
            call: customer.call,
            customer: customer.customer.clone(),
            facts: Box::new(self.facts.clone()),
            hashed_on,
        };
        let cause = call_cause(customer.call, "grant_number", Some(granted)).in_trace(self.trace);
        let answer = self
            .kit
            .ask(&self.kit.system.numbers, &customer.number, command, cause)
            .await?;
        self.last = self.last.max(answer.position);
        for (index, event) in answer.events.iter().enumerate() {
            if let Some(grant) = event.dial_granted() {
                return Ok(Some(grant.clone()));
            }
            if let Some((verdict, not_before)) = event.dial_refused() {
                // Without a later time it is forbidden permanently, or until after the campaign's end.
                let forbidden_by = not_before.is_none().then(|| ForbiddingRule {
                    rule: verdict.rule.clone(),
                    facts: verdict.facts.clone(),
                });
                let facts = self.facts.clone();
                self.release(&GrantRelease {
                    call: customer.call,
                    customer: &customer.customer,
                    number: None,
                    reason: &verdict.rule,
                    not_before,
                    forbidden_by,
                    facts: Some(&facts),
                    because: Some(EventId::derive(cause.command, index)),
                })
                .await?;
                return Ok(None);
            }
        }
        Err(Halt::Fault)
    }

    /// Returns the number to dial, E.164; `None` if the person was erased.
    async fn callee(&self, number: &NumberId) -> Result<Option<String>, Halt> {
        let loaded = self
            .kit
            .state(&self.kit.system.customers, &self.due.customer)
            .await?;
        let phone = loaded.state.phone(number);
        Ok(phone.and_then(|phone| phone.value().cloned()))
    }

    /// Begins the call's stream with both grants, makes the permit. `None`: too late, and released.
    async fn permit(&mut self, grants: &Grants, callee: String) -> Result<Option<HeldPermit>, Halt> {
        let call = grants.customer.call;
        let command = CallCommand::Permit {
            call,
            attempt: grants.attempt,
            callee,
            customer_grant: Box::new(grants.customer.clone()),
            number_grant: Box::new(grants.number.clone()),
            flow: self.facts.flow.clone(),
        };
        let granted = EventId::derive(call_cause(call, "grant_number", None).command, 0);
        let cause = call_cause(call, "permit", Some(granted)).in_trace(self.trace);
        match self.kit.ask(&self.kit.system.calls, &call, command, cause).await {
            Ok(answer) => self.last = self.last.max(answer.position),
            Err(Halt::Refused) => {
                self.withdraw(grants, EndReason::GrantExpired).await?;
                return Ok(None);
            }
            Err(halt) => return Err(halt),
        }
        // Changes after the batch was granted: a pause, an undone list, or other terms of the plan.
        let now = campaign_facts(&self.kit, &self.due.campaign).await?;
        let undone = (now.undone_lists != self.facts.undone_lists).then_some(EndReason::Requested);
        let paused = (!now.running).then_some(EndReason::CampaignPaused);
        let is_wanted =
            !now.plan.dialing_mode().only_accepted() || now.accepted.iter().any(|one| one.call == call);
        let is_changed = CallingTerms::of(&now.plan) != CallingTerms::of(&self.facts.plan);
        let changed = is_changed.then_some(EndReason::GrantExpired);
        let taken_back = (!is_wanted).then_some(EndReason::Requested).or(changed);
        let against = self.against_dialing().or(paused).or(undone).or(taken_back);
        let ports = &self.kit.ports;
        let minted = ports.permit(&grants.customer, &grants.number, self.kit.now());
        match (against, minted) {
            (None, Ok(permit)) => Ok(Some(permit)),
            (reason, _) => {
                self.withdraw(grants, reason.unwrap_or(EndReason::GrantExpired))
                    .await?;
                Ok(None)
            }
        }
    }
}
