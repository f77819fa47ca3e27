//! One request to the server by a user of its own, and its response.

use super::super::api::ROLES;
use crate::passing_time::HUNG_AFTER;
use crate::program::fail;
use crate::server::{Server, agent};
use crate::session::Session;
use serde_json::{Value, json};

/// The password of every user of this proof.
const PASSWORD: &str = "seventeen quiet lanterns";

#[derive(Clone)]
pub(super) struct PlannedRequest {
    method: String,
    path: String,
    order: Option<Value>,
}

/// A user that sends one request: a second read of the same within a minute would not be recorded again.
pub(super) struct RequestingUser {
    name: String,
    authorization: String,
}

impl RequestingUser {
    /// Creates a user with every role, so that nothing is refused for lack of one, and an API key.
    pub(super) fn new(server: &Server, name: String) -> Self {
        let user = json!({ "name": name, "roles": ROLES, "team": "north", "password": PASSWORD });
        server.must_post("/api/v1/users", &user);
        let made = server.must_post("/api/v1/api-keys", &json!({ "user": name }));
        let key = made.body.get("key").and_then(Value::as_str);
        let key = key.unwrap_or_else(|| fail("a key is shown when it is made"));
        Self {
            authorization: format!("Bearer {key}"),
            name,
        }
    }
}

/// The response to a request.
pub(super) struct ApiAnswer {
    pub(super) what: String,
    pub(super) status: u16,
    pub(super) text: String,
    pub(super) reader: String,
}

impl PlannedRequest {
    pub(super) fn new(method: String, path: String, order: Option<Value>) -> Self {
        Self { method, path, order }
    }

    pub(super) fn what(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Sends the request. If it needs an approval, `approver` approves it, and it is sent again.
    pub(super) fn ask(
        &self,
        server: &Server,
        reader: &RequestingUser,
        approver: &RequestingUser,
    ) -> ApiAnswer {
        let first = self.asked(server, reader);
        let reply: Value = serde_json::from_str(&first.text).unwrap_or_default();
        let (Some(Value::String(approval)), Some(mut order)) = (reply.get("approval"), self.order.clone())
        else {
            return first;
        };
        // An API key cannot approve. If the session or the approval is refused, the second response shows it.
        let path = format!("/api/v1/approvals/{approval}/approve");
        drop(
            Session::begin(&server.url, &approver.name, PASSWORD)
                .and_then(|session| session.post(&path, &json!({}))),
        );
        if let Some(order) = order.as_object_mut() {
            order.insert("approval".to_owned(), json!(approval));
        }
        Self::new(self.method.clone(), self.path.clone(), Some(order)).asked(server, reader)
    }

    fn asked(&self, server: &Server, reader: &RequestingUser) -> ApiAnswer {
        let agent = agent(HUNG_AFTER);
        let url = format!("{}{}", server.url, self.path);
        let authorization = &reader.authorization;
        let answer = match (self.method.as_str(), &self.order) {
            ("GET", _) => agent.get(&url).header("authorization", authorization).call(),
            (_, Some(order)) => agent
                .post(&url)
                .header("authorization", authorization)
                .send_json(order),
            (_, None) => agent
                .post(&url)
                .header("authorization", authorization)
                .send_empty(),
        };
        let mut answer = answer.unwrap_or_else(|error| fail(&format!("{}: {error}", self.what())));
        let bytes = answer.body_mut().read_to_vec();
        let bytes = bytes.unwrap_or_else(|error| fail(&format!("{}: {error}", self.what())));
        ApiAnswer {
            what: self.what(),
            status: answer.status().as_u16(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            reader: reader.name.clone(),
        }
    }
}
