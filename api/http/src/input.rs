//! What a handler is given: the request's parts, read and checked, who asks, and whose data they may see.

use crate::body::Body;
use crate::coming_again::key_of;
use crate::comparisons::{Comparer, is_customer_id};
use crate::rates::RateLeft;
use crate::server::Peer;
use application::access::Caller;
use application::body_work::BodyWork;
use application::inquiring::Reader;
use application::inquiring::customer_page::PAGE_VIEW_HEADER;
use application::installation::Installation;
use application::kept_words::masked_reason;
use application::percent;
use application::query::Query;
use bytes::Bytes;
use domain::actor::Actor;
use domain::ids::CommandId;
use domain::permission::DataScope;
use domain::problem::{MemberError, Problem};
use domain::stored_event::{Cause, RequestFacts};
use host::outbound::api_client::ACTING_HEADER;
use intake::members::Order;
use serde_json::Value;
use std::net::SocketAddr;
use std::str::FromStr;
use warp::http::HeaderMap;
use warp::ws::Ws;

/// Free texts that events keep in clear, as members and parameters are named: why something is done, what is
/// noted of it, what a complaint is about.
const KEPT_TEXTS: [&str; 3] = ["reason", "note", "what"];

/// Longest one that is masked: a longer one is refused when it is read (`intake::members`).
const KEPT_TEXT_BYTES_MAX: usize = 16 * 1024;

/// What a handler is given.
pub(crate) struct Input {
    pub(crate) route: &'static str,
    pub(crate) params: Vec<String>,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    /// Absent in tests that have no connection.
    pub(crate) peer: Option<Peer>,
    pub(crate) upgrade: Option<Ws>,
    /// Who asks, as the guard found out.
    pub caller: Caller,
    /// Whose data they may see by this route.
    pub scope: DataScope,
    pub(crate) says_who: &'static [&'static str],
    /// What the caller may still send.
    pub(crate) rate: Option<RateLeft>,
    /// What the events of this request keep of it.
    pub(crate) request: RequestFacts,
    pub body: Body,
    /// Threads for work that takes longer the larger the body is.
    pub(crate) work: BodyWork,
}

