//! Checks API keys of each scope on every route: a key is accepted if its only scope is the one that the
//! route needs, and refused everywhere else, whatever roles its user has.

use super::super::api::ROLES;
use super::matrix::without_names;
use super::order_of;
use crate::api_description::{Description, Operation};
use crate::history::member;
use crate::program::fail;
use crate::server::{Server, send_request_as};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The problem codes of a refused key: wrong scope, or a permission that no role has.
const NOT_FOR_THIS: [&str; 2] = ["scope-missing", "role-missing"];

/// The permission that no role has, so that no key can have it.
const NOBODYS: &str = "directory:write";

/// The user of the keys.
const USER: &str = "of-every-role";

#[derive(Default)]
pub(super) struct KeyScopeResults {
    pub(super) scopes: usize,
    pub(super) count: usize,
    pub(super) wrong: Vec<String>,
    /// The requests with the needed scope that were accepted: if all were refused, nothing would be proved.
    pub(super) let_in: usize,
}

/// Tries each scope alone; of the routes that need another one, every `step`th, different ones for each
/// scope.
pub(super) fn check_key_scopes(description: &Description, server: &Server, step: usize) -> KeyScopeResults {
    let operations: Vec<(Operation<'_>, &str)> =
        description.operations().into_iter().filter_map(needing).collect();
    let scopes: BTreeSet<&str> = operations
        .iter()
        .map(|(_, needs)| *needs)
        .filter(|needs| *needs != NOBODYS)
        .collect();
    let user = json!({ "name": USER, "roles": ROLES, "team": "north" });
    server.must_post("/api/v1/users", &user);
    let mut cells = KeyScopeResults {
        scopes: scopes.len(),
        ..KeyScopeResults::default()
    };
    for (turn, scope) in scopes.into_iter().enumerate() {
        let key = format!("Bearer {}", key_for(server, scope));
        for (index, (operation, needs)) in operations.iter().enumerate() {
            if *needs == scope || (index + turn) % step == 0 {
                cells.ask(server, &key, scope, operation, needs);
            }
        }
    }
    cells
}

/// Returns an operation with the permission that it needs, if it needs one.
fn needing(operation: Operation<'_>) -> Option<(Operation<'_>, &str)> {
    let needs = operation.described.get("x-permission")?.as_str()?;
    Some((operation, needs))
}

fn key_for(server: &Server, scope: &str) -> String {
    let made = server.must_post("/api/v1/api-keys", &json!({ "user": USER, "scopes": [scope] }));
    let key: Option<&str> = member(&made.body, "/key").as_str();
    key.unwrap_or_else(|| fail("a key is shown when it is made"))
        .to_owned()
}

impl KeyScopeResults {
    fn ask(&mut self, server: &Server, key: &str, scope: &str, operation: &Operation<'_>, needs: &str) {
        self.count += 1;
        let method = operation.method.to_uppercase();
        let path = without_names(operation.path);
        let order: Option<Value> = order_of(operation.described);
        let reply = send_request_as(&method, &format!("{}{path}", server.url), key, order.as_ref());
        let (reply, _) = reply.unwrap_or_else(|error| fail(&format!("{method} {path}: {error}")));
        let code = member(&reply.body, "/code").as_str().unwrap_or_default();
        let is_refused = reply.status == 403 && NOT_FOR_THIS.contains(&code);
        let may = scope == needs;
        self.let_in += usize::from(may && !is_refused);
        if may == is_refused || reply.status == 401 || reply.status >= 500 {
            self.wrong.push(format!(
                "a key for {scope}, {method} {} ({needs}): {} {code}",
                operation.path, reply.status
            ));
        }
    }
}
