//! Requests with bodies that name a campaign, customer, call or number of the other data scope: the response
//! must show nothing of it, nothing must be changed, and none may be accepted.

use super::super::contract::fill_requests;
use super::scopes::{ScopeResults, finds};
use super::{MINE, THEIR_SALT, THEIRS, records};
use crate::api_description::Description;
use crate::direct_log::read_whole_log;
use crate::history::{History, member};
use crate::program::fail;
use crate::server::{Server, send_request_as};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// The routes that may succeed: those that only protect a customer are accepted from everyone, and a bulk
/// reveal responds with the ids that it does not know. They must still show nothing of the other scope.
const PROTECTS: &[&str] = &[
    "/numbers/opt-out",
    "/numbers/suppress",
    "/numbers/list-off",
    "/consents/withdraw",
    "/customers/reveal",
];

/// The events of these routes.
const PROTECTING: &[&str] = &[
    "number.opted_out",
    "number.suppressed",
    "number.unlisted",
    "customer.consent_withdrawn",
];

/// One of each kind in the other data scope.
struct ForeignIds {
    /// The customer by our id and by the external id.
    customers: [String; 2],
    call: String,
    phone: String,
}

/// One request that names something of the other scope.
struct ForeignReference {
    method: String,
    path: String,
    order: Value,
    /// The member that names it; the next member is the name.
    named: String,
    word: String,
}

/// The requests that name something of the other scope in one member; the rest of the example is about one's
/// own.
pub(super) struct ForeignReferences(Vec<ForeignReference>);

impl ForeignReferences {
    pub(super) fn of(description: &Description, server: &Server, data: &Path) -> Self {
        let theirs = ForeignIds::find(data);
        let mut orders = Vec::new();
        for one in fill_requests(description, server, MINE) {
            let Some(order) = one.order.filter(Value::is_object) else {
                continue;
            };
            for name in names(description, &one.method, &one.path, &order) {
                for word in theirs.words(&one.path, &name) {
                    let mut order = order.clone();
                    put(&mut order, &name, &word);
                    orders.push(ForeignReference {
                        method: one.method.clone(),
                        path: one.path.clone(),
                        order,
                        named: name.clone(),
                        word,
                    });
                }
            }
        }
        if orders.is_empty() {
            fail("no request names anything in its body");
        }
        Self(orders)
    }

    /// Sends them all with a key that is limited to the own campaign.
    pub(super) fn ask(
        &self,
        server: &Server,
        who: &str,
        key: &str,
        theirs: &BTreeSet<String>,
        found: &mut ScopeResults,
    ) {
        for one in &self.0 {
            found.bodies_asked += 1;
            let (status, body) = one.ask(server, &format!("Bearer {key}"));
            let (method, path, named) = (&one.method, &one.path, &one.named);
            if let Some(id) = finds(theirs, &body) {
                found.leaked.push(format!(
                    "{who} {method} {path} with {named} of theirs tells of {id}"
                ));
            }
            if status < 300 && !PROTECTS.iter().any(|known| path.ends_with(known)) {
                found.leaked.push(format!(
                    "{who} {method} {path} with {named} {} of theirs: {status}",
                    one.word
                ));
            }
            if status >= 500 {
                found
                    .leaked
                    .push(format!("{who} {method} {path} with {named} of theirs: {status}"));
            }
        }
    }

    /// Returns how many of them are accepted from a user who may do everything: if none were, the requests
    /// would be wrong and prove nothing.
    pub(super) fn accepted(&self, server: &Server) -> usize {
        let bearer = server.bearer();
        self.0
            .iter()
            .filter(|one| one.ask(server, &bearer).0 < 300)
            .count()
    }
}

