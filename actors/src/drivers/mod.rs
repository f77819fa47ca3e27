//! Drivers (process managers): each follows the event log and sends commands to entities. No driver keeps a
//! truth of its own.
//!
//! At start they wait until the worklist has reached the head of the log, close what a crash left open, and
//! then begin to dial. A driver that lost its memory sends the same commands again; they take effect once,
//! because command ids are derived from the events that caused them.

mod alarms;
#[cfg(test)]
mod answer_tests;
mod call_closer;
mod call_purpose;
#[cfg(test)]
mod callback_tests;
#[cfg(test)]
mod campaign_end_tests;
#[cfg(test)]
mod clock_skew_tests;
#[cfg(test)]
mod closed_window_tests;
#[cfg(test)]
mod consent_tests;
mod conversation;
#[cfg(test)]
mod crash_tests;
mod dialer;
mod dialing_gate;
#[cfg(test)]
mod dialing_gate_tests;
mod driver_context;
mod driver_ports;
#[cfg(test)]
mod end_order_tests;
pub(crate) mod engines;
#[cfg(test)]
mod engines_tests;
mod erasure_worker;
#[cfg(test)]
mod erasure_worker_tests;
mod event_follower;
#[cfg(test)]
mod event_follower_tests;
mod facts;
mod held_lines;
#[cfg(test)]
mod held_lines_tests;
mod late_answers;
#[cfg(test)]
mod late_record_tests;
mod learning;
#[cfg(test)]
mod learning_tests;
mod left_over_legs;
mod live_calls;
#[cfg(test)]
mod merging_tests;
mod named_callback;
mod one_call;
mod orders;
mod outreach;
mod pacers;
#[cfg(test)]
mod preview_tests;
#[cfg(test)]
mod priority_tests;
mod probing;
#[cfg(test)]
mod probing_tests;
#[cfg(test)]
mod quotas_tests;
mod recent_events;
#[cfg(test)]
mod registry_tests;
mod round_traces;
mod scheduled_starts;
#[cfg(test)]
mod scheduled_starts_tests;
#[cfg(test)]
mod second_signal_tests;
#[cfg(test)]
mod staged_tests;
#[cfg(test)]
mod stop_tests;
mod stopped_callbacks;
mod stopped_offers;
mod store_retries;
mod summaries;
#[cfg(test)]
mod summaries_tests;
mod test_call;
#[cfg(test)]
mod test_call_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trace_tests;
mod watchdog;
#[cfg(test)]
mod withdrawal_tests;
#[cfg(test)]
mod wording_tests;

pub use call_purpose::{TestCallOrder, TestCallRefusal};
pub use dialing_gate::{installation_now, unconfirmed_restore};
pub use driver_context::DialHold;
pub use driver_ports::{DriverPorts, ListeningPorts};
pub use erasure_worker::start_erasures;
pub use held_lines::DriverRealm;
pub use summaries::{SummaryPorts, SummaryScope, SummaryWriter, start_summarizing};

use crate::engine_circuits::OpenCircuit;
use crate::environment::Environment;
use crate::error::StartError;
use crate::line_load::LineLoad;
use crate::system::ActorSystem;
use call_closer::CallCloser;
use dialing_gate::RestoredPast;
use domain::call::EndCause;
use domain::call::event::EndReason;
use domain::calling_plan::CampaignFacts;
use domain::ids::CallId;
use domain::realm::Realm;
use domain::stop::StopId;
use domain::time::Timestamp;
use driver_context::DriverContext;
use live_calls::{Phase, WorkerOrder};
use std::sync::Arc;
use std::time::Duration;

/// Time that calls have to end after they are canceled or hung up at the end of a drain, in milliseconds:
/// CANCEL and BYE need a round trip, the recording needs its hash.
const DRAIN_END_MS: u64 = 3_000;

/// Time to close what the drained calls leave, in milliseconds: commands to customers and numbers, grants to
/// give back. Each is a few appends.
const DRAIN_CLOSE_MS: u64 = 3_000;
/// Interval, in milliseconds, at which a drain checks whether anything is still open.
const DRAIN_LOOK_MS: u64 = 50;

/// The number of calls in progress, by phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallsInProgress {
    /// Dialed and not yet answered.
    pub ringing: u32,
    /// Answered and not yet ended.
    pub talking: u32,
}

/// Refuses to start when a recognizer that is only for synthetic voices (rehearsals) would listen on a public
/// line.
fn rehearses<R: Realm>(ports: &DriverPorts<R>) -> Result<(), StartError> {
    let hearing = ports.hearing.as_ref();
    let Some(facts) = hearing
        .map(|one| one.recognizer.facts())
        .filter(|one| one.rehearsal_only)
    else {
        return Ok(());
    };
    let public = ports
        .lines
        .iter()
        .map(|line| line.facts())
        .find(|line| !line.loopback);
    match public {
        Some(line) => Err(StartError::ForRehearsals {
            recognizer: facts.name,
            line: line.name,
        }),
        None => Ok(()),
    }
}

