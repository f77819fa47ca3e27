//! A client of the public API: builds requests and reads responses.
//!
//! The response comes either from the running server over HTTP, or from the same routes in this process, on a
//! directory that no server has locked. Commands do not distinguish them, so that authorization is
//! implemented only in the routes.

use application::percent::encode;
use async_trait::async_trait;
use bytes::Bytes;
use domain::dialing_pause::PauseCode;
use domain::problem::{Problem, ProblemKind};
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
pub use http_client::RequestBody;
use http_client::{full_body, read_body};
use hyper::body::Frame;
use hyper::http::request::Builder;
use hyper::{Method, Request, Response, StatusCode, header};
use serde_json::Value;
use std::io;
use tokio::io::AsyncReadExt;

/// The largest response in bytes that is read as a whole, a larger one fails; the largest pages of the API
/// are far below.
const REPLY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The number of bytes of an uploaded file that are sent at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// The longest line of an event stream: a record has at most 64 KiB, its CloudEvents form a little more.
const LINE_BYTES_MAX: usize = 256 * 1024;

/// The body of a response, readable while it arrives.
pub type ReplyBody = UnsyncBoxBody<Bytes, io::Error>;

/// Handles requests of the public API: either the running server over HTTP, or the same routes in this
/// process.
#[async_trait]
pub trait RequestHandler: Send + Sync {
    /// Handles one request. Its URI is a path with query. An error means that there was no response.
    async fn answer(&self, request: Request<RequestBody>) -> Result<Response<ReplyBody>, Problem>;

    /// Closes what was opened to handle requests. When this returns, everything written is durable.
    async fn close(&self);

    /// Returns true if this process handles the requests, which ends with its command; false for a server.
    fn is_this_process(&self) -> bool;
}

/// A client of the public API.
pub struct ApiClient {
    answerer: Box<dyn RequestHandler>,
    /// The user named in [`ACTING_HEADER`] by the owner of a data directory.
    acting: Option<String>,
    session: Option<ClientSession>,
}

/// The session of a signed-in user, with the credentials that a browser would hold.
struct ClientSession {
    cookie: String,
    csrf_token: String,
}

/// The header with the CSRF token, sent together with the session's cookie.
const CSRF_HEADER: &str = "x-csrf-token";

/// The route that starts a session.
pub const SIGN_IN_PATH: &str = "/api/v1/sign-in";

/// The header that names the acting user in requests with the directory's own key. Ignored in requests of a
/// user or with a user's API key, where the actor is known.
pub const ACTING_HEADER: &str = "x-acting-user";

impl ApiClient {
    /// Creates a client of these routes, without a session and without an acting user.
    pub fn of(answerer: impl RequestHandler + 'static) -> Self {
        Self {
            answerer: Box::new(answerer),
            acting: None,
            session: None,
        }
    }

    /// Signs in with `body`, the body of the sign-in route. Later requests are sent in the user's session.
    pub async fn sign_in(&mut self, body: &Value) -> Result<(), Problem> {
        let sent = full_body(body.to_string());
        let response = self
            .send(Method::POST, SIGN_IN_PATH, "application/json", sent)
            .await?;
        let cookie = response.headers().get(header::SET_COOKIE);
        let cookie = cookie.and_then(|value| value.to_str().ok()?.split(';').next().map(str::to_owned));
        let reply = read_json(response).await?;
        let csrf_token = reply.get("csrf_token").and_then(Value::as_str).map(str::to_owned);
        let (Some(cookie), Some(csrf_token)) = (cookie, csrf_token) else {
            return Err(Problem::fault(
                "the server began a session without a cookie or token",
            ));
        };
        self.session = Some(ClientSession { cookie, csrf_token });
        Ok(())
    }

    /// Returns true if requests are sent in a session.
    pub const fn has_session(&self) -> bool {
        self.session.is_some()
    }

    /// Sets the acting user of later requests.
    pub fn acting_as(mut self, name: Option<String>) -> Self {
        self.acting = name;
        self
    }

    /// Returns true if no server runs: what is written now has effect when one starts.
    pub fn is_this_process(&self) -> bool {
        self.answerer.is_this_process()
    }

    /// Closes the client. Must be called also after errors, so that the directory is released.
    pub async fn close(self) {
        self.answerer.close().await;
    }

