//! Builds every reply from a result: JSON, RFC 9457 problems, files and redirects. The only module with
//! status codes.

use crate::auth::{ROUND_COOKIE, SESSION_COOKIE};
use crate::problem_body::body;
use crate::rate_limits::RateLimitStatus;
use application::access::ROUND_MS;
use application::reply_value::value;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Position, StreamVersion};
use serde::Serialize;
use sha2::{Digest, Sha256};
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::{Reply, Response};

/// Header with the log position of a write, for `?after_position=`.
pub(crate) const POSITION_HEADER: &str = "x-event-position";

/// Seconds after which a client that exceeded a limit may retry.
pub(crate) const RETRY_AFTER_SECONDS: &str = "1";

/// Returns the HTTP status of each kind of problem; the only place that maps them.
const fn status(kind: ProblemKind) -> StatusCode {
    match kind {
        ProblemKind::Invalid => StatusCode::BAD_REQUEST,
        ProblemKind::Missing => StatusCode::NOT_FOUND,
        ProblemKind::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        ProblemKind::Refused | ProblemKind::Disproved => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemKind::Conflict | ProblemKind::ApprovalNeeded => StatusCode::CONFLICT,
        ProblemKind::Stale => StatusCode::PRECONDITION_FAILED,
        ProblemKind::Unconditional => StatusCode::PRECONDITION_REQUIRED,
        ProblemKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ProblemKind::Forbidden => StatusCode::FORBIDDEN,
        ProblemKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemKind::WrongMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ProblemKind::Busy => StatusCode::TOO_MANY_REQUESTS,
        ProblemKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ProblemKind::Fault => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Statuses of successful replies, for the description.
pub(crate) const READ: u16 = StatusCode::OK.as_u16();
pub(crate) const CHANGED: u16 = StatusCode::OK.as_u16();
pub(crate) const PART: u16 = StatusCode::PARTIAL_CONTENT.as_u16();
pub(crate) const MADE: u16 = StatusCode::CREATED.as_u16();
pub(crate) const NOT_MODIFIED: u16 = StatusCode::NOT_MODIFIED.as_u16();
pub(crate) const ELSEWHERE: u16 = StatusCode::SEE_OTHER.as_u16();
pub(crate) const SWITCHED: u16 = StatusCode::SWITCHING_PROTOCOLS.as_u16();

/// Returns the HTTP status of each kind of problem as a number, for the published description.
pub(crate) const fn status_of(kind: ProblemKind) -> u16 {
    status(kind).as_u16()
}

/// The result of a write: its body, its stream version and its log position.
#[derive(Debug)]
pub(crate) struct WriteResult<T> {
    pub body: T,
    pub version: Option<StreamVersion>,
    pub position: Option<Position>,
}

/// Builds the reply to a read.
pub(crate) fn read(body: &impl Serialize) -> Response {
    json_response(StatusCode::OK, body)
}

/// Builds the reply to a read of something replaceable, with its version as ETag.
pub(crate) fn read_at(body: &impl Serialize, version: StreamVersion) -> Response {
    let mut response = json_response(StatusCode::OK, body);
    set(&mut response, header::ETAG, &format!("\"v{}\"", version.0));
    response
}

/// Builds the reply to a change, also if nothing had to be changed.
pub(crate) fn change_response(written: WriteResult<impl Serialize>) -> Response {
    written_response(StatusCode::OK, written)
}

/// Builds the reply to a creation.
pub(crate) fn creation_response(written: WriteResult<impl Serialize>) -> Response {
    written_response(StatusCode::CREATED, written)
}

/// Builds the reply with an HTML page.
pub(crate) fn page(text: &'static str) -> Response {
    let mut response = Response::new(text.into());
    set(&mut response, header::CONTENT_TYPE, "text/html; charset=utf-8");
    // The policy allows only the scripts and styles of the page itself, and no frame (W3C CSP 3).
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
        hashes(text, "script"),
        hashes(text, "style")
    );
    set(&mut response, header::CONTENT_SECURITY_POLICY, &policy);
    set(&mut response, header::REFERRER_POLICY, "no-referrer");
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

/// Builds the reply with an HTML page that is embedded in this program, or one of its files. All files come
/// from this server.
pub(crate) fn asset(media_type: &str, bytes: &'static [u8], is_compressed: bool) -> Response {
    let mut response = Response::new(bytes.into());
    set(
        &mut response,
        header::CONTENT_TYPE,
        &format!("{media_type}; charset=utf-8"),
    );
    if is_compressed {
        set(&mut response, header::CONTENT_ENCODING, "gzip");
    }
    set(
        &mut response,
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    // Browsers revalidate it, so that a new version of this program is used at once.
    set(&mut response, header::CACHE_CONTROL, "no-cache");
    set(&mut response, header::REFERRER_POLICY, "no-referrer");
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

/// Builds the reply with text that is neither JSON nor a page.
pub(crate) fn text_response(media_type: &'static str, text: String) -> Response {
    let mut response = Response::new(text.into());
    set(&mut response, header::CONTENT_TYPE, media_type);
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(&mut response, header::CACHE_CONTROL, "no-store");
    response
}

/// Returns the SHA-256 hashes of the contents of all elements of this name in a page, in the format of a
/// content security policy.
fn hashes(page: &str, element: &str) -> String {
    let (begin, end) = (format!("<{element}>"), format!("</{element}>"));
    let inner = page
        .split(&begin)
        .skip(1)
        .filter_map(|rest| rest.split(&end).next());
    let named = inner.map(|text| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text))));
    named.collect::<Vec<_>>().join(" ")
}

/// Builds the reply with a file that is streamed. An error of the stream closes the connection, so that the
/// client knows the file is incomplete.
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

/// A part of a file: a byte range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteRange {
    pub from: u64,
    pub length: u64,
    /// Length of the whole file.
    pub total: u64,
}

