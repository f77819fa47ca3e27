//! From a row of a list to the receiver that got the end of its call, and back: one graph, from the running
//! server.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::carrier::CarrierProcess;
use tests::history::member;
use tests::passing_time::HUNG_AFTER;
use tests::program::fail;
use tests::prove::records;
use tests::server::Server;
use tests::webhook_receiver::WebhookReceiver;

/// The event kinds on the way from the row to the delivery, in this order.
const WAY: [&str; 6] = [
    "campaign.list_opened",
    "customer.enrolled",
    "customer.dial_granted",
    "call.permitted",
    "call.ended",
    "webhook.delivered",
];

/// The graph of an event: its nodes by position, and the edges between them.
struct Graph(Value);

impl Graph {
    fn of(server: &Server, id: &str) -> Self {
        let reply = server.get(&format!("/api/v1/events/{id}/graph"));
        let reply = reply.expect("the server answers");
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(member(&reply.body, "/cut"), false, "all of it");
        Self(reply.body)
    }

    fn items(&self, name: &str) -> &[Value] {
        member(&self.0, name).as_array().expect("a list")
    }

    fn position(&self, id: &str) -> &str {
        let mut nodes = self.items("/nodes").iter();
        let node = nodes.find(|node| member(node, "/id") == id);
        let node = node.unwrap_or_else(|| fail(&format!("{id} is not in its graph: {}", self.0)));
        member(node, "/position").as_str().expect("a position")
    }

    /// Returns the kinds of the nodes that are reached from a node along the edges, from `from` to `to` of
    /// each.
    fn kinds_reached(&self, id: &str, from: &str, to: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::from([self.position(id)]);
        loop {
            let before = reached.len();
            for edge in self.items("/edges") {
                let end = |name: &str| member(edge, name).as_str().expect("a position");
                if reached.contains(end(from)) {
                    reached.insert(end(to));
                }
            }
            if reached.len() == before {
                break;
            }
        }
        let nodes = self.items("/nodes").iter();
        let reached = nodes.filter(|node| {
            member(node, "/position")
                .as_str()
                .is_some_and(|at| reached.contains(at))
        });
        reached
            .filter_map(|node| member(node, "/kind").as_str())
            .collect()
    }
}

fn id_of(event: &Value) -> String {
    member(event, "/id").as_str().expect("an id").to_owned()
}

#[test]
fn a_row_its_call_and_its_deliveries_are_one_graph() {
    let folder = tempfile::tempdir().unwrap();
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let server = Server::start(&folder.path().join("data"), &carrier.trunk());
    let receiver = WebhookReceiver::answering(204);
    let order = json!({"url": receiver.url(), "allow_private": true, "events": ["call.ended"]});
    server.must_post("/api/v1/webhooks", &order);
    server.call_to_the_end("A", &records(1, 1), HUNG_AFTER);
    let ended = server.follow_events("kind=call.ended", HUNG_AFTER, |event| Some(id_of(event)));
    let ended = ended.expect("a call has ended");
    let delivered = server.follow_events("kind=webhook.delivered", HUNG_AFTER, |event| {
        (member(event, "/data/event") == ended.as_str()).then(|| id_of(event))
    });
    let delivered = delivered.expect("its end was delivered");
    assert!(receiver.taken(1, HUNG_AFTER).contains(&ended), "by its own id");
    let opened = server.follow_events("kind=campaign.list_opened", HUNG_AFTER, |event| {
        Some(id_of(event))
    });
    let opened = opened.expect("the list was opened");

    let back = Graph::of(&server, &delivered);
    let causes = back.kinds_reached(&delivered, "/to", "/from");
    let onward = Graph::of(&server, &opened);
    let effects = onward.kinds_reached(&opened, "/from", "/to");
    for kind in WAY {
        assert!(causes.contains(kind), "{kind} led to the delivery: {causes:?}");
        assert!(effects.contains(kind), "{kind} came of the list: {effects:?}");
    }
}
