//! What the sandbox gets of an open data directory: its lock, its tasks and its installation (decision 0232).

use crate::app::driver_lock::DriverLocks;
use crate::app::error::AppError;
use crate::app::open_data_dir::OpenDataDir;
use crate::app::rows::OpenRows;
use crate::app::speech::synthesizer;
use crate::data_dir::{PROMPTS_DIR, RECORDINGS_DIR};
use crate::outbound::courier::OutsideCourier;
use crate::read_db_spec::ReadDbSpec;
use actors::{Environment, Supervisor};
use application::as_of::replays::ReplayService;
use application::exports::service::ExportService;
use application::halted_senders::HaltedSenders;
use application::installation::Installation;
use application::live::LiveHub;
use application::presets_in_use::PresetsInUse;
use application::readers::Readers;
use application::segments::service::SegmentService;
use media::audio::recording::WavRecordings;
use projections::ask::SqliteQuestions;
use projections::{ProjectionContext, Projections};
use std::path::PathBuf;
use std::sync::Arc;

impl OpenDataDir {
    /// Returns where the lock of the sandbox's drivers is requested.
    pub(crate) fn sandbox_locks(&self) -> &dyn DriverLocks {
        self.locks.sandbox.as_ref()
    }

    /// Has the tasks of the sandbox stopped before store and vault are closed.
    pub(crate) fn close_with(&self, sandbox: Arc<Supervisor>) {
        self.sandbox_tasks.get_or_init(|| sandbox);
    }

    /// Creates the tasks of one tenure of the sandbox's drivers. If one of them ends by itself, the process
    /// goes on.
    pub(crate) fn sandbox_tenure_tasks(&self) -> Arc<Supervisor> {
        Supervisor::new(self.calls.clone(), Arc::clone(&self.environment.clock))
    }

    /// Makes the installation of the sandbox in its own directory, with views of its own. It has no
    /// messenger and no number checker; its synthesizer is the one of this machine.
    pub(crate) async fn sandbox_installation(
        &self,
        real: &Installation,
        environment: Environment,
        directory: PathBuf,
    ) -> Result<Arc<Installation>, AppError> {
        let (clock, tasks) = (&environment.clock, environment.tasks.as_ref());
        let own = ReadDbSpec::Sqlite(directory.clone());
        let rows = OpenRows::open(&own, &directory, clock, tasks).await?;
        rows.hold_to_log(&environment.store, clock, tasks).await?;
        rows.rebuild_ahead(environment.store.as_ref()).await?;
        let grounds = ProjectionContext {
            store: Arc::clone(&environment.store),
            db: Arc::clone(&rows.db),
            clock: Arc::clone(clock),
        };
        let rows = Projections::start(grounds, tasks).await?;
        let prompts = Some(directory.join(PROMPTS_DIR));
        Ok(Arc::new(Installation {
            questions: Arc::new(SqliteQuestions::open(&directory, clock, tasks)),
            signing_key: self.signing_key(),
            entities: real.entities.in_realm(&environment),
            rows,
            exports: ExportService::new(None),
            past: ReplayService::default(),
            segments: SegmentService::default(),
            live: Arc::new(LiveHub::default()),
            readers: Readers::default(),
            conversations: Arc::default(),
            countries: PresetsInUse::default(),
            messages: Arc::default(),
            number_checks: Arc::default(),
            writing: Arc::default(),
            imports: Arc::default(),
            access: Arc::clone(&real.access),
            synthesizer: synthesizer(prompts, Arc::clone(clock)).await,
            recordings: Arc::new(WavRecordings::new(directory.join(RECORDINGS_DIR))),
            courier: Arc::new(OutsideCourier::new(Arc::clone(clock))),
            halted: HaltedSenders::default(),
            dialing: Arc::default(),
            directory,
            environment,
        }))
    }
}
