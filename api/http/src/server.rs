//! The HTTP server: accept loop, connections and shutdown, with the limits that warp's own server lacks.
//!
//! A request head has one time limit from accept to its end, including the TLS handshake. Connections take
//! slots and are closed when others need them (see `places`). A panic in a handler fails its own request
//! only. At shutdown, open replies have until the deadline; streams close themselves on the stop signal.

use crate::connection_limits::{
    ConnectionSlot, ConnectionSlots, RouteList, SlotLimits, TimedRequestBody, TimedResponseBody,
};
use crate::password_channel::{ConnectionSecurity, RequestChannel, refuse_plain};
use crate::proxies::Proxies;
use crate::reply::problem_response;
use crate::router::Router;
use crate::write_timeout::WriteTimeoutStream;
use bytes::Bytes;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::problem::{Problem, ProblemKind};
use futures_util::FutureExt;
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tls::{AcceptedStream, Acceptor};
use tokio::net::{TcpListener, TcpStream};
use tower::Service;
use warp::http::{HeaderValue, Method, StatusCode, header};
use warp::reply::Response;

/// Maximum size in bytes of a request head, and of unwritten data per connection. Browsers send a tenth of
/// it.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Maximum concurrent requests on one HTTP/2 connection: what a page requests together.
const H2_STREAMS_MAX: u32 = 32;

/// Flow-control window of a request on an HTTP/2 connection, in bytes: how far a body may run ahead of its
/// reader.
const H2_STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// Flow-control window of an HTTP/2 connection, in bytes.
const H2_CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;

/// Maximum size of an HTTP/2 head in bytes, uncompressed.
const H2_HEAD_BYTES_MAX: u32 = 16 * 1024;

/// Idle time in milliseconds after which an HTTP/2 peer is pinged.
const H2_PING_MS: u64 = 20_000;
/// Maximum time in milliseconds for an HTTP/2 peer's answer to a ping; after that the connection is closed.
const H2_PONG_MS: u64 = 10_000;

/// Pause in milliseconds after a failed accept (out of descriptors), so that the loop does not spin.
const ACCEPT_RETRY_MS: u64 = 100;

/// Maximum time in milliseconds for replies that are open at the stop signal; then their connections are
/// closed.
const STOP_MS: u64 = 2_000;

/// HSTS policy: a browser that connected over TLS uses only TLS for a year (RFC 6797). Sent over TLS only.
const STAY_SECURED: &str = "max-age=31536000";

/// Number of ports that are tried after the requested one is in use.
const NEXT_PORTS_MAX: u16 = 100;

/// The client's address in every request's extensions: the peer's, or the one that a trusted proxy forwards.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub SocketAddr);

/// Binds the listener.
#[expect(clippy::disallowed_methods, reason = "the one place that listens for HTTP")]
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Binds the listener, or the next free port if this one is in use, trying at most `NEXT_PORTS_MAX` further
/// ones.
pub async fn bind_near(address: SocketAddr) -> io::Result<TcpListener> {
    let mut wished = address;
    for _ in 0..NEXT_PORTS_MAX {
        match bind(wished).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && wished.port() != u16::MAX => {
                wished.set_port(wished.port() + 1);
            }
            other => return other,
        }
    }
    bind(address).await
}

/// Returns a free UDP port. Used to check that one can be bound at all.
#[expect(
    clippy::disallowed_methods,
    reason = "a check asks the system for a port and gives it back"
)]
/// Returns a UDP port of loopback that is free now. Another program may take it before it is bound.
pub fn free_udp_port() -> io::Result<u16> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(socket.local_addr()?.port())
}

/// What a listener serves.
pub struct ListenerSettings {
    /// With an acceptor every connection uses TLS.
    pub acceptor: Option<Acceptor>,
    pub routes: Router,
    /// The requests that always get a slot, and those that are accepted over a private channel only.
    pub list: RouteList,
    pub proxies: Proxies,
    pub limits: SlotLimits,
}

