//! Write timeout: a connection with a peer that reads nothing for too long is closed.
//!
//! An event stream is read on only when its client takes more, so a stalled client costs one page of events
//! and its slot. This timeout ends it; the client reconnects with the last position that it received. A byte
//! now and then does not count as reading.

use crate::connection_limits::{ConnectionSlot, STALL_MS, StallTracker};
use domain::ports::clock::Clock;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

type Timer = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection with a write timeout.
pub(crate) struct WriteTimeoutStream<T> {
    inner: T,
    clock: Arc<dyn Clock>,
    /// The connection's slot. It learns of progress and stalls, and is freed with the connection.
    place: Arc<ConnectionSlot>,
    patience: StallTracker,
    /// Runs while the peer reads nothing.
    stalled: Option<Timer>,
}

impl<T> WriteTimeoutStream<T> {
    pub(crate) fn new(inner: T, clock: Arc<dyn Clock>, place: Arc<ConnectionSlot>) -> Self {
        Self {
            inner,
            clock,
            place,
            patience: StallTracker::default(),
            stalled: None,
        }
    }

    /// Notes how many bytes a write moved and passes its result on. A write that makes no progress fails
    /// after `STALL_MS`.
    fn watch_write(
        &mut self,
        wrote: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &wrote {
            self.patience.moved(self.clock.now(), *bytes);
            self.place.took();
        }
        self.watch(wrote, context)
    }

    /// Passes on a result that is ready. While it is not, the stream counts as stalled, and fails after
    /// `STALL_MS`.
    fn watch<R>(&mut self, done: Poll<io::Result<R>>, context: &mut Context<'_>) -> Poll<io::Result<R>> {
        if done.is_ready() {
            self.stalled = None;
            return done;
        }
        let since = self.patience.wait(self.clock.now());
        self.place.set_stuck_since(Some(since));
        let clock = Arc::clone(&self.clock);
        let timer = self
            .stalled
            .get_or_insert_with(|| Box::pin(async move { clock.wait_until(since.plus_ms(STALL_MS)).await }));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the peer takes nothing any more",
        )))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for WriteTimeoutStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for WriteTimeoutStream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.watch_write(wrote, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.watch_write(wrote, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        self.watch(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(context);
        self.watch(shut, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection_limits::{ConnectionSlots, SlotLimits};
    use store::test_ports::StepClock;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_peer_that_takes_nothing_is_given_up_and_one_that_takes_is_not() {
        let clock = Arc::new(StepClock::default());
        let (near, mut far) = tokio::io::duplex(4);
        let clock: Arc<dyn Clock> = clock;
        let places = ConnectionSlots::new(SlotLimits::within(None), Arc::clone(&clock));
        let place = places.enter([127, 0, 0, 1].into()).unwrap();
        let mut near = WriteTimeoutStream::new(near, clock, Arc::new(place));
        near.write_all(b"full").await.unwrap();
        // Waiting moves this clock, so the timeout comes at once.
        let stalled = near.write_all(b"more").await.unwrap_err();
        assert_eq!(stalled.kind(), io::ErrorKind::TimedOut);
        let mut taken = [0; 4];
        far.read_exact(&mut taken).await.unwrap();
        assert_eq!(&taken, b"full");
        (near.stalled, near.patience) = (None, StallTracker::default());
        near.write_all(b"more").await.unwrap();
    }
}
