//! A request body, limited while it is read: by its own size, and by the total of all bodies in the process.
//!
//! A body that is read completely stays in memory until it is parsed, and the parsed form takes several times
//! its size. A thousand connections could each send the largest allowed body. Bytes beyond a small share are
//! therefore taken from one budget of the process. A short command, for example an opt-out, fits into
//! the share and always passes.

use bytes::{Buf, Bytes};
use domain::problem::{Problem, ProblemKind};
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use tokio::sync::Semaphore;

/// Maximum size of a JSON body: ten thousand records of a hundred bytes. Larger lists are sent as files.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// First bytes of each body that do not count against `PURSE_BYTES`: a small body is never refused because
/// of other bodies.
const SHARE_BYTES: usize = 32 * 1024;

/// Most bytes, beyond `SHARE_BYTES` of each, of all bodies that are being read: eight of the largest. A
/// body above that is refused as busy (429).
const PURSE_BYTES: usize = 64 * 1024 * 1024;

static PURSE: Semaphore = Semaphore::const_new(PURSE_BYTES);

/// A request body as a stream of pieces.
pub struct Body(BoxStream<'static, Result<Bytes, Problem>>);

/// Makes a body of the pieces that warp receives. A connection that breaks fails with `body-broken`.
pub fn pieces<B: Buf>(body: impl Stream<Item = Result<B, warp::Error>> + Send + 'static) -> Body {
    let pieces = body.map(|piece| match piece {
        Ok(mut piece) => Ok(piece.copy_to_bytes(piece.remaining())),
        Err(error) => Err(Problem::invalid("body-broken", error.to_string())),
    });
    Body(pieces.boxed())
}

impl Body {
    /// Builds a body from bytes in memory.
    pub(crate) fn of(bytes: Bytes) -> Self {
        Self(stream::once(std::future::ready(Ok(bytes))).boxed())
    }

    /// Returns the next piece; `None` at the end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        self.0.next().await.transpose()
    }

    /// Reads the whole body, at most `BODY_BYTES_MAX`; larger ones fail with `body-too-large`.
    pub async fn whole(self) -> Result<Vec<u8>, Problem> {
        self.whole_from(&PURSE).await
    }

    async fn whole_from(mut self, purse: &Semaphore) -> Result<Vec<u8>, Problem> {
        let mut whole = Vec::new();
        // Returned to the budget when the last byte is read, because the body is parsed right after.
        let mut taken = None;
        while let Some(piece) = self.piece().await? {
            whole.extend_from_slice(&piece);
            if whole.len() > BODY_BYTES_MAX {
                return Err(Problem::new(
                    ProblemKind::TooLarge,
                    "body-too-large",
                    format!("a body may have {BODY_BYTES_MAX} bytes; send larger lists as files"),
                ));
            }
            let beyond = whole.len().saturating_sub(SHARE_BYTES).min(piece.len());
            let Ok(more) = purse.try_acquire_many(u32::try_from(beyond).unwrap_or(u32::MAX)) else {
                return Err(Problem::new(
                    ProblemKind::Busy,
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
