//! The sandbox of a server: a second installation over the same log, in which sandbox keys work (decision
//! 0232).
//!
//! It has entities, views, drivers and a line of its own, and no trunk, messenger, number checker or speech
//! engine over the network. It is opened at the start of a server if a sandbox key exists, else with the
//! first request of one. Users, API keys and settings are those of the real realm.

use crate::app::{AppError, OpenDataDir};
use crate::process::Process;
use crate::{sandbox_drivers, sandbox_stop};
use actors::{Environment, Supervisor};
use application::installation::Installation;
use application::webhooks;
use domain::api_key::ApiKeyEvent;
use domain::decider::EventData;
use domain::event_filter::EventFilter;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, whole_log};
use domain::ports::tasks::Tasks;
use domain::problem::Problem;
use domain::realm::Sandbox;
use domain::stored_event::Position;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{RealmStore, RealmVault};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

/// Directory of the sandbox's views, recordings and prompts, in the data directory.
const SANDBOX_DIR: &str = "sandbox";

/// The wait before the log is searched again for a sandbox key, in milliseconds.
const SEARCH_AGAIN_MS: u64 = 1_000;

/// The sandbox of a process, which is opened when it is first needed.
#[derive(Default)]
pub struct SandboxRealm {
    installation: OnceCell<Arc<Installation>>,
    /// True while the process drains: no sandbox call begins.
    is_ended: AtomicBool,
}

impl SandboxRealm {
    /// Returns the installation of the sandbox if it is open.
    pub fn get(&self) -> Option<&Arc<Installation>> {
        self.installation.get()
    }

    /// Returns the installation of the sandbox, and opens it first if it is not open. The opening goes on if
    /// its caller is dropped, and others wait for it.
    pub async fn open(&self, process: &Arc<Process>) -> Result<Arc<Installation>, Problem> {
        if let Some(installation) = self.get() {
            return Ok(Arc::clone(installation));
        }
        let (own, opened) = (Arc::clone(process), Arc::clone(process));
        let opening = async move {
            let opening = own.sandbox.installation.get_or_try_init(|| open(&own));
            opening.await.cloned()
        };
        opened.opened.on_calls(opening).await
    }

    /// Ends the calls of the sandbox for the end of the process.
    pub async fn end(&self) {
        self.is_ended.store(true, Ordering::Release);
        if let Some(drivers) = self.get().and_then(|sandbox| sandbox.dialing.drivers()) {
            drivers.drain(std::time::Duration::ZERO).await;
        }
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended.load(Ordering::Acquire)
    }
}

/// Opens the sandbox at the start of a server if the log has a sandbox key.
pub fn begin(process: &Arc<Process>) {
    let (process, installation) = (Arc::clone(process), Arc::clone(&process.installation));
    let opening = async move {
        loop {
            match first_key(process.installation.store()).await {
                Ok(None) => return,
                Ok(Some(_)) => match process.sandbox.open(&process).await {
                    Ok(_) => return,
                    Err(problem) => tracing::warn!(%problem, "the sandbox could not be opened"),
                },
                Err(problem) => tracing::warn!(%problem, "sandbox keys could not be searched"),
            }
            process.installation.pause(SEARCH_AGAIN_MS).await;
        }
    };
    installation.until_stopped("sandbox start", opening);
}

/// Returns the position of the first sandbox key; the sandbox has no event before it.
async fn first_key(store: &dyn EventStore) -> Result<Option<Position>, Problem> {
    let filter = EventFilter {
        kinds: vec![ApiKeyEvent::CREATED.to_owned()],
        ..EventFilter::default()
    };
    let mut after = Position(0);
    loop {
        let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
        for stored in &page.events {
            let envelope = stored
                .envelope()
                .map_err(|error| Problem::fault(error.to_string()))?;
            let event = ApiKeyEvent::read(&envelope.kind, envelope.version, &envelope.data);
            if let Ok(ApiKeyEvent::Created { facts }) = event
                && facts.realm.is_sandbox()
            {
                return Ok(Some(stored.position));
            }
        }
        if page.reached == after {
            return Ok(None);
        }
        after = page.reached;
    }
}

/// Returns the sandbox's ports: the realm's own store and vault, and nothing of what alarms, measures or
/// traces the real one.
fn environment_of(opened: &OpenDataDir, begun: Position, tasks: &Arc<Supervisor>) -> Environment {
    let real = &opened.environment;
    let log = Arc::clone(whole_log(&real.store));
    Environment {
        store: Arc::new(RealmStore::<Sandbox>::begun_after(log, begun)),
        vault: Arc::new(RealmVault::<Sandbox>::new(Arc::clone(&real.vault))),
        tasks: Arc::clone(tasks) as Arc<dyn Tasks>,
        damage: Arc::default(),
        skew: Arc::default(),
        engines: Arc::default(),
        latencies: Arc::default(),
        traces: Arc::default(),
        ..real.clone()
    }
}

async fn open(process: &Arc<Process>) -> Result<Arc<Installation>, Problem> {
    let real = &process.installation;
    let begun = first_key(real.store()).await?;
    let begun = begun.ok_or_else(|| Problem::fault("the log has no sandbox key"))?;
    let opened = &process.opened;
    let tasks = Supervisor::new(Handle::current(), Arc::clone(&opened.environment.clock));
    let environment = environment_of(opened, begun, &tasks);
    let directory = opened.directory.join(SANDBOX_DIR);
    DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
    let made = opened.sandbox_installation(real, environment, directory).await;
    let sandbox = match made {
        Ok(sandbox) => sandbox,
        Err(error) => {
            tasks.stop().await;
            return Err(AppError::into(error));
        }
    };
    opened.close_with(tasks);
    sandbox_stop::begin(real, &sandbox);
    sandbox_drivers::begin(process, &sandbox);
    webhooks::begin(&sandbox);
    tracing::info!("the sandbox is open");
    Ok(sandbox)
}
