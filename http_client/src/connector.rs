//! Connects within one time limit, which includes the name's resolution and the TLS handshake.
//!
//! The limit is here and not in the caller. If another connection becomes idle first, hyper-util finishes the
//! connect in a task of its own, which no deadline of a caller ends.

use crate::error::ConnectTimeout;
use crate::resolver::ReachResolver;
use futures_util::future::BoxFuture;
use hyper::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tower::Service;

/// A connector that fails after `ms_max` milliseconds with an `io::Error` of the kind `TimedOut`.
#[derive(Clone)]
pub(crate) struct TimedConnector {
    connector: HttpsConnector<HttpConnector<ReachResolver>>,
    ms_max: u64,
}

impl TimedConnector {
    pub(crate) const fn new(connector: HttpsConnector<HttpConnector<ReachResolver>>, ms_max: u64) -> Self {
        Self { connector, ms_max }
    }
}

impl Service<Uri> for TimedConnector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.connector.poll_ready(context)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "hyper-util calls the connector, which has no clock, and its own limits use the same timer"
    )]
    fn call(&mut self, url: Uri) -> Self::Future {
        let connect = self.connector.call(url);
        let ms_max = self.ms_max;
        Box::pin(async move {
            let late = tokio::time::sleep(Duration::from_millis(ms_max));
            tokio::select! {
                biased;
                () = late => Err(io::Error::new(io::ErrorKind::TimedOut, ConnectTimeout(ms_max)).into()),
                connected = connect => connected,
            }
        })
    }
}