    /// Sends a request with a JSON body. Returns the JSON of the response; an error response becomes a
    /// `Problem`.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Problem> {
        let bytes = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let body = full_body(bytes);
        let response = self.send(method, path, "application/json", body).await?;
        read_json(response).await
    }

    /// As [`Self::ask`], with `If-Match: etag`: fails if the resource has another version now.
    pub async fn replace(
        &self,
        method: Method,
        path: &str,
        etag: &str,
        body: &Value,
    ) -> Result<Value, Problem> {
        let body = full_body(body.to_string());
        let request = self
            .begun(method, path, "application/json")
            .header(header::IF_MATCH, etag);
        read_json(self.sent(request, path, body).await?).await
    }

    /// Uploads a file unchanged, in pieces. Returns the JSON of the response.
    pub async fn upload(&self, path: &str, file: tokio::fs::File) -> Result<Value, Problem> {
        let pieces = stream::try_unfold(file, |mut file| async move {
            let mut piece = vec![0_u8; CHUNK_BYTES];
            let count = file.read(&mut piece).await?;
            piece.truncate(count);
            Ok::<_, io::Error>((count > 0).then(|| (Frame::data(Bytes::from(piece)), file)))
        });
        let body = BodyExt::boxed(StreamBody::new(Box::pin(pieces)));
        let response = self
            .send(Method::POST, path, "application/octet-stream", body)
            .await?;
        read_json(response).await
    }

    /// Downloads a file and passes its bytes to `take` as they arrive. Fails if the response breaks off.
    pub async fn download<E: From<Problem>>(
        &self,
        path: &str,
        take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let body = self.open(path).await?;
        take_all(body, take).await
    }

    /// As [`Self::download`], for a file that is requested by POST with the body `order`.
    pub async fn download_asked<E: From<Problem>>(
        &self,
        path: &str,
        order: &Value,
        take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let order = Bytes::from(order.to_string());
        let body = self.open_by(Method::POST, path, order).await?;
        take_all(body, take).await
    }

    /// Follows an event stream: passes the `event` name and `data` of each event to `take`, until the server
    /// ends the stream or `take` fails.
    pub async fn follow<E: From<Problem>>(
        &self,
        path: &str,
        mut take: impl FnMut(&str, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut body = self.open(path).await?;
        let mut pending = Vec::new();
        let mut name = String::new();
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|error| Problem::unavailable(format!("the stream was cut off: {error}")))?;
            pending.extend_from_slice(frame.data_ref().map_or(&[], |data| data.as_ref()));
            while let Some(end) = pending.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line);
                let line = line.trim_end();
                if let Some(event) = line.strip_prefix("event:") {
                    event.trim().clone_into(&mut name);
                } else if let Some(data) = line.strip_prefix("data:") {
                    take(&name, data.trim_start())?;
                } else if line.is_empty() {
                    name.clear();
                }
            }
            if pending.len() > LINE_BYTES_MAX {
                return Err(Problem::fault("a line of the stream is too long").into());
            }
        }
        Ok(())
    }

    /// Sends a GET request and returns the body, to be read while it arrives. Fails on an error response.
    async fn open(&self, path: &str) -> Result<ReplyBody, Problem> {
        self.open_by(Method::GET, path, Bytes::new()).await
    }

    async fn open_by(&self, method: Method, path: &str, bytes: Bytes) -> Result<ReplyBody, Problem> {
        let body = full_body(bytes);
        let response = self.send(method, path, "application/json", body).await?;
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        Err(problem_of(response.status(), &body_of(response).await?))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: RequestBody,
    ) -> Result<Response<ReplyBody>, Problem> {
        self.sent(self.begun(method, path, content_type), path, body)
            .await
    }

    fn begun(&self, method: Method, path: &str, content_type: &str) -> Builder {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, content_type);
        if let Some(session) = &self.session {
            return request
                .header(header::COOKIE, &session.cookie)
                .header(CSRF_HEADER, &session.csrf_token);
        }
        match &self.acting {
            Some(name) => request.header(ACTING_HEADER, encode(name)),
            None => request,
        }
    }

    async fn sent(
        &self,
        request: Builder,
        path: &str,
        body: RequestBody,
    ) -> Result<Response<ReplyBody>, Problem> {
        let request = request
            .body(body)
            .map_err(|error| Problem::invalid("path-invalid", format!("{path}: {error}")))?;
        self.answerer.answer(request).await
    }
}

/// Passes the bytes of a body to `take` as they arrive. Fails if the body breaks off or `take` fails.
async fn take_all<E: From<Problem>>(
    mut body: ReplyBody,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    while let Some(frame) = body.frame().await {
        let broke = |error| Problem::unavailable(format!("the file was cut off: {error}"));
        let frame = frame.map_err(broke)?;
        take(frame.data_ref().map_or(&[], |data| data.as_ref()))?;
    }
    Ok(())
}

async fn read_json(response: Response<ReplyBody>) -> Result<Value, Problem> {
    let status = response.status();
    let body = body_of(response).await?;
    if status.is_success() {
        return Ok(body);
    }
    Err(problem_of(status, &body))
}

async fn body_of(response: Response<ReplyBody>) -> Result<Value, Problem> {
    let bytes = read_body(response.into_body(), REPLY_BYTES_MAX)
        .await
        .map_err(|error| Problem::unavailable(format!("the response was cut off: {error}")))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Problem::fault(format!("the server's response is not JSON: {error}")))
}

/// Converts an error response back into a `Problem`: its kind follows from the status.
fn problem_of(status: StatusCode, body: &Value) -> Problem {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = match status {
        StatusCode::BAD_REQUEST => ProblemKind::Invalid,
        StatusCode::NOT_FOUND => ProblemKind::Missing,
        StatusCode::CONFLICT => ProblemKind::Conflict,
        StatusCode::PRECONDITION_FAILED => ProblemKind::Stale,
        StatusCode::PRECONDITION_REQUIRED => ProblemKind::Unconditional,
        StatusCode::TOO_MANY_REQUESTS => ProblemKind::Busy,
        StatusCode::INTERNAL_SERVER_ERROR => ProblemKind::Fault,
        _ if status.is_server_error() => ProblemKind::Unavailable,
        _ => ProblemKind::Refused,
    };
    let approval = text("approval").parse().ok();
    let detail = format!("{}: {}", text("title"), text("detail"));
    let mut problem = Problem::new(kind, "server-said", detail);
    problem.approval = approval;
    let codes = body.get("dialing_pauses").and_then(Value::as_array);
    let codes = codes.into_iter().flatten().filter_map(Value::as_str);
    problem.with_dialing_pauses(codes.filter_map(PauseCode::of_name).collect())
}
