//! A data directory and its log, open for writing, with everything that depends on them except the lines.

use crate::app::closable::ClosableResource;
use crate::app::driver_lock::{self, DriverLocks, RealmLocks};
use crate::app::error::{AppError, fallen_task};
use crate::app::log::OpenLog;
use crate::app::rehearsal_time::begin_to_follow_clock;
use crate::app::rows::OpenRows;
use crate::app::shutdown::wait_for_other_tasks;
use crate::app::speech::synthesizer;
use crate::app::{key_ownership, lines, log, lost_log_check, shared_log, vault};
use crate::clock::{RehearsalClock, SystemClock, SystemIds};
use crate::data_dir::{self, Mode, PROMPTS_DIR, RECORDINGS_DIR, signing_key_file};
use crate::directory_rights::check_directory;
use crate::open_settings::OpenSettings;
use crate::read_db_spec::ReadDbSpec;
use crate::serve_settings::ServeSettings;
use crate::store_spec::StoreSpec;
use actors::{ActorSystem, EntityRuntime, Environment, Supervisor, run_on};
use domain::installation::RestoredKeys;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use domain::ports::line::Line;
use domain::ports::recording::Recordings;
use domain::ports::speech::Synthesizer;
use domain::ports::tasks::Tasks;
use domain::realm::Real;
use media::audio::recording::WavRecordings;
use media::driver::{HungUpDialogs, MediaDriver, SipCounts};
use projections::{ProjectionContext, Projections, ReadDb};
use speech::recognition::spec::RecognizerSpec;
use speech::synthesizer_factory;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use store::{DataLock, PostgresEventStore, RealmStore};
use tokio::runtime::{Handle, Runtime};

/// A data directory and its log, open for writing. The directory is locked.
pub struct OpenDataDir {
    pub directory: PathBuf,
    /// The file of the log's signing key.
    signing_key: PathBuf,
    pub environment: Environment,
    /// The log and the keys, in the order in which they are closed.
    closings: Vec<Arc<dyn ClosableResource>>,
    pub(super) locks: RealmLocks,
    /// Tasks of the sandbox, if it is open.
    pub(super) sandbox_tasks: OnceLock<Arc<Supervisor>>,
    shared: Option<Arc<PostgresEventStore>>,
    /// True if the log is a file of this directory, not a database server.
    is_log_embedded: bool,
    rehearsal: Option<Arc<RehearsalClock>>,
    restored_keys: Option<RestoredKeys>,
    /// The clock of this process; `None` in a rehearsal.
    system_clock: Option<Arc<SystemClock>>,
    /// Tasks of the log, its keys, the driver lock and calls, on the runtime of calls.
    tasks: Arc<Supervisor>,
    /// Tasks of everything else: HTTP, reports, imports. `environment` uses them.
    outside_tasks: Arc<Supervisor>,
    /// The runtime of calls; decision 0192.
    pub(super) calls: Handle,
    lock: DataLock,
    /// The lock of the read database's directory, if that is not the data directory.
    rows_lock: Mutex<Option<DataLock>>,
    /// The media driver, while there are lines.
    media: Mutex<Option<Arc<MediaDriver>>>,
    /// The dialogs that were hung up, over all tenures of the lines.
    hung_up: Arc<HungUpDialogs>,
}

/// Milliseconds between two checks whether the log is permanently lost: no signal reports it.
const LOOK_FALLEN_MS: u64 = 500;

/// Opens a log of several processes and checks its mode, before anything in the data directory is created.
async fn open_shared(
    spec: &StoreSpec,
    mode: Mode,
    clock: &Arc<dyn Clock>,
    tasks: &dyn Tasks,
) -> Result<OpenLog, AppError> {
    let log = log::open(spec, clock, tasks).await?;
    if let Some(shared) = &log.shared {
        shared_log::hold_to_mode(shared, mode).await?;
    }
    Ok(log)
}

/// Returns the clock of the process: the rehearsal's, else the system's.
fn process_clock(rehearsal: Option<&Arc<RehearsalClock>>, system: &Arc<SystemClock>) -> Arc<dyn Clock> {
    match rehearsal {
        Some(rehearsal) => Arc::<RehearsalClock>::clone(rehearsal),
        None => Arc::<SystemClock>::clone(system),
    }
}

fn checked_ids() -> Result<Arc<dyn IdSource>, AppError> {
    let ids = SystemIds::checked().map_err(|error| AppError::Random(error.to_string()))?;
    Ok(Arc::new(ids))
}

impl OpenDataDir {
    /// Opens directory, log and keys on the current runtime: for tests and commands that place no calls.
    pub async fn open(settings: &OpenSettings) -> Result<Self, AppError> {
        Self::open_on_call_runtime(settings, &Handle::current()).await
    }

