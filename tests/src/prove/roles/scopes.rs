//! Every id of a campaign asked for with keys that are held to another: what is told is searched for it.

use super::super::api::ROLES;
use super::bodies::Orders;
use super::people;
use super::{MINE, THEIRS, key_of, order_of};
use crate::described::Description;
use crate::history::{History, member};
use crate::program::{fail, run};
use crate::server::{Server, asked_with, followed};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

pub(super) struct Found {
    pub asked: usize,
    pub leaked: Vec<String>,
    pub kurrent_events: usize,
    /// Rows that whoever is held to people was shown of their own.
    pub own_rows: usize,
    /// Of the holes that were made on purpose.
    pub holes_seen: usize,
    /// Orders that named something of the other scope in their body.
    pub bodies_asked: usize,
    /// Of these orders, those that are accepted from one who may do everything.
    pub bodies_accepted: usize,
}

/// Commands that act on everything are not for a look around; limited keys are refused them by the matrix.
const NOT_ASKED: &[&str] = &["/rebuild", "/switch", "/cancel", "/retry", "/measure-clock"];

/// Parameters of paths that name no id: what is there to be named.
const NAMED: &[(&str, &[&str])] = &[
    ("what", &["calls", "events", "metrics"]),
    ("name", &["answer_ratio_per_call", "campaign_board"]),
];

pub(super) fn every(description: &Description, server: &Server, data: &Path) -> Found {
    let theirs = ids_of(THEIRS, data);
    let mut found = Found {
        asked: 0,
        leaked: Vec::new(),
        kurrent_events: 0,
        own_rows: 0,
        holes_seen: holes_seen(server, data, &theirs),
        bodies_asked: 0,
        bodies_accepted: 0,
    };
    let orders = Orders::of(description, server, data);
    for role in ROLES {
        let key = key_of(server, role, Some(MINE));
        ask_all(description, server, role, &key, &theirs, &mut found);
        orders.ask(server, role, &key, &theirs, &mut found);
        kurrent(role, &key, data, &theirs, &mut found);
    }
    people::every(description, server, data, &mut found);
    found.bodies_accepted = orders.accepted(server);
    found
}

/// Ways by which one who may see everything is told of the other campaign: a page, a stream, a file, and
/// KurrentDB's protocol. Whoever searches must find it in each, or would not find a leak either.
pub(super) const HOLES: [&str; 4] = [
    "/api/v1/events?campaign=THEIRS-CAMPAIGN",
    "/api/v1/events/stream",
    "/api/v1/exports/calls?format=csv",
    KURRENT,
];

/// Stands for KurrentDB's protocol among the ways.
const KURRENT: &str = "kurrent";

fn holes_seen(server: &Server, data: &Path, theirs: &BTreeSet<String>) -> usize {
    let bearer = server.bearer();
    let said = |way: &&str| match *way {
        KURRENT => read_by_kurrent(bearer.trim_start_matches("Bearer "), data),
        way if way.ends_with("/stream") => {
            followed(&format!("{}{way}", server.url), &bearer).unwrap_or_default()
        }
        way => asked_with("GET", &format!("{}{way}", server.url), &bearer, None)
            .map(|(reply, _)| told(&reply.body, way))
            .unwrap_or_default(),
    };
    let sees = |way: &&&str| finds(theirs, &said(way)).is_some();
    HOLES.iter().filter(sees).count()
}

/// What of theirs is told.
pub(super) fn finds<'a>(theirs: &'a BTreeSet<String>, told: &str) -> Option<&'a String> {
    theirs.iter().find(|id| told.contains(id.as_str()))
}

/// Every operation, by each of their ids, with this key: nothing of them is told.
pub(super) fn ask_all(
    description: &Description,
    server: &Server,
    who: &str,
    key: &str,
    theirs: &BTreeSet<String>,
    found: &mut Found,
) {
    let bearer = format!("Bearer {key}");
    for operation in description.operations() {
        if operation.described.get("x-permission").is_none() {
            continue;
        }
        let method = operation.method.to_uppercase();
        for path in paths(operation.path, theirs) {
            if NOT_ASKED.iter().any(|end| path.ends_with(end)) || path.ends_with("/ws") {
                continue;
            }
            found.asked += 1;
            let url = format!("{}{path}", server.url);
            let told = if path.contains("/stream?") || path.ends_with("/stream") {
                followed(&url, &bearer)
            } else {
                let order = order_of(operation.described);
                asked_with(&method, &url, &bearer, order.as_ref()).map(|(reply, _)| told(&reply.body, &path))
            };
            let told = told.unwrap_or_else(|error| fail(&format!("{method} {path}: {error}")));
            if let Some(id) = finds(theirs, &told) {
                found.leaked.push(format!("{who} {method} {path} tells of {id}"));
            }
        }
    }
}

