//! An open log and everything built on it: the receiver of all commands and queries.
//!
//! A plain struct of finished parts. Code that needs one part takes that part; code that needs several
//! takes the installation. Only the process knows how the parts are opened and closed.

mod customers;
mod dialing;
pub mod pending_confirmations;

pub use dialing::{DialingControl, DialingState, dialing_line, dialing_word};

use crate::access::service::AccessService;
use crate::as_of::replays::ReplayService;
use crate::conversations::open_conversations::OpenConversations as ConversationsUnderWay;
use crate::exports::service::ExportService;
use crate::halted_senders::HaltedSenders;
use crate::lists::running_imports::RunningImports;
use crate::live::LiveHub;
use crate::messages::messenger_service::MessengerService;
use crate::number_check_service::{NumberCheckService, number_check_of};
use crate::presets_in_use::PresetsInUse;
use crate::readers::Readers;
use crate::segments::service::SegmentService;
use crate::webhooks::courier::Courier;
use crate::wording_drafts::writer_service::WriterService;
use actors::{ActorSystem, Environment};
use domain::call::Call;
use domain::calling_plan::{DeduplicationScope, Preset};
use domain::campaign::{CampaignState, LISTS_MAX};
use domain::decider::Decider;
use domain::flow::{FlowDefinition, from_script};
use domain::ids::{CampaignId, CommandId, FlowId, ListId};
use domain::personal::Personal;
use domain::phone_number::mask_e164;
use domain::ports::event_store::EventStore;
use domain::ports::recording::Recordings;
use domain::ports::speech::Synthesizer;
use domain::ports::tasks::Tasks;
use domain::ports::vault::Vault;
use domain::problem::{MemberError, Problem};
use domain::stored_event::{Cause, FieldLocation, Position, RequestFacts, open_value};
use domain::time::Timestamp;
use intake::list_country::ListCountry;
use intake::row::{ConsentLocation, RowRules};
use projections::Projections;
use projections::ask::Questions;
use projections::views::call_history::{CALLEE_POINTER, CallRow};
use projections::views::campaign_board::{self, BoardRow};
use serde_json::Value;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

/// The parts of an open log that commands and queries need.
pub struct Installation {
    /// Log, keys, clock, ids and tasks.
    pub environment: Environment,
    /// Directory of this process for rows, recordings and prompts.
    pub directory: PathBuf,
    /// File of the key that signs this log's checkpoints and reports.
    pub signing_key: PathBuf,
    /// The entities that receive commands: campaigns, customers, numbers, calls …
    pub entities: ActorSystem,
    /// The views that follow the log.
    pub rows: Arc<Projections>,
    /// The port for SQL queries from outside.
    pub questions: Arc<dyn Questions>,
    /// Slots and connections of exports.
    pub exports: ExportService,
    /// Sessions, passwords and refused attempts of this process.
    pub access: Arc<AccessService>,
    /// Replays for questions about the past.
    pub past: ReplayService,
    /// Runs queries of segments.
    pub segments: SegmentService,
    /// Live figures for clients that follow them.
    pub live: Arc<LiveHub>,
    /// The named followers of the event stream in this process.
    pub readers: Readers,
    /// The open text conversations of this process.
    pub conversations: Arc<ConversationsUnderWay>,
    /// Presets of the campaigns, which determine the countries that are called.
    pub countries: PresetsInUse,
    /// The port that sends messages to customers.
    pub messages: Arc<MessengerService>,
    /// The number checker, if there is one.
    pub number_checks: Arc<NumberCheckService>,
    /// The writer of wording drafts.
    pub writing: Arc<WriterService>,
    /// The imports that are running in this process.
    pub imports: Arc<RunningImports>,
    /// The speech synthesizer of this machine.
    pub synthesizer: Arc<dyn Synthesizer>,
    /// Recordings of this process that are complete.
    pub recordings: Arc<dyn Recordings>,
    /// The port that sends webhook messages.
    pub courier: Arc<dyn Courier>,
    /// Webhooks and saved reports that send nothing until a user acts.
    pub halted: HaltedSenders,
    /// State of dialing in this process.
    pub dialing: Arc<DialingControl>,
}

