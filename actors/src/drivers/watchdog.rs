//! The watchdog closes what was cut off: calls that a crash left open, and grants that will not be dialed.
//!
//! It completes one run before the dialer starts, and runs again whenever a worker dies. For a leg it finds
//! it sends only ACK, CANCEL and BYE, and nothing for a leg from before a restore. Then the call ends as
//! interrupted, and the retry policy decides. A leg without a stored answer is watched for 32 s: an answer is
//! stored and moves the customer's due time to the next day. On a log that other processes write, a grant
//! without a permitted call is given back only when it is too old for its holder to dial on.

use super::call_purpose::CallPurpose;
use super::driver_context::{DriverContext, Halt, call_cause};
use super::facts::{dialed_leg, is_dialed};
use super::left_over_legs::end_at_far_end;
use crate::timers::wake_at;
use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::EndReason;
use domain::calling_plan::CampaignFacts;
use domain::compliance::GRANT_VALID_MS;
use domain::customer::command::{CustomerCommand, ForbiddingRule};
use domain::ids::{CallId, CustomerId, EnrolmentId, EventId, NumberId};
use domain::number::command::NumberCommand;
use domain::ports::event_store::WriterConcurrency;
use domain::ports::recording::RecordingFacts;
use domain::ports::worklist::{OpenCall, OpenGrant, WorklistError};
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Calls or grants per page of open work.
const PAGE_ROWS_MAX: usize = 1_000;
/// Most left-over calls ended at once. It covers several full trunks: a far end repeats an answer for 32 s
/// only, and each call may stay open for 5 s of them.
const ENDING_AT_ONCE_MAX: usize = 512;
/// Wait before another run if something could not be closed, in milliseconds.
const AGAIN_MS: u64 = 5_000;

/// A grant that is to be released.
#[derive(Clone)]
pub(crate) struct GrantRelease<'a> {
    pub(crate) call: CallId,
    pub(crate) customer: &'a CustomerId,
    /// The number with a grant; `None` if it was not asked or refused.
    pub(crate) number: Option<&'a NumberId>,
    pub(crate) reason: &'a str,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) forbidden_by: Option<ForbiddingRule>,
    /// The campaign's facts, if the customer must not be dialed before a certain time: a callback may have
    /// expired then.
    pub(crate) facts: Option<&'a CampaignFacts>,
    /// The event because of which it is released; `None` if an outage or the clock is the reason.
    pub(crate) because: Option<EventId>,
}

/// Runs a sweep whenever a worker was aborted, until the process stops; again later if something could not
/// be closed.
pub(crate) async fn run(kit: Arc<DriverContext>) {
    let stop = kit.environment.tasks.stop_signal();
    let mut again_at = None;
    loop {
        tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = kit.cut_off.notified() => {}
            () = wake_at(kit.environment.clock.as_ref(), again_at) => {}
        }
        // When the process stops, the work it waits for ends early, and so does this.
        again_at = match sweep(&kit).await {
            Ok(0) => None,
            Ok(left) => {
                tracing::warn!(left, "the watchdog could not close everything");
                Some(kit.now().plus_ms(AGAIN_MS))
            }
            Err(error) => {
                tracing::warn!(%error, "the watchdog cannot read open work");
                Some(kit.now().plus_ms(AGAIN_MS))
            }
        };
    }
}

/// Closes all open calls and grants that no worker has. Returns how many could not be closed.
pub(crate) async fn sweep(kit: &Arc<DriverContext>) -> Result<usize, WorklistError> {
    if let Ok(head) = kit.environment.store.head().await {
        kit.ports.worklist.wait_for(head).await?;
    }
    let mut left = 0;
    loop {
        // Work in progress is listed too and may come before work without a worker.
        let rows_max = PAGE_ROWS_MAX.saturating_add(kit.live.count());
        let mut calls = kit.ports.worklist.open_calls(rows_max).await?;
        let mut grants = kit.ports.worklist.open_grants(rows_max).await?;
        let full = calls.len() == rows_max || grants.len() == rows_max;
        calls.retain(|call| !is_worked_on(kit, &call.campaign, &call.customer));
        grants.retain(|grant| !is_worked_on(kit, &grant.campaign, &grant.customer));
        let may_be_dialed = may_be_dialed_until(kit);
        let closed = close_page(kit, calls, grants, may_be_dialed).await;
        kit.view_reaches(closed.last).await;
        left += closed.left;
        if !full || closed.done == 0 {
            return Ok(left);
        }
    }
}

