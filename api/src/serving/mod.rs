//! What handlers stand on: the live system, its views and its state of readiness, without knowing their
//! makes.

mod customers;
mod readiness;
#[cfg(test)]
mod remade_tests;
mod worklist_age;

use crate::app::Opened;
use crate::as_of::Past;
use crate::auth::Door;
use crate::clock_evidence::ClockEvidence;
use crate::driving::Standing;
use crate::exporting::ExportDesk;
use crate::import::row::RowRules;
use crate::import::under_way::UnderWay;
use crate::live::LiveHub;
use crate::lookups::Lookups;
use actors::{ActorSystem, DriversHandle};
use domain::call::Call;
use domain::campaign::CampaignState;
use domain::decider::Decider;
use domain::flow::{FlowDefinition, from_script};
use domain::ids::{CampaignId, CommandId, FlowId, ListId};
use domain::personal::Personal;
use domain::phone_number::mask_e164;
use domain::ports::event_store::EventStore;
use domain::ports::speech::Synthesizer;
use domain::ports::tasks::Tasks;
use domain::ports::vault::Vault;
use domain::problem::{MemberError, Problem};
use domain::stored_event::{Cause, Position, aad};
use domain::time::Timestamp;
use projections::Projections;
use projections::ask::Questions;
use projections::views::call_history::{CALLEE_POINTER, CallRow};
use projections::views::campaign_board::{self, BoardRow};
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::watch;

/// The running server as its handlers see it.
pub(crate) struct App {
    pub(crate) opened: Opened,
    system: ActorSystem,
    views: Arc<Projections>,
    synthesizer: Arc<dyn Synthesizer>,
    drivers: Mutex<Option<DriversHandle>>,
    standing: watch::Sender<Standing>,
    door: Door,
    ready: AtomicBool,
    draining: watch::Sender<bool>,
    past: Past,
    live: Arc<LiveHub>,
    questions: OnceLock<Arc<dyn Questions>>,
    exports: ExportDesk,
    lookups: Lookups,
    clock_evidence: OnceLock<Arc<ClockEvidence>>,
    imports: Arc<UnderWay>,
}

impl App {
    pub(crate) fn new(
        opened: Opened,
        system: ActorSystem,
        views: Arc<Projections>,
        synthesizer: Arc<dyn Synthesizer>,
        door: Door,
    ) -> Self {
        Self {
            opened,
            system,
            views,
            synthesizer,
            drivers: Mutex::new(None),
            standing: watch::Sender::new(Standing::Waiting),
            door,
            ready: AtomicBool::new(false),
            draining: watch::Sender::new(false),
            past: Past::default(),
            live: Arc::new(LiveHub::new()),
            questions: OnceLock::new(),
            exports: ExportDesk::default(),
            lookups: Lookups::default(),
            clock_evidence: OnceLock::new(),
            imports: Arc::default(),
        }
    }

    /// From now on the clock is compared, also on request.
    pub(crate) fn keep_clock_evidence(&self, evidence: Arc<ClockEvidence>) {
        // A process begins to compare its clock once.
        drop(self.clock_evidence.set(evidence));
    }

    /// What the clock is compared with; `None` while the process starts.
    pub(crate) fn clock_evidence(&self) -> Option<&Arc<ClockEvidence>> {
        self.clock_evidence.get()
    }

    /// From now on SQL from outside is answered.
    pub(crate) fn take_questions(&self, questions: Arc<dyn Questions>) {
        // A process opens its rows once.
        drop(self.questions.set(questions));
    }

    /// The door for SQL from outside.
    pub(crate) fn questions(&self) -> Result<&dyn Questions, Problem> {
        let questions = self.questions.get().map(AsRef::as_ref);
        questions.ok_or_else(|| Problem::unavailable("the process is starting"))
    }

    /// Where exports have their places and connections.
    pub(crate) const fn exports(&self) -> &ExportDesk {
        &self.exports
    }

    /// What each peer may still look up by number.
    pub(crate) const fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// Where figures of the past are folded.
    pub(crate) const fn past(&self) -> &Past {
        &self.past
    }

    pub(crate) fn system(&self) -> &ActorSystem {
        &self.system
    }
    pub(crate) fn store(&self) -> &dyn EventStore {
        self.opened.environment.store.as_ref()
    }
    pub(crate) fn vault(&self) -> &dyn Vault {
        self.opened.environment.vault.as_ref()
    }
    pub(crate) fn tasks(&self) -> &dyn Tasks {
        self.opened.environment.tasks.as_ref()
    }
    pub(crate) fn views(&self) -> &Arc<Projections> {
        &self.views
    }
    pub(crate) const fn live(&self) -> &Arc<LiveHub> {
        &self.live
    }
    pub(crate) const fn imports(&self) -> &Arc<UnderWay> {
        &self.imports
    }
    pub(crate) fn door(&self) -> &Door {
        &self.door
    }
    pub(crate) fn directory(&self) -> &Path {
        &self.opened.directory
    }
    pub(crate) fn synthesizer(&self) -> &Arc<dyn Synthesizer> {
        &self.synthesizer
    }

    /// What this process does about dialing from now on, and by which drivers.
    pub(crate) fn stand(&self, standing: Standing, drivers: Option<DriversHandle>) {
        *self.drivers.lock().unwrap_or_else(PoisonError::into_inner) = drivers;
        self.standing.send_replace(standing);
    }

