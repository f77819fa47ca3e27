//! Who answers a command that asks of the rows: a running server, or this process where none runs.

use crate::kit::failure::Failure;
use crate::kit::writer::{Here, Writer, WriterArgs};
use application::installation::Installation;
use host::app::{Askers, Opened};
use host::outbound::own_server::OwnServer;
use host::read_db_spec::ReadDbArgs;
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
    Here(Box<HereRows>),
}

/// A log opened by this command, with rows that follow it.
pub(crate) struct HereRows {
    pub(crate) installation: Arc<Installation>,
    opened: Opened,
}

impl HolderArgs {
    /// A named server, or the one that uses the directory, or this process on the directory.
    pub(crate) async fn find(&self, runtime: Arc<Runtime>) -> Result<Holder, Failure> {
        match self.writer.open(runtime).await? {
            Writer::Server(server) => Ok(Holder::Server(server)),
            Writer::Here(here) => Ok(Holder::Here(Box::new(self.rows_of(*here).await?))),
        }
    }

    /// The views follow the log here for as long as the command runs.
    async fn rows_of(&self, here: Here) -> Result<HereRows, Failure> {
        let Here { opened, system } = here;
        let rows = (self.read_db.read_db.as_ref(), Askers::One);
        let installation = opened
            .installation(system, rows, opened.synthesizer().await)
            .await?;
        let here = HereRows { installation, opened };
        let head = here.installation.store().head().await?;
        if let Err(late) = here.installation.rows_at(head, CATCH_UP_MS).await {
            here.close().await;
            return Err(late.into());
        }
        Ok(here)
    }
}

impl HereRows {
    /// The directory is free when it returns.
    pub(crate) async fn close(self) {
        self.opened.close().await;
    }
}
