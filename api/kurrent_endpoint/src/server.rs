//! Listens and serves until the stop signal, with the limits that a public gRPC port needs.

use crate::admission::{Admission, CallerPermissions};
use crate::connections;
use crate::discovery::Discovery;
use crate::errors;
use crate::generated::event_store::client::gossip::gossip_server::GossipServer;
use crate::generated::event_store::client::server_features::server_features_server::ServerFeaturesServer;
use crate::generated::event_store::client::streams::streams_server::StreamsServer;
use crate::positions::Positions;
use crate::service::{SUBSCRIPTIONS_MAX, Service};
use domain::ports::clock::Clock;
use domain::ports::event_store::{APPEND_EVENTS_MAX, EventStore};
use domain::ports::tasks::StopSignal;
use domain::stored_event::RECORD_BYTES_MAX;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll};
use std::time::Duration;
use tls::Acceptor;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service as Calls, http};
use tonic::transport::Server;
use tonic::transport::server::TcpConnectInfo;

/// The most bytes of a message: a BatchAppend with the most events, each with 4 KiB besides its record.
const MESSAGE_BYTES_MAX: usize = APPEND_EVENTS_MAX * (RECORD_BYTES_MAX + 4_096);

/// The most concurrent calls on one connection.
const CALLS_MAX: u32 = 100;

/// The most bytes of a call's headers; clients send a few hundred.
const HEADERS_BYTES_MAX: u32 = 16 * 1_024;

/// The time without a response to a ping after which a connection is closed, in milliseconds.
const KEEPALIVE_MS: u64 = 10_000;

/// The longest time for a client to send a complete append, in milliseconds. Streaming replies are not
/// limited by it.
const CALL_MS: u64 = 30_000;

/// The longest time for open replies after the server stops, in milliseconds; they end by themselves at the
/// stop signal.
const STOP_MS: u64 = 2_000;

/// The options of the endpoint.
#[derive(Clone)]
pub struct Options {
    /// True if clients may append (only records of ours). If false, every append is refused as
    /// `access-denied`.
    pub append: bool,
    pub positions: Positions,
    pub admission: Arc<dyn Admission>,
    /// Adds TLS to connections; without it they are plain text.
    pub acceptor: Option<Acceptor>,
}

/// The endpoint: serves a log for reading and following, and for appends if enabled.
#[derive(Clone)]
pub struct Endpoint {
    pub store: Arc<dyn EventStore>,
    pub clock: Arc<dyn Clock>,
    pub stop: Arc<dyn StopSignal>,
    pub options: Options,
}

/// The error that ended the server before the stop signal.
#[derive(Debug, thiserror::Error)]
#[error("the KurrentDB endpoint ended: {0}")]
pub struct ServeError(#[from] tonic::transport::Error);

impl Endpoint {
    /// Serves until the stop signal, which also ends open replies.
    pub async fn serve(self, listener: TcpListener) -> Result<(), ServeError> {
        let (stop, clock) = (Arc::clone(&self.stop), Arc::clone(&self.clock));
        let incoming = connections::connections(listener, self.options.acceptor.clone(), Arc::clone(&clock));
        let serving = Server::builder()
            .timeout(Duration::from_millis(CALL_MS))
            .max_concurrent_streams(CALLS_MAX)
            .http2_max_header_list_size(HEADERS_BYTES_MAX)
            .http2_keepalive_interval(Some(Duration::from_millis(KEEPALIVE_MS)))
            .http2_keepalive_timeout(Some(Duration::from_millis(KEEPALIVE_MS)))
            .serve_with_incoming_shutdown(self.services(), incoming, stop.stopping());
        let deadline = async {
            stop.stopping().await;
            clock.wait_until(clock.now().plus_ms(STOP_MS)).await;
        };
        tokio::select! {
            biased;
            ended = serving => ended.map_err(ServeError::from),
            () = deadline => Ok(()),
        }
    }

    fn services(&self) -> Services {
        let service = Service {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            stop: Arc::clone(&self.stop),
            positions: self.options.positions,
            append: self.options.append,
            subscriptions: Arc::new(Semaphore::new(SUBSCRIPTIONS_MAX)),
            asked: AtomicU64::new(0),
        };
        let discovery = Discovery {
            append: self.options.append,
            clock: Arc::clone(&self.clock),
        };
        Services {
            streams: StreamsServer::new(service).max_decoding_message_size(MESSAGE_BYTES_MAX),
            features: ServerFeaturesServer::new(discovery.clone()),
            gossip: GossipServer::new(discovery),
            admission: Arc::clone(&self.options.admission),
        }
    }
}

/// The services by their path; other paths are answered `unimplemented`.
#[derive(Clone)]
struct Services {
    streams: StreamsServer<Service>,
    features: ServerFeaturesServer<Discovery>,
    gossip: GossipServer<Discovery>,
    admission: Arc<dyn Admission>,
}

impl Calls<http::Request<Body>> for Services {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let service = request.uri().path().split('/').nth(1).unwrap_or("");
        match service {
            "event_store.client.server_features.ServerFeatures" => self.features.call(request),
            "event_store.client.gossip.Gossip" => self.gossip.call(request),
            "event_store.client.streams.Streams" => self.admitted(request),
            other => {
                let other = errors::unimplemented(other);
                self.otherwise(&request, other)
            }
        }
    }
}

impl Services {
    /// Calls the Streams service if the caller is known. The caller's permissions are added to the
    /// request's extensions.
    fn admitted(&self, mut request: http::Request<Body>) -> BoxFuture<http::Response<Body>, Infallible> {
        let (admission, mut streams) = (Arc::clone(&self.admission), self.streams.clone());
        let asker = CallerCredentials::of(&request);
        Box::pin(async move {
            match asker.admitted(admission).await {
                Some(admitted) => {
                    request.extensions_mut().insert(admitted);
                    streams.call(request).await
                }
                None => Ok(errors::not_admitted().into_http()),
            }
        })
    }

    /// Answers other paths with `status` if the caller is known; otherwise with `not_admitted`.
    fn otherwise(
        &self,
        request: &http::Request<Body>,
        status: tonic::Status,
    ) -> BoxFuture<http::Response<Body>, Infallible> {
        let (admission, asker) = (Arc::clone(&self.admission), CallerCredentials::of(request));
        Box::pin(async move {
            Ok(match asker.admitted(admission).await {
                Some(_) => status.into_http(),
                None => errors::not_admitted().into_http(),
            })
        })
    }
}

/// The caller, as the request identifies it.
struct CallerCredentials {
    authorization: Option<String>,
    peer: Option<IpAddr>,
}

impl CallerCredentials {
    fn of(request: &http::Request<Body>) -> Self {
        let header = request.headers().get("authorization");
        let peer = request.extensions().get::<TcpConnectInfo>();
        Self {
            authorization: header.and_then(|value| value.to_str().ok()).map(str::to_owned),
            peer: peer
                .and_then(TcpConnectInfo::remote_addr)
                .map(|address| address.ip()),
        }
    }

    async fn admitted(self, admission: Arc<dyn Admission>) -> Option<CallerPermissions> {
        admission.admits(self.authorization.as_deref(), self.peer).await
    }
}
