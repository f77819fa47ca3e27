//! The flows across entities: each driver follows events and asks entities; none keeps a truth.
//!
//! At start: wait until the worklist has reached the log's head, close what a crash left, then begin. A
//! driver that forgets everything asks again, and is answered once, because command ids follow from what
//! caused them.

mod alarms;
#[cfg(test)]
mod answer_tests;
mod begin_by_time;
#[cfg(test)]
mod begin_by_time_tests;
#[cfg(test)]
mod callback_tests;
mod callbacks_of_stopped;
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
#[cfg(test)]
mod end_order_tests;
pub(crate) mod engines;
#[cfg(test)]
mod engines_tests;
mod facts;
mod follow;
#[cfg(test)]
mod follow_tests;
mod forgetting;
#[cfg(test)]
mod forgetting_tests;
mod kit;
mod late_answers;
#[cfg(test)]
mod late_record_tests;
mod learning;
#[cfg(test)]
mod learning_tests;
mod left_over_legs;
mod live_calls;
mod look_back;
#[cfg(test)]
mod merging_tests;
mod named_callback;
mod offers_of_stopped;
mod one_call;
mod orders;
mod outreach;
mod pacers;
mod placed;
#[cfg(feature = "planted")]
mod planting;
#[cfg(test)]
mod preview_tests;
#[cfg(test)]
mod priority_tests;
mod probing;
#[cfg(test)]
mod probing_tests;
#[cfg(test)]
mod quotas_tests;
#[cfg(test)]
mod registry_tests;
mod retry;
#[cfg(test)]
mod second_signal_tests;
#[cfg(test)]
mod staged_tests;
#[cfg(test)]
mod stop_tests;
mod summaries;
#[cfg(test)]
mod summaries_tests;
mod test_call;
#[cfg(test)]
mod test_call_tests;
#[cfg(test)]
mod tests;
mod until_stored;
mod watchdog;
#[cfg(test)]
mod withdrawal_tests;
#[cfg(test)]
mod wording_tests;

pub use dialing_gate::{installation_now, unconfirmed_restore};
pub use forgetting::start_forgetting;
pub use placed::{TestCallOrder, TestCallRefusal};
pub use summaries::{SummariesOf, SummaryPorts, SummaryWriter, start_summarizing};

use crate::assist::Assist;
use crate::encode::Encode;
use crate::engine_circuits::OpenCircuit;
use crate::environment::Environment;
use crate::error::StartError;
use crate::line_load::LineLoad;
use crate::system::ActorSystem;
use dialing_gate::RestoredPast;
use domain::call::event::EndReason;
use domain::calling_plan::CampaignFacts;
use domain::ids::CallId;
use domain::planted::{Bug, planted};
use domain::ports::agents::Agents;
use domain::ports::knowledge::KnowledgeBases;
use domain::ports::line::Line;
use domain::ports::masking::Masking;
use domain::ports::recognizer::Recognizer;
use domain::ports::recording::Recordings;
use domain::ports::speech::{Clip, Synthesizer};
use domain::ports::understanding::Understanding;
use domain::ports::worklist::Worklist;
use domain::stop::StopId;
use domain::time::Timestamp;
use kit::Kit;
use live_calls::{Order, Phase};
use retry::Retry;
use std::sync::Arc;
use std::time::Duration;

/// How long calls that were told to end at a drain's end may take: CANCEL and BYE need a round trip, the
/// recording its hash.
const DRAIN_END_MS: u64 = 3_000;

/// How long what the drained calls leave (customers and numbers to tell, grants to give back) may take:
/// a few appends each.
const DRAIN_CLOSE_MS: u64 = 3_000;
/// How often it is looked whether anything is left meanwhile.
const DRAIN_LOOK_MS: u64 = 50;

/// What drivers need besides the entities' environment.
#[derive(Clone)]
pub struct DriverPorts {
    pub worklist: Arc<dyn Worklist>,
    /// In order of preference; at least one.
    pub lines: Vec<Arc<dyn Line>>,
    pub synthesizer: Arc<dyn Synthesizer>,
    /// Absent: calls are answered by keys alone.
    pub hearing: Option<Hearing>,
    pub recordings: Arc<dyn Recordings>,
    /// Who takes the calls of campaigns for agents; absent: nobody, and nothing is dialed for them.
    pub agents: Option<Arc<dyn Agents>>,
}

