//! Sends one POST request to a speech engine over HTTP/1.1, on a new connection, within a time limit and
//! a size limit for the answer.

use crate::connection::HttpAddress;
use bytes::Bytes;
use domain::ports::clock::Clock;
use http_client::{BodyError, ExchangeError, ExchangeLimits, RequestBody, full_body};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use hyper::{HeaderMap, Request};

/// The reason why a POST got no usable answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostError {
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    #[error("it took longer than {0} ms")]
    Late(u64),
    #[error("it answered {0}")]
    Status(u16),
    #[error("its answer ended in the middle or was not HTTP: {0}")]
    Broken(String),
    #[error("its answer is longer than {0} bytes")]
    TooLong(usize),
}

/// One POST request.
pub(crate) struct PostRequest<'a> {
    /// Path and query, such as `/v1/audio/speech`.
    pub(crate) target: &'a str,
    pub(crate) content_type: &'a str,
    /// The key, sent as `Authorization: Bearer`.
    pub(crate) key: Option<&'a str>,
    pub(crate) body: Bytes,
    /// The most bytes of the answer's body.
    pub(crate) answer_bytes_max: usize,
    /// The longest time from connecting to the end of the answer, in milliseconds.
    pub(crate) ms_max: u64,
}

/// An answer with a 2xx status.
pub(crate) struct PostResponse {
    /// The media type in lower case, without its parameters.
    pub(crate) content_type: Option<String>,
    /// True if the answer has `Content-Length` or `Transfer-Encoding`. Otherwise its body ends with the
    /// connection, and a cut body cannot be detected.
    pub(crate) tells_end: bool,
    pub(crate) body: Bytes,
}

impl PostResponse {
    fn of(headers: &HeaderMap, body: Bytes) -> Self {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = content_type.and_then(|value| value.split(';').next());
        Self {
            content_type: media_type.map(|kind| kind.trim().to_ascii_lowercase()),
            tells_end: headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING),
            body,
        }
    }
}

/// Sends a POST request and returns the body of the answer. Fails for a status other than 2xx, and for an
/// answer that is late, incomplete or too long.
pub(crate) async fn post(
    server: &HttpAddress,
    clock: &dyn Clock,
    post: PostRequest<'_>,
) -> Result<Bytes, PostError> {
    post_for_response(server, clock, post)
        .await
        .map(|answer| answer.body)
}

/// Sends a POST request and returns the body of the answer with its content type. Fails as [`post`] does.
pub(crate) async fn post_for_response(
    server: &HttpAddress,
    clock: &dyn Clock,
    post: PostRequest<'_>,
) -> Result<PostResponse, PostError> {
    let limits = ExchangeLimits {
        ms_max: post.ms_max,
        bytes_max: post.answer_bytes_max,
    };
    let request = request(server, post)?;
    let answered = server.client().exchange(clock, limits, request).await;
    let (head, body) = answered
        .map_err(|error| match error {
            ExchangeError::Late(ms) => PostError::Late(ms),
            ExchangeError::Send(error) if error.is_connect() => PostError::Unreachable(error.cause_text()),
            ExchangeError::Send(error) => PostError::Broken(error.cause_text()),
        })?
        .into_parts();
    if !head.status.is_success() {
        return Err(PostError::Status(head.status.as_u16()));
    }
    match body {
        Ok(body) => Ok(PostResponse::of(&head.headers, body)),
        Err(BodyError::TooLong) => Err(PostError::TooLong(limits.bytes_max)),
        Err(BodyError::Cut(why)) => Err(PostError::Broken(why)),
    }
}

fn request(server: &HttpAddress, post: PostRequest<'_>) -> Result<Request<RequestBody>, PostError> {
    let mut request = Request::post(server.url(post.target))
        .header(HOST, server.to_string())
        .header(CONTENT_TYPE, post.content_type);
    if let Some(key) = post.key {
        request = request.header(AUTHORIZATION, format!("Bearer {key}"));
    }
    let request = request.body(full_body(post.body));
    request.map_err(|error| PostError::Broken(error.to_string()))
}
