//! The last step of opening: the finished parts of a log become one installation.

use crate::app::error::AppError;
use crate::app::opened::Opened;
use crate::outbound::courier::OutsideCourier;
use crate::read_db_spec::ReadDbSpec;
use actors::ActorSystem;
use application::as_of::past::Past;
use application::exporting::desk::ExportDesk;
use application::halted::Halted;
use application::installation::Installation;
use application::live::LiveHub;
use application::presets_in_use::PresetsInUse;
use application::readers::Readers;
use application::segments::room::SegmentRoom;
use domain::ports::speech::Synthesizer;
use std::sync::Arc;

/// How many will ask: a server's exports have connections of their own, so that slow readers of files keep
/// nobody else waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Askers {
    /// One command, which ends.
    One,
    Many,
}

impl Opened {
    /// The views begin to follow the log, in `read_db` or else in the data directory.
    pub async fn installation(
        &self,
        entities: ActorSystem,
        read_db: Option<&ReadDbSpec>,
        askers: Askers,
        synthesizer: Arc<dyn Synthesizer>,
    ) -> Result<Arc<Installation>, AppError> {
        let rows = self.views(read_db).await?;
        let export_rows = match askers {
            Askers::One => None,
            Askers::Many => Some(self.export_rows(read_db)?),
        };
        Ok(Arc::new(Installation {
            environment: self.environment.clone(),
            directory: self.directory.clone(),
            signing_key: self.signing_key(),
            entities,
            rows,
            questions: self.questions(read_db)?,
            exports: ExportDesk::new(export_rows),
            past: Past::default(),
            segments: SegmentRoom::default(),
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
            halted: Halted::default(),
            dialing: Arc::default(),
        }))
    }
}
