//! Every role on every route, and every id of one data scope asked for with a key of another.
//!
//! The matrix is made from the description of a running server, so no route is forgotten, and held against
//! the table of `docs/reference/access.md`, which people read; so is each scope that a key may have alone.
//! What a limited key is told is searched for anything of the campaign that it may not see: pages, streams,
//! files, and KurrentDB's protocol; orders whose bodies name something of it are not accepted, and nothing
//! comes of them. Each is held to holes made on purpose, which must be seen.

mod asking;
mod bodies;
mod key_scopes;
mod matrix;
mod people;
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

/// The two campaigns: a key of the first must learn nothing of the second.
const MINE: &str = "MINE-CAMPAIGN";
const THEIRS: &str = "THEIRS-CAMPAIGN";

/// Their people are other people.
const MY_SALT: u32 = 3;
const THEIR_SALT: u32 = 4;

/// How many roles ask at once: who waits for an answer asks nothing meanwhile.
const LANES: usize = 3;

/// What a campaign of a few people must end within.
const SETTLED_WITHIN: Duration = Duration::from_secs(150);

/// Violations that are named in the line; all are counted.
const NAMED_MAX: usize = 20;

pub(super) fn prove(form: Form) -> Proof {
    // Of the routes that a scope is not for a short form asks some, others for each scope.
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
    let cells = matrix::every(&description, &server);
    let keys = key_scopes::every(&description, &server, step);
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

/// Both campaigns are called to their ends.
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

/// What is asked by each role, which is given with its place, some of them at once.
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

/// A key of a new user with this role, held to `campaign` where one is named.
fn key_of(server: &Server, role: &str, campaign: Option<&str>) -> String {
    let suffix = if campaign.is_some() { "held" } else { "free" };
    let name = format!("{role}-{suffix}");
    let campaigns = campaign.map(|campaign| vec![campaign]);
    let mut user =
        json!({ "name": name, "roles": [role], "team": "north", "password": "correct horse battery" });
    let mut key = json!({ "user": name });
    if let (Some(user), Some(key), Some(campaigns)) = (user.as_object_mut(), key.as_object_mut(), campaigns) {
        // One is held by the user, the other by the key: both hold.
        let holder = if role.len().is_multiple_of(2) { user } else { key };
        holder.insert("campaigns".to_owned(), json!(campaigns));
    }
    server.must_post("/api/v1/users", &user);
    let made = server.must_post("/api/v1/api-keys", &key);
    let key: Option<&str> = member(&made.body, "/key").as_str();
    key.unwrap_or_else(|| fail("a key is shown when it is made"))
        .to_owned()
}

/// The operation's own example of an order, or an empty one.
fn order_of(described: &Value) -> Option<Value> {
    let body = described.get("requestBody")?;
    let example = body.pointer("/content/application~1json/example");
    Some(example.cloned().unwrap_or_else(|| json!({})))
}