/// Starts the drivers of one process.
pub struct Drivers;

impl Drivers {
    /// Closes what was left open, then begins to dial. The worklist must be fed from the same store.
    ///
    /// After a restore dialing waits until a person confirms it (`installation.dialing_confirmed`). The
    /// handle is returned at once and its `is_dialing_paused` is true meanwhile.
    pub async fn start<R: DriverRealm>(
        system: ActorSystem,
        environment: Environment,
        ports: DriverPorts<R>,
    ) -> Result<DriversHandle, StartError> {
        if environment.store.realm() != R::NAME {
            return Err(StartError::OtherRealm);
        }
        if ports.lines.is_empty() {
            return Err(StartError::NoLine);
        }
        rehearses(&ports)?;
        let kit = DriverContext::new(system, environment, ports.into());
        let head = kit.environment.store.head().await?;
        let past = RestoredPast::read(kit.environment.store.as_ref()).await?;
        if past.is_closed() {
            kit.set_dialing_paused(true);
            tracing::warn!("the log was restored or lost events: no call is dialed until a person confirms");
            let waiting = dialing_gate::wait_and_begin(Arc::clone(&kit), head);
            kit.environment.tasks.spawn("dialing-gate", Box::pin(waiting));
        } else {
            begin(&kit).await?;
        }
        Ok(DriversHandle { kit })
    }
}

/// Closes what was left open, then starts the drivers. If it fails, no task was spawned and it may be called
/// again.
async fn begin(kit: &Arc<DriverContext>) -> Result<(), StartError> {
    let past = RestoredPast::read(kit.environment.store.as_ref()).await?;
    kit.set_restored_up_to(past.up_to);
    let head = kit.environment.store.head().await?;
    kit.ports.worklist.wait_for(head).await?;
    orders::learn_stops(kit).await?;
    left_over_legs::watch_again(kit).await?;
    let left = watchdog::sweep(kit).await?;
    test_call::sweep(kit).await?;
    late_answers::complete(kit).await?;
    if left > 0 {
        tracing::warn!(
            left,
            "some left-over work could not be closed; the watchdog keeps trying"
        );
        kit.cut_off.notify_one();
    }
    kit.set_dialing_paused(false);
    if kit.environment.damage.first().is_some() {
        // An earlier term of this process, or another reader of the log in it, met damage: only a restart
        // looks again.
        kit.begin_drain();
    }
    begin_vital(kit, "watchdog", watchdog::run(Arc::clone(kit)));
    begin_vital(kit, "orders", orders::run(Arc::clone(kit), head));
    begin_vital(kit, "retry", CallCloser::new(kit).run(head));
    begin_vital(kit, "outreach", outreach::run(Arc::clone(kit), head));
    begin_vital(kit, "dialer", dialer::run(Arc::clone(kit), head));
    probing::begin(kit);
    let probing = engines::probe(Arc::clone(kit));
    kit.environment.tasks.spawn("engine-probe", Box::pin(probing));
    Ok(())
}

/// Spawns a driver as a vital task. A driver that ends because of damage or a drain has done its work; if it
/// ends otherwise, the supervisor of vital tasks notices.
fn begin_vital(
    kit: &Arc<DriverContext>,
    name: &'static str,
    work: impl Future<Output = ()> + Send + 'static,
) {
    let (tasks, kit) = (Arc::clone(&kit.environment.tasks), Arc::clone(kit));
    let stop = tasks.stop_signal();
    let work = async move {
        work.await;
        if kit.is_draining() || kit.environment.damage.first().is_some() {
            stop.stopping().await;
        }
    };
    tasks.spawn_vital(name, Box::pin(work));
}

/// A handle to the running drivers: their state, test calls and the drain.
#[derive(Clone)]
pub struct DriversHandle {
    kit: Arc<DriverContext>,
}

impl DriversHandle {
    pub fn progress(&self) -> CallsInProgress {
        CallsInProgress {
            ringing: self.kit.live.phase_count(Phase::Ringing),
            talking: self.kit.live.phase_count(Phase::Talking),
        }
    }

    /// Dials one of our own phones for a campaign. Returns when its permit is stored. The same command again
    /// places no second call.
    pub async fn test_call(&self, order: TestCallOrder) -> Result<CallId, TestCallRefusal> {
        test_call::begin(&self.kit, order).await
    }