/// Serves requests until the stop signal, then gives open replies `STOP_MS`. The TLS handshake runs in the
/// connection's task.
pub async fn serve(
    listener: TcpListener,
    settings: ListenerSettings,
    tasks: Arc<dyn Tasks>,
    clock: Arc<dyn Clock>,
) {
    let stop = tasks.stop_signal();
    let graceful = GracefulShutdown::new();
    let places = ConnectionSlots::new(settings.limits, Arc::clone(&clock));
    let acceptor = settings.acceptor;
    let doors = SharedState {
        routes: settings.routes,
        list: Arc::new(settings.list),
        proxies: settings.proxies,
        security: match acceptor {
            Some(_) => ConnectionSecurity::Tls,
            None => ConnectionSecurity::PlainText,
        },
    };
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.stopping() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            places.make_room();
            clock.wait_until(clock.now().plus_ms(ACCEPT_RETRY_MS)).await;
            continue;
        };
        let entered = match doors.proxies.are_at(peer.ip()) {
            true => places.enter_for_many(peer.ip()),
            false => places.enter(peer.ip()),
        };
        let Some(place) = entered else {
            // All slots are busy with responses; the connection can only be closed.
            continue;
        };
        let place = Arc::new(place);
        // Outside of TLS, so that progress is measured on data and not on messages of TLS itself.
        let stream = AcceptedStream::new(stream, acceptor.as_ref());
        let stream = WriteTimeoutStream::new(stream, Arc::clone(&clock), Arc::clone(&place));
        let connection = connection(stream, peer, place, doors.clone(), &graceful);
        tasks.spawn("http-connection", Box::pin(connection));
    }
    drop(listener);
    let ended = async {
        graceful.shutdown().await;
        // WebSocket streams do not count as open replies; they still have to send their close message.
        places.wait_until_empty().await;
    };
    tokio::select! {
        biased;
        () = ended => {}
        () = clock.wait_until(clock.now().plus_ms(STOP_MS)) => {}
    }
}

/// What requests of all connections share.
#[derive(Clone)]
struct SharedState {
    routes: Router,
    list: Arc<RouteList>,
    proxies: Proxies,
    /// Of every connection.
    security: ConnectionSecurity,
}

/// Runs one connection. It ends after its open request when the server stops, and at once when it exceeds a
/// limit or another connection needs its slot.
fn connection(
    stream: WriteTimeoutStream<AcceptedStream<TcpStream>>,
    peer: SocketAddr,
    place: Arc<ConnectionSlot>,
    doors: SharedState,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    let visited = Arc::clone(&place);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let asks = doors.proxies.client(peer, request.headers());
        request.extensions_mut().insert(ClientAddress(asks));
        name_host(&mut request);
        let channel = RequestChannel::of(doors.security, peer, &doors.proxies, request.headers());
        take(doors.clone(), Arc::clone(&visited), channel, request)
    });
    let serving = builder()
        .serve_connection_with_upgrades(TokioIo::new(stream), service)
        .into_owned();
    let serving = graceful.watch(serving);
    async move {
        let ended = tokio::select! {
            ended = serving => ended,
            () = place.is_over() => return,
        };
        // An upgraded connection lives on in its own task, with its stream and its slot.
        place.mark_upgraded();
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended early");
        }
    }
}

/// Adds the host of the request target as `Host` (always there in HTTP/2; RFC 9113, 8.3.1). The same name
/// counts once; another one makes two headers.
fn name_host(request: &mut hyper::Request<Incoming>) {
    let Some(named) = request.uri().authority() else {
        return;
    };
    let said = request.headers().get(header::HOST);
    if said.is_none_or(|said| said.as_bytes() != named.as_str().as_bytes())
        && let Ok(value) = HeaderValue::from_str(named.as_str())
    {
        request.headers_mut().append(header::HOST, value);
    }
}

/// Returns the connection builder for HTTP/1 and HTTP/2 with all limits of one connection.
fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // The time of a head is watched from accept on, for both protocols alike: see `places`.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(BUFFER_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(H2_STREAMS_MAX)
        .initial_stream_window_size(H2_STREAM_WINDOW_BYTES)
        .initial_connection_window_size(H2_CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(BUFFER_BYTES_MAX)
        .max_header_list_size(H2_HEAD_BYTES_MAX)
        .keep_alive_interval(Duration::from_millis(H2_PING_MS))
        .keep_alive_timeout(Duration::from_millis(H2_PONG_MS));
    builder
}

