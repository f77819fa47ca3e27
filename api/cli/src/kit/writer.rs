//! How a command writes: through the server that runs on a directory, or by itself where none runs.

use crate::kit::failure::Failure;
use actors::ActorSystem;
use domain::time::Timestamp;
use host::app::{AppError, Opened};
use host::data_dir::{self, Mode};
use host::keys_spec::KeysSpec;
use host::lone_event::note_index_remade;
use host::open_settings::OpenSettings;
use host::outbound::own_server::{OwnServer, ServerArgs};
use host::store_spec::{LogArgs, StoreSpec};
use std::sync::Arc;
use store::LockError;
use tokio::runtime::Runtime;

/// Which log is written, and how.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct WriterArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The log, where it is not in the data directory; then no server is asked
    #[arg(long, value_name = "URL")]
    store: Option<StoreSpec>,
    #[command(flatten)]
    keys: KeysSpec,
}

/// Who writes.
pub(crate) enum Writer {
    Server(Box<OwnServer>),
    Here(Box<Here>),
}

/// A log opened for writing by this command.
pub(crate) struct Here {
    pub(crate) opened: Opened,
    pub(crate) system: ActorSystem,
}

impl WriterArgs {
    /// The log, for commands that also read it.
    pub(crate) fn log(&self) -> LogArgs {
        LogArgs {
            data: self.server.data.clone(),
            store: self.store.clone(),
        }
    }

    /// Opens the directory where no server holds it; else its server is asked.
    pub(crate) async fn open(&self, runtime: Arc<Runtime>) -> Result<Writer, Failure> {
        if self.server.server.is_some() || self.server.data.is_none() && self.store.is_none() {
            return Ok(Writer::Server(Box::new(OwnServer::find(&self.server)?)));
        }
        let (data, store) = self.log().place()?;
        if !data.exists() {
            return Err(Failure::refused(format!("there is no {}", data.display())));
        }
        let rehearsal = data_dir::mode(&data) == Some(Mode::Rehearsal);
        let settings = OpenSettings {
            data,
            store,
            keys: self.keys.dir(),
            keys_url: self.keys.url(),
            master_key: self.keys.master_key.clone(),
            // A rehearsal's clock goes on behind what is recorded.
            rehearse_at: rehearsal.then_some(Timestamp::EPOCH),
        };
        match Opened::open(&settings).await {
            Ok(opened) => {
                opened.name_log().await?;
                let mode = Mode::of_rehearsal(rehearsal);
                note_index_remade(opened.environment.store.as_ref(), mode, opened.index_remade()).await?;
                let system = opened.entities(runtime);
                Ok(Writer::Here(Box::new(Here { opened, system })))
            }
            Err(AppError::Lock(LockError::Held { dir, pid })) => {
                let server = OwnServer::of_holder(&self.server, &dir, pid)?;
                Ok(Writer::Server(Box::new(server)))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Here {
    /// What was written is durable and the directory is free when this returns.
    pub(crate) async fn close(self) {
        self.opened.close().await;
    }
}
