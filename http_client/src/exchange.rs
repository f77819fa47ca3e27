//! One request and its whole response, within a deadline and a size limit.

use crate::error::innermost_text;
use crate::{HttpClient, RequestBody, SendError};
use bytes::Bytes;
use domain::ports::clock::Clock;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body;
use hyper::{Request, Response};
use std::error::Error;

/// The limits of one exchange.
#[derive(Debug, Clone, Copy)]
pub struct ExchangeLimits {
    /// The longest time from the request to the end of the response, in milliseconds.
    pub ms_max: u64,
    /// The most bytes of the response's body.
    pub bytes_max: usize,
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error("no response within {0} ms")]
    Late(u64),
    #[error(transparent)]
    Send(#[from] SendError),
}

/// Why the body of a response could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The body has more bytes than the limit.
    #[error("length limit exceeded")]
    TooLong,
    /// The connection ended or failed before the end of the body; the innermost cause.
    #[error("{0}")]
    Cut(String),
}

/// Reads a body of at most `bytes_max` bytes.
pub async fn read_body<B>(body: B, bytes_max: usize) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    match Limited::new(body, bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(BodyError::TooLong),
        Err(error) => Err(BodyError::Cut(innermost_text(error.as_ref()))),
    }
}

impl HttpClient {
    /// Sends a request and reads the response. The head is returned also if its body is too long or was cut.
    ///
    /// The exchange runs in a task of its own, so that a server that never stops sending cannot hold up the
    /// deadline.
    pub async fn exchange(
        &self,
        clock: &dyn Clock,
        limits: ExchangeLimits,
        request: Request<RequestBody>,
    ) -> Result<Response<Result<Bytes, BodyError>>, ExchangeError> {
        let client = self.clone();
        let exchange = async move {
            let (head, body) = client.send(request).await?.into_parts();
            let body = read_body(body, limits.bytes_max).await;
            Ok(Response::from_parts(head, body))
        };
        let done = tls::with_deadline(clock, limits.ms_max, exchange).await;
        done.unwrap_or(Err(ExchangeError::Late(limits.ms_max)))
    }
}