impl ByteRange {
    /// Returns the part that a `Range` header asks for (RFC 9110, 14.1.2): one range that begins in the file.
    /// For anything else the whole file is returned, as 14.2 allows.
    pub(crate) fn asked(range: Option<&str>, total: u64) -> Self {
        let whole = Self {
            from: 0,
            length: total,
            total,
        };
        let asked = range.and_then(|range| range.trim().strip_prefix("bytes="));
        let Some((first, last)) = asked.and_then(|asked| asked.split_once('-')) else {
            return whole;
        };
        let (first, last) = (first.trim(), last.trim());
        let end = total.saturating_sub(1);
        let ends = match (first.parse::<u64>(), last.parse::<u64>()) {
            (Ok(from), Ok(to)) if from <= to => Some((from, to.min(end))),
            (Ok(from), Err(_)) if last.is_empty() => Some((from, end)),
            (Err(_), Ok(count)) if first.is_empty() && count > 0 => Some((total.saturating_sub(count), end)),
            _ => None,
        };
        match ends {
            Some((from, to)) if from < total => Self {
                from,
                length: to.saturating_sub(from).saturating_add(1),
                total,
            },
            Some(_) | None => whole,
        }
    }

    const fn is_whole(self) -> bool {
        self.length == self.total
    }
}

/// Builds the reply with the audio of a call, or a part of it.
pub(crate) fn sound_response(
    name: &str,
    part: ByteRange,
    pieces: tokio::sync::mpsc::Receiver<std::io::Result<bytes::Bytes>>,
) -> Response {
    let mut response = file_response("audio/wav", name, pieces);
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    set(&mut response, header::CONTENT_LENGTH, &part.length.to_string());
    if !part.is_whole() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let last = part.from.saturating_add(part.length).saturating_sub(1);
        let range = format!("bytes {}-{last}/{}", part.from, part.total);
        set(&mut response, header::CONTENT_RANGE, &range);
    }
    response
}

/// Builds the reply with a complete file, which no cache may store.
pub(crate) fn whole_file_response(media_type: &str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(bytes.into());
    set(&mut response, header::CONTENT_TYPE, media_type);
    set(&mut response, header::CACHE_CONTROL, "no-store");
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let disposition = format!("attachment; filename=\"{name}\"");
    set(&mut response, header::CONTENT_DISPOSITION, &disposition);
    response
}