/// Returns the cause of a further command of the same request. The command id is derived from the first one
/// and `kind`, so that a repeated request repeats it. The request's expected version is dropped.
pub fn follow(cause: Cause, kind: &str) -> Cause {
    Cause {
        command: CommandId::derive_from_text(&format!("{}/{kind}", cause.command)),
        // The version in the request's precondition belongs to the first command only.
        request: RequestFacts {
            expected: None,
            ..cause.request
        },
        ..cause
    }
}

/// Converts a `script_template` to the definition of a flow. Fails with an error at `/script_template`.
pub(crate) fn script_flow(flow: FlowId, text: &str) -> Result<Value, Problem> {
    match from_script(flow, text) {
        Ok(definition) => Ok(definition.to_value()),
        Err(fault) => Err(Problem::members(vec![MemberError {
            pointer: "/script_template".to_owned(),
            detail: fault.to_string(),
        }])),
    }
}

impl Installation {
    pub fn store(&self) -> &dyn EventStore {
        self.environment.store.as_ref()
    }
    pub fn vault(&self) -> &dyn Vault {
        self.environment.vault.as_ref()
    }
    pub fn tasks(&self) -> &dyn Tasks {
        self.environment.tasks.as_ref()
    }

    /// Returns the current time by this installation's clock. A rehearsal has a clock of its own.
    pub fn now(&self) -> Timestamp {
        self.environment.clock.now()
    }

    pub fn new_command(&self) -> CommandId {
        self.environment.ids.command(self.now())
    }

    /// Starts a task that ends when its work is done or the process stops.
    pub fn until_stopped(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.tasks().stop_signal();
        let until = async move {
            tokio::select! {
                biased;
                () = stop.stopping() => {}
                () = work => {}
            }
        };
        self.tasks().spawn(name, Box::pin(until));
    }

    /// Waits for some milliseconds of the installation's clock.
    pub async fn pause(&self, ms: u64) {
        let clock = &self.environment.clock;
        clock.wait_until(clock.now().plus_ms(ms)).await;
    }

    /// Waits until the read model has reached a position. Fails with `Unavailable` after `within_ms`.
    pub async fn rows_at(&self, position: Position, within_ms: u64) -> Result<(), Problem> {
        let deadline = self.now().plus_ms(within_ms);
        Ok(self.rows.wait_for(position, deadline).await?)
    }

    /// Returns one campaign's row of figures from the read model; `None` if it has none.
    pub async fn board(&self, campaign: &CampaignId) -> Result<Option<BoardRow>, Problem> {
        Ok(campaign_board::get(self.rows.db().as_ref(), campaign).await?)
    }

