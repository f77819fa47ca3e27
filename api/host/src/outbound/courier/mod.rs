//! Delivers messages to external receivers (webhooks, alert channels): POST requests over kept connections,
//! and mails.
//!
//! There are three HTTP clients: one connects only to public addresses over https. For webhooks for which an
//! administrator allowed it, two others connect to any address, one over https and one over plain HTTP.

mod bounded_stream;
mod mail;

#[cfg(test)]
mod tests;

use crate::clock::SystemClock;
use application::webhooks::courier::{
    ANSWER_MS, ANSWER_READ_BYTES_MAX, Address, Courier, DeliveryResponse, Letter, Post,
};
use async_trait::async_trait;
use chrono::NaiveDateTime;
use domain::external_address::{check_url, mail_server};
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use domain::webhook::DeliveryFault;
use http_body_util::BodyExt;
use http_client::{
    AllowedAddresses, ClientOptions, HttpClient, RequestBody, ResolveError, SendError, all_global, full_body,
};
use hyper::header::{DATE, HeaderValue, RETRY_AFTER};
use hyper::http::uri::{Scheme, Uri};
use hyper::{Request, Response, StatusCode, body::Incoming};
use std::error::Error as AnyError;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use tls::{TlsError, Trust};

/// The longest time for TCP, and to look up a name before it is stored, in milliseconds: three attempts of a
/// lost first packet.
const CONNECT_MS: u64 = 5_000;

/// The longest wait for the body after the status has arrived, in milliseconds. Later bytes are not needed.
const ANSWER_BODY_MS: u64 = 3_000;

/// The most idle connections kept to one receiver: as many as messages may be in flight.
const IDLE_MAX: usize = 64;

/// Delivers messages over HTTP and SMTP.
pub struct OutsideCourier {
    clients: Arc<Clients>,
    clock: Arc<dyn Clock>,
}

/// The HTTP clients. Each is created with its first message: a command that sends none reads no certificates,
/// and plain HTTP needs none. A client that could not be created is tried again with the next message.
struct Clients {
    /// Returns the certificates that are accepted for https.
    load_trust: fn() -> Result<Trust, TlsError>,
    public: OnceLock<HttpClient>,
    anywhere: OnceLock<HttpClient>,
    plain: OnceLock<HttpClient>,
}

impl Clients {
    fn new(load_trust: fn() -> Result<Trust, TlsError>) -> Self {
        Self {
            load_trust,
            public: OnceLock::new(),
            anywhere: OnceLock::new(),
            plain: OnceLock::new(),
        }
    }

    /// Returns the client for a URL with this scheme.
    fn select(&self, scheme: Option<&Scheme>, allow_private: bool) -> Result<&HttpClient, TlsError> {
        if !allow_private {
            return get_or_make(&self.public, self.load_trust, AllowedAddresses::PublicOnly);
        }
        let reach = AllowedAddresses::Anywhere;
        if scheme == Some(&Scheme::HTTP) {
            return get_or_make(&self.plain, || Ok(Trust::none()), reach);
        }
        get_or_make(&self.anywhere, self.load_trust, reach)
    }
}

/// Returns the client of this cell, or makes it.
fn get_or_make(
    cell: &OnceLock<HttpClient>,
    load_trust: fn() -> Result<Trust, TlsError>,
    reach: AllowedAddresses,
) -> Result<&HttpClient, TlsError> {
    if let Some(client) = cell.get() {
        return Ok(client);
    }
    let made = HttpClient::new(ClientOptions {
        connect_ms_max: ANSWER_MS,
        tcp_ms_max: CONNECT_MS,
        unread_ms_max: Some(ANSWER_MS),
        idle_count_max: IDLE_MAX,
        ..ClientOptions::new(load_trust()?, reach)
    })?;
    Ok(cell.get_or_init(|| made))
}