/// What a call listens with: neither half is of use without the other.
#[derive(Clone)]
pub struct Hearing {
    pub recognizer: Arc<dyn Recognizer>,
    pub understanding: Arc<dyn Understanding>,
    /// Takes numbers, cards and names out of what is heard before it is stored.
    pub masking: Arc<dyn Masking>,
    /// A stored clip of a voice, by which an engine that failed is probed.
    pub probe: Arc<Clip>,
    /// What campaigns answer questions from.
    pub knowledge: Arc<dyn KnowledgeBases>,
    /// Who may be asked what nobody is sure of; absent: nobody.
    pub assist: Option<Assist>,
    /// Who ranks before the linear model; absent: nobody.
    pub encode: Option<Encode>,
}

/// Calls in progress now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Dialed and not answered.
    pub ringing: u32,
    /// Answered and not ended.
    pub talking: u32,
}

/// A recognizer of synthetic voices listens to nobody on a public line.
fn rehearses(ports: &DriverPorts) -> Result<(), StartError> {
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

/// The drivers of one process.
pub struct Drivers;

impl Drivers {
    /// Closes what was left open, then begins to dial. The worklist must be fed from the same store.
    ///
    /// After a restore nothing of this happens until a person confirms (`installation.dialing_confirmed`):
    /// the handle is answered at once and says `is_dialing_paused`.
    pub async fn start(
        system: ActorSystem,
        environment: Environment,
        ports: DriverPorts,
    ) -> Result<DriversHandle, StartError> {
        if ports.lines.is_empty() {
            return Err(StartError::NoLine);
        }
        rehearses(&ports)?;
        let kit = Kit::new(system, environment, ports);
        let head = kit.environment.store.head().await?;
        let past = RestoredPast::read(kit.environment.store.as_ref()).await?;
        if past.is_closed() {
            kit.set_dialing_paused(true);
            tracing::warn!("the log was restored or lost events: nothing is dialed until a person confirms");
            let waiting = dialing_gate::wait_and_begin(Arc::clone(&kit), head);
            kit.environment.tasks.spawn("dialing-gate", Box::pin(waiting));
        } else {
            begin(&kit).await?;
        }
        Ok(DriversHandle { kit })
    }
}

/// Closes what was left open, then begins. Nothing was spawned when it fails, so it may be tried again.
async fn begin(kit: &Arc<Kit>) -> Result<(), StartError> {
    let past = RestoredPast::read(kit.environment.store.as_ref()).await?;
    kit.set_restored_up_to(past.up_to);
    let head = kit.environment.store.head().await?;
    kit.ports.worklist.wait_for(head).await?;
    orders::learn_stops(kit).await?;
    left_over_legs::watch_again(kit).await?;
    let left = match planted(Bug::NoWatchdogAtStart) {
        true => 0,
        false => watchdog::sweep(kit).await?,
    };
    test_call::sweep(kit).await?;
    late_answers::complete(kit).await?;
    if left > 0 {
        tracing::warn!(
            left,
            "some left-over work could not be closed; the watchdog goes on trying"
        );
        kit.cut_off.notify_one();
    }
    kit.set_dialing_paused(false);
    if kit.environment.damage.first().is_some() {
        // Met by an earlier tenure or another follower of this process: only a restart looks again.
        kit.begin_drain();
    }
    begin_vital(kit, "watchdog", watchdog::run(Arc::clone(kit)));
    begin_vital(kit, "orders", orders::run(Arc::clone(kit), head));
    begin_vital(kit, "retry", Retry::new(kit).run(head));
    begin_vital(kit, "outreach", outreach::run(Arc::clone(kit), head));
    begin_vital(kit, "dialer", dialer::run(Arc::clone(kit), head));
    probing::begin(kit);
    let probing = engines::probe(Arc::clone(kit));
    kit.environment.tasks.spawn("engine-probe", Box::pin(probing));
    Ok(())
}

/// A driver that ends because of damage or a drain has done its work; one that ends otherwise is missed.
fn begin_vital(kit: &Arc<Kit>, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
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

/// The running drivers, seen from outside.
#[derive(Clone)]
pub struct DriversHandle {
    kit: Arc<Kit>,
}

impl DriversHandle {
    pub fn progress(&self) -> Progress {
        Progress {
            ringing: self.kit.live.phase_count(Phase::Ringing),
            talking: self.kit.live.phase_count(Phase::Talking),
        }
    }

    /// Dials one of our own phones for a campaign. Answers once its permit is on record; a repeat of the same
    /// command dials nobody again.
    pub async fn test_call(&self, order: TestCallOrder) -> Result<CallId, TestCallRefusal> {
        test_call::begin(&self.kit, order).await
    }

    /// True while no dial begins because the store was away, or a recording had no room, a moment ago.
    pub fn are_dials_held(&self) -> bool {
        self.kit.store_away_until(self.kit.now()).is_some()
    }

    /// The engine that a campaign's flow needs and that does not answer: it starts no calls meanwhile.
    pub async fn engine_down_for(&self, facts: &CampaignFacts) -> Option<OpenCircuit> {
        engines::down_for(&self.kit, facts).await
    }

    /// Whether agents may take calls here.
    pub fn has_agents(&self) -> bool {
        self.kit.ports.agents.is_some()
    }

    /// The names of the lines, in order of preference.
    pub fn trunks(&self) -> Vec<String> {
        let lines = self.kit.ports.lines.iter();
        lines.map(|line| line.facts().name).collect()
    }

    /// What each line carries now of what it may, in order of preference.
    pub fn lines(&self) -> Vec<LineLoad> {
        self.kit.capacity.loads(self.kit.now())
    }

    /// The emergency stops that are engaged, of those that concern what is dialed here.
    pub fn engaged_stops(&self) -> Vec<StopId> {
        self.kit.stops.engaged()
    }

    /// True while a restored log waits for a person's confirmation; nothing is dialed meanwhile.
    pub fn is_dialing_paused(&self) -> bool {
        self.kit.is_dialing_paused()
    }

    /// Returns once nothing of a restore is left to be confirmed and the drivers run. Cancel-safe.
    pub async fn dialing_confirmed(&self) {
        self.kit.dialing_confirmed().await;
    }

    /// No new grants from now on; what is granted and not dialed is withdrawn and released; live calls may
    /// finish for `within`, then they are canceled or hung up and end as interrupted. When it returns in
    /// time, customers and numbers know how their calls ended and nothing is open. Idempotent.
    pub async fn drain(&self, within: Duration) {
        let kit = &self.kit;
        kit.begin_drain();
        if kit.is_dialing_paused() {
            // Nothing was begun; what the restored past left open waits for the confirmation.
            return;
        }
        kit.live.close(Order::DoNotDial(EndReason::Drain));
        if !self.by(kit.now().plus(within), kit.live.emptied()).await {
            kit.live.close(Order::HangUp(EndReason::Drain));
            if !self.by(kit.now().plus_ms(DRAIN_END_MS), kit.live.emptied()).await {
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

    /// Cancels or hangs up every leg now: a drain that is under way goes on with what they leave.
    pub fn end_calls(&self) {
        self.kit.begin_drain();
        self.kit.live.close(Order::HangUp(EndReason::Drain));
    }

    /// Returns once no call is live: its leg is over, and what the far end said is stored. Cancel-safe.
    pub async fn calls_over(&self) {
        self.kit.live.emptied().await;
    }

    /// True when `done` came before `limit`.
    async fn by(&self, limit: Timestamp, done: impl Future<Output = ()>) -> bool {
        tokio::select! {
            biased;
            () = done => true,
            () = self.kit.environment.clock.wait_until(limit) => false,
        }
    }

    /// Returns once no grant and no call is open, and no ended call is untold.
    async fn closed(&self) {
        let clock = &self.kit.environment.clock;
        loop {
            match self.is_closed().await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "it cannot be read what a drain has left"),
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
