//! Listens, serves and stops: the accept loop around warp's routes, with every bound that warp's own lacks.
//!
//! A half-sent header is cut off, connections are counted, a panic in a handler costs its own request
//! alone, and at stop open replies have until the deadline; streams close themselves on the stop signal.

use crate::reply::{Problem, problem_response};
use crate::unstalled::Unstalled;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use futures_util::FutureExt;
use hyper::body::Incoming;
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
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::Service;
use warp::filters::BoxedFilter;
use warp::reply::Response;

/// Longest time a client may take to send its headers; a person's browser needs milliseconds.
const HEADER_READ_MS: u64 = 10_000;

/// Most connections at once: a hundred times what one console and its integrations open.
const CONNECTIONS_MAX: usize = 1_024;

/// Wait after a failed accept (out of descriptors), so that the loop does not spin.
const ACCEPT_RETRY_MS: u64 = 100;

/// Longest time open replies have once the server stops.
const STOP_MS: u64 = 2_000;

/// Ports tried after the wished one is taken.
const NEXT_PORTS_MAX: u16 = 100;

/// The peer's address, in every request's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Binds the listener.
#[expect(clippy::disallowed_methods, reason = "the one place that listens for HTTP")]
pub(crate) async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Binds the listener, or the next free port when this one is taken.
pub(crate) async fn bind_near(address: SocketAddr) -> io::Result<TcpListener> {
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
pub(crate) fn free_udp_port() -> io::Result<u16> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(socket.local_addr()?.port())
}

/// Serves until the stop signal, then gives open replies `STOP_MS`.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: BoxedFilter<(Response,)>,
    tasks: Arc<dyn Tasks>,
    clock: Arc<dyn Clock>,
) {
    let stop = tasks.stop_signal();
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            biased;
            () = stop.stopping() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            clock.wait_until(clock.now().plus_ms(ACCEPT_RETRY_MS)).await;
            continue;
        };
        let stream = Unstalled::new(stream, Arc::clone(&clock));
        let connection = connection(stream, peer, routes.clone(), &graceful);
        tasks.spawn(
            "http-connection",
            Box::pin(async move {
                connection.await;
                drop(permit);
            }),
        );
    }
    drop(listener);
    tokio::select! {
        biased;
        () = graceful.shutdown() => {}
        () = clock.wait_until(clock.now().plus_ms(STOP_MS)) => {}
    }
}

/// One connection, watched so that it ends after its open request when the server stops.
fn connection(
    stream: Unstalled<TcpStream>,
    peer: SocketAddr,
    routes: BoxedFilter<(Response,)>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        answer(routes.clone(), request)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HEADER_READ_MS));
    let serving = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), service)
        .into_owned();
    let serving = graceful.watch(serving);
    async move {
        if let Err(error) = serving.await {
            tracing::debug!(%error, "connection ended early");
        }
    }
}

/// One request; a panic becomes a fault.
async fn answer(
    routes: BoxedFilter<(Response,)>,
    request: hyper::Request<Incoming>,
) -> Result<Response, Infallible> {
    let mut service = warp::service(routes);
    let answered = AssertUnwindSafe(service.call(request)).catch_unwind().await;
    Ok(match answered {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => problem_response(&Problem::fault("a handler panicked")),
    })
}
