//! Checks users that are limited to customers: an agent who is assigned the customers of one campaign, and a
//! supervisor of a team with those of the other. Neither sees the other's customers; each lists their own.

use super::foreign_requests::{ForeignScope, Requester, ask_all};
use super::scopes::{ScopeResults, ids_of, kurrent};
use super::{MINE, MY_SALT, THEIR_SALT, THEIRS};
use crate::api_description::Description;
use crate::history::{History, member};
use crate::program::fail;
use crate::server::{Server, send_request_as};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// The lists that show own customers.
const LISTS: [&str; 2] = ["/api/v1/customers", "/api/v1/calls"];

pub(super) fn every(description: &Description, server: &Server, data: &Path, found: &mut ScopeResults) {
    let agent = key_of(server, "agent", "agent-own", "west");
    let supervisor = key_of(server, "supervisor", "supervisor-own", "south");
    let to_agent = json!({ "user": "agent-own", "reason": "theirs" });
    let to_team = json!({ "team": "south", "reason": "theirs" });
    let given = give(server, data, MINE, &to_agent).max(give(server, data, THEIRS, &to_team));
    for (who, key, theirs) in [
        ("agent-own", &agent, THEIRS),
        ("supervisor-own", &supervisor, MINE),
    ] {
        for list in LISTS {
            found.own_rows += own_rows(server, key, list, given);
        }
        let ids = ids_of(theirs, data);
        let all = ForeignScope {
            ids: &ids,
            salt: if theirs == MINE { MY_SALT } else { THEIR_SALT },
            // A campaign itself may be seen, and an alert may be muted before it is raised.
            open: &[theirs, "/alerts/"],
        };
        ask_all(description, server, &Requester { who, key }, &all, found);
        // The log is about all customers: users limited to some receive nothing of it by KurrentDB's
        // protocol.
        kurrent(who, key, data, &ids, found);
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

/// Assigns every customer of a campaign. Returns the position of the last assignment.
fn give(server: &Server, data: &Path, campaign: &str, to: &Value) -> u64 {
    let history = History::read(data);
    let events = history.events.iter();
    let of_campaign = events.filter(|event| member(event, "/campaign") == campaign);
    let persons: BTreeSet<&str> = of_campaign
        .filter_map(|event| member(event, "/customer").as_str())
        .collect();
    let given = persons.into_iter().map(|person| {
        let given = server.must_post(&format!("/api/v1/customers/{person}/assign"), to);
        given
            .position
            .unwrap_or_else(|| fail("a write returns its position"))
    });
    given.max().unwrap_or_else(|| fail("a campaign has people"))
}

/// Returns how many rows the list shows as of a position. Fails if there are none.
fn own_rows(server: &Server, key: &str, list: &str, position: u64) -> usize {
    let url = format!("{}{list}?after_position={position}", server.url);
    let shown = send_request_as("GET", &url, &format!("Bearer {key}"), None);
    let rows = shown
        .as_ref()
        .map(|(reply, _)| member(&reply.body, "/items").as_array());
    match rows.ok().flatten().map(Vec::len) {
        Some(rows) if rows > 0 => rows,
        _ => fail(&format!("{list} shows no assigned customers: {shown:?}")),
    }
}
