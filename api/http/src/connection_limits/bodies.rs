//! Bodies with timeouts: a request's body waits for the peer with a limit, and a response's body waits for
//! the peer to take it.

use crate::connection_limits::Request;
use crate::connection_limits::request_tracker::STALL_MS;
use crate::connection_limits::stall_tracker::StallTracker;
use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Maximum wait in milliseconds for the next `PROGRESS_BYTES` of a request's body; a slower peer counts as
/// stalled.
const BODY_STALL_MS: u64 = 30_000;

type Timer = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// A request's body. If it stalls, it ends with an error that the handler returns.
pub struct TimedRequestBody<B = Incoming> {
    inner: B,
    request: Arc<Request>,
    patience: StallTracker,
    timer: Option<Timer>,
}

impl<B> TimedRequestBody<B> {
    /// Wraps the body of `request`, to which waits for the peer are reported.
    pub fn new(inner: B, request: Arc<Request>) -> Self {
        Self {
            inner,
            request,
            patience: StallTracker::default(),
            timer: None,
        }
    }
}

impl<B> Body for TimedRequestBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        let now = this.request.clock().now();
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(context) {
            this.timer = None;
            this.patience.moved(now, length(frame.as_ref()));
            this.request.ours();
            return Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)));
        }
        let since = this.patience.wait(now);
        this.request.theirs(since, BODY_STALL_MS);
        let clock = Arc::clone(this.request.clock());
        let timer = this.timer.get_or_insert_with(|| {
            Box::pin(SyncFuture(std::sync::Mutex::new(Box::pin(async move {
                clock.wait_until(since.plus_ms(BODY_STALL_MS)).await;
            }))))
        });
        match timer.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                this.request.ours();
                let why = "the upload of the body stalled; send it again without a pause";
                Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, why))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A future inside a body, which must be `Sync`. It is only polled through `&mut`.
struct SyncFuture(std::sync::Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Future for SyncFuture {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let inner = self
            .0
            .get_mut()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        inner.as_mut().poll(context)
    }
}

fn length<D: Buf, E>(frame: Option<&Result<Frame<D>, E>>) -> usize {
    let data = frame.and_then(|frame| frame.as_ref().ok()?.data_ref());
    data.map_or(0, Buf::remaining)
}

/// A response's body, with a time limit for the peer. Bytes that were handed to the connection count as
/// waiting for the peer until the connection asks for more.
pub struct TimedResponseBody<B> {
    inner: B,
    request: Arc<Request>,
    patience: StallTracker,
    handed: usize,
}

impl<B> TimedResponseBody<B> {
    /// Wraps the body of the response to `request`. From each frame until the connection asks for the next
    /// one, `request` counts as waiting for the peer, for at most `STALL_MS`; the connection may then be
    /// closed.
    pub fn new(inner: B, request: Arc<Request>) -> Self {
        Self {
            inner,
            request,
            patience: StallTracker::default(),
            handed: 0,
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for TimedResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        this.patience
            .moved(this.request.clock().now(), std::mem::take(&mut this.handed));
        this.request.ours();
        let polled = Pin::new(&mut this.inner).poll_frame(context);
        if let Poll::Ready(frame @ Some(_)) = &polled {
            this.handed = length(frame.as_ref());
            let since = this.patience.wait(this.request.clock().now());
            this.request.theirs(since, STALL_MS);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
