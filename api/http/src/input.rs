//! The input of a handler: the parts of the request, read and checked, with the caller and the data scope.

use crate::body::Body;
use crate::comparisons::{Comparer, is_customer_id};
use crate::idempotency::key_of;
use crate::rate_limits::RateLimitStatus;
use crate::server::ClientAddress;
use application::access::Caller;
use application::body_work::BodyWork;
use application::inquiries::Reader;
use application::inquiries::customer_page::PAGE_VIEW_HEADER;
use application::installation::Installation;
use application::percent;
use application::query::Query;
use application::stored_text_masking::masked_reason;
use bytes::Bytes;
use domain::actor::Actor;
use domain::ids::CommandId;
use domain::permission::DataScope;
use domain::problem::{MemberError, Problem};
use domain::stored_event::{Cause, RequestFacts};
use host::outbound::api_client::ACTING_HEADER;
use intake::members::ApiRequest;
use serde_json::Value;
use std::net::SocketAddr;
use std::str::FromStr;
use warp::http::HeaderMap;
use warp::ws::Ws;

/// Names of members and parameters with free text that events store in clear: the reason of an action, a
/// note, the subject of a complaint. They are masked.
const KEPT_TEXTS: [&str; 3] = ["reason", "note", "what"];

/// Maximum length of a text that is masked, in bytes. A longer one is refused when it is read
/// (`intake::members`).
const KEPT_TEXT_BYTES_MAX: usize = 16 * 1024;

/// The input of a handler.
pub(crate) struct Input {
    pub(crate) route: &'static str,
    pub(crate) params: Vec<String>,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    /// Absent in tests without a connection.
    pub(crate) peer: Option<ClientAddress>,
    pub(crate) upgrade: Option<Ws>,
    /// The caller, set by the guard.
    pub caller: Caller,
    /// The data scope of the caller for this route.
    pub scope: DataScope,
    pub(crate) says_who: &'static [&'static str],
    /// The caller's remaining requests.
    pub(crate) rate: Option<RateLimitStatus>,
    /// The facts of this request that its events store.
    pub(crate) request: RequestFacts,
    pub body: Body,
    /// Threads for work that grows with the size of the body.
    pub(crate) work: BodyWork,
}

