//! Who answers a command that asks of the rows: a running server, or this process where none runs.

use super::failure::Failure;
use crate::app::{AppError, OpenSettings, Opened};
use crate::auth::Door;
use crate::data_dir::{self, Mode};
use crate::outbound::own_server::{OwnServer, ServerArgs};
use crate::read_db_spec::ReadDbArgs;
use crate::serving::App;
use crate::store_spec::{LogArgs, StoreSpec};
use domain::time::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;
use store::LockError;
use tokio::runtime::Runtime;

/// How long a command waits until the rows have what the log has.
const CATCH_UP_MS: u64 = 60_000;

/// Where a command asks.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct HolderArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The log, where no server runs: sqlite:DIR, postgres://USER@db.example/DB or kurrent://db.example:2113
    #[arg(long, value_name = "URL")]
    store: Option<StoreSpec>,
    /// Where the keys are, where no server runs; default: DATA/keys
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    read_db: ReadDbArgs,
}

/// Who has the rows.
pub(crate) enum Holder {
    Server(OwnServer),
    Here(Arc<App>),
}

impl HolderArgs {
    /// A named server, or the one that uses the directory, or this process on the directory.
    pub(crate) async fn find(&self, runtime: Arc<Runtime>) -> Result<Holder, Failure> {
        if self.server.server.is_some() || (self.server.data.is_none() && self.store.is_none()) {
            return Ok(Holder::Server(OwnServer::find(&self.server)?));
        }
        let log = LogArgs {
            data: self.server.data.clone(),
            store: self.store.clone(),
        };
        let (data, store) = log.place()?;
        if let StoreSpec::Sqlite(directory) = &store
            && !directory.join(store::EVENTS_FILE).exists()
        {
            return Err(Failure::refused(format!(
                "there is no event log in {}",
                directory.display()
            )));
        }
        let rehearsal = data_dir::mode(&data) == Some(Mode::Rehearsal);
        let settings = OpenSettings {
            data: data.clone(),
            store,
            keys: self.keys.clone(),
            keys_url: None,
            master_key: None,
            // A rehearsal goes on behind its last event.
            rehearse_at: rehearsal.then_some(Timestamp::EPOCH),
        };
        match Opened::open(&settings).await {
            Ok(opened) => self.here(opened, runtime).await.map(Holder::Here),
            Err(AppError::Lock(LockError::Held { .. })) => {
                let server = ServerArgs {
                    data: Some(data),
                    ..self.server.clone()
                };
                Ok(Holder::Server(OwnServer::find(&server)?))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn here(&self, opened: Opened, runtime: Arc<Runtime>) -> Result<Arc<App>, Failure> {
        let system = opened.entities(runtime);
        let read_db = self.read_db.read_db.as_ref();
        let views = opened.views(read_db).await?;
        let questions = opened.questions(read_db)?;
        let synthesizer = opened.synthesizer().await;
        let app = Arc::new(App::new(opened, system, views, synthesizer, Door::Open));
        app.take_questions(questions);
        let head = app.store().head().await?;
        if let Err(late) = app.views_at(head, CATCH_UP_MS).await {
            app.opened.close().await;
            return Err(late.into());
        }
        Ok(app)
    }
}
