//! Accepted connections, limited in number: at the limit, further ones wait in the system's queue.
//!
//! With TLS, the task that reads a connection makes its handshake, within a time limit, so no connection
//! waits for another's.

use domain::ports::clock::Clock;
use futures_util::stream::{Stream, unfold};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tls::{AcceptedStream, Acceptor};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::transport::server::{Connected, TcpConnectInfo};

/// The most connections at once: a client opens one or two.
const CONNECTIONS_MAX: usize = 64;

/// The longest time from accept to the end of the handshake, in milliseconds: many round trips of the
/// slowest link.
const GREETING_MS: u64 = 10_000;

type Timer = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection that occupies its slot until it is closed.
pub(crate) struct Connection {
    stream: AcceptedStream<TcpStream>,
    info: TcpConnectInfo,
    /// The timeout of the handshake, while it is in progress.
    greeting: Option<Timer>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    /// Fails with `TimedOut` if the TLS handshake is not over within `GREETING_MS`.
    fn greet_in_time(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if let Some(timer) = &mut self.greeting {
            if !self.stream.is_greeting() {
                self.greeting = None;
            } else if timer.as_mut().poll(cx).is_ready() {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "no handshake in time"));
            }
        }
        Ok(())
    }
}

/// Returns the stream of accepted connections.
pub(crate) fn connections(
    listener: TcpListener,
    acceptor: Option<Acceptor>,
    clock: Arc<dyn Clock>,
) -> impl Stream<Item = io::Result<Connection>> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let made = ConnectionFactory { acceptor, clock };
    unfold((listener, places, made), |(listener, places, made)| async move {
        let place = Arc::clone(&places).acquire_owned().await.ok()?;
        let accepted = listener.accept().await.and_then(|(stream, _)| {
            stream.set_nodelay(true)?;
            Ok(made.connection(stream, place))
        });
        if accepted.is_err() {
            // The process is out of file descriptors: other tasks run before the next attempt.
            tokio::task::yield_now().await;
        }
        Some((accepted, (listener, places, made)))
    })
}

/// Makes connections of accepted streams.
struct ConnectionFactory {
    acceptor: Option<Acceptor>,
    clock: Arc<dyn Clock>,
}

impl ConnectionFactory {
    fn connection(&self, stream: TcpStream, place: OwnedSemaphorePermit) -> Connection {
        let clock = Arc::clone(&self.clock);
        let until = clock.now().plus_ms(GREETING_MS);
        let timer = self
            .acceptor
            .as_ref()
            .map(|_| Box::pin(async move { clock.wait_until(until).await }) as Timer);
        Connection {
            info: stream.connect_info(),
            stream: AcceptedStream::new(stream, self.acceptor.as_ref()),
            greeting: timer,
            _place: place,
        }
    }
}

/// Makes Linux acknowledge received data at once; the option must be set before each read. Some clients
/// (the Rust one) use Nagle's algorithm and write a call in two parts: the second waits for the
/// acknowledgement of the first, which Linux otherwise delays by 40 ms (measured).
#[cfg(target_os = "linux")]
fn acknowledge_at_once(stream: &TcpStream) {
    // If the socket is closed, the next read reports it.
    drop(socket2::SockRef::from(stream).set_tcp_quickack(true));
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_stream: &TcpStream) {}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.info.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.greet_in_time(cx)?;
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if read.is_ready()
            && let Some(stream) = self.stream.stream()
        {
            acknowledge_at_once(stream);
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