/// Handles one request: takes its slot, then runs the routes.
async fn take(
    doors: SharedState,
    place: Arc<ConnectionSlot>,
    channel: RequestChannel,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<TimedResponseBody<impl Body<Data = Bytes, Error = warp::Error>>>, Infallible> {
    let path = request.uri().path().to_owned();
    // A monitor may use HEAD where others use GET.
    let kept = match *request.method() == Method::HEAD {
        true => doors.list.keeps(&Method::GET, &path),
        false => doors.list.keeps(request.method(), &path),
    };
    if channel == RequestChannel::Plain && doors.list.carries_password(request.method(), &path) {
        // The body is not read; the password in it stays where it is.
        let refused = place.begin_refused();
        let response = closing(problem_response(&refuse_plain()));
        return Ok(response.map(|body| TimedResponseBody::new(body, refused)));
    }
    let Some(open) = place.begin(kept) else {
        // The refusal is short and takes no ordinary slot.
        let refused = place.begin_refused();
        return Ok(full().map(|body| TimedResponseBody::new(body, refused)));
    };
    let reading = Arc::clone(&open);
    let request = request.map(|body| TimedRequestBody::new(body, reading));
    let mut response = handle_request(&doors.routes, request).await;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        place.keep(Arc::clone(&open));
    }
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Ok(allowed) = HeaderValue::from_str(&doors.list.allowed(&path))
    {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    if doors.security == ConnectionSecurity::Tls {
        let policy = HeaderValue::from_static(STAY_SECURED);
        response
            .headers_mut()
            .insert(header::STRICT_TRANSPORT_SECURITY, policy);
    }
    Ok(response.map(|body| TimedResponseBody::new(body, open)))
}

/// Returns the reply when all ordinary slots are busy.
fn full() -> Response {
    closing(problem_response(&Problem::new(
        ProblemKind::Busy,
        "places-taken",
        "all request slots are in use; try again in a moment",
    )))
}

/// Closes the connection after this response, because the request's body was not read.
fn closing(mut response: Response) -> Response {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// Returns the response to a request; a panic becomes a fault. Adds headers against content sniffing and
/// caching unless the response sets them. HEAD is handled as GET, without the body (RFC 9110, section 9.3.2).
pub(crate) async fn handle_request<B>(routes: &Router, mut request: hyper::Request<B>) -> Response
where
    B: Body<Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + Sync + 'static,
{
    let is_head = *request.method() == Method::HEAD;
    if is_head {
        *request.method_mut() = Method::GET;
    }
    let mut response = answered(routes, request).await;
    if is_head {
        response = without_body(response);
    }
    let heads = response.headers_mut();
    let nosniff = HeaderValue::from_static("nosniff");
    heads.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(nosniff);
    let no_store = HeaderValue::from_static("no-store");
    heads.entry(header::CACHE_CONTROL).or_insert(no_store);
    response
}

/// Removes the body of a response and keeps its length, if known.
fn without_body(response: Response) -> Response {
    let length = response.body().size_hint().exact();
    let (mut head, _body) = response.into_parts();
    if let Some(length) = length {
        let said = head.headers.entry(header::CONTENT_LENGTH);
        said.or_insert_with(|| HeaderValue::from(length));
    }
    Response::from_parts(head, String::new().into())
}

async fn answered<B>(routes: &Router, request: hyper::Request<B>) -> Response
where
    B: Body<Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + Sync + 'static,
{
    let reader = match request.body().is_end_stream() {
        true => routes.reader(&request),
        false => None,
    };
    if let Some((reader, params)) = reader {
        let (parts, _nothing) = request.into_parts();
        let answered = AssertUnwindSafe((reader.read)(params, parts))
            .catch_unwind()
            .await;
        return answered.unwrap_or_else(|_| panicked());
    }
    let mut service = warp::service(routes.at(request.uri().path()));
    let answered = AssertUnwindSafe(service.call(request)).catch_unwind().await;
    match answered {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => panicked(),
    }
}

fn panicked() -> Response {
    problem_response(&Problem::fault("a handler panicked"))
}
