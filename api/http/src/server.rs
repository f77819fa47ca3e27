//! Listens, serves and stops: the accept loop around warp's routes, with every bound that warp's own lacks.
//!
//! A head has one limit from accept to its end, the handshake of TLS included; connections have places and
//! give way (see `places`), a panic in a handler costs its own request alone, and at stop open replies have
//! until the deadline; streams close themselves on the stop signal.

use crate::places::{Limits, OurBody, Place, Places, RouteList, TheirBody};
use crate::proxies::Proxies;
use crate::reply::problem_response;
use crate::router::Router;
use crate::unstalled::Unstalled;
use bytes::Bytes;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::problem::{Kind, Problem};
use futures_util::FutureExt;
use host::descriptors;
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
use tls::{Accepted, Acceptor};
use tokio::net::{TcpListener, TcpStream};
use tower::Service;
use warp::http::{HeaderValue, Method, StatusCode, header};
use warp::reply::Response;

/// Most bytes of one head, and of what one connection holds unwritten: browsers send a tenth of it.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Most requests at once on one HTTP/2 connection: what a page asks for together.
const H2_STREAMS_MAX: u32 = 32;

/// Most bytes of one request on an HTTP/2 connection that we hold unread: what a body may run ahead of its
/// reader.
const H2_STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// The same of all requests on one connection.
const H2_CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;

/// Most bytes of one HTTP/2 head, unpacked.
const H2_HEAD_BYTES_MAX: u32 = 16 * 1024;

/// Silence after which an HTTP/2 peer is asked whether it lives.
const H2_PING_MS: u64 = 20_000;
/// How long it may take to say so: many round trips of the slowest link.
const H2_PONG_MS: u64 = 10_000;

/// Wait after a failed accept (out of descriptors), so that the loop does not spin.
const ACCEPT_RETRY_MS: u64 = 100;

/// Longest time open replies have once the server stops.
const STOP_MS: u64 = 2_000;

/// A browser that has met us over TLS comes by no other way for a year (RFC 6797); said over TLS alone.
const STAY_SECURED: &str = "max-age=31536000";

/// Ports tried after the wished one is taken.
const NEXT_PORTS_MAX: u16 = 100;

/// Who asks, in every request's extensions: the address that connected, or for which a believed proxy did.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Binds the listener.
#[expect(clippy::disallowed_methods, reason = "the one place that listens for HTTP")]
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Binds the listener, or the next free port when this one is taken.
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

/// Whether a UDP port can be had at all.
#[expect(
    clippy::disallowed_methods,
    reason = "a check asks the system for a port and gives it back"
)]
pub fn free_udp_port() -> io::Result<u16> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(socket.local_addr()?.port())
}

/// Serves until the stop signal, then gives open replies `STOP_MS`. For the kept requests there is always
/// a place. With an acceptor every connection speaks TLS, and its own task makes the handshake.
pub async fn serve(
    listener: TcpListener,
    acceptor: Option<Acceptor>,
    routes: Router,
    list: RouteList,
    proxies: Proxies,
    tasks: Arc<dyn Tasks>,
    clock: Arc<dyn Clock>,
) {
    let stop = tasks.stop_signal();
    let graceful = GracefulShutdown::new();
    let places = Places::new(Limits::within(descriptors::raise()), Arc::clone(&clock));
    let doors = Doors {
        routes,
        list: Arc::new(list),
        proxies,
        secured: acceptor.is_some(),
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
            // Every place is busy with an answer: closing is all that can be said without one.
            continue;
        };
        let place = Arc::new(place);
        // Outside of TLS: what is taken is what was asked for, not the messages of TLS itself.
        let stream = Accepted::new(stream, acceptor.as_ref());
        let stream = Unstalled::new(stream, Arc::clone(&clock), Arc::clone(&place));
        let connection = connection(stream, peer, place, doors.clone(), &graceful);
        tasks.spawn("http-connection", Box::pin(connection));
    }
    drop(listener);
    let ended = async {
        graceful.shutdown().await;
        // Feeds over a WebSocket are nobody's open reply any more, and have yet to say that we go away.
        places.all_left().await;
    };
    tokio::select! {
        biased;
        () = ended => {}
        () = clock.wait_until(clock.now().plus_ms(STOP_MS)) => {}
    }
}

/// What a request is answered by.
#[derive(Clone)]
struct Doors {
    routes: Router,
    list: Arc<RouteList>,
    proxies: Proxies,
    /// Every connection speaks TLS.
    secured: bool,
}

/// One connection, watched so that it ends after its open request when the server stops, and at once when
/// it is past its limit or must give way.
fn connection(
    stream: Unstalled<Accepted<TcpStream>>,
    peer: SocketAddr,
    place: Arc<Place>,
    doors: Doors,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    let visited = Arc::clone(&place);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let asks = doors.proxies.client(peer, request.headers());
        request.extensions_mut().insert(Peer(asks));
        name_host(&mut request);
        take(doors.clone(), Arc::clone(&visited), request)
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
        // What was upgraded lives on in its own task, with its stream and so with its place.
        place.is_upgraded();
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended early");
        }
    }
}

/// A host named in the request's target (always so in HTTP/2) is a `Host` like any other (RFC 9113, 8.3.1):
/// the same name counts once, another one makes two.
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

/// HTTP/1 and HTTP/2 with every limit on what one connection may hold.
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

/// One request: its place first, then its answer.
async fn take(
    doors: Doors,
    place: Arc<Place>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<OurBody<impl Body<Data = Bytes, Error = warp::Error>>>, Infallible> {
    let path = request.uri().path().to_owned();
    // A monitor may ask by HEAD what others ask by GET.
    let kept = match *request.method() == Method::HEAD {
        true => doors.list.keeps(&Method::GET, &path),
        false => doors.list.keeps(request.method(), &path),
    };
    let Some(open) = place.begin(kept) else {
        // Not an ordinary request: it holds no such place, and its refusal is short.
        let refused = place.begin_refused();
        return Ok(full().map(|body| OurBody::new(body, refused)));
    };
    let reading = Arc::clone(&open);
    let request = request.map(|body| TheirBody::new(body, reading));
    let mut response = routed(&doors.routes, request).await;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        place.keep(Arc::clone(&open));
    }
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Ok(allowed) = HeaderValue::from_str(&doors.list.allowed(&path))
    {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    if doors.secured {
        let policy = HeaderValue::from_static(STAY_SECURED);
        response
            .headers_mut()
            .insert(header::STRICT_TRANSPORT_SECURITY, policy);
    }
    Ok(response.map(|body| OurBody::new(body, open)))
}

/// The answer when every ordinary place is busy.
fn full() -> Response {
    let mut response = problem_response(&Problem::new(
        Kind::Busy,
        "places-taken",
        "all request slots are in use; try again in a moment",
    ));
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// One request's answer; a panic becomes a fault. No browser takes it for another kind of content, and none
/// keeps it unless it says so itself. HEAD is answered as GET, without the body (RFC 9110, section 9.3.2).
pub(crate) async fn routed<B>(routes: &Router, mut request: hyper::Request<B>) -> Response
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

/// The head of a response, with the length that its body has where that is known.
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
