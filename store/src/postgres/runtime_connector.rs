//! Opens pooled connections on the store's own runtime. Otherwise the first caller's runtime would drive a
//! connection; its threads may be busy, and all later callers would wait for it (decision 0192).

use super::connect::text;
use deadpool_postgres::Connect;
use futures_util::future::BoxFuture;
use tls::postgres::Connector;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Error};

/// Opens pool connections on the runtime on which it was created, which also drives them.
pub(crate) struct RuntimeConnector {
    runtime: Handle,
    connector: Connector,
}

impl RuntimeConnector {
    /// Makes a connector for the current runtime.
    pub(crate) fn current(connector: Connector) -> Self {
        Self {
            runtime: Handle::current(),
            connector,
        }
    }
}

impl Connect for RuntimeConnector {
    #[expect(
        clippy::disallowed_methods,
        reason = "the pool owns and ends the task of each connection"
    )]
    fn connect(&self, config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        let (config, connector) = (config.clone(), self.connector.clone());
        let (reply, connected) = oneshot::channel();
        let task = self.runtime.spawn(async move {
            match config.connect(connector).await {
                // If the caller has gone, the connection is closed.
                Ok((client, connection)) => {
                    if reply.send(Ok(client)).is_ok()
                        && let Err(error) = connection.await
                    {
                        tracing::debug!(error = %text(&error), "a reading connection ended");
                    }
                }
                Err(error) => drop(reply.send(Err(error))),
            }
        });
        Box::pin(async move {
            match connected.await {
                Ok(Ok(client)) => Ok((client, task)),
                Ok(Err(error)) => Err(error),
                // Only the end of the runtime drops the task.
                Err(_) => std::future::pending().await,
            }
        })
    }
}