impl ForeignReference {
    /// Sends the request. Returns the status, and the text without the name in the request.
    fn ask(&self, server: &Server, bearer: &str) -> (u16, String) {
        let url = format!("{}{}", server.url, self.path);
        let reply = send_request_as(&self.method, &url, bearer, Some(&self.order));
        let (reply, _) =
            reply.unwrap_or_else(|error| fail(&format!("{} {}: {error}", self.method, self.path)));
        // The id of a number derives from the number in the request.
        let number = member(&reply.body, "/id").as_str().filter(|id| !id.is_empty());
        let body = reply.body.to_string().replace(&self.word, "");
        (
            reply.status,
            number.map_or(body.clone(), |id| body.replace(id, "")),
        )
    }
}

/// Returns the members by which a body may name something: those of its example and of its schema.
fn names(description: &Description, method: &str, path: &str, order: &Value) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = order
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect();
    let operation = description.operation(method, path);
    let schema = operation.as_ref().and_then(|operation| {
        let body = operation.described.get("requestBody")?;
        body.pointer("/content/application~1json/schema")
    });
    let reference = schema.and_then(|schema| schema.get("$ref")?.as_str());
    let schema = match reference {
        Some(reference) => description.document.pointer(reference.trim_start_matches('#')),
        None => schema,
    };
    let members = schema.and_then(|schema| schema.get("properties")?.as_object());
    names.extend(members.into_iter().flatten().map(|(name, _)| name.clone()));
    names
}

fn put(order: &mut Value, name: &str, word: &str) {
    let is_list = name.ends_with('s');
    if let Some(members) = order.as_object_mut() {
        let value = if is_list { json!([word]) } else { json!(word) };
        members.insert(name.to_owned(), value);
    }
}

impl ForeignIds {
    fn find(data: &Path) -> Self {
        let history = History::read(data);
        let of_theirs = |event: &&Value| member(event, "/campaign") == THEIRS;
        let mut calls = history.of("call.ended").filter(of_theirs);
        let call = calls
            .next()
            .unwrap_or_else(|| fail("the other campaign has calls"));
        let text = |pointer: &str| member(call, pointer).as_str().unwrap_or_default().to_owned();
        // The first customer of `settle`.
        let person = records(1, THEIR_SALT).remove(0);
        let own = |name: &str| member(&person, name).as_str().unwrap_or_default().to_owned();
        Self {
            customers: [text("/customer"), own("/customer_id")],
            call: text("/subject").trim_start_matches("call-").to_owned(),
            phone: own("/phone"),
        }
    }

    /// Returns the names of the other scope that fit a member of this name.
    fn words(&self, path: &str, name: &str) -> Vec<String> {
        match name {
            "campaign" | "campaigns" | "task_id" => vec![THEIRS.to_owned()],
            "customer" | "customers" | "customer_id" => self.customers.to_vec(),
            "call" | "calls" => vec![self.call.clone()],
            "number" | "phone" => vec![self.phone.clone()],
            "id" if path.ends_with("/stop") => vec![THEIRS.to_owned()],
            _ => Vec::new(),
        }
    }
}

/// Returns the events that users with another data scope wrote about this one, by their names. Records of
/// reads and refusals are left out.
pub(super) fn written(data: &Path, theirs: &BTreeSet<String>, is_held: impl Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for event in read_whole_log(data) {
        let Ok(envelope) = event.envelope() else {
            wrong.push(format!("{:?} cannot be read", event.position));
            continue;
        };
        let Some(by) = envelope
            .by
            .map(|by| by.name().to_owned())
            .filter(|by| is_held(by))
        else {
            continue;
        };
        let about = [
            envelope.campaign.as_ref().map(ToString::to_string),
            envelope.customer.as_ref().map(ToString::to_string),
            Some(envelope.stream.to_string()),
        ];
        let is_theirs = about.iter().flatten().any(|id| theirs.contains(id));
        let is_record = envelope.kind.starts_with("inquiry.")
            || envelope.kind.starts_with("access.")
            || PROTECTING.contains(&envelope.kind.as_str());
        if is_theirs && !is_record {
            wrong.push(format!("{by} wrote {} about theirs", envelope.kind));
        }
    }
    wrong
}
