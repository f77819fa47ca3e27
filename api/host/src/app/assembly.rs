//! The last step of opening: makes one installation from the opened log, views and services.

use crate::app::error::AppError;
use crate::app::open_data_dir::OpenDataDir;
use crate::outbound::courier::OutsideCourier;
use crate::read_db_spec::ReadDbSpec;
use actors::ActorSystem;
use application::as_of::replays::ReplayService;
use application::exports::service::ExportService;
use application::halted_senders::HaltedSenders;
use application::installation::Installation;
use application::live::LiveHub;
use application::presets_in_use::PresetsInUse;
use application::readers::Readers;
use application::segments::service::SegmentService;
use domain::ports::speech::Synthesizer;
use std::sync::Arc;

/// The kind of process that uses the installation. Exports of a server have database connections of their
/// own, so that slow readers of files do not delay other requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstallationUse {
    /// A single command, which ends.
    One,
    Many,
}

impl OpenDataDir {
    /// Makes the installation and starts its views, in `read_db` or else in the data directory.
    pub async fn installation(
        &self,
        entities: ActorSystem,
        read_db: Option<&ReadDbSpec>,
        askers: InstallationUse,
        synthesizer: Arc<dyn Synthesizer>,
    ) -> Result<Arc<Installation>, AppError> {
        let rows = self.views(read_db).await?;
        let export_rows = match askers {
            InstallationUse::One => None,
            InstallationUse::Many => Some(self.export_rows(read_db)?),
        };
        Ok(Arc::new(Installation {
            environment: self.environment.clone(),
            directory: self.directory.clone(),
            signing_key: self.signing_key(),
            entities,
            rows,
            questions: self.questions(read_db)?,
            exports: ExportService::new(export_rows),
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
            access: Arc::default(),
            synthesizer,
            recordings: self.recordings(),
            courier: Arc::new(OutsideCourier::new(Arc::clone(&self.environment.clock))),
            halted: HaltedSenders::default(),
            dialing: Arc::default(),
        }))
    }
}
