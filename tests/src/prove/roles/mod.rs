//! Proof of access control: every role on every route, and every id of one data scope requested with a key of
//! another.
//!
//! The matrix is made from the description of a running server, so that no route is missing, and compared
//! with the published table in `docs/reference/access.md`; each scope that a key may have is also tried
//! alone. Everything that a limited key receives is searched for the campaign that it may not see: pages,
//! streams, files, and KurrentDB's protocol. Requests with bodies that name something of it must not be
//! accepted or have an effect. Each check is run with holes made on purpose, which must be detected.

mod bodies;
mod foreign_requests;
mod key_scopes;
mod limited_users;
mod matrix;
mod scopes;

use super::api::ROLES;
use super::crash::records;
use super::{Form, Proof};
use crate::carrier::CarrierProcess;
use crate::history::member;
use crate::program::fail;
use crate::server::Server;
use serde_json::{Value, json};
use std::time::Duration;

/// The two campaigns: a key of the first must learn nothing about the second.
const MINE: &str = "MINE-CAMPAIGN";
const THEIRS: &str = "THEIRS-CAMPAIGN";

/// The salts of their customers, which are different people.
const MY_SALT: u32 = 3;
const THEIR_SALT: u32 = 4;

/// The number of roles that are tried in parallel: each waits for its responses.
const LANES: usize = 3;

/// The longest time until a campaign of a few customers is complete.
const SETTLED_WITHIN: Duration = Duration::from_secs(150);

/// The most violations listed in the result; all are counted.
const NAMED_MAX: usize = 20;

pub(super) fn prove(form: Form) -> Proof {
    // The short form tries some of the routes for which a scope is not meant, different ones for each scope.
    let (customers, step) = match form {
        Form::Short => (2, 16),
        Form::Long => (6, 1),
    };
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let data = folder.path().join("data");
    let mut command = Server::command(&data, &carrier.trunk());
    command.args(["--kurrent-listen", "127.0.0.1:0"]);
    let mut server = Server::of(command, &data);
    if !server.wait_ready() {
        fail("the server does not become ready");
    }
    settle(&server, customers);
    let description = server.description();
    let cells = matrix::check_role_matrix(&description, &server);
    let keys = key_scopes::check_key_scopes(&description, &server, step);
    let theirs = scopes::ids_of(THEIRS, &data);
    let found = scopes::every(&description, &server, &data);
    let is_up = server.drains();
    let is_held = |by: &str| by.ends_with("-held");
    let written = bodies::written(&data, &theirs, is_held);
    let wrong = cells.wrong.iter().chain(&cells.unseen).chain(&keys.wrong);
    let named = wrong.chain(&found.leaked).chain(&written);
    Proof {
        holds: is_up
            && cells.wrong.is_empty()
            && cells.holes > 0
            && cells.unseen.is_empty()
            && found.holes_seen == scopes::HOLES.len()
            && found.leaked.is_empty()
            && cells.count > 0
            && found.asked > 0
            && found.own_rows > 0
            && keys.wrong.is_empty()
            && keys.let_in > 0
            && found.bodies_asked > 0
            && found.bodies_accepted > 0
            && written.is_empty(),
        line: json!({
            "proof": "roles",
            "operations": description.operations().len(),
            "cells": cells.count,
            "wrong": cells.wrong.len(),
            "holes_planted": cells.holes + scopes::HOLES.len(),
            "holes_unseen": cells.unseen.len() + scopes::HOLES.len() - found.holes_seen,
            "key_scopes": keys.scopes,
            "key_cells": keys.count,
            "key_cells_let_in": keys.let_in,
            "key_cells_wrong": keys.wrong.len(),
            "bodies_asked": found.bodies_asked,
            "bodies_accepted_from_all": found.bodies_accepted,
            "written_about_theirs": written.len(),
            "asked": found.asked,
            "leaked": found.leaked.len(),
            "own_rows": found.own_rows,
            "kurrent_events": found.kurrent_events,
            "named": named.take(NAMED_MAX).collect::<Vec<_>>(),
        }),
    }
}

/// Runs both campaigns to their end.
fn settle(server: &Server, customers: u32) {
    for (salt, campaign) in [(MY_SALT, MINE), (THEIR_SALT, THEIRS)] {
        server.call(campaign, &records(customers, salt));
    }
    for campaign in [MINE, THEIRS] {
        if !server.is_completed(campaign, SETTLED_WITHIN) {
            fail("the campaign did not complete");
        }
    }
}

/// Runs `ask` for each role, given with its index, some of them in parallel.
fn by_each_role<T: Send>(ask: impl Fn(usize, &'static str) -> T + Sync) -> Vec<T> {
    let ask = &ask;
    let of_lane = |lane: usize| {
        let roles = ROLES.into_iter().enumerate().skip(lane).step_by(LANES);
        roles.map(|(place, role)| ask(place, role)).collect::<Vec<T>>()
    };
    std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| scope.spawn(move || of_lane(lane)))
            .collect();
        let asked = lanes.into_iter().map(|lane| lane.join());
        asked
            .flat_map(|lane| lane.unwrap_or_else(|_| fail("a role is not asked for")))
            .collect()
    })
}

/// Creates a user with this role and returns an API key, limited to `campaign` if one is given.
fn key_of(server: &Server, role: &str, campaign: Option<&str>) -> String {
    let suffix = if campaign.is_some() { "held" } else { "free" };
    let name = format!("{role}-{suffix}");
    let campaigns = campaign.map(|campaign| vec![campaign]);
    let mut user =
        json!({ "name": name, "roles": [role], "team": "north", "password": "correct horse battery" });
    let mut key = json!({ "user": name });
    if let (Some(user), Some(key), Some(campaigns)) = (user.as_object_mut(), key.as_object_mut(), campaigns) {
        // The limit is alternately on the user or on the key: both must work.
        let holder = if role.len().is_multiple_of(2) { user } else { key };
        holder.insert("campaigns".to_owned(), json!(campaigns));
    }
    server.must_post("/api/v1/users", &user);
    let made = server.must_post("/api/v1/api-keys", &key);
    let key: Option<&str> = member(&made.body, "/key").as_str();
    key.unwrap_or_else(|| fail("a key is shown when it is made"))
        .to_owned()
}

/// Returns the operation's own example of a body, or an empty one.
fn order_of(described: &Value) -> Option<Value> {
    let body = described.get("requestBody")?;
    let example = body.pointer("/content/application~1json/example");
    Some(example.cloned().unwrap_or_else(|| json!({})))
}
