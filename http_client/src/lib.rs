//! The only client for outgoing HTTP requests: connection, TLS, deadline, size limits, and refusal of private
//! addresses (decision 0219).
//!
//! It speaks HTTP/1.1, uses no proxy and follows no redirect. A URL that begins with https is verified with
//! the caller's trust; with http it is sent in clear, so a caller that requires TLS checks the scheme.

mod address;
mod connector;
mod error;
mod exchange;
mod resolver;
#[cfg(test)]
mod tests;

pub use address::is_global;
pub use error::SendError;
pub use exchange::{BodyError, ExchangeError, ExchangeLimits, read_body};
pub use resolver::{ResolveError, all_global};

use bytes::Bytes;
use connector::TimedConnector;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, Uri};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use resolver::ReachResolver;
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use tls::{TlsError, Trust};

/// How long an idle connection is kept, in milliseconds; servers usually close them after a minute.
const IDLE_MS: u64 = 30_000;

/// The most idle connections kept to one server if the caller names no number. Few requests to one server run
/// at once, except of webhooks, which name their own.
const IDLE_COUNT_MAX: usize = 16;

/// The longest time to connect if the caller names none, in milliseconds: five attempts of a lost first
/// packet, which Linux sends after 0, 1, 3, 7 and 15 seconds.
const CONNECT_MS: u64 = 30_000;

/// The body of a request.
pub type RequestBody = BoxBody<Bytes, io::Error>;

/// Returns a body that is sent as a whole.
pub fn full_body(bytes: impl Into<Bytes>) -> RequestBody {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

/// The addresses to which a client may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowedAddresses {
    /// Every address.
    Anywhere,
    /// Addresses of the public internet only. A name with any other address is refused.
    PublicOnly,
}

/// What a client may connect to, and how long it keeps connections.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The certificates that are accepted for https.
    pub trust: Trust,
    pub reach: AllowedAddresses,
    /// The longest time to connect, in milliseconds: resolution of the name, TCP, and the TLS handshake. It
    /// also ends a connect for which no request waits any longer.
    pub connect_ms_max: u64,
    /// The part of that time for TCP, in milliseconds. The addresses of a name share it evenly.
    pub tcp_ms_max: u64,
    /// The longest time that sent bytes may wait until the other side takes them, in milliseconds. Then the
    /// system ends the connection (TCP_USER_TIMEOUT, on Linux only). `None`: as long as the other side's
    /// system answers.
    pub unread_ms_max: Option<u64>,
    /// The most idle connections kept to one server; 0: each request has a connection of its own.
    pub idle_count_max: usize,
}

impl ClientOptions {
    /// Returns the options of a client that connects within 30 seconds and keeps 16 idle connections to
    /// one server.
    pub const fn new(trust: Trust, reach: AllowedAddresses) -> Self {
        Self {
            trust,
            reach,
            connect_ms_max: CONNECT_MS,
            tcp_ms_max: CONNECT_MS,
            unread_ms_max: None,
            idle_count_max: IDLE_COUNT_MAX,
        }
    }
}

/// A client for outgoing requests. Clones share their connections.
#[derive(Clone)]
pub struct HttpClient {
    client: Client<TimedConnector, RequestBody>,
    reach: AllowedAddresses,
}

impl HttpClient {
    /// Makes a client. Opens no connection.
    pub fn new(options: ClientOptions) -> Result<Self, TlsError> {
        let mut http = HttpConnector::new_with_resolver(ReachResolver::new(options.reach));
        http.enforce_http(false);
        http.set_nodelay(true);
        limit_unread(&mut http, options.unread_ms_max);
        http.set_connect_timeout(Some(Duration::from_millis(options.tcp_ms_max)));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(options.trust.config(&[])?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(options.idle_count_max)
            .pool_idle_timeout(Duration::from_millis(IDLE_MS))
            .build(TimedConnector::new(connector, options.connect_ms_max));
        Ok(Self {
            client,
            reach: options.reach,
        })
    }

    /// Makes a client for URLs that begin with `http://`: it accepts no certificate. `unread_ms_max` as in
    /// [`ClientOptions`].
    pub fn plain(unread_ms_max: u64) -> Self {
        let options = ClientOptions {
            unread_ms_max: Some(unread_ms_max),
            ..ClientOptions::new(Trust::none(), AllowedAddresses::Anywhere)
        };
        Self::new(options).expect("no file is read, and the cryptography provider has its TLS versions")
    }

    /// Sends a request. Returns the response when its head has arrived. There is no deadline here: the caller
    /// sets one, or uses [`Self::exchange`].
    pub async fn send(&self, request: Request<RequestBody>) -> Result<Response<Incoming>, SendError> {
        // An IP address in a URL is not resolved, so the resolver does not see it.
        if self.reach == AllowedAddresses::PublicOnly && !is_literal_global(request.uri()) {
            return Err(SendError::PrivateAddress(ResolveError::NotGlobal));
        }
        Ok(self.client.request(request).await?)
    }
}

#[cfg(target_os = "linux")]
fn limit_unread(http: &mut HttpConnector<ReachResolver>, ms_max: Option<u64>) {
    http.set_tcp_user_timeout(ms_max.map(Duration::from_millis));
}

#[cfg(not(target_os = "linux"))]
fn limit_unread(_http: &mut HttpConnector<ReachResolver>, _ms_max: Option<u64>) {}

/// Returns false if the host of a URL is an IP address outside the public internet; true also for a name.
fn is_literal_global(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    !host.parse::<IpAddr>().is_ok_and(|address| !is_global(address))
}