impl OutsideCourier {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clients: Arc::new(Clients::new(Trust::of_system)),
            clock,
        }
    }

    async fn within<T: Send + 'static>(
        &self,
        ms: u64,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        tls::with_deadline(self.clock.as_ref(), ms, work).await
    }

    async fn post(clients: Arc<Clients>, clock: Arc<dyn Clock>, post: Post) -> DeliveryResponse {
        let allow_private = post.allow_private;
        let request = match request(post) {
            Ok(request) => request,
            Err(fault) => return DeliveryResponse::nothing(fault),
        };
        let client = match clients.select(request.uri().scheme(), allow_private) {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(%error, "no TLS client could be made for webhooks");
                return DeliveryResponse::nothing(DeliveryFault::Tls);
            }
        };
        match client.send(request).await {
            Ok(response) => Self::read(clock.as_ref(), response).await,
            Err(error) => DeliveryResponse::nothing(fault_of(&error)),
        }
    }
}

impl OutsideCourier {
    /// Reads a response. The status alone decides on success. Of the body only `ANSWER_READ_BYTES_MAX` bytes
    /// that arrive within `ANSWER_BODY_MS` are read.
    async fn read(clock: &dyn Clock, response: Response<Incoming>) -> DeliveryResponse {
        let status = response.status();
        let retry_after_ms = retry_after_ms(&response, SystemClock::default().now());
        let mut body = response.into_body();
        let mut kept = Vec::new();
        let until = clock.now().plus_ms(ANSWER_BODY_MS);
        while kept.len() < ANSWER_READ_BYTES_MAX {
            let frame = tokio::select! {
                biased;
                () = clock.wait_until(until) => None,
                frame = body.frame() => frame,
            };
            let Some(Ok(frame)) = frame else { break };
            let piece = frame.data_ref().map_or(&[][..], |data| data.as_ref());
            let room = ANSWER_READ_BYTES_MAX.saturating_sub(kept.len());
            kept.extend_from_slice(piece.get(..room).unwrap_or(piece));
        }
        let fault = match status {
            status if status.is_success() => None,
            status if status.is_redirection() => Some(DeliveryFault::Redirected),
            _ => Some(DeliveryFault::Status),
        };
        DeliveryResponse {
            fault,
            status: Some(status.as_u16()),
            body: kept,
            retry_after_ms,
        }
    }
}

#[async_trait]
impl Courier for OutsideCourier {
    async fn deliver(&self, letter: Letter) -> DeliveryResponse {
        let carried = match letter {
            Letter::Post(post) => {
                let clients = Arc::clone(&self.clients);
                let clock = Arc::clone(&self.clock);
                self.within(ANSWER_MS, Self::post(clients, clock, post)).await
            }
            Letter::Mail(mail) => self.within(ANSWER_MS, mail::send(mail)).await,
        };
        carried.unwrap_or_else(|| DeliveryResponse::nothing(DeliveryFault::TimedOut))
    }

    fn wall_time(&self) -> Timestamp {
        SystemClock::default().now()
    }

    async fn admits(&self, address: Address<'_>) -> Result<(), String> {
        let (host, port, allow_private) = match address {
            Address::Smtp { host, allow_private } => {
                let (host, port) = mail_server(host).map_err(|fault| fault.to_string())?;
                (host, port, allow_private)
            }
            Address::Url { url, allow_private } => {
                check_url(url).map_err(|fault| fault.to_string())?;
                let url: Uri = url.parse().map_err(|error| format!("is no URL: {error}"))?;
                let (host, port) = endpoint(&url, allow_private)?;
                (host, port, allow_private)
            }
        };
        if allow_private {
            return Ok(());
        }
        let looked_up = async move {
            let found = tokio::net::lookup_host((host, port)).await;
            found.map(Iterator::collect::<Vec<SocketAddr>>)
        };
        let found = self.within(CONNECT_MS, looked_up).await.and_then(Result::ok);
        all_global(found.unwrap_or_default())
            .map(drop)
            .map_err(|why| match why {
                ResolveError::Unknown => "its name does not resolve".to_owned(),
                ResolveError::NotGlobal => {
                    "it points to an address outside the public internet; an administrator can allow it \
                 (allow_private)"
                        .to_owned()
                }
            })
    }
}

