//! Requests every id of a campaign with keys that are limited to another, and searches the responses for it.

use super::bodies::ForeignReferences;
use super::foreign_requests::{
    ForeignScope, Requester, ask_all, is_let_in, request_text, strip_request_words, tells_a_value,
};
use super::limited_users;
use super::{MINE, THEIR_SALT, THEIRS, by_each_role, key_of};
use crate::api_description::Description;
use crate::history::{History, member};
use crate::program::run;
use crate::server::{Server, send_request_as};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

#[derive(Default)]
pub(super) struct ScopeResults {
    pub asked: usize,
    pub leaked: Vec<String>,
    pub kurrent_events: usize,
    /// The own rows that users limited to customers were shown.
    pub own_rows: usize,
    /// The deliberate holes that were detected.
    pub holes_seen: usize,
    /// The requests that named something of the other scope in their body.
    pub bodies_asked: usize,
    /// Those of them that are accepted from a user who may do everything.
    pub bodies_accepted: usize,
}

pub(super) fn every(description: &Description, server: &Server, data: &Path) -> ScopeResults {
    let theirs = ids_of(THEIRS, data);
    let mut found = ScopeResults {
        holes_seen: holes_seen(server, data, &theirs),
        ..ScopeResults::default()
    };
    let orders = ForeignReferences::of(description, server, data);
    let all = ForeignScope {
        ids: &theirs,
        salt: THEIR_SALT,
        open: &[],
    };
    let by_role = by_each_role(|_, role| {
        let mut found = ScopeResults::default();
        let key = key_of(server, role, Some(MINE));
        let asker = Requester { who: role, key: &key };
        ask_all(description, server, &asker, &all, &mut found);
        orders.ask(server, role, &key, &theirs, &mut found);
        kurrent(role, &key, data, &theirs, &mut found);
        found
    });
    for one in by_role {
        found.asked += one.asked;
        found.leaked.extend(one.leaked);
        found.kurrent_events += one.kurrent_events;
        found.bodies_asked += one.bodies_asked;
    }
    limited_users::every(description, server, data, &mut found);
    found.bodies_accepted = orders.accepted(server);
    found
}

/// The ways by which a user who may see everything receives the other campaign: pages, streams, a file, and
/// KurrentDB's protocol. The search must find it in each, or it would not find a leak either.
pub(super) const HOLES: [&str; 7] = [
    "/api/v1/events?campaign=THEIRS-CAMPAIGN",
    "/api/v1/events/stream",
    "/api/v1/events/ws?after=0",
    "/api/v1/exports/calls?format=csv",
    KURRENT,
    REVEALED,
    RECORDED,
];

/// The placeholder of KurrentDB's protocol in `HOLES`.
const KURRENT: &str = "kurrent";

/// The placeholder of values of a customer in clear, in a response without the ids that are searched for.
const REVEALED: &str = "revealed";

/// The placeholder of the audio of a call: bytes that cannot be searched.
const RECORDED: &str = "recorded";

fn holes_seen(server: &Server, data: &Path, theirs: &BTreeSet<String>) -> usize {
    let bearer = server.bearer();
    let url = |way: &str| format!("{}{way}", server.url);
    let sees = |way: &&&str| match **way {
        RECORDED => theirs.iter().any(|call| {
            let way = format!("/api/v1/calls/{call}/recording?reason=hole");
            send_request_as("GET", &url(&way), &bearer, None)
                .is_ok_and(|(reply, _)| is_let_in(reply.status, &way, Some(call)))
        }),
        REVEALED => theirs.iter().any(|customer| {
            let way = format!("/api/v1/customers/{customer}/reveal");
            let order = json!({ "fields": ["phones"], "reason": "hole" });
            send_request_as("POST", &url(&way), &bearer, Some(&order))
                .is_ok_and(|(reply, _)| tells_a_value(&strip_request_words(&reply.body, &way), THEIR_SALT))
        }),
        KURRENT => finds(
            theirs,
            &read_by_kurrent(bearer.trim_start_matches("Bearer "), data),
        )
        .is_some(),
        way => {
            let said = request_text(server, "GET", way, &bearer, None);
            said.is_ok_and(|(_, body)| finds(theirs, &body).is_some())
        }
    };
    HOLES.iter().filter(sees).count()
}

/// Returns an id of the other scope that occurs in a text.
pub(super) fn finds<'a>(theirs: &'a BTreeSet<String>, body: &str) -> Option<&'a String> {
    theirs.iter().find(|id| body.contains(id.as_str()))
}

/// Returns the ids of a campaign, its customers, calls, lists, flow and streams: everything that names
/// something of it, without what the other campaign shares.
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
    // There are many event ids of the same form: a few of them are enough.
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

/// Reads the log by KurrentDB's protocol: only events of the key's campaign may be returned.
pub(super) fn kurrent(
    role: &str,
    key: &str,
    data: &Path,
    theirs: &BTreeSet<String>,
    found: &mut ScopeResults,
) {
    found.asked += 1;
    let text = read_by_kurrent(key, data);
    found.kurrent_events += text.lines().count();
    if let Some(id) = finds(theirs, &text) {
        found
            .leaked
            .push(format!("{role} receives {id} by KurrentDB's protocol"));
    }
    let may = matches!(role, "admin" | "compliance" | "auditor" | "integrator");
    if may == text.is_empty() {
        found.leaked.push(format!(
            "{role} by KurrentDB's protocol: {} lines",
            text.lines().count()
        ));
    }
}

/// Returns everything that a key receives.
fn read_by_kurrent(key: &str, data: &Path) -> String {
    let file = std::fs::read_to_string(data.join("server.json")).unwrap_or_default();
    let said: Value = serde_json::from_str(&file).unwrap_or_default();
    let address = member(&said, "/kurrent").as_str().unwrap_or_default().to_owned();
    let url = format!("kurrent://any:{key}@{address}?tls=false");
    let read = run(&["events", "read", "--store", &url, "--json"]);
    String::from_utf8_lossy(&read.stdout).into_owned()
}
