//! Whoever is held to people: an agent who is given the persons of one campaign, and a supervisor whose team
//! is given those of the other. Neither learns of the other's; each lists their own.

use super::scopes::{Found, ask_all, ids_of};
use super::{MINE, THEIRS};
use crate::described::Description;
use crate::history::{History, member};
use crate::program::{fail, wait_for};
use crate::server::{Server, asked_with};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// Longest wait until the rows know to whom persons are given.
const ROWS_WITHIN: Duration = Duration::from_secs(30);

/// Lists that show own persons.
const LISTS: [&str; 2] = ["/api/v1/customers", "/api/v1/calls"];

pub(super) fn every(description: &Description, server: &Server, data: &Path, found: &mut Found) {
    let agent = key_of(server, "agent", "agent-own", "west");
    let supervisor = key_of(server, "supervisor", "supervisor-own", "south");
    give(
        server,
        data,
        MINE,
        &json!({ "user": "agent-own", "reason": "theirs" }),
    );
    give(
        server,
        data,
        THEIRS,
        &json!({ "team": "south", "reason": "theirs" }),
    );
    for (who, key, theirs) in [
        ("agent-own", &agent, THEIRS),
        ("supervisor-own", &supervisor, MINE),
    ] {
        for list in LISTS {
            found.own_rows += own_rows(server, key, list);
        }
        ask_all(description, server, who, key, &ids_of(theirs, data), found);
    }
}

fn key_of(server: &Server, role: &str, name: &str, team: &str) -> String {
    let user = json!({ "name": name, "roles": [role], "team": team, "password": "correct horse battery" });
    server.must_post("/api/v1/users", &user);
    let made = server.must_post("/api/v1/api-keys", &json!({ "user": name }));
    let key = member(&made.body, "/key").as_str();
    key.unwrap_or_else(|| fail("a key is shown when it is made"))
        .to_owned()
}

/// Every person of a campaign.
fn give(server: &Server, data: &Path, campaign: &str, to: &Value) {
    let history = History::read(data);
    let events = history.events.iter();
    let of_campaign = events.filter(|event| member(event, "/campaign") == campaign);
    let persons: BTreeSet<&str> = of_campaign
        .filter_map(|event| member(event, "/customer").as_str())
        .collect();
    for person in persons {
        server.must_post(&format!("/api/v1/customers/{person}/assign"), to);
    }
}

/// How many rows the list shows; it has to come to some.
fn own_rows(server: &Server, key: &str, list: &str) -> usize {
    let shown = wait_for(ROWS_WITHIN, || {
        let url = format!("{}{list}", server.url);
        let (reply, _) = asked_with("GET", &url, &format!("Bearer {key}"), None).ok()?;
        let rows = member(&reply.body, "/items").as_array()?.len();
        (reply.status == 200 && rows > 0).then_some(rows)
    });
    shown.unwrap_or_else(|| fail(&format!("{list} shows nothing to whom persons are given")))
}
