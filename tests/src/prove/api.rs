//! Proof of the API description: schemathesis generates requests from it, sent by a user of each role in
//! turn. No response may be a fault, or have a status, media type or shape that is not described.
//!
//! That routes and description agree, and that each response has a schema, follows from their construction
//! and is checked by a test of the router. This proof sends requests to a running server.

use super::contract::{SchemathesisOptions, made_up_requests, settle};
use super::{Form, Proof};
use crate::carrier::CarrierProcess;
use crate::history::member;
use crate::program::fail;
use crate::server::Server;
use serde_json::{Value, json};

/// The names of all user roles.
pub(super) const ROLES: [&str; 9] = [
    "admin",
    "operator",
    "viewer",
    "agent",
    "supervisor",
    "compliance",
    "auditor",
    "analyst",
    "integrator",
];

/// The most violations listed in the result; all are counted.
const NAMED_MAX: usize = 20;

/// All phases of schemathesis: examples of the description, limits of its schemas, random values, and
/// requests that follow from responses.
const PHASES: &str = "examples,coverage,fuzzing,stateful";

pub(super) fn prove(form: Form) -> Proof {
    let (roles, seconds) = match form {
        Form::Short => (&ROLES[..1], 20),
        Form::Long => (&ROLES[..], 66),
    };
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let mut server = Server::start(&folder.path().join("data"), &carrier.trunk());
    settle(&server);
    let description = server.description();
    let (mut cases, mut violations) = (serde_json::Map::new(), Vec::new());
    for role in roles {
        let authorization = key_of(&server, role);
        let place = folder.path().join(role);
        std::fs::create_dir_all(&place).unwrap_or_else(|error| fail(&error.to_string()));
        let asking = SchemathesisOptions {
            authorization: &authorization,
            phases: PHASES,
            seconds,
        };
        let found = made_up_requests(&description.document, &server, &place, &asking);
        violations.extend(found.violations.iter().map(|why| format!("{role}: {why}")));
        cases.insert((*role).to_owned(), found.said);
    }
    let is_up = server.drains();
    if !is_up {
        violations.push("the server ended".to_owned());
    }
    Proof {
        holds: violations.is_empty(),
        line: json!({
            "proof": "api",
            "operations": description.operations().len(),
            "roles": roles.len(),
            "cases": Value::Object(cases),
            "violations": violations.len(),
            "named": violations.iter().take(NAMED_MAX).collect::<Vec<_>>(),
        }),
    }
}

/// Creates a user with this role and an API key. Returns the value of `Authorization`.
fn key_of(server: &Server, role: &str) -> String {
    let user = json!({ "name": role, "roles": [role], "team": "north", "password": "correct horse battery" });
    server.must_post("/api/v1/users", &user);
    let made = server.must_post("/api/v1/api-keys", &json!({ "user": role }));
    match member(&made.body, "/key").as_str() {
        Some(key) => format!("Bearer {key}"),
        None => fail("a key is shown once"),
    }
}
