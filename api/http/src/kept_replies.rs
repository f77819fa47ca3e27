//! Replies that are kept while the log stands still: what follows from rows and log alone need not be made
//! again for whoever asks the same, and need not be sent again to whoever has it (`If-None-Match`, RFC 9110,
//! 13.1.2).
//!
//! A reply is kept only where the rows had all of the log before it was made and the log had not moved when
//! it was; it is given out only while the log stands there, and only to the caller it was made for. Who asks
//! is found out by the guard each time: a role, a key or a session that ended is an event, or a time of day.

use crate::context::Context;
use crate::endpoint::AnswerOf;
use crate::input::Input;
use application::access::Caller;
use bytes::Bytes;
use domain::actor::Way;
use domain::stored_event::Position;
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use warp::http::{HeaderMap, HeaderValue, StatusCode, header};
use warp::reply::Response;

/// Most bytes of a reply that is kept: pages of figures have a tenth of it.
const REPLY_BYTES_MAX: usize = 64 * 1024;

/// Most bytes kept together; with more all are forgotten, which costs one reading each.
const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Room for the name of a usual question.
const NAME_BYTES: usize = 128;

/// Nobody but the caller keeps it, and asks before it is shown again.
const FOR_THE_CALLER: &str = "private, no-cache";

/// The replies that are kept.
#[derive(Debug, Default)]
pub struct KeptReplies(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    bytes: usize,
    replies: BTreeMap<String, Reply>,
}

#[derive(Debug, Clone)]
struct Reply {
    /// The log ended here.
    head: Position,
    tag: HeaderValue,
    headers: HeaderMap,
    body: Bytes,
}

/// What was asked, by whom, and where the log stood.
pub(crate) struct Asked {
    name: String,
    /// `None` where rows or log are on their way, or cannot be looked at: the handler says what it finds.
    settled: Option<Position>,
    if_none_match: Option<HeaderValue>,
}

impl Asked {
    /// A read whose answer follows from rows and log alone. One of the past says also what it cost, and keeps
    /// its rows itself.
    pub(crate) fn of(answer: AnswerOf, input: &Input) -> Option<Self> {
        let of_the_past = ["as_of", "valid_at"].map(|name| input.text(name).is_some());
        if answer == AnswerOf::TheMoment || of_the_past.contains(&true) {
            return None;
        }
        Some(Self {
            name: name_of(input),
            settled: None,
            if_none_match: input.headers().get(header::IF_NONE_MATCH).cloned(),
        })
    }

    /// The reply that is kept, where one is and the log stands where it stood.
    pub(crate) async fn kept(&mut self, ctx: &Context) -> Option<Response> {
        self.settled = settled(ctx).await;
        let head = self.settled?;
        let kept = ctx.kept_replies.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = kept.replies.get(&self.name).filter(|reply| reply.head == head)?;
        let reply = reply.clone();
        drop(kept);
        Some(self.told(reply))
    }

    /// The reply that was made, with its tag; kept where nothing moved meanwhile.
    pub(crate) async fn keep(&self, ctx: &Context, response: Response) -> Response {
        let (mut parts, body) = response.into_parts();
        if parts.status != StatusCode::OK {
            return Response::from_parts(parts, body);
        }
        let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
            parts.status = StatusCode::INTERNAL_SERVER_ERROR;
            return Response::from_parts(parts, Bytes::new().into());
        };
        let stays = HeaderValue::from_static(FOR_THE_CALLER);
        parts.headers.insert(header::CACHE_CONTROL, stays);
        let reply = Reply {
            head: self.settled.unwrap_or_default(),
            tag: tag_of(&body),
            headers: parts.headers,
            body,
        };
        let stood = self.settled.is_some() && settled(ctx).await == self.settled;
        if stood && reply.body.len() <= REPLY_BYTES_MAX {
            let mut kept = ctx.kept_replies.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.take(self.name.clone(), reply.clone());
        }
        self.told(reply)
    }

    /// Whole, or that the caller has it.
    fn told(&self, reply: Reply) -> Response {
        let is_there = self
            .if_none_match
            .as_ref()
            .is_some_and(|sent| names(sent, &reply.tag));
        let body = if is_there { Bytes::new() } else { reply.body };
        let mut response = Response::new(body.into());
        *response.headers_mut() = reply.headers;
        response.headers_mut().insert(header::ETAG, reply.tag);
        if is_there {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response.headers_mut().remove(header::CONTENT_TYPE);
        }
        response
    }
}