fn written_response(status: StatusCode, written: WriteResult<impl Serialize>) -> Response {
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

/// Builds the reply of a problem. The cause of a fault is written to the log here, and nowhere else.
pub(crate) fn problem_response(problem: &Problem) -> Response {
    if let Some(cause) = problem.cause() {
        tracing::error!(cause, "request failed by a fault");
    }
    let mut response = json_response(status(problem.kind), &body(problem, status_of(problem.kind)));
    set(&mut response, header::CONTENT_TYPE, "application/problem+json");
    match problem.kind {
        ProblemKind::Unauthenticated => set(&mut response, header::WWW_AUTHENTICATE, "Bearer"),
        ProblemKind::Busy | ProblemKind::Unavailable => {
            set(&mut response, header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        ProblemKind::Invalid
        | ProblemKind::Missing
        | ProblemKind::WrongMethod
        | ProblemKind::Refused
        | ProblemKind::Disproved
        | ProblemKind::Conflict
        | ProblemKind::Stale
        | ProblemKind::Unconditional
        | ProblemKind::ApprovalNeeded
        | ProblemKind::Forbidden
        | ProblemKind::TooLarge
        | ProblemKind::WrongMediaType
        | ProblemKind::Fault => {}
    }
    response
}

/// Adds the headers with the caller's remaining requests.
pub(crate) fn tell_rate(response: &mut Response, left: RateLimitStatus) {
    let policy = header::HeaderName::from_static("ratelimit-policy");
    set(response, policy, &left.policy());
    let limit = header::HeaderName::from_static("ratelimit");
    set(response, limit, &left.as_header());
}

fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = Response::new(value(body).to_string().into());
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, "application/json");
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Replies about customers must not be cached.
    set(&mut response, header::CACHE_CONTROL, "no-store");
    response
}

/// Sets the session cookie, or deletes it.
pub(crate) fn with_session(mut response: Response, session: Option<&str>) -> Response {
    let (value, lasts) = session.map_or(("", "; Max-Age=0"), |session| (session, ""));
    let cookie = format!("{SESSION_COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict{lasts}");
    set(&mut response, header::SET_COOKIE, &cookie);
    response
}

/// Redirects the browser to the identity provider, with the state of the sign-in in a cookie. The cookie must
/// be sent on the return from another site, so it cannot be stricter than Lax.
pub(crate) fn redirect_to_provider(address: &str, state: &str) -> Response {
    let mut response = redirect_to(address);
    let lasts_s = ROUND_MS / 1_000;
    let cookie = format!("{ROUND_COOKIE}={state}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={lasts_s}");
    set(&mut response, header::SET_COOKIE, &cookie);
    response
}

/// Redirects the browser to the console with a session, and deletes the cookie of the sign-in.
pub(crate) fn redirect_to_console(session: &str) -> Response {
    let mut response = with_session(redirect_to("/"), Some(session));
    let over = format!("{ROUND_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    if let Ok(over) = HeaderValue::from_str(&over) {
        response.headers_mut().append(header::SET_COOKIE, over);
    }
    response
}

pub(crate) fn redirect_to(address: &str) -> Response {
    let mut response = Response::new(String::new().into());
    *response.status_mut() = StatusCode::SEE_OTHER;
    set(&mut response, header::LOCATION, address);
    set(&mut response, header::CACHE_CONTROL, "no-store");
    set(&mut response, header::REFERRER_POLICY, "no-referrer");
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
    use domain::problem::MemberError;
    use serde_json::json;

    fn status(problem: &Problem) -> u16 {
        problem_response(problem).status().as_u16()
    }

    #[test]
    fn each_kind_has_the_status_of_the_house() {
        for (kind, expected) in [
            (ProblemKind::Invalid, 400),
            (ProblemKind::Missing, 404),
            (ProblemKind::WrongMethod, 405),
            (ProblemKind::Refused, 422),
            (ProblemKind::Disproved, 422),
            (ProblemKind::Conflict, 409),
            (ProblemKind::Stale, 412),
            (ProblemKind::Unconditional, 428),
            (ProblemKind::ApprovalNeeded, 409),
            (ProblemKind::Unauthenticated, 401),
            (ProblemKind::Forbidden, 403),
            (ProblemKind::TooLarge, 413),
            (ProblemKind::WrongMediaType, 415),
            (ProblemKind::Busy, 429),
            (ProblemKind::Unavailable, 503),
            (ProblemKind::Fault, 500),
        ] {
            assert_eq!(status(&Problem::new(kind, "x", "x")), expected);
        }
    }

    #[test]
    fn a_reply_names_every_wrong_member_and_no_cause() {
        let problem = Problem::members(vec![MemberError {
            pointer: "/schedule/start_time".to_owned(),
            detail: "is not a time of day".to_owned(),
        }]);
        let body = value(&body(&problem, status(&problem)));
        assert_eq!(body["errors"][0]["pointer"], "/schedule/start_time");
        assert_eq!(body["errors"][0]["detail_zh"], "不是一天中的时刻");
        assert_eq!(body["detail_zh"], "/schedule/start_time 不是一天中的时刻");
        assert_eq!(body["status"], 422);
        let response = problem_response(&problem);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }

    #[test]
    fn the_cause_of_a_fault_is_in_no_reply() {
        let reply_text = value(&body(&Problem::fault("row 7 has no version"), 500)).to_string();
        assert!(!reply_text.contains("row 7"), "{reply_text}");
    }

    #[test]
    fn a_page_runs_only_what_it_was_written_with() {
        let response = page("<style>a{}</style><script>let a;</script>");
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }

    #[test]
    fn a_session_s_cookie_is_for_this_host_and_no_script() {
        let begun = with_session(read(&json!({})), Some("wang.secret"));
        let cookie = begun.headers()["set-cookie"].to_str().unwrap();
        for attribute in [
            "__Host-",
            "; Path=/",
            "; Secure",
            "; HttpOnly",
            "; SameSite=Strict",
        ] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        let ended = with_session(read(&json!({})), None);
        assert!(
            ended.headers()["set-cookie"]
                .to_str()
                .unwrap()
                .ends_with("Max-Age=0")
        );
    }

    #[test]
    fn one_range_that_begins_in_the_file_is_a_part_and_all_else_is_whole() {
        for (range, from, length) in [
            ("bytes=0-0", 0, 1),
            ("bytes=10-19", 10, 10),
            ("bytes=90-", 90, 10),
            ("bytes=90-500", 90, 10),
            ("bytes=-5", 95, 5),
            ("bytes=-500", 0, 100),
            ("bytes=100-", 0, 100),
            ("bytes=9-3", 0, 100),
            ("bytes=0-1,5-6", 0, 100),
            ("bytes=-0", 0, 100),
            ("lines=1-2", 0, 100),
        ] {
            let part = ByteRange::asked(Some(range), 100);
            assert_eq!(
                (part.from, part.length, part.total),
                (from, length, 100),
                "{range}"
            );
        }
        assert!(ByteRange::asked(None, 100).is_whole());
        assert_eq!(ByteRange::asked(Some("bytes=0-0"), 0).length, 0);
    }

    #[test]
    fn a_write_tells_its_version_and_position() {
        let response = creation_response(WriteResult {
            body: json!({}),
            version: Some(StreamVersion(17)),
            position: Some(Position(42)),
        });
        assert_eq!(response.status().as_u16(), 201);
        assert_eq!(response.headers()[header::ETAG], "\"v17\"");
        assert_eq!(response.headers()[POSITION_HEADER], "42");
    }

    #[test]
    fn a_refusal_by_a_limit_says_when_to_come_again() {
        let response = problem_response(&Problem::new(ProblemKind::Busy, "busy", "busy"));
        assert_eq!(response.headers()[header::RETRY_AFTER], RETRY_AFTER_SECONDS);
    }
}