/// Returns the time until which another process may still permit a call on a grant that is listed now, by
/// this process's clock. `None` if no other process writes the log.
///
/// A grant is at least as old as its listing, and its holder refuses to permit and to dial after
/// `GRANT_VALID_MS`, so no clocks need to agree. If it were released earlier, both processes could dial the
/// same customer.
fn may_be_dialed_until(kit: &DriverContext) -> Option<Timestamp> {
    let is_shared = kit.environment.store.capabilities().writers == WriterConcurrency::ManyProcesses;
    is_shared.then(|| kit.now().plus_ms(GRANT_VALID_MS + 1))
}

#[derive(Default)]
struct CloseCounts {
    done: usize,
    left: usize,
    last: Position,
}

/// Closes a page of open calls and grants, at most `ENDING_AT_ONCE_MAX` at a time. Returns how many were
/// closed and how many are left.
async fn close_page(
    kit: &Arc<DriverContext>,
    calls: Vec<OpenCall>,
    grants: Vec<OpenGrant>,
    may_be_dialed: Option<Timestamp>,
) -> CloseCounts {
    let places = Arc::new(Semaphore::new(ENDING_AT_ONCE_MAX));
    let (sender, mut ended) = tokio::sync::mpsc::channel(ENDING_AT_ONCE_MAX);
    for call in calls {
        let one = Arc::clone(kit);
        let work = async move { end_call(&one, &call).await };
        spawn_bounded(kit, &places, &sender, work);
    }
    for grant in grants {
        let one = Arc::clone(kit);
        // A permitted call is withdrawn on its own stream, which stops a process that would dial it.
        let after = may_be_dialed.filter(|_| !grant.permitted);
        let work = async move {
            if let Some(after) = after {
                one.environment.clock.wait_until(after).await;
            }
            release_grant(&one, &grant).await
        };
        spawn_bounded(kit, &places, &sender, work);
    }
    drop(sender);
    let mut closed = CloseCounts::default();
    while let Some(one) = ended.recv().await {
        match one {
            Ok(position) => {
                closed.done += 1;
                closed.last = closed.last.max(position);
            }
            Err(_halt) => closed.left += 1,
        }
    }
    closed
}

fn spawn_bounded(
    kit: &Arc<DriverContext>,
    places: &Arc<Semaphore>,
    sender: &tokio::sync::mpsc::Sender<Result<Position, Halt>>,
    work: impl Future<Output = Result<Position, Halt>> + Send + 'static,
) {
    let (places, sender) = (Arc::clone(places), sender.clone());
    let stop = kit.environment.tasks.stop_signal();
    let bounded = async move {
        // The semaphore is never closed.
        let place = places.acquire().await;
        let end = tokio::select! {
            biased;
            () = stop.stopping() => return,
            end = work => end,
        };
        drop(place);
        if sender.send(end).await.is_err() {
            tracing::debug!("the watchdog has stopped waiting for left-over work");
        }
    };
    kit.environment.tasks.spawn("left_over", Box::pin(bounded));
}

async fn end_call(kit: &Arc<DriverContext>, open: &OpenCall) -> Result<Position, Halt> {
    if is_worked_on(kit, &open.campaign, &open.customer) {
        return Ok(Position(0));
    }
    end_left_over(kit, CallPurpose::ForCustomer, open.call).await
}

/// Ends a dialed call that has no worker: its leg at the far end, its recording, then the call. Does
/// nothing for an ended call. Returns the position of the last event.
pub(super) async fn end_left_over(
    kit: &Arc<DriverContext>,
    placed: CallPurpose,
    call: CallId,
) -> Result<Position, Halt> {
    let loaded = kit.call_state(placed, &call).await?;
    // Its worker finished since the look: no message is sent for an ended call.
    if loaded.state.is_ended() {
        return Ok(loaded.position);
    }
    let vault = kit.environment.vault.as_ref();
    let leg = dialed_leg(vault, call, &loaded.state).filter(|_| !kit.is_of_restored_past(loaded.position));
    if let Some((trunk, facts)) = leg {
        end_at_far_end(kit, placed, &trunk, facts).await;
    }
    let ending = CallEnding {
        reason: Some(EndReason::Crash),
        recording: recording_left_over(kit, call).await,
        ..CallEnding::default()
    };
    let cause = call_cause(call, "end_left_over", None);
    let answer = kit.ask_call(placed, &call, CallCommand::End(ending), cause).await;
    match answer {
        Ok(answer) => Ok(answer.position),
        // Ended by its worker in the meantime.
        Err(Halt::Refused) => Ok(loaded.position),
        Err(halt) => Err(halt),
    }
}

