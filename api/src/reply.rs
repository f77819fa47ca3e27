//! The one way from a result to a reply: JSON, RFC 9457 problems, and the only status codes.

use crate::import::ImportError;
use domain::personal::Personal;
use domain::stored_event::{Position, StreamVersion};
use serde::Serialize;
use serde_json::{Value, json};
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::{Reply, Response};

/// Header that names the position a write reached, for `?after_position=`.
pub(crate) const POSITION_HEADER: &str = "x-event-position";

/// Seconds after which a caller who met a limit may try again.
const RETRY_AFTER_SECONDS: &str = "1";

/// What the caller can do about it; the table of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Cannot be read or makes no sense: change the request.
    Invalid,
    Missing,
    WrongMethod,
    /// A rule said no; the reason is in the body.
    Refused,
    /// Lost a race: load again, decide again.
    Conflict,
    Unauthenticated,
    /// Known, and not allowed.
    Forbidden,
    TooLarge,
    WrongMediaType,
    Busy,
    Unavailable,
    /// Our bug or corrupt data; details only in the log.
    Fault,
}

impl Kind {
    const fn status(self) -> StatusCode {
        match self {
            Self::Invalid => StatusCode::BAD_REQUEST,
            Self::Missing => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Refused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Invalid => "the request cannot be read",
            Self::Missing => "there is no such thing",
            Self::WrongMethod => "this route has no such method",
            Self::Refused => "a rule refuses this",
            Self::Conflict => "somebody else was faster",
            Self::Unauthenticated => "a token is needed",
            Self::Forbidden => "this is not allowed here",
            Self::TooLarge => "a limit was exceeded",
            Self::WrongMediaType => "this media type is not read here",
            Self::Busy => "too much at once",
            Self::Unavailable => "something needed is away",
            Self::Fault => "this is our mistake",
        }
    }
}

/// One member of a body that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct MemberError {
    /// JSON pointer (RFC 6901), such as `/schedule/start_time`.
    pub(crate) pointer: String,
    pub(crate) detail: String,
}

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    /// Stable name for programs, such as `flow-variable-missing`.
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) errors: Vec<MemberError>,
}

impl Problem {
    pub(crate) fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }
    pub(crate) fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, code, detail)
    }
    pub(crate) fn missing(what: &str) -> Self {
        Self::new(Kind::Missing, "missing", format!("{what} does not exist"))
    }
    pub(crate) fn refused(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Refused, code, detail)
    }
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, "unavailable", detail)
    }
    /// `why` goes to the log, never to the caller.
    pub(crate) fn fault(why: &str) -> Self {
        tracing::error!(why, "request failed by a fault");
        Self::new(Kind::Fault, "fault", "the log has the details")
    }
    /// A body whose members are wrong, all of them named.
    pub(crate) fn members(errors: Vec<MemberError>) -> Self {
        let detail = errors
            .iter()
            .map(|error| format!("{} {}", error.pointer, error.detail))
            .collect::<Vec<_>>()
            .join("; ");
        Self {
            kind: Kind::Refused,
            code: "invalid-members",
            detail,
            errors,
        }
    }

    /// True when the caller did nothing wrong: something of ours is away or failed.
    pub(crate) const fn is_ours(&self) -> bool {
        matches!(self.kind, Kind::Unavailable | Kind::Busy | Kind::Fault)
    }

    fn body(&self) -> Value {
        let mut body = json!({
            "type": format!("urn:ledgerline:problem:{}", self.code),
            "title": self.kind.title(),
            "status": self.kind.status().as_u16(),
            "detail": self.detail,
            "code": self.code,
        });
        if let (false, Some(members)) = (self.errors.is_empty(), body.as_object_mut()) {
            members.insert("errors".to_owned(), json!(self.errors));
        }
        body
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let (kind, code) = match &error {
            ImportError::Unreadable(_) => (Kind::Invalid, "file-unreadable"),
            ImportError::NoHeader => (Kind::Invalid, "file-without-header"),
            ImportError::MissingColumn { .. } => (Kind::Refused, "column-missing"),
            ImportError::TitledTwice(_) => (Kind::Refused, "column-twice"),
            ImportError::InvalidMapping(_) | ImportError::UnknownColumn(_) | ImportError::MappedTwice(_) => {
                (Kind::Refused, "mapping-invalid")
            }
            ImportError::OtherKind(..) => (Kind::Refused, "file-of-another-kind"),
            ImportError::WrongEncoding(_) => (Kind::Refused, "encoding-wrong"),
            ImportError::ReadAs { .. } => (Kind::Refused, "column-missing"),
            ImportError::UnknownEncoding(_) => (Kind::Refused, "encoding-unknown"),
            ImportError::TooLarge { .. } | ImportError::RowTooLong { .. } => (Kind::TooLarge, "too-large"),
            ImportError::Disk(_) => (Kind::Unavailable, "disk-unavailable"),
        };
        Self::new(kind, code, error.to_string())
    }
}

/// What a handler answers when it did as asked.
#[derive(Debug)]
pub(crate) enum Done {
    /// Something was read.
    Read(Value),
    /// Something that did not exist was made.
    Made(Written),
    /// Something was changed, or was so already.
    Changed(Written),
    /// Text that is not JSON: the status page.
    Page(String),
    /// A response that was built elsewhere: a stream.
    Stream(Response),
}