    /// Opens the log, its keys and the driver lock on the runtime `calls`, on which their connections, their
    /// tasks and the entities run. The tasks of `environment` run on the current runtime.
    pub async fn open_on_call_runtime(settings: &OpenSettings, calls: &Handle) -> Result<Self, AppError> {
        let (settings, outside) = (settings.clone(), Handle::current());
        run_on(
            calls,
            async move { Self::open_on_calls(&settings, outside).await },
        )
        .await
    }

    /// Locks the directory and opens log and keys, which takes as long as crash recovery does. If directory,
    /// log or keys do not fit (another mode, a missing key), it fails and leaves them unchanged.
    async fn open_on_calls(settings: &OpenSettings, outside: Handle) -> Result<Self, AppError> {
        let directory = settings.data.clone();
        let mode = settings.mode();
        check_directory(&directory, mode)?;
        let lock = DataLock::acquire(&directory)?;
        let found = log::open_existing_log(&settings.store).await?;
        let last = log::last_recorded(found.as_ref()).await?;
        let rehearsal = RehearsalClock::of(settings.rehearse_at, last);
        let system_clock = Arc::new(SystemClock::default());
        let clock = process_clock(rehearsal.as_ref(), &system_clock);
        let ids = checked_ids()?;
        let tasks = Supervisor::new(Handle::current(), Arc::clone(&clock));
        if last.is_none() {
            lost_log_check::refuse_new_log(&directory, &settings.keys_spec())?;
        }
        let log = match &settings.store {
            // The keys are opened first: without them a directory's log is not even created.
            StoreSpec::Sqlite(_) => None,
            spec => Some(open_shared(spec, mode, &clock, tasks.as_ref()).await?),
        };
        data_dir::hold_to_mode(&directory, mode)?;
        let ((vault, keys_closing), restored_keys) =
            vault::open_checked_vault(&settings.keys_spec(), &directory, &ids, tasks.as_ref(), found).await?;
        let log = match log {
            Some(log) => log,
            None => log::open(&settings.store, &clock, tasks.as_ref()).await?,
        };
        data_dir::keep_version(&directory)?;
        if let Some(shared) = &log.shared {
            shared_log::hold_to_keys(shared, vault.as_ref()).await?;
            if let Some(rehearsal) = &rehearsal {
                begin_to_follow_clock(rehearsal, &log.store, tasks.as_ref());
            }
        }
        let outside_tasks = tasks.beside(outside);
        let (store, shared, port) = (log.store.as_ref(), log.shared.as_ref(), Arc::clone(&tasks) as _);
        let locks = driver_lock::of_realms(&settings.store, store, shared, &clock, &port)?;
        let environment = Environment {
            store: Arc::new(RealmStore::<Real>::new(log.store)),
            vault,
            clock,
            ids,
            tasks: Arc::clone(&outside_tasks) as Arc<dyn Tasks>,
            damage: Arc::default(),
            skew: Arc::default(),
            engines: Arc::default(),
            latencies: Arc::default(),
            traces: Arc::default(),
            rehearsal: mode == Mode::Rehearsal,
        };
        Ok(Self {
            signing_key: signing_key_file(&settings.data, settings.keys.as_ref()),
            directory,
            environment,
            closings: vec![log.closing, keys_closing],
            locks,
            sandbox_tasks: OnceLock::new(),
            shared: log.shared,
            is_log_embedded: matches!(settings.store, StoreSpec::Sqlite(_)),
            rehearsal,
            restored_keys,
            system_clock: (mode == Mode::Real).then_some(system_clock),
            tasks,
            outside_tasks,
            calls: Handle::current(),
            lock,
            rows_lock: Mutex::new(None),
            media: Mutex::new(None),
            hung_up: Arc::default(),
        })
    }

    /// Writes the fingerprint of the keys into a log that has none. Called before anything else is written.
    pub async fn name_log(&self) -> Result<(), AppError> {
        let Environment {
            store, vault, clock, ..
        } = &self.environment;
        let rehearsal = self.environment.rehearsal;
        key_ownership::name(store.as_ref(), vault.as_ref(), clock.as_ref(), rehearsal).await
    }

    /// Returns what was wrong with an index that was rebuilt when the log was opened; `None` if it was not.
    pub fn index_remade(&self) -> Option<String> {
        self.closings.iter().find_map(|closing| closing.index_remade())
    }

    /// Returns the last restore of this log's keys, with the number of customers that it left unreadable.
    pub const fn restored_keys(&self) -> Option<&RestoredKeys> {
        self.restored_keys.as_ref()
    }

    /// Returns the path of the key that signs this log's checkpoints and reports.
    pub fn signing_key(&self) -> PathBuf {
        self.signing_key.clone()
    }

