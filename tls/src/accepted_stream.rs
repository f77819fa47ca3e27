//! A stream that a server has accepted, with or without TLS. The first read makes the handshake.
//!
//! So the accept loop waits for no peer, and a silent peer is subject to the limits of the task that reads.

use rustls::ServerConfig;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

/// Adds TLS to accepted streams, always with the current certificate.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

impl Acceptor {
    pub(crate) fn new(config: ServerConfig) -> Self {
        Self(TlsAcceptor::from(Arc::new(config)))
    }
}

/// An accepted stream, with or without TLS.
pub struct AcceptedStream<S>(State<S>);

enum State<S> {
    Plain(S),
    /// The handshake is in progress.
    Greeting(Box<Accept<S>>),
    Secured(Box<TlsStream<S>>),
    /// The handshake failed, and the reader received its error.
    Over,
}

impl<S: AsyncRead + AsyncWrite + Unpin> AcceptedStream<S> {
    /// Wraps an accepted stream. With an acceptor, the first read or write makes the TLS handshake; without
    /// one, the stream stays plain text.
    pub fn new(stream: S, acceptor: Option<&Acceptor>) -> Self {
        Self(match acceptor {
            None => State::Plain(stream),
            Some(Acceptor(acceptor)) => State::Greeting(Box::new(acceptor.accept(stream))),
        })
    }

    /// Returns true if the stream uses TLS and the handshake is neither complete nor failed.
    pub fn is_greeting(&self) -> bool {
        matches!(self.0, State::Greeting(_))
    }

    /// Returns the underlying stream; `None` after a failed handshake.
    pub fn stream(&self) -> Option<&S> {
        match &self.0 {
            State::Plain(stream) => Some(stream),
            State::Greeting(greeting) => greeting.get_ref(),
            State::Secured(secured) => Some(secured.get_ref().0),
            State::Over => None,
        }
    }

    /// Continues the TLS handshake, if one is in progress. Ready when it is complete, at once for plain
    /// text. A failed handshake returns its error once.
    fn poll_greeted(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let State::Greeting(greeting) = &mut self.0 else {
            return Poll::Ready(Ok(()));
        };
        match ready!(Pin::new(greeting.as_mut()).poll(context)) {
            Ok(secured) => {
                self.0 = State::Secured(Box::new(secured));
                Poll::Ready(Ok(()))
            }
            Err(error) => {
                self.0 = State::Over;
                Poll::Ready(Err(error))
            }
        }
    }
}

fn over<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::Error::new(
        io::ErrorKind::NotConnected,
        "the TLS handshake failed",
    )))
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for AcceptedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_greeted(context))?;
        match &mut self.0 {
            State::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            State::Secured(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
            State::Greeting(_) | State::Over => over(),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for AcceptedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_greeted(context))?;
        match &mut self.0 {
            State::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            State::Secured(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
            State::Greeting(_) | State::Over => over(),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_greeted(context))?;
        match &mut self.0 {
            State::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            State::Secured(stream) => Pin::new(stream.as_mut()).poll_write_vectored(context, slices),
            State::Greeting(_) | State::Over => over(),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            State::Plain(stream) => stream.is_write_vectored(),
            State::Secured(stream) => stream.is_write_vectored(),
            State::Greeting(_) => true,
            State::Over => false,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            State::Plain(stream) => Pin::new(stream).poll_flush(context),
            State::Secured(stream) => Pin::new(stream.as_mut()).poll_flush(context),
            // The reader has not written anything yet.
            State::Greeting(_) | State::Over => Poll::Ready(Ok(())),
        }
    }

    /// Shuts the underlying stream down. A stream with an incomplete or failed handshake is only dropped:
    /// it sends no TLS closing message.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            State::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            State::Secured(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
            State::Greeting(_) | State::Over => Poll::Ready(Ok(())),
        }
    }
}