impl Input {
    /// The route, as the published description names it.
    pub(crate) const fn route(&self) -> &'static str {
        self.route
    }

    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) const fn own_peer(&self) -> Option<Peer> {
        self.peer
    }

    /// Asks for more than the caller wrote.
    pub(crate) fn add_to_query(&mut self, pair: (String, String)) {
        self.query.0.push(pair);
    }

    /// Who acts, for the envelope of what follows.
    pub(crate) fn actor(&self) -> Option<Actor> {
        let acting = self.header(ACTING_HEADER).and_then(percent::decode);
        self.caller.actor(acting.as_deref())
    }

    /// Who acts, as events name them: the user, or whom the directory's owner names.
    pub(crate) fn by(&self) -> Option<String> {
        self.caller.name_for_record(self.text("by").map(str::to_owned))
    }

    /// What was asked behind the path.
    pub(crate) const fn query(&self) -> &Query {
        &self.query
    }

    /// The last value of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.query.text(name)
    }

    /// Every value of a parameter that may be given several times.
    pub(crate) fn texts(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.query.texts(name)
    }

    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        self.query.number(name)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        self.query.flag(name)
    }

    /// Who reads, of a read whose question stands in its address.
    pub(crate) fn reader(&self) -> Reader {
        let reader = Reader::new(format!("GET {}", self.route), &self.caller, &self.query);
        reader.viewing(self.header(PAGE_VIEW_HEADER), &self.caller)
    }

    /// The caller as the gate before comparisons counts it.
    pub(crate) fn comparer(&self) -> Comparer {
        Comparer::new(&self.caller, self.peer(), self.route)
    }

    /// The caller, if the path names a customer by the institution's own id, which is a comparison. None for
    /// our ids and for paths without a customer.
    pub(crate) fn path_comparer(&self) -> Option<Comparer> {
        let names_customer = self.route.starts_with("/api/v1/customers/{id}");
        let text = self.param(0).ok().filter(|_| names_customer)?;
        (!is_customer_id(&text)).then(|| self.comparer())
    }

    /// Of one whose question stands in the body, so that no address names whom it is about.
    pub(crate) fn reader_by_post(&self) -> Reader {
        Reader::new(format!("POST {}", self.route), &self.caller, &self.query)
    }

    /// Who asks, where there is a connection.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.peer.map(|peer| peer.0)
    }

    /// The `index`-th parameter of the path, decoded.
    pub(crate) fn param(&self, index: usize) -> Result<String, Problem> {
        let raw = self.params.get(index).map_or("", String::as_str);
        percent::decode(raw)
            .ok_or_else(|| Problem::invalid("path-invalid", "the path is not valid percent-encoded UTF-8"))
    }

    /// A parameter of the path as an id; what is no id names nothing.
    pub(crate) fn id<T: FromStr>(&self, index: usize, what: &str) -> Result<T, Problem> {
        match self.param(index)?.parse() {
            Ok(id) => Ok(id),
            Err(_) => Err(Problem::missing(what)),
        }
    }

    /// The request to become a WebSocket; given once.
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

    /// The cause of a command: the caller's `Idempotency-Key` names it, else it is new. The key counts per
    /// route, thing and user, so that one key used for two things is two commands.
    pub(crate) fn cause(&self, installation: &Installation, what: &str) -> Result<Cause, Problem> {
        let command = match key_of(self)? {
            None => installation.new_command(),
            Some(key) => {
                let mut text = format!("idempotency:{what}/{}/{key}", self.params.join("/"));
                // Each user's keys are their own; a header holds no line feed.
                if let Some(known) = self.caller.user() {
                    text.push('\n');
                    text.push_str(known.user.as_str());
                }
                CommandId::derive_from_text(&text)
            }
        };
        let cause = Cause::outside(command).asked_by(self.actor());
        Ok(cause.requested(self.request))
    }

    /// Whether the body is a form in parts.
    pub(crate) fn is_multipart(&self) -> bool {
        let kind = self.header("content-type").unwrap_or_default();
        kind.trim_start().to_ascii_lowercase().starts_with("multipart/")
    }

    /// The body, which is then empty here.
    pub(crate) fn take_body(&mut self) -> Body {
        std::mem::replace(&mut self.body, Body::of(Bytes::new()))
    }

    /// The body, which can be read again.
    pub(crate) async fn whole_body(&mut self) -> Result<Bytes, Problem> {
        let body = self.take_body();
        let bytes = Bytes::from(body.whole().await?);
        self.body = Body::of(bytes.clone());
        Ok(bytes)
    }

    /// The body as an order.
    pub(crate) async fn order<T: Order + Send + 'static>(self) -> Result<T, Problem> {
        self.read(T::of).await
    }

    /// The body as a JSON object.
    pub(crate) async fn object(self) -> Result<serde_json::Map<String, Value>, Problem> {
        self.read(Ok).await
    }

    /// Reads the body as a JSON object and converts it with `of`; a long one on a thread of its own.
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

/// The members of a body. The user who signed in acts, whatever the body says.
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

/// Masks what may identify a person in free texts that events keep, before any order reads them.
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

/// The same of the parameters of a request.
pub(crate) fn with_kept_texts_masked(mut query: Query) -> Query {
    let kept = |(name, value): &&mut (String, String)| {
        KEPT_TEXTS.contains(&name.as_str()) && value.len() <= KEPT_TEXT_BYTES_MAX
    };
    for (_, value) in query.0.iter_mut().filter(kept) {
        *value = masked_reason(value);
    }
    query
}

/// The byte order mark in UTF-8, which programs of Windows put before a text (RFC 8259, section 8.1 lets a
/// reader ignore it).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A text without its byte order mark.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// Reads bytes as a JSON object.
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
    fn a_body_that_is_no_object_is_told_what_is_wrong() {
        assert_eq!(parse_object(b"[]").unwrap_err().code, "body-not-an-object");
        let marked = parse_object(b"\xef\xbb\xbf{\"a\":1}").unwrap();
        assert_eq!(marked["a"], 1, "behind a byte order mark");
        assert!(parse_object(b"\xef\xbb{}").is_err(), "half a mark is none");
        let broken = parse_object(b"{\"a\":").unwrap_err();
        assert!(broken.detail.contains("line 1"), "{}", broken.detail);
    }
}
