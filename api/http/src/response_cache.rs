//! Response cache. A response that depends on views and log alone is valid while the log position is
//! unchanged, so the same request need not be computed again, nor sent again to a client that has it
//! (`If-None-Match`, RFC 9110, 13.1.2).
//!
//! A response is cached only if the views had caught up with the log before it was computed and the log did
//! not move meanwhile. It is returned only while the log position is unchanged, and only to the caller it was
//! made for. The guard authenticates each request: the end of a role, key or session is an event, or a time
//! of day.

use crate::context::Context;
use crate::endpoint::ResponseDependency;
use crate::input::Input;
use application::access::Caller;
use bytes::Bytes;
use domain::actor::SignInMethod;
use domain::hex;
use domain::stored_event::Position;
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use warp::http::{HeaderMap, HeaderValue, StatusCode, header};
use warp::reply::Response;

/// Maximum size of a cached response in bytes; larger ones are not cached. Pages of figures have a tenth of
/// it.
const REPLY_BYTES_MAX: usize = 64 * 1024;

/// Maximum total of cached bytes. Beyond it the cache is cleared, which costs one computation each.
const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Initial capacity for the name of a usual request.
const NAME_BYTES: usize = 128;

/// Value of `Cache-Control`: only the caller may cache the response, and must revalidate it.
const FOR_THE_CALLER: &str = "private, no-cache";

/// The cached responses.
#[derive(Debug, Default)]
pub struct ResponseCache(Mutex<CachedResponses>);

#[derive(Debug, Default)]
struct CachedResponses {
    bytes: usize,
    replies: BTreeMap<String, CachedResponse>,
}

#[derive(Debug, Clone)]
struct CachedResponse {
    /// Log position for which the response is valid.
    head: Position,
    tag: HeaderValue,
    headers: HeaderMap,
    body: Bytes,
}

/// A cacheable request: its name, which includes the caller, and the log position.
pub(crate) struct CacheableRequest {
    name: String,
    /// `None` if the views are behind the log, or if either cannot be read; the handler then runs.
    settled: Option<Position>,
    if_none_match: Option<HeaderValue>,
}

impl CacheableRequest {
    /// Returns the cacheable request of a read that depends on views and log alone. `None` for requests about
    /// the past: their responses contain their own cost, and their rows are cached elsewhere.
    pub(crate) fn of(answer: ResponseDependency, input: &Input) -> Option<Self> {
        let of_the_past = ["as_of", "valid_at"].map(|name| input.text(name).is_some());
        if answer == ResponseDependency::TheMoment || of_the_past.contains(&true) {
            return None;
        }
        Some(Self {
            name: name_of(input),
            settled: None,
            if_none_match: input.headers().get(header::IF_NONE_MATCH).cloned(),
        })
    }

    /// Returns the cached response, if there is one and the log position is unchanged.
    pub(crate) async fn kept(&mut self, ctx: &Context) -> Option<Response> {
        self.settled = settled(ctx).await;
        let head = self.settled?;
        let kept = ctx.kept_replies.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = kept.replies.get(&self.name).filter(|reply| reply.head == head)?;
        let reply = reply.clone();
        drop(kept);
        Some(self.respond(reply))
    }

    /// Returns the computed response with its tag, and caches it if the log did not move meanwhile. A
    /// response other than 200 is returned as it is.
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
        let reply = CachedResponse {
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
        self.respond(reply)
    }

    /// Returns the cached response with its tag, or 304 without a body if `If-None-Match` has the tag.
    fn respond(&self, reply: CachedResponse) -> Response {
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

impl CachedResponses {
    fn take(&mut self, name: String, reply: CachedResponse) {
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

/// Returns the log position if every view has caught up with it; else `None`.
async fn settled(ctx: &Context) -> Option<Position> {
    let head = ctx.installation.store().head().await.ok()?;
    ctx.installation.rows.has_all(head).then_some(head)
}

/// Returns the name of a request: route, parameters and caller, each with its length, so that no two requests
/// share one.
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
    // The scope that the caller had for this request; a role or a set of campaigns may end later.
    match input.scope.is_all() {
        true => add("all"),
        false => add(&format!("{:?}", input.scope)),
    }
    match &input.caller {
        Caller::Directory { .. } => add("directory"),
        Caller::Unauthenticated => add("nobody"),
        Caller::User(known) => {
            add("user");
            add(known.user.as_str());
            match known.way {
                SignInMethod::Key(key) => add(&key.to_string()),
                SignInMethod::Directory
                | SignInMethod::Session
                | SignInMethod::SetUp
                | SignInMethod::Other => {}
            }
        }
    }
    name
}

/// Returns the tag of a response: a digest of its content, so that equal responses have equal tags at every
/// position.
fn tag_of(body: &[u8]) -> HeaderValue {
    let hex = hex::encode_first(16, &Sha256::digest(body));
    HeaderValue::from_str(&format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// True if `If-None-Match` names a tag: `*`, or one of a list, weak or strong (RFC 9110, 13.1.2).
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

    fn reply(body: &str) -> CachedResponse {
        CachedResponse {
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
        let mut kept = CachedResponses::default();
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
