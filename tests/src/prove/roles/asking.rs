//! Each operation by each of their ids, with one key: refused, and nothing of them told, by whatever way a
//! reply comes: a page, a stream, a socket, sound.

use super::scopes::{Found, finds};
use super::{THEIRS, order_of};
use crate::described::Description;
use crate::program::fail;
use crate::server::{Server, asked_with, followed};
use crate::socket::heard;
use serde_json::Value;
use std::collections::BTreeSet;

/// Commands that act on everything are not for a look around; limited keys are refused them by the matrix.
const NOT_ASKED: &[&str] = &["/rebuild", "/switch", "/cancel", "/retry", "/measure-clock"];

/// Parameters of paths that name no id: what is there to be named.
const NAMED: &[(&str, &[&str])] = &[
    ("what", &["calls", "events", "metrics"]),
    ("name", &["answer_ratio_per_call", "campaign_board"]),
];

/// Whose key asks.
pub(super) struct Asker<'a> {
    pub(super) who: &'a str,
    pub(super) key: &'a str,
}

/// What the other scope has.
pub(super) struct Theirs<'a> {
    pub(super) ids: &'a BTreeSet<String>,
    /// Of its people's ids and numbers.
    pub(super) salt: u32,
    /// What may be asked for all the same, as it stands in a path.
    pub(super) open: &'a [&'a str],
}

/// Every operation, by each of their ids, with the asker's key: nothing of them is told, and nothing that
/// names one of them is answered as to somebody who may ask.
pub(super) fn ask_all(
    description: &Description,
    server: &Server,
    asker: &Asker<'_>,
    theirs: &Theirs<'_>,
    found: &mut Found,
) {
    let Asker { who, key } = asker;
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
            let said = said_by(server, &method, &path, &bearer, order.as_ref());
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

/// Whether what names one of them in its path is answered as to somebody who may ask: 404 and 403 alone, or
/// that the order is no good, are refusals. Sound has nothing in which an id could be found.
pub(super) fn is_let_in(status: u16, path: &str, named: Option<&str>) -> bool {
    named.is_some_and(|id| path.contains(id)) && (200..300).contains(&status)
}

/// Ids of the institution and numbers of their people, in clear: they begin as no others do.
pub(super) fn tells_a_value(told: &str, salt: u32) -> bool {
    told.contains(&format!("C{salt}-000")) || told.contains(&format!("138{salt:03}000"))
}

/// What came of it: the status, and all that is told besides what was asked.
pub(super) fn said_by(
    server: &Server,
    method: &str,
    path: &str,
    bearer: &str,
    order: Option<&Value>,
) -> Result<(u16, String), String> {
    let url = format!("{}{path}", server.url);
    let way = path.split('?').next().unwrap_or(path);
    if way.ends_with("/ws") {
        // Whoever is refused is told so before there is a socket.
        return Ok(heard(&url, bearer).map_or((403, String::new()), |told| (101, told)));
    }
    if way.ends_with("/stream") && !way.contains("/streams/") {
        return followed(&url, bearer).map(|told| (200, told));
    }
    let (reply, _) = asked_with(method, &url, bearer, order)?;
    Ok((reply.status, told(&reply.body, path)))
}

/// What a reply says besides what was asked: a problem may repeat the path's own word.
pub(super) fn told(body: &Value, path: &str) -> String {
    let text = body.to_string();
    let asked = path.split(['/', '?', '=', '&']);
    asked
        .filter(|word| word.len() > 7)
        .fold(text, |text, word| text.replace(word, ""))
}

/// Whether the operation takes a reason beside its path, without which it may tell nothing.
fn asks_reason(described: &Value) -> bool {
    let parameters = described.get("parameters").and_then(Value::as_array);
    let mut names = parameters.into_iter().flatten().filter_map(|one| one.get("name"));
    names.any(|name| name == "reason")
}

type Path<'a> = (String, Option<&'a String>);

/// Every way to name one of their ids by this route, and the id; without a name in it, with and without their
/// campaign.
fn paths<'a>(path: &str, asks_reason: bool, theirs: &'a BTreeSet<String>) -> Vec<Path<'a>> {
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
    // What is asked for by its stream has the name of one, and nothing else has.
    let fits = |id: &&String| is_stream(id) == (parameter == "stream");
    let reason = if asks_reason { "?reason=inspection" } else { "" };
    let named = theirs.iter().filter(fits);
    named
        .map(|id| (format!("{before}{id}{after}{reason}"), Some(id)))
        .collect()
}

/// Such as `call-…`: ids begin otherwise.
fn is_stream(id: &str) -> bool {
    let aggregate = id.split_once('-').map(|(aggregate, _)| aggregate);
    aggregate.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
}
