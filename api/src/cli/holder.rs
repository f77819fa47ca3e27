//! Who answers a command that asks of the rows: a running server, or this process where none runs.

use super::failure::Failure;
use super::writer::{Here, Writer, WriterArgs};
use crate::auth::Door;
use crate::outbound::own_server::OwnServer;
use crate::read_db_spec::ReadDbArgs;
use crate::serving::App;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// How long a command waits until the rows have what the log has.
const CATCH_UP_MS: u64 = 60_000;

/// Where a command asks.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct HolderArgs {
    #[command(flatten)]
    writer: WriterArgs,
    #[command(flatten)]
    read_db: ReadDbArgs,
}

/// Who has the rows.
pub(crate) enum Holder {
    Server(Box<OwnServer>),
    Here(Arc<App>),
}

impl HolderArgs {
    /// A named server, or the one that uses the directory, or this process on the directory.
    pub(crate) async fn find(&self, runtime: Arc<Runtime>) -> Result<Holder, Failure> {
        match self.writer.open(runtime).await? {
            Writer::Server(server) => Ok(Holder::Server(server)),
            Writer::Here(here) => self.rows_of(*here).await.map(Holder::Here),
        }
    }

    /// The views follow the log here for as long as the command runs.
    async fn rows_of(&self, here: Here) -> Result<Arc<App>, Failure> {
        let Here { opened, system } = here;
        let read_db = self.read_db.read_db.as_ref();
        let views = opened.views(read_db).await?;
        let questions = opened.questions(read_db)?;
        let synthesizer = opened.synthesizer().await;
        let app = Arc::new(App::new(
            opened,
            system,
            views,
            synthesizer,
            Door::Open { port: 0 },
        ));
        app.take_questions(questions);
        let head = app.store().head().await?;
        if let Err(late) = app.views_at(head, CATCH_UP_MS).await {
            app.opened.close().await;
            return Err(late.into());
        }
        Ok(app)
    }
}