/// What a reply says besides what was asked: a problem may repeat the path's own word.
fn told(body: &Value, path: &str) -> String {
    let text = body.to_string();
    let asked = path.split(['/', '?', '=', '&']);
    asked
        .filter(|word| word.len() > 7)
        .fold(text, |text, word| text.replace(word, ""))
}

/// Every way to name one of their ids by this route; without a name in it, with and without their campaign.
fn paths(path: &str, theirs: &BTreeSet<String>) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else {
        return vec![path.to_owned(), format!("{path}?campaign={THEIRS}")];
    };
    let (parameter, after) = rest.split_once('}').unwrap_or((rest, ""));
    if let Some((_, names)) = NAMED.iter().find(|(known, _)| *known == parameter) {
        let named = names.iter().flat_map(|name| {
            let path = format!("{before}{name}{after}");
            ["", "&campaign=THEIRS-CAMPAIGN"].map(|campaign| format!("{path}?format=csv{campaign}"))
        });
        let plain = names.iter().flat_map(|name| {
            let path = format!("{before}{name}{after}");
            ["", "?by=campaign", "?campaign=THEIRS-CAMPAIGN"].map(|query| format!("{path}{query}"))
        });
        return named.chain(plain).collect();
    }
    // What is asked for by its stream has the name of one, and nothing else has.
    let fits = |id: &&String| is_stream(id) == (parameter == "stream");
    let named = theirs.iter().filter(fits);
    named.map(|id| format!("{before}{id}{after}")).collect()
}

/// Such as `call-…`: ids begin otherwise.
fn is_stream(id: &str) -> bool {
    let aggregate = id.split_once('-').map(|(aggregate, _)| aggregate);
    aggregate.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
}

/// The campaign, its people, calls, lists, flow and streams: everything by which something of it is named,
/// and nothing that the other campaign shares.
pub(super) fn ids_of(campaign: &str, data: &Path) -> BTreeSet<String> {
    let history = History::read(data);
    let mut ids = BTreeSet::from([campaign.to_owned()]);
    for event in &history.events {
        if member(event, "/campaign") != campaign {
            continue;
        }
        for pointer in ["/subject", "/customer", "/id"] {
            if let Some(id) = member(event, pointer).as_str() {
                ids.insert(id.to_owned());
                ids.extend(
                    id.split_once('-')
                        .map(|(_, own)| own.to_owned())
                        .filter(|_| pointer == "/subject"),
                );
            }
        }
    }
    // Ids of events are many and alike: a few of them say as much.
    let events = history
        .events
        .iter()
        .filter(|event| member(event, "/campaign") == campaign);
    let spare: BTreeSet<String> = events
        .skip(5)
        .filter_map(|event| member(event, "/id").as_str().map(str::to_owned))
        .collect();
    ids.retain(|id| !spare.contains(id));
    ids
}

/// The same log by KurrentDB's protocol: only what is about the key's campaign.
pub(super) fn kurrent(role: &str, key: &str, data: &Path, theirs: &BTreeSet<String>, found: &mut Found) {
    found.asked += 1;
    let text = read_by_kurrent(key, data);
    found.kurrent_events += text.lines().count();
    if let Some(id) = finds(theirs, &text) {
        found
            .leaked
            .push(format!("{role} by KurrentDB's protocol is told of {id}"));
    }
    let may = matches!(role, "admin" | "compliance" | "auditor" | "integrator");
    if may == text.is_empty() {
        found.leaked.push(format!(
            "{role} by KurrentDB's protocol: {} lines",
            text.lines().count()
        ));
    }
}

/// All that a key is told.
fn read_by_kurrent(key: &str, data: &Path) -> String {
    let file = std::fs::read_to_string(data.join("server.json")).unwrap_or_default();
    let said: Value = serde_json::from_str(&file).unwrap_or_default();
    let address = member(&said, "/kurrent").as_str().unwrap_or_default().to_owned();
    let url = format!("kurrent://any:{key}@{address}?tls=false");
    let read = run(&["events", "read", "--store", &url, "--json"]);
    String::from_utf8_lossy(&read.stdout).into_owned()
}