/// A write's answer: its body, and where in the log and in its stream it stands.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) body: Value,
    pub(crate) version: Option<StreamVersion>,
    pub(crate) position: Option<Position>,
}

/// The response of a handler's result.
pub(crate) fn respond(result: Result<Done, Problem>) -> Response {
    match result {
        Ok(Done::Read(body)) => json_response(StatusCode::OK, &body),
        Ok(Done::Made(written)) => written_response(StatusCode::CREATED, written),
        Ok(Done::Changed(written)) => written_response(StatusCode::OK, written),
        Ok(Done::Page(text)) => {
            let mut response = Response::new(text.into());
            set(&mut response, header::CONTENT_TYPE, "text/html; charset=utf-8");
            response
        }
        Ok(Done::Stream(response)) => response,
        Err(problem) => problem_response(&problem),
    }
}

/// A file as it is made; an error of the stream cuts the connection off, so that nobody takes half for whole.
pub(crate) fn file_response(
    media_type: &str,
    name: &str,
    pieces: tokio::sync::mpsc::Receiver<std::io::Result<bytes::Bytes>>,
) -> Response {
    let pieces = futures_util::stream::unfold(pieces, |mut pieces| async move {
        let piece = pieces.recv().await?;
        Some((piece, pieces))
    });
    let mut response = warp::reply::stream(pieces).into_response();
    set(&mut response, header::CONTENT_TYPE, media_type);
    set(&mut response, header::CACHE_CONTROL, "no-store");
    let disposition = format!("attachment; filename=\"{name}\"");
    set(&mut response, header::CONTENT_DISPOSITION, &disposition);
    response
}

/// A personal value as shown: masked where it can be read, nothing where it cannot.
pub(crate) fn masked(value: Option<&Personal<String>>, mask: fn(&str) -> String) -> Value {
    value
        .and_then(Personal::value)
        .map_or(Value::Null, |value| Value::String(mask(value)))
}

fn written_response(status: StatusCode, written: Written) -> Response {
    let mut response = json_response(status, &written.body);
    if let Some(version) = written.version {
        set(&mut response, header::ETAG, &format!("\"v{}\"", version.0));
    }
    if let Some(position) = written.position {
        let name = header::HeaderName::from_static(POSITION_HEADER);
        set(&mut response, name, &position.to_string());
    }
    response
}

pub(crate) fn problem_response(problem: &Problem) -> Response {
    let mut response = json_response(problem.kind.status(), &problem.body());
    set(&mut response, header::CONTENT_TYPE, "application/problem+json");
    match problem.kind {
        Kind::Unauthenticated => set(&mut response, header::WWW_AUTHENTICATE, "Bearer"),
        Kind::Busy | Kind::Unavailable => {
            set(&mut response, header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        Kind::Invalid
        | Kind::Missing
        | Kind::WrongMethod
        | Kind::Refused
        | Kind::Conflict
        | Kind::Forbidden
        | Kind::TooLarge
        | Kind::WrongMediaType
        | Kind::Fault => {}
    }
    response
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(body.to_string().into());
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, "application/json");
    // Replies about people are for the caller alone.
    set(&mut response, header::CACHE_CONTROL, "no-store");
    response
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(problem: &Problem) -> u16 {
        problem_response(problem).status().as_u16()
    }

    #[test]
    fn each_kind_has_the_status_of_the_house() {
        for (kind, expected) in [
            (Kind::Invalid, 400),
            (Kind::Missing, 404),
            (Kind::WrongMethod, 405),
            (Kind::Refused, 422),
            (Kind::Conflict, 409),
            (Kind::Unauthenticated, 401),
            (Kind::Forbidden, 403),
            (Kind::TooLarge, 413),
            (Kind::WrongMediaType, 415),
            (Kind::Busy, 429),
            (Kind::Unavailable, 503),
            (Kind::Fault, 500),
        ] {
            assert_eq!(status(&Problem::new(kind, "x", "x")), expected);
        }
    }

    #[test]
    fn a_problem_names_every_wrong_member_by_its_pointer() {
        let problem = Problem::members(vec![MemberError {
            pointer: "/schedule/start_time".to_owned(),
            detail: "is not a time of day".to_owned(),
        }]);
        let body = problem.body();
        assert_eq!(body["errors"][0]["pointer"], "/schedule/start_time");
        assert_eq!(body["status"], 422);
        let response = problem_response(&problem);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }

    #[test]
    fn a_write_tells_its_version_and_position() {
        let response = respond(Ok(Done::Made(Written {
            body: json!({}),
            version: Some(StreamVersion(17)),
            position: Some(Position(42)),
        })));
        assert_eq!(response.status().as_u16(), 201);
        assert_eq!(response.headers()[header::ETAG], "\"v17\"");
        assert_eq!(response.headers()[POSITION_HEADER], "42");
    }

    #[test]
    fn who_met_a_limit_is_told_when_to_come_again() {
        let response = problem_response(&Problem::new(Kind::Busy, "busy", "busy"));
        assert_eq!(response.headers()[header::RETRY_AFTER], RETRY_AFTER_SECONDS);
    }
}
