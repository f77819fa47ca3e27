//! A request's body, counted while it is read: its own bytes against its limit, and those of all against one.
//!
//! A body that is read whole stands in memory until it is parsed, and parsed it takes many times its bytes. A
//! thousand connections could each send the largest allowed, so what is beyond a small share is taken from
//! one purse of the process; a command such as an opt-out fits into the share and always passes.

use bytes::{Buf, Bytes};
use domain::problem::{Kind, Problem};
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use tokio::sync::Semaphore;

/// Largest JSON body: ten thousand records of a hundred bytes; larger lists go as files.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes that every body may have without asking.
const SHARE_BYTES: usize = 32 * 1024;

/// Bytes of all larger bodies at once: eight of the largest.
const PURSE_BYTES: usize = 64 * 1024 * 1024;

static PURSE: Semaphore = Semaphore::const_new(PURSE_BYTES);

/// A request's body, in pieces.
pub struct Body(BoxStream<'static, Result<Bytes, Problem>>);

pub fn pieces<B: Buf>(body: impl Stream<Item = Result<B, warp::Error>> + Send + 'static) -> Body {
    let pieces = body.map(|piece| match piece {
        Ok(mut piece) => Ok(piece.copy_to_bytes(piece.remaining())),
        Err(error) => Err(Problem::invalid("body-broken", error.to_string())),
    });
    Body(pieces.boxed())
}

impl Body {
    /// Of bytes that were read.
    pub(crate) fn of(bytes: Bytes) -> Self {
        Self(stream::once(std::future::ready(Ok(bytes))).boxed())
    }

    /// The next piece; `None` at the end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        self.0.next().await.transpose()
    }

    /// The whole body, up to `BODY_BYTES_MAX`.
    pub async fn whole(self) -> Result<Vec<u8>, Problem> {
        self.whole_from(&PURSE).await
    }

    async fn whole_from(mut self, purse: &Semaphore) -> Result<Vec<u8>, Problem> {
        let mut whole = Vec::new();
        // Given back with the body's last byte read: what is parsed next is parsed at once.
        let mut taken = None;
        while let Some(piece) = self.piece().await? {
            whole.extend_from_slice(&piece);
            if whole.len() > BODY_BYTES_MAX {
                return Err(Problem::new(
                    Kind::TooLarge,
                    "body-too-large",
                    format!("a body may have {BODY_BYTES_MAX} bytes; send larger lists as files"),
                ));
            }
            let beyond = whole.len().saturating_sub(SHARE_BYTES).min(piece.len());
            let Ok(more) = purse.try_acquire_many(u32::try_from(beyond).unwrap_or(u32::MAX)) else {
                return Err(Problem::new(
                    Kind::Busy,
                    "bodies-too-large-at-once",
                    "too many large bodies are being read; send the request again in a moment",
                ));
            };
            match &mut taken {
                None => taken = Some(more),
                Some(taken) => taken.merge(more),
            }
        }
        Ok(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(pieces: &[usize]) -> Body {
        let pieces: Vec<_> = pieces
            .iter()
            .map(|size| Ok(Bytes::from(vec![b'x'; *size])))
            .collect();
        Body(stream::iter(pieces).boxed())
    }

    #[tokio::test]
    async fn a_large_body_takes_from_the_purse_and_a_small_one_always_passes() {
        let purse = Semaphore::new(100_000);
        let whole = body(&[30_000, 30_000, 60_000]).whole_from(&purse).await.unwrap();
        assert_eq!((whole.len(), purse.available_permits()), (120_000, 100_000));
        let held = purse.try_acquire_many(90_000).unwrap();
        let refused = body(&[30_000, 30_000]).whole_from(&purse).await.unwrap_err();
        assert_eq!(refused.code, "bodies-too-large-at-once");
        assert_eq!(purse.available_permits(), 10_000);
        assert_eq!(
            body(&[16_000, 16_000]).whole_from(&purse).await.unwrap().len(),
            32_000
        );
        drop(held);
    }

    #[tokio::test]
    async fn a_body_is_refused_at_the_byte_that_is_too_many() {
        let whole = body(&[BODY_BYTES_MAX]).whole().await.unwrap();
        assert_eq!(whole.len(), BODY_BYTES_MAX);
        let refused = body(&[BODY_BYTES_MAX, 1, 1]).whole().await.unwrap_err();
        assert_eq!(refused.code, "body-too-large");
    }
}