    /// Starts the entities on the runtime of calls, with one arbiter per processor.
    pub fn entities(&self, runtime: Arc<Runtime>) -> ActorSystem {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let environment = Environment {
            tasks: Arc::clone(&self.tasks) as Arc<dyn Tasks>,
            ..self.environment.clone()
        };
        ActorSystem::start(environment, EntityRuntime::Arbiters { runtime, count })
    }

    /// Runs `work`, with its connections and tasks, on the runtime of calls, even if the caller is dropped.
    pub async fn on_calls<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        run_on(&self.calls, work).await
    }

    /// Returns the tasks on the runtime of calls.
    pub(crate) fn call_tasks(&self) -> Arc<dyn Tasks> {
        Arc::clone(&self.tasks) as Arc<dyn Tasks>
    }

    /// Starts the views in `read_db` or else in the data directory. Fails if its rows are of another log.
    pub async fn views(&self, read_db: Option<&ReadDbSpec>) -> Result<Arc<Projections>, AppError> {
        let own = ReadDbSpec::Sqlite(self.directory.clone());
        let (clock, tasks) = (&self.environment.clock, self.environment.tasks.as_ref());
        let rows = OpenRows::open(read_db.unwrap_or(&own), &self.directory, clock, tasks).await?;
        rows.hold_to_log(&self.environment.store, clock, tasks).await?;
        rows.forget_ahead(&self.environment).await?;
        let grounds = ProjectionContext {
            store: Arc::clone(&self.environment.store),
            db: Arc::clone(&rows.db),
            clock: Arc::clone(clock),
        };
        *self.rows_lock.lock().unwrap_or_else(PoisonError::into_inner) = rows.into_lock();
        Ok(Projections::start(grounds, tasks).await?)
    }

    /// Opens a read database for a measurement, without checking that its rows are of this log.
    pub async fn measured_rows(&self, spec: &ReadDbSpec) -> Result<Arc<dyn ReadDb>, AppError> {
        let (clock, tasks) = (&self.environment.clock, self.environment.tasks.as_ref());
        Ok(OpenRows::open(spec, &self.directory, clock, tasks).await?.db)
    }

    /// Makes the synthesizer of a SPEC; without one espeak-ng if it is installed, else the bundled clips.
    pub async fn synthesizer(
        &self,
        chosen: Option<&RecognizerSpec>,
    ) -> Result<Arc<dyn Synthesizer>, AppError> {
        let clock = Arc::clone(&self.environment.clock);
        let prompts = Some(self.directory.join(PROMPTS_DIR));
        Ok(match chosen {
            Some(RecognizerSpec::Clips(dir)) => {
                synthesizer_factory::with_recordings(dir, synthesizer(prompts, clock).await)?
            }
            Some(spec) => {
                synthesizer_factory::synthesizer(spec, prompts, clock, &crate::config::named_variable)?
            }
            None => synthesizer(prompts, clock).await,
        })
    }

    /// Returns the store of finished recordings.
    pub fn recordings(&self) -> Arc<dyn Recordings> {
        Arc::new(WavRecordings::new(self.directory.join(RECORDINGS_DIR)))
    }

    /// Starts the lines, in order of preference, on the tasks of `environment`. None if there are no trunks.
    pub async fn lines(
        &self,
        environment: &Environment,
        settings: &ServeSettings,
    ) -> Result<Vec<Arc<dyn Line>>, AppError> {
        if settings.trunks.is_empty() {
            return Ok(Vec::new());
        }
        let (driver, lines) =
            lines::start(&self.directory, environment, settings, Arc::clone(&self.hung_up)).await?;
        *self.media.lock().unwrap_or_else(PoisonError::into_inner) = Some(driver);
        Ok(lines)
    }

    /// Drops the media driver after the lines have ended with their tasks: their port is free again.
    pub(crate) fn forget_lines(&self) {
        *self.media.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Returns the PostgreSQL store of a log that several processes share; `None` for any other log.
    pub fn shared(&self) -> Option<Arc<PostgresEventStore>> {
        self.shared.clone()
    }

    /// Returns true if the log is a file of this directory, not a database server.
    pub(crate) const fn is_log_embedded(&self) -> bool {
        self.is_log_embedded
    }

    /// Returns where the driver lock of this log is requested.
    pub(crate) fn driver_locks(&self) -> &dyn DriverLocks {
        self.locks.real.as_ref()
    }

    /// Moves a rehearsal's clock to what another process has recorded; does nothing in a real run.
    pub(crate) async fn catch_up_clock(&self) -> Result<(), AppError> {
        if let Some(rehearsal) = &self.rehearsal
            && let Some(last) = self.environment.store.last_recorded_at().await?
        {
            rehearsal.go_on_from(last);
        }
        Ok(())
    }

    /// Moves a rehearsal's clock forward to `then`: for tests of what takes days.
    #[cfg(any(test, feature = "testing"))]
    pub fn rehearse_on_from(&self, then: domain::time::Timestamp) {
        if let Some(rehearsal) = &self.rehearsal {
            rehearsal.go_on_from(then);
        }
    }

    /// Returns the clock of this process; `None` in a rehearsal.
    pub fn system_clock(&self) -> Option<Arc<SystemClock>> {
        self.system_clock.clone()
    }

    /// Returns the SIP datagrams that the port has refused so far, by reason; `None` without lines.
    pub(crate) fn sip_counts(&self) -> Option<SipCounts> {
        let media = self.media.lock().unwrap_or_else(PoisonError::into_inner);
        media.as_ref().map(|driver| driver.sip_counts())
    }

    /// Returns why the log or the keys accept no writes now; `None` if they do.
    pub fn failure(&self) -> Option<String> {
        self.closings.iter().find_map(|closing| closing.failure())
    }

    /// Returns why this process must end, if so: a vital task ended, or the log lacks what it acknowledged.
    pub fn fallen(&self) -> Option<String> {
        let task = self.tasks.fallen().map(fallen_task);
        task.or_else(|| self.closings.iter().find_map(|closing| closing.lost()))
    }

    /// Waits until the process cannot continue, and returns the reason. Cancel-safe.
    pub async fn fell(&self) -> String {
        let clock = &self.environment.clock;
        loop {
            if let Some(why) = self.fallen() {
                return why;
            }
            tokio::select! {
                biased;
                name = self.tasks.fell() => return fallen_task(name),
                () = clock.wait_until(clock.now().plus_ms(LOOK_FALLEN_MS)) => {}
            }
        }
    }

    /// Creates the tasks of one tenure of the driver lock, to be stopped with it. If a vital one ends by
    /// itself, this process counts as fallen.
    pub(crate) fn tenure_tasks(&self) -> Arc<Supervisor> {
        self.tasks.beside(self.calls.clone())
    }

    /// Returns the supervisors of tasks outside calls, and of calls.
    pub(super) fn supervisors(&self) -> [&Supervisor; 2] {
        [self.outside_tasks.as_ref(), self.tasks.as_ref()]
    }

    /// Stops all tasks and closes store and vault. The directory is released when this value is dropped.
    pub async fn close(&self) {
        if let Some(tasks) = self.sandbox_tasks.get() {
            tasks.stop().await;
        }
        tokio::join!(self.outside_tasks.stop(), self.tasks.stop(), async {
            wait_for_other_tasks(self.supervisors(), self.environment.clock.as_ref()).await;
            for closing in &self.closings {
                closing.close().await;
            }
        });
        tracing::info!(directory = %self.lock.dir().display(), "closed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::CommandId;
    use domain::stop::{StopCommand, StopId};
    use domain::stored_event::Cause;
    use std::sync::mpsc::sync_channel;
    use tokio::runtime::Builder;

    fn runtime() -> Runtime {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().unwrap()
    }

    async fn engage(entities: &ActorSystem, reason: &str) -> bool {
        let command = StopCommand::Engage {
            stop: StopId::All,
            reason: reason.to_owned(),
            hang_up: reason == "second",
        };
        let cause = Cause::outside(CommandId::derive_from_text(reason));
        let answer = entities.stops.ask(&StopId::All, command, cause).await;
        answer.is_ok_and(|answer| !answer.events.is_empty())
    }

    #[test]
    fn a_stop_is_stored_while_every_thread_outside_calls_is_busy() {
        let dir = tempfile::tempdir().unwrap();
        let settings = OpenSettings::of_directory(dir.path().to_owned());
        let (calls, outside) = (Arc::new(runtime()), runtime());
        let opened = outside.block_on(OpenDataDir::open_on_call_runtime(&settings, calls.handle()));
        let opened = opened.unwrap();
        let entities = opened.entities(Arc::clone(&calls));
        // The only thread of the outside runtime runs a task that never yields.
        let (begun, has_begun) = sync_channel(1);
        let (release, released) = sync_channel::<()>(1);
        let hog = async move {
            begun.send(()).unwrap();
            let _released = released.recv();
        };
        opened.environment.tasks.spawn("busy", Box::pin(hog));
        has_begun.recv().unwrap();
        assert!(calls.block_on(engage(&entities, "first")), "asked by a driver");
        assert!(
            outside.block_on(engage(&entities, "second")),
            "asked from outside"
        );
        drop(release);
        outside.block_on(opened.close());
        drop((entities, opened));
        calls.block_on(async {});
    }
}