    /// What this process does about dialing; the receiver hears of changes.
    pub(crate) fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// The drivers that run now; `None` while this process stands by or has no trunk.
    pub(crate) fn drivers(&self) -> Option<DriversHandle> {
        self.drivers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// From now on `/readyz` says yes.
    pub(crate) fn begin(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// From now on `/readyz` says no, and this process takes over from nobody.
    pub(crate) fn begin_drain(&self) {
        self.ready.store(false, Ordering::Release);
        self.draining.send_replace(true);
    }

    pub(crate) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Returns when the process drains. Cancel-safe.
    pub(crate) async fn draining(&self) {
        // The sender lives as long as `self`.
        drop(self.draining.subscribe().wait_for(|draining| *draining).await);
    }

    /// What time it is here: a rehearsal's clock is its own.
    pub(crate) fn now(&self) -> Timestamp {
        self.opened.environment.clock.now()
    }

    pub(crate) fn new_command(&self) -> CommandId {
        let environment = &self.opened.environment;
        environment.ids.command(environment.clock.now())
    }

    /// A further command of the same outside request.
    pub(crate) fn follow(&self, cause: Cause, kind: &str) -> Cause {
        Cause {
            command: CommandId::derive_from_text(&format!("{}/{kind}", cause.command)),
            ..cause
        }
    }

    pub(crate) async fn pause(&self, ms: u64) {
        let clock = &self.opened.environment.clock;
        clock.wait_until(clock.now().plus_ms(ms)).await;
    }

    /// Waits until the views have a position; 503 when they are late.
    pub(crate) async fn views_at(&self, position: Position, within_ms: u64) -> Result<(), Problem> {
        let deadline = self.opened.environment.clock.now().plus_ms(within_ms);
        Ok(self.views.wait_for(position, deadline).await?)
    }

    /// One campaign's row on the board, when the view has it.
    pub(crate) async fn board(&self, campaign: &CampaignId) -> Result<Option<BoardRow>, Problem> {
        Ok(campaign_board::get(self.views.db().as_ref(), campaign).await?)
    }

    pub(crate) async fn boards(&self) -> Result<Vec<BoardRow>, Problem> {
        let db = self.views.db();
        Ok(campaign_board::list(db.as_ref(), None, campaign_board::LISTED_MAX).await?)
    }

    /// The masked number of a stored call, opened with its person's key; absent when the key is gone.
    pub(crate) async fn masked_callee(&self, row: &CallRow) -> Result<Option<String>, Problem> {
        let Personal::Sealed(sealed) = &row.callee else {
            return Ok(None);
        };
        let vault = self.vault();
        let key = vault.existing_key(&row.customer).await?;
        let Some(key) = key else {
            return Ok(None);
        };
        let aad = aad(&Call::stream(&row.call), row.callee_event, CALLEE_POINTER);
        Ok(Some(mask_e164(&vault.open(&key, &aad, sealed)?)))
    }

    async fn campaign(&self, campaign: &CampaignId) -> Result<Arc<CampaignState>, Problem> {
        let loaded = self.system.campaigns.state(campaign).await?;
        if loaded.state.status().is_none() {
            return Err(Problem::missing("this campaign"));
        }
        Ok(loaded.state)
    }

    async fn flow_of(&self, state: &CampaignState) -> Result<Arc<FlowDefinition>, Problem> {
        let used = state
            .flow()
            .ok_or_else(|| Problem::fault("a campaign without a flow"))?;
        let loaded = self.system.flows.state(&used.flow).await?;
        loaded
            .state
            .version(used.version)
            .and_then(|published| published.definition.clone())
            .ok_or_else(|| Problem::fault("a campaign's flow version is missing or cannot be read"))
    }

    /// What the rows of a list of this campaign are held against.
    pub(crate) async fn list_rules(
        &self,
        campaign: &CampaignId,
        content_sha256: &str,
    ) -> Result<RowRules, Problem> {
        let state = self.campaign(campaign).await?;
        let plan = state
            .plan()
            .ok_or_else(|| Problem::fault("a campaign without a plan"))?;
        let flow = self.flow_of(&state).await?;
        Ok(RowRules {
            campaign: campaign.clone(),
            list: ListId::derive(campaign, content_sha256),
            preset: plan.preset,
            basis: plan.basis,
            duplicates: plan.duplicates(),
            flow,
        })
    }

    /// `script_template` as a flow definition.
    pub(crate) fn script_flow(flow: FlowId, text: &str) -> Result<Value, Problem> {
        match from_script(flow, text) {
            Ok(definition) => Ok(definition.to_value()),
            Err(fault) => Err(Problem::members(vec![MemberError {
                pointer: "/script_template".to_owned(),
                detail: fault.to_string(),
            }])),
        }
    }

    /// Without a synthesizer only bundled clips can be heard: a campaign that says anything else would be
    /// silent on the line, so it is refused before it dials.
    pub(crate) async fn refuse_unspeakable(&self, campaign: &CampaignId) -> Result<(), Problem> {
        if self.synthesizer.speaks_any_text() {
            return Ok(());
        }
        let state = self.campaign(campaign).await?;
        let flow = self.flow_of(&state).await?;
        let unspeakable = flow
            .texts()
            .into_iter()
            .find(|text| !media::speech::clips::is_bundled(text));
        match unspeakable {
            None => Ok(()),
            Some(text) => Err(Problem::refused(
                "no-synthesizer",
                format!("no synthesizer is installed (espeak-ng), and {text:?} is not a bundled clip"),
            )),
        }
    }
}
