//! Requests each operation with each id of the other scope, with one key: it must be refused, and show
//! nothing of the other scope, in every form of response: page, stream, socket, audio.

use super::scopes::{ScopeResults, finds};
use super::{THEIRS, order_of};
use crate::api_description::Description;
use crate::program::fail;
use crate::server::{Server, read_event_stream, send_request_as};
use crate::socket::read_websocket;
use serde_json::Value;
use std::collections::BTreeSet;

/// Commands that act on everything are not tried; the matrix checks that limited keys are refused.
const NOT_ASKED: &[&str] = &["/rebuild", "/switch", "/cancel", "/retry", "/measure-clock"];

/// The path parameters that are not ids, with their possible values.
const NAMED: &[(&str, &[&str])] = &[
    ("what", &["calls", "events", "metrics"]),
    ("name", &["answer_ratio_per_call", "campaign_board"]),
];

/// The user and the key of the requests.
pub(super) struct Requester<'a> {
    pub(super) who: &'a str,
    pub(super) key: &'a str,
}

/// The content of the other scope.
pub(super) struct ForeignScope<'a> {
    pub(super) ids: &'a BTreeSet<String>,
    /// The salt of its customers' ids and numbers.
    pub(super) salt: u32,
    /// The parts of paths that may be requested anyway.
    pub(super) open: &'a [&'a str],
}

/// Requests every operation with each id of the other scope and the given key: no response may contain
/// anything of that scope, and no request that names an id of it may succeed.
pub(super) fn ask_all(
    description: &Description,
    server: &Server,
    asker: &Requester<'_>,
    theirs: &ForeignScope<'_>,
    found: &mut ScopeResults,
) {
    let Requester { who, key } = asker;
    let bearer = format!("Bearer {key}");
    for operation in description.operations() {
        if operation.described.get("x-permission").is_none() {
            continue;
        }
        let method = operation.method.to_uppercase();
        let order = order_of(operation.described);
        for (path, named) in paths(operation.path, asks_reason(operation.described), theirs.ids) {
            if NOT_ASKED.iter().any(|end| path.ends_with(end)) {
                continue;
            }
            found.asked += 1;
            let said = request_text(server, &method, &path, &bearer, order.as_ref());
            let (status, said) = said.unwrap_or_else(|error| fail(&format!("{method} {path}: {error}")));
            let closed = named
                .map(String::as_str)
                .filter(|_| !theirs.open.iter().any(|open| path.contains(open)));
            if let Some(id) = finds(theirs.ids, &said) {
                found.leaked.push(format!("{who} {method} {path} tells of {id}"));
            } else if tells_a_value(&said, theirs.salt) {
                found
                    .leaked
                    .push(format!("{who} {method} {path} tells values of theirs"));
            } else if is_let_in(status, &path, closed) {
                found
                    .leaked
                    .push(format!("{who} {method} {path} is answered {status}"));
            }
        }
    }
}

/// Returns true if a request that names an id of the other scope in its path succeeded. Only 403, 404 or an
/// invalid body are refusals. This also covers audio, in which an id cannot be found.
pub(super) fn is_let_in(status: u16, path: &str, named: Option<&str>) -> bool {
    named.is_some_and(|id| path.contains(id)) && (200..300).contains(&status)
}

/// Returns true if a text contains external ids or numbers of the other scope's customers in clear: they
/// begin as no others do.
pub(super) fn tells_a_value(body: &str, salt: u32) -> bool {
    body.contains(&format!("C{salt}-000")) || body.contains(&format!("138{salt:03}000"))
}

/// Sends a request. Returns the status and the text of the response without the words of the request.
pub(super) fn request_text(
    server: &Server,
    method: &str,
    path: &str,
    bearer: &str,
    order: Option<&Value>,
) -> Result<(u16, String), String> {
    let url = format!("{}{path}", server.url);
    let way = path.split('?').next().unwrap_or(path);
    if way.ends_with("/ws") {
        // A refusal comes before there is a socket.
        return Ok(read_websocket(&url, bearer).map_or((403, String::new()), |body| (101, body)));
    }
    if way.ends_with("/stream") && !way.contains("/streams/") {
        return read_event_stream(&url, bearer).map(|body| (200, body));
    }
    let (reply, _) = send_request_as(method, &url, bearer, order)?;
    Ok((reply.status, strip_request_words(&reply.body, path)))
}

/// Returns the text of a response without the words of the request's path, which a problem may repeat.
pub(super) fn strip_request_words(body: &Value, path: &str) -> String {
    let text = body.to_string();
    let asked = path.split(['/', '?', '=', '&']);
    asked
        .filter(|word| word.len() > 7)
        .fold(text, |text, word| text.replace(word, ""))
}

/// Returns true if the operation has a query parameter for a reason, without which it may refuse.
fn asks_reason(described: &Value) -> bool {
    let parameters = described.get("parameters").and_then(Value::as_array);
    let mut names = parameters.into_iter().flatten().filter_map(|one| one.get("name"));
    names.any(|name| name == "reason")
}

type ForeignPath<'a> = (String, Option<&'a String>);

/// Returns every path of this route that names an id of the other scope, with the id; for a route without
/// ids, the path with and without the other campaign.
fn paths<'a>(path: &str, asks_reason: bool, theirs: &'a BTreeSet<String>) -> Vec<ForeignPath<'a>> {
    let Some((before, rest)) = path.split_once('{') else {
        return vec![
            (path.to_owned(), None),
            (format!("{path}?campaign={THEIRS}"), None),
        ];
    };
    let (parameter, after) = rest.split_once('}').unwrap_or((rest, ""));
    if let Some((_, names)) = NAMED.iter().find(|(known, _)| *known == parameter) {
        let queries = [
            "?format=csv",
            "?format=csv&campaign=THEIRS-CAMPAIGN",
            "",
            "?by=campaign",
            "?campaign=THEIRS-CAMPAIGN",
        ];
        let named = names.iter().flat_map(|name| {
            let path = format!("{before}{name}{after}");
            queries.map(|query| (format!("{path}{query}"), None))
        });
        return named.collect();
    }
    // A parameter for a stream takes stream names only, and no other parameter does.
    let fits = |id: &&String| is_stream(id) == (parameter == "stream");
    let reason = if asks_reason { "?reason=inspection" } else { "" };
    let named = theirs.iter().filter(fits);
    named
        .map(|id| (format!("{before}{id}{after}{reason}"), Some(id)))
        .collect()
}

/// Returns true for a stream name such as `call-…`: ids begin differently.
fn is_stream(id: &str) -> bool {
    let aggregate = id.split_once('-').map(|(aggregate, _)| aggregate);
    aggregate.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
}
