//! Tests that an SQL query is stopped, and that this is on record, when its client closes the socket.

use crate::testing::TestServer;
use domain::stored_event::Position;
use hyper::Method;
use serde_json::{Value, json};

const ENDLESS: &str =
    "with recursive n as (select 1 as i union all select i + 1 from n) select count(*) from n";

#[test]
fn a_query_stops_when_its_client_hangs_up_and_that_is_on_record() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let client = story.client();
        let body = json!({ "sql": ENDLESS, "timeout_ms": 30_000 });
        let asked = client.ask(Method::POST, "/api/v1/query", Some(&body));
        let mut log = story
            .running
            .installation
            .store()
            .subscribe(Position(0))
            .await
            .unwrap();
        let is_ours = |record: &Value| record["kind"].as_str().unwrap().starts_with("inquiry.");
        let mut next = async || loop {
            let page = log.next().await.unwrap();
            let mut records = page
                .iter()
                .map(|event| serde_json::from_slice(&event.record).unwrap());
            if let Some(record) = records.find(is_ours) {
                return record;
            }
        };
        let queried = tokio::select! {
            answer = asked => panic!("it was answered: {answer:?}"),
            queried = next() => queried,
        };
        assert_eq!(queried["kind"], "inquiry.queried");
        drop(client);
        let ended = next().await;
        assert_eq!(ended["kind"], "inquiry.refused", "{ended}");
        assert_eq!(ended["data"]["code"], "query-abandoned");
        assert_eq!(ended["stream"], queried["stream"]);
    });
    story.end();
}