async fn recording_left_over(kit: &DriverContext, call: CallId) -> Option<RecordingFacts> {
    match kit.ports.recordings.close_left_over(call).await {
        Ok(facts) => facts,
        Err(error) => {
            tracing::error!(%call, %error, "a left-over recording could not be closed");
            None
        }
    }
}

async fn release_grant(kit: &Arc<DriverContext>, open: &OpenGrant) -> Result<Position, Halt> {
    if is_worked_on(kit, &open.campaign, &open.customer) {
        return Ok(Position(0));
    }
    let release = GrantRelease {
        call: open.call,
        customer: &open.customer,
        number: Some(&open.number),
        reason: "crash",
        not_before: None,
        forbidden_by: None,
        facts: None,
        because: None,
    };
    withdraw_and_release(kit, &release, EndReason::Crash).await
}

fn is_worked_on(kit: &DriverContext, campaign: &domain::ids::CampaignId, customer: &CustomerId) -> bool {
    kit.live.is_working(&EnrolmentId {
        campaign: campaign.clone(),
        customer: customer.clone(),
    })
}

/// Releases the grants of a call. If the call's stream exists, withdraws the call on it first, so that a
/// late dial is refused. If the call turns out to be dialed, it is ended instead: its grants are never
/// released.
pub(crate) async fn withdraw_and_release(
    kit: &Arc<DriverContext>,
    release: &GrantRelease<'_>,
    reason: EndReason,
) -> Result<Position, Halt> {
    let call = release.call;
    let loaded = kit.state(&kit.system.calls, &call).await?;
    if is_dialed(&loaded.state) {
        return end_left_over(kit, CallPurpose::ForCustomer, call).await;
    }
    let mut because = release.because;
    if loaded.version.0 > 0 {
        let command = CallCommand::Withdraw { reason };
        let cause = call_cause(call, "withdraw", None);
        match kit.ask(&kit.system.calls, &call, command, cause).await {
            Ok(_) => because = Some(EventId::derive(cause.command, 0)),
            // Only a dialed call refuses: it was dialed since the look.
            Err(Halt::Refused) => return end_left_over(kit, CallPurpose::ForCustomer, call).await,
            Err(halt) => return Err(halt),
        }
    }
    release_grants(
        kit,
        &GrantRelease {
            because,
            ..release.clone()
        },
    )
    .await
}

/// Releases the grants, the number's first: while the customer's grant exists, no other is given. Returns
/// the position of the last event.
pub(crate) async fn release_grants(
    kit: &DriverContext,
    release: &GrantRelease<'_>,
) -> Result<Position, Halt> {
    let call = release.call;
    let mut last = Position(0);
    if let Some(number) = release.number {
        let command = NumberCommand::ReleaseDial {
            call,
            reason: release.reason.to_owned(),
        };
        let cause = call_cause(call, "release_number", release.because);
        match kit.ask(&kit.system.numbers, number, command, cause).await {
            Ok(answer) => last = answer.position,
            // It never granted, or the grant was released already.
            Err(Halt::Refused) => {}
            Err(halt) => return Err(halt),
        }
    }
    let command = CustomerCommand::ReleaseDial {
        call,
        reason: release.reason.to_owned(),
        not_before: release.not_before,
        forbidden_by: release.forbidden_by.clone(),
        facts: release.facts.cloned().map(Box::new),
    };
    let cause = call_cause(call, "release_customer", release.because);
    match kit
        .ask(&kit.system.customers, release.customer, command, cause)
        .await
    {
        Ok(answer) => Ok(last.max(answer.position)),
        Err(Halt::Refused) => Ok(last),
        Err(halt) => Err(halt),
    }
}