    /// Returns every campaign's row of figures from the read model, ordered by campaign.
    pub async fn boards(&self) -> Result<Vec<BoardRow>, Problem> {
        let db = self.rows.db();
        let mut all: Vec<BoardRow> = Vec::new();
        loop {
            let last = all.last().map(|row| &row.campaign);
            let page = campaign_board::list(db.as_ref(), last, campaign_board::LISTED_MAX).await?;
            let is_last = page.len() < campaign_board::LISTED_MAX;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Returns the masked number of a stored call's callee; `None` if the customer's key no longer exists.
    pub async fn masked_callee(&self, row: &CallRow) -> Result<Option<String>, Problem> {
        let Personal::Sealed(sealed) = &row.callee else {
            return Ok(None);
        };
        let vault = self.vault();
        let key = vault.existing_key(&row.customer).await?;
        let Some(key) = key else {
            return Ok(None);
        };
        let location = FieldLocation {
            stream: &Call::stream(&row.call),
            event: row.callee_event,
            pointer: CALLEE_POINTER,
        };
        Ok(Some(mask_e164(&open_value(location, sealed, vault, &key)?)))
    }

    /// Returns the state of a campaign. Fails with `Missing` if it does not exist.
    pub async fn campaign(&self, campaign: &CampaignId) -> Result<Arc<CampaignState>, Problem> {
        let loaded = self.entities.campaigns.state(campaign).await?;
        if loaded.state.status().is_none() {
            return Err(Problem::missing("this campaign"));
        }
        Ok(loaded.state)
    }

    /// Returns the definition of the flow version that a campaign runs.
    pub async fn flow_of(&self, state: &CampaignState) -> Result<Arc<FlowDefinition>, Problem> {
        let used = state
            .flow()
            .ok_or_else(|| Problem::fault("a campaign without a flow"))?;
        let loaded = self.entities.flows.state(&used.flow).await?;
        loaded
            .state
            .version(used.version)
            .and_then(|published| published.definition.clone())
            .ok_or_else(|| Problem::fault("a campaign's flow version is missing or cannot be read"))
    }

    /// Returns the name of the list for an import from a query: that of the open list, otherwise of the
    /// next one. It is not derived from the content, which changes while it is read.
    pub async fn list_of_query(&self, campaign: &CampaignId, query: &str) -> Result<String, Problem> {
        let state = self.campaign(campaign).await?;
        let named = |index: usize| format!("query:{query}/{index}");
        let is_over = |index: &usize| {
            let list = self.list_named(campaign, &named(*index));
            let is_closed = state.lists().get(&list).is_some_and(Option::is_some);
            is_closed || state.undone_lists().contains(&list)
        };
        Ok(named(
            (0..=LISTS_MAX).find(|index| !is_over(index)).unwrap_or(LISTS_MAX),
        ))
    }

    /// Returns the id of a list by its content or name. It differs between the realms, because ids of
    /// commands derive from it.
    pub fn list_named(&self, campaign: &CampaignId, name: &str) -> ListId {
        ListId::derive(campaign, &self.store().realm().own_name(name))
    }

    /// Returns the rules for the rows of a list of this campaign. `content_sha256` names the list. Fails
    /// with `Missing` if the campaign does not exist.
    pub async fn list_rules(&self, campaign: &CampaignId, content_sha256: &str) -> Result<RowRules, Problem> {
        let state = self.campaign(campaign).await?;
        let plan = state
            .plan()
            .ok_or_else(|| Problem::fault("a campaign without a plan"))?;
        let flow = self.flow_of(&state).await?;
        Ok(RowRules {
            campaign: campaign.clone(),
            list: self.list_named(campaign, content_sha256),
            preset: plan
                .presets()
                .find(|preset| *preset == Preset::CnMarketing)
                .unwrap_or(plan.preset),
            basis: plan.basis,
            duplicates: plan.duplicates(),
            priority: plan.priority.as_deref().cloned().map(Arc::new),
            best_times: plan.best_times.as_deref().cloned().map(Arc::new),
            dedupe: DeduplicationScope::Campaign,
            consents: ConsentLocation::InTheRow,
            country: ListCountry::of_presets(plan.presets()),
            number_check: number_check_of(plan),
            flow,
        })
    }

    /// Fails if the campaign has texts that cannot be spoken here: without a synthesizer only bundled clips
    /// can be played, and the callee would hear silence.
    pub(crate) async fn refuse_unspeakable(&self, campaign: &CampaignId) -> Result<(), Problem> {
        if self.synthesizer.speaks_any_text() {
            return Ok(());
        }
        let state = self.campaign(campaign).await?;
        let flow = self.flow_of(&state).await?;
        let seller = state.plan().and_then(|plan| plan.seller_message(Some(&flow)));
        let mut texts = flow.texts().into_iter().chain(seller.as_deref());
        let unspeakable = texts.find(|text| !self.synthesizer.speaks(text));
        match unspeakable {
            None => Ok(()),
            Some(text) => Err(Problem::refused(
                "no-synthesizer",
                format!("no synthesizer is installed (espeak-ng), and {text:?} is not a bundled clip"),
            )),
        }
    }
}
