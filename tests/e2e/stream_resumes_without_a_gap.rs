//! The event stream from any position: a subscriber that is cut off and resumes gets each event once, in
//! order.

use serde_json::json;
use std::io::{BufRead, BufReader};
use tests::server::Server;

/// Returns `count` positions from the stream, read after the position `after`.
fn follow(server: &Server, after: u64, count: usize) -> Vec<u64> {
    let url = format!("{}/api/v1/events/stream?after={after}", server.url);
    let reply = ureq::get(&url).header("authorization", server.bearer()).call();
    let reply = reply.expect("the stream answers");
    let reader = BufReader::new(reply.into_body().into_reader());
    let ids = reader
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("id:")?.trim().parse().ok());
    ids.take(count).collect()
}

#[test]
fn a_cut_subscriber_resumes_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), "sip:127.0.0.1:9");
    // Each suppression is two events: that of the number itself, and the record of the look-up.
    for index in 0..10 {
        let path = format!("/api/v1/numbers/137000000{index:02}/suppress");
        server.must_post(&path, &json!({"reason": "list"}));
    }
    // The event with the log's own name precedes the twenty.
    let first = follow(&server, 0, 8);
    assert_eq!(first, (1..=8).collect::<Vec<u64>>());
    let second = follow(&server, 8, 13);
    assert_eq!(second, (9..=21).collect::<Vec<u64>>());
    let page = server.get("/api/v1/events?after=19&limit=100").unwrap().body;
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    assert_eq!(page["next"], "21");
    let event = &page["items"][0];
    assert_eq!(
        (&event["specversion"], &event["type"]),
        (&json!("1.0"), &json!("number.suppressed"))
    );
    assert_eq!(event["position"], "20");
}