impl Input {
    /// Returns the route, as the published description names it.
    pub(crate) const fn route(&self) -> &'static str {
        self.route
    }

    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) const fn own_peer(&self) -> Option<ClientAddress> {
        self.peer
    }

    /// Adds a parameter to the query.
    pub(crate) fn add_to_query(&mut self, pair: (String, String)) {
        self.query.0.push(pair);
    }

    /// Returns the acting user for the envelope of the events that follow.
    pub(crate) fn actor(&self) -> Option<Actor> {
        let acting = self.header(ACTING_HEADER).and_then(percent::decode);
        self.caller.actor(acting.as_deref())
    }

    /// Returns the acting user as events name them: the signed-in user, or the name that the directory's
    /// owner sent.
    pub(crate) fn by(&self) -> Option<String> {
        self.caller.name_for_record(self.text("by").map(str::to_owned))
    }

    /// Returns the query parameters.
    pub(crate) const fn query(&self) -> &Query {
        &self.query
    }

    /// Returns the last value of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.query.text(name)
    }

    /// Returns every value of a query parameter that can be given several times.
    pub(crate) fn texts(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.query.texts(name)
    }

    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        self.query.number(name)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        self.query.flag(name)
    }

    /// Returns the reader that the audit record of this GET request names: caller, route and query.
    pub(crate) fn reader(&self) -> Reader {
        let reader = Reader::new(format!("GET {}", self.route), &self.caller, &self.query);
        reader.viewing(self.header(PAGE_VIEW_HEADER), &self.caller)
    }

    /// Returns the caller, as the rate limits of comparisons count it.
    pub(crate) fn comparer(&self) -> Comparer {
        Comparer::new(&self.caller, self.peer(), self.route)
    }

    /// Returns the caller if the path names a customer by external id, which is a comparison. `None` for
    /// internal ids and for paths without a customer.
    pub(crate) fn path_comparer(&self) -> Option<Comparer> {
        let names_customer = self.route.starts_with("/api/v1/customers/{id}");
        let text = self.param(0).ok().filter(|_| names_customer)?;
        (!is_customer_id(&text)).then(|| self.comparer())
    }

    /// Returns the reader that the audit record of this POST request names. A read by POST names its
    /// subject in the body, so that no URL contains it.
    pub(crate) fn reader_by_post(&self) -> Reader {
        Reader::new(format!("POST {}", self.route), &self.caller, &self.query)
    }

    /// Returns the client's address, if there is a connection.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.peer.map(|peer| peer.0)
    }

    /// Returns the `index`-th parameter of the path, decoded.
    pub(crate) fn param(&self, index: usize) -> Result<String, Problem> {
        let raw = self.params.get(index).map_or("", String::as_str);
        percent::decode(raw)
            .ok_or_else(|| Problem::invalid("path-invalid", "the path is not valid percent-encoded UTF-8"))
    }

    /// Returns a parameter of the path as an id; an invalid id gives `missing`.
    pub(crate) fn id<T: FromStr>(&self, index: usize, what: &str) -> Result<T, Problem> {
        match self.param(index)?.parse() {
            Ok(id) => Ok(id),
            Err(_) => Err(Problem::missing(what)),
        }
    }

    /// Takes the WebSocket upgrade. Fails if the request asks for none.
    pub(crate) fn take_upgrade(&mut self) -> Result<Ws, Problem> {
        self.upgrade.take().ok_or_else(|| {
            Problem::invalid(
                "not-a-websocket",
                "this route needs WebSocket: request an upgrade (RFC 6455) or read /api/v1/events/stream",
            )
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns the cause of a command. Its id follows from the caller's `Idempotency-Key`, or is new. The key
    /// applies per route, path parameters and user, so the same key for two actions is two commands.
    pub(crate) fn cause(&self, installation: &Installation, what: &str) -> Result<Cause, Problem> {
        let command = match key_of(self)? {
            None => installation.new_command(),
            Some(key) => {
                let mut text = format!("idempotency:{what}/{}/{key}", self.params.join("/"));
                // Each user has their own keys. A header value contains no line feed.
                if let Some(known) = self.caller.user() {
                    text.push('\n');
                    text.push_str(known.user.as_str());
                }
                let text = self.caller.realm().own_name(&text);
                CommandId::derive_from_text(&text)
            }
        };
        let cause = Cause::outside(command).asked_by(self.actor());
        Ok(cause.requested(self.request))
    }

    /// True if the body is a multipart form.
    pub(crate) fn is_multipart(&self) -> bool {
        let kind = self.header("content-type").unwrap_or_default();
        kind.trim_start().to_ascii_lowercase().starts_with("multipart/")
    }

    /// Takes the body; an empty one remains.
    pub(crate) fn take_body(&mut self) -> Body {
        std::mem::replace(&mut self.body, Body::of(Bytes::new()))
    }

    /// Reads the whole body and keeps it, so that it can be read again.
    pub(crate) async fn read_whole_body(&mut self) -> Result<Bytes, Problem> {
        let body = self.take_body();
        let bytes = Bytes::from(body.whole().await?);
        self.body = Body::of(bytes.clone());
        Ok(bytes)
    }

    /// Reads the body as a request type.
    pub(crate) async fn order<T: ApiRequest + Send + 'static>(self) -> Result<T, Problem> {
        self.read(T::of).await
    }

    /// Reads the body as a JSON object.
    pub(crate) async fn object(self) -> Result<serde_json::Map<String, Value>, Problem> {
        self.read(Ok).await
    }

    /// Reads the body as a JSON object and converts it with `of`; a long body on a separate thread.
    pub(crate) async fn read<T: Send + 'static>(
        self,
        of: impl FnOnce(serde_json::Map<String, Value>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let bytes = self.body.whole().await?;
        let user = self.caller.user().map(|known| known.user.to_string());
        let (says_who, length) = (self.says_who, bytes.len());
        let work = move || of(members_of(&bytes, user.as_deref(), says_who)?);
        self.work.run_sized(length, work).await?
    }
}

/// Parses the members of a body; an empty body has none. Free texts that events store are masked. For a
/// signed-in user the members that name the acting user are replaced by the user's name, and `approved_by`
/// is refused.
fn members_of(
    bytes: &[u8],
    user: Option<&str>,
    says_who: &[&str],
) -> Result<serde_json::Map<String, Value>, Problem> {
    let mut members = match bytes.is_empty() {
        true => serde_json::Map::new(),
        false => parse_object(bytes)?,
    };
    mask_kept_texts(&mut members);
    if let Some(user) = user {
        for member in says_who {
            members.insert((*member).to_owned(), Value::String(user.to_owned()));
        }
        if members.contains_key("approved_by") {
            return Err(Problem::members(vec![MemberError {
                pointer: "/approved_by".to_owned(),
                detail: "cannot be set by the requester: another person approves the request".to_owned(),
            }]));
        }
    }
    Ok(members)
}

/// Masks possible personal data in the members of `KEPT_TEXTS`, before a request type reads them. Texts
/// above `KEPT_TEXT_BYTES_MAX` stay as they are and are refused later.
fn mask_kept_texts(members: &mut serde_json::Map<String, Value>) {
    for name in KEPT_TEXTS {
        let Some(Value::String(text)) = members.get_mut(name) else {
            continue;
        };
        if text.len() <= KEPT_TEXT_BYTES_MAX {
            *text = masked_reason(text);
        }
    }
}

/// Masks possible personal data in the query parameters of `KEPT_TEXTS`.
pub(crate) fn with_kept_texts_masked(mut query: Query) -> Query {
    let kept = |(name, value): &&mut (String, String)| {
        KEPT_TEXTS.contains(&name.as_str()) && value.len() <= KEPT_TEXT_BYTES_MAX
    };
    for (_, value) in query.0.iter_mut().filter(kept) {
        *value = masked_reason(value);
    }
    query
}

/// The UTF-8 byte order mark. Windows programs write it before a text; RFC 8259, section 8.1 lets a reader
/// ignore it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns the text without its byte order mark.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// Parses bytes as a JSON object.
pub(crate) fn parse_object(bytes: &[u8]) -> Result<serde_json::Map<String, Value>, Problem> {
    match serde_json::from_slice(without_mark(bytes)) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Problem::invalid(
            "body-not-an-object",
            "the body must be a JSON object",
        )),
        Err(error) => Err(Problem::invalid(
            "body-not-json",
            format!(
                "the body is not JSON: line {}, column {}",
                error.line(),
                error.column()
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_no_object_is_refused_with_the_reason() {
        assert_eq!(parse_object(b"[]").unwrap_err().code, "body-not-an-object");
        let marked = parse_object(b"\xef\xbb\xbf{\"a\":1}").unwrap();
        assert_eq!(marked["a"], 1, "behind a byte order mark");
        assert!(parse_object(b"\xef\xbb{}").is_err(), "half a mark is none");
        let broken = parse_object(b"{\"a\":").unwrap_err();
        assert!(broken.detail.contains("line 1"), "{}", broken.detail);
    }
}
