//! A connection that reads a limited number of bytes, in pieces: a mail server may send lines without end.

use lettre::transport::smtp::client::AsyncTokioStream;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Most bytes that one read returns.
const PIECE_BYTES_MAX: usize = 512;

/// A stream that fails after the number of bytes given at its creation has been read.
///
/// Between two pieces it yields once. The SMTP client parses the whole reply again with each line, without a
/// pause while bytes are there: without the yield, the deadline of the mail would not be polled meanwhile.
#[derive(Debug)]
pub(super) struct BoundedStream<S> {
    stream: S,
    peer: SocketAddr,
    left: usize,
    yields_next: bool,
}

impl<S> BoundedStream<S> {
    pub(super) const fn new(stream: S, peer: SocketAddr, bytes_max: usize) -> Self {
        Self {
            stream,
            peer,
            left: bytes_max,
            yields_next: false,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for BoundedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.yields_next) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut piece = [0_u8; PIECE_BYTES_MAX];
        let room = buffer.remaining().min(PIECE_BYTES_MAX);
        let mut bytes = ReadBuf::new(piece.get_mut(..room).unwrap_or_default());
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut bytes))?;
        buffer.put_slice(bytes.filled());
        self.yields_next = true;
        let read = bytes.filled().len();
        let Some(left) = self.left.checked_sub(read) else {
            return Poll::Ready(Err(io::Error::other("the server sent more bytes than the limit")));
        };
        self.left = left;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for BoundedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S> AsyncTokioStream for BoundedStream<S>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug,
{
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn it_yields_between_two_pieces_so_that_a_deadline_is_polled() {
        let text = "a".repeat(PIECE_BYTES_MAX * 4);
        let peer = "127.0.0.1:25".parse().unwrap();
        let mut bounded = BoundedStream::new(text.as_bytes(), peer, text.len());
        let mut all = Vec::new();
        let mut reading = std::pin::pin!(bounded.read_to_end(&mut all));
        let mut polls = 0;
        std::future::poll_fn(|context| {
            polls += 1;
            reading.as_mut().poll(context)
        })
        .await
        .unwrap();
        assert!(polls >= 4, "{polls}");
    }

    #[tokio::test]
    async fn so_many_bytes_are_read_and_not_one_more() {
        let peer = "127.0.0.1:25".parse().unwrap();
        let read = async |text: &'static [u8]| {
            let mut bounded = BoundedStream::new(text, peer, 4);
            let mut all = Vec::new();
            bounded.read_to_end(&mut all).await.map(|_count| all)
        };
        assert_eq!(read(b"1234").await.unwrap(), b"1234");
        assert!(read(b"12345").await.is_err());
    }
}