/// Returns host and port of a URL to which messages may be sent: https, or http if private addresses are
/// allowed. Otherwise returns why not.
fn endpoint(url: &Uri, allow_private: bool) -> Result<(String, u16), String> {
    let is_https = url.scheme() == Some(&Scheme::HTTPS);
    let is_http = url.scheme() == Some(&Scheme::HTTP);
    let is_spoken = is_https || (is_http && allow_private);
    if !is_spoken {
        return Err("must begin with https://".to_owned());
    }
    let authority = url.authority().ok_or("has no host")?;
    if authority.as_str().contains('@') {
        return Err("must not contain a user".to_owned());
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err("has no host".to_owned());
    }
    let port = authority.port_u16().unwrap_or(if is_https { 443 } else { 80 });
    Ok((host.to_owned(), port))
}

/// Builds the request. The client checks the address to which the URL leads.
fn request(post: Post) -> Result<Request<RequestBody>, DeliveryFault> {
    let url: Uri = post.url.parse().map_err(|_why| DeliveryFault::Unmade)?;
    endpoint(&url, post.allow_private).map_err(|_why| DeliveryFault::PrivateAddress)?;
    let mut request = Request::post(url);
    for header in &post.headers {
        request = request.header(header.name, header.value.as_str());
    }
    request
        .body(full_body(post.body))
        .map_err(|_why| DeliveryFault::Unmade)
}

/// Returns how long the receiver asks to wait, in milliseconds: `Retry-After` in seconds or as a date (RFC
/// 9110, 10.2.3). A date is compared with the receiver's `Date` if there is one, because clocks differ;
/// otherwise with `now`.
fn retry_after_ms(response: &Response<Incoming>, now: Timestamp) -> Option<u64> {
    let asks = matches!(
        response.status(),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    let text = |name| {
        let value: &HeaderValue = response.headers().get(name)?;
        value.to_str().ok().map(str::trim)
    };
    let wanted = text(RETRY_AFTER).filter(|_| asks)?;
    if let Ok(seconds) = wanted.parse::<u64>() {
        return Some(seconds.saturating_mul(1_000));
    }
    let until = http_date(wanted)?;
    let now = text(DATE).and_then(http_date).unwrap_or(now);
    Some(until.ms_since(now))
}

/// Parses the three forms of a date in HTTP (RFC 9110, 5.6.7).
fn http_date(text: &str) -> Option<Timestamp> {
    let forms = [
        "%a, %d %b %Y %H:%M:%S GMT",
        "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %Y",
    ];
    let read = forms
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(Timestamp::from_micros(read.and_utc().timestamp_micros()))
}

/// Returns why a message was not delivered. The reason is searched in the chain of causes, because the
/// client's error only says that the request failed. With a connection the receiver may have the message, so
/// that the fault must not say that it has not: an SMS would be sent twice.
fn fault_of(error: &SendError) -> DeliveryFault {
    let is_connect = error.is_connect();
    let mut cause: Option<&(dyn AnyError + 'static)> = Some(error);
    while let Some(one) = cause {
        if let Some(why) = one.downcast_ref::<ResolveError>() {
            return match why {
                ResolveError::Unknown => DeliveryFault::Unresolved,
                ResolveError::NotGlobal => DeliveryFault::PrivateAddress,
            };
        }
        if let Some(io) = one.downcast_ref::<std::io::Error>() {
            if io.kind() == std::io::ErrorKind::TimedOut {
                return DeliveryFault::TimedOut;
            }
            if is_connect && tls::find_tls_error_text(io).is_some() {
                return DeliveryFault::Tls;
            }
        }
        cause = one.source();
    }
    if is_connect {
        DeliveryFault::Unreachable
    } else {
        DeliveryFault::AnswerCut
    }
}
