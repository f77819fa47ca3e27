//! The attempts and violations of an attack, and the users that attacks sign in as.

use super::Verdict;
use crate::history::member;
use crate::server::Server;
use serde_json::{Value, json};

/// The password of every user here.
pub(super) const PASSWORD: &str = "correct horse battery";

/// The attempts and violations of one attack.
#[derive(Default)]
pub(super) struct Tally {
    attempts: u64,
    broken: Vec<String>,
}

impl Tally {
    /// Counts an attempt. `what` is the violation if it was not resisted.
    pub(super) fn holds(&mut self, is_held: bool, what: &str) {
        self.attempts += 1;
        if !is_held {
            self.broken.push(what.to_owned());
        }
    }

    /// Adds violations that were counted elsewhere.
    pub(super) fn add_broken(&mut self, broken: Vec<String>) {
        self.broken.extend(broken);
    }

    /// Returns the verdict: `measured` with both counts.
    pub(super) fn verdict(self, measured: &Value) -> Verdict {
        Verdict {
            measured: json!({"attempts": self.attempts, "violations": self.broken.len(),
                "details": measured}),
            broken: self.broken,
        }
    }
}

/// Returns the verdict of an attack that takes too long for the short form.
pub(super) fn long_form_only() -> Verdict {
    Verdict {
        broken: Vec::new(),
        measured: json!("long form only"),
    }
}

/// Adds a user with these roles. Returns the `Authorization` header of an API key of that user.
pub(super) fn add_user(server: &Server, name: &str, roles: &[&str]) -> String {
    let user = json!({ "name": name, "roles": roles, "password": PASSWORD });
    server.must_post("/api/v1/users", &user);
    add_key(server, name)
}

/// Adds another key of this user.
pub(super) fn add_key(server: &Server, name: &str) -> String {
    let made = server.must_post("/api/v1/api-keys", &json!({ "user": name }));
    let key = member(&made.body, "/key").as_str().unwrap_or_default();
    format!("Bearer {key}")
}

/// Disables this user.
pub(super) fn disable_user(server: &Server, name: &str) {
    let path = format!("/api/v1/users/{name}/disable");
    server.must_post(&path, &json!({ "reason": "left the company" }));
}