    /// True while no dial begins because the store was unavailable, or a recording had no disk space, a
    /// moment ago.
    pub fn are_dials_held(&self) -> bool {
        self.kit.store_away_until(self.kit.now()).is_some()
    }

    /// What could not be stored a moment ago, so that no dial begins; `None` if dials may begin.
    pub fn dial_hold(&self) -> Option<DialHold> {
        self.kit.dial_hold(self.kit.now()).map(|(hold, _)| hold)
    }

    /// True if this process has no free file descriptor for a call.
    pub fn lacks_descriptors(&self) -> bool {
        let mut lacks = self.kit.ports.lines.iter().filter_map(|line| line.lack());
        lacks.any(|lack| lack == EndCause::NoDescriptor)
    }

    /// The speech engine that the campaign's flow needs and that does not respond. The campaign starts no
    /// calls meanwhile.
    pub async fn engine_down_for(&self, facts: &CampaignFacts) -> Option<OpenCircuit> {
        engines::down_for(&self.kit, facts).await
    }

    /// True if this process has agents who may take calls.
    pub fn has_agents(&self) -> bool {
        self.kit.ports.agents.is_some()
    }

    /// The names of the lines, in order of preference.
    pub fn trunks(&self) -> Vec<String> {
        let lines = self.kit.ports.lines.iter();
        lines.map(|line| line.facts().name).collect()
    }

    /// The current load and the limits of each line, in order of preference.
    pub fn lines(&self) -> Vec<LineLoad> {
        self.kit.capacity.loads(self.kit.now())
    }

    /// The engaged emergency stops that concern calls of this process.
    pub fn engaged_stops(&self) -> Vec<StopId> {
        self.kit.stops.engaged()
    }

    /// True while a restored log waits for a person's confirmation; no call is dialed meanwhile.
    pub fn is_dialing_paused(&self) -> bool {
        self.kit.is_dialing_paused()
    }

    /// Returns when no restore waits for a confirmation and the drivers run. Cancel-safe.
    pub async fn dialing_confirmed(&self) {
        self.kit.dialing_confirmed().await;
    }

    /// Drains: grants no more dials, and withdraws and releases dials that are granted but not begun. Live
    /// calls may finish for `within`; then they are canceled or hung up and end as interrupted. If it returns
    /// in time, customers and numbers have recorded how their calls ended and nothing is open. Idempotent.
    pub async fn drain(&self, within: Duration) {
        let kit = &self.kit;
        kit.begin_drain();
        if kit.is_dialing_paused() {
            // No dial was begun; what the restored past left open waits for the confirmation.
            return;
        }
        kit.live.close(WorkerOrder::DoNotDial(EndReason::Drain));
        if !self.by(kit.now().plus(within), kit.live.wait_until_empty()).await {
            kit.live.close(WorkerOrder::HangUp(EndReason::Drain));
            if !self
                .by(kit.now().plus_ms(DRAIN_END_MS), kit.live.wait_until_empty())
                .await
            {
                tracing::warn!(
                    left = kit.live.count(),
                    "some calls did not end in time; the next start ends them"
                );
            }
        }
        if !self.by(kit.now().plus_ms(DRAIN_CLOSE_MS), self.closed()).await {
            tracing::warn!("some ended calls were not closed in time; the next start closes them");
        }
    }

    /// Cancels or hangs up every leg now. A drain in progress then closes what they leave.
    pub fn end_calls(&self) {
        self.kit.begin_drain();
        self.kit.live.close(WorkerOrder::HangUp(EndReason::Drain));
    }

    /// Returns when no call is live: its leg has ended, and what the far end sent is stored. Cancel-safe.
    pub async fn calls_over(&self) {
        self.kit.live.wait_until_empty().await;
    }

    /// Waits for `done`, at most until `limit`. Returns true if `done` came first.
    async fn by(&self, limit: Timestamp, done: impl Future<Output = ()>) -> bool {
        tokio::select! {
            biased;
            () = done => true,
            () = self.kit.environment.clock.wait_until(limit) => false,
        }
    }

    /// Returns when no grant and no call is open and every ended call is recorded at its customer and number.
    async fn closed(&self) {
        let clock = &self.kit.environment.clock;
        loop {
            match self.is_closed().await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "open work of a drain cannot be read"),
            }
            clock.wait_until(clock.now().plus_ms(DRAIN_LOOK_MS)).await;
        }
    }

    async fn is_closed(&self) -> Result<bool, StartError> {
        let worklist = &self.kit.ports.worklist;
        worklist
            .wait_for(self.kit.environment.store.head().await?)
            .await?;
        let is_closed = worklist.unclosed_calls(1).await?.is_empty()
            && worklist.open_calls(1).await?.is_empty()
            && worklist.open_grants(1).await?.is_empty();
        Ok(is_closed)
    }
}