impl Kept {
    fn take(&mut self, name: String, reply: Reply) {
        let cost = name.len() + reply.body.len();
        if self.bytes + cost > KEPT_BYTES_MAX {
            *self = Self::default();
        }
        self.bytes += cost;
        let before = self.replies.insert(name.clone(), reply);
        if let Some(before) = before {
            self.bytes -= name.len() + before.body.len();
        }
    }
}

/// Where the log ends, where every view has all of it.
async fn settled(ctx: &Context) -> Option<Position> {
    let head = ctx.installation.store().head().await.ok()?;
    ctx.installation.rows.has_all(head).then_some(head)
}

/// Route, parameters and caller, each with its length: none can be taken for another.
fn name_of(input: &Input) -> String {
    let mut name = String::with_capacity(NAME_BYTES);
    let mut add = |part: &str| {
        name.push_str(&part.len().to_string());
        name.push(':');
        name.push_str(part);
    };
    add(input.route);
    for param in &input.params {
        add(param);
    }
    for (key, value) in &input.query().0 {
        add(key);
        add(value);
    }
    // What the caller was let see when it was asked: a role or a set of campaigns may end meanwhile.
    match input.scope.is_all() {
        true => add("all"),
        false => add(&format!("{:?}", input.scope)),
    }
    match &input.caller {
        Caller::Directory { .. } => add("directory"),
        Caller::Nobody => add("nobody"),
        Caller::User(known) => {
            add("user");
            add(known.user.as_str());
            match known.way {
                Way::Key(key) => add(&key.to_string()),
                Way::Directory | Way::Session | Way::SetUp | Way::Other => {}
            }
        }
    }
    name
}

/// The tag of a reply: by its content, so that the same reply has the same tag at every position.
fn tag_of(body: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(body);
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether `If-None-Match` names a tag: any, or one of a list, weak or not (RFC 9110, 13.1.2).
fn names(sent: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(sent), Ok(tag)) = (sent.to_str(), tag.to_str()) else {
        return false;
    };
    sent.split(',')
        .map(str::trim)
        .any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(body: &str) -> Reply {
        Reply {
            head: Position(1),
            tag: tag_of(body.as_bytes()),
            headers: HeaderMap::new(),
            body: Bytes::from(body.to_owned()),
        }
    }

    #[test]
    fn a_tag_is_found_in_a_list_weak_or_strong() {
        let tag = tag_of(b"{}");
        let text = tag.to_str().unwrap().to_owned();
        for sent in ["*".to_owned(), text.clone(), format!("\"a\", W/{text}")] {
            assert!(names(&HeaderValue::from_str(&sent).unwrap(), &tag), "{sent}");
        }
        for sent in ["\"a\"", "", "W/"] {
            assert!(!names(&HeaderValue::from_static(sent), &tag), "{sent}");
        }
        assert_ne!(tag, tag_of(b"[]"));
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut kept = Kept::default();
        let body = "x".repeat(REPLY_BYTES_MAX);
        for index in 0..2 * KEPT_BYTES_MAX / REPLY_BYTES_MAX {
            kept.take(index.to_string(), reply(&body));
            assert!(kept.bytes <= KEPT_BYTES_MAX);
        }
        let before = kept.bytes;
        let last = kept.replies.keys().next_back().unwrap().clone();
        kept.take(last, reply(&body));
        assert_eq!(kept.bytes, before, "the same again costs no more");
    }
}
