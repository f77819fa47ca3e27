//! Tests of the filters of `GET /api/v1/calls` (outcome, disposition, trunk, time, talk time) and of its
//! order.

use crate::testing::{TestServer, three_calls};
use domain::ids::CallId;
use hyper::Method;
use serde_json::Value;

#[test]
fn calls_are_listed_by_outcome_trunk_time_and_talk_in_either_order() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let position = three_calls(&story).await;
        let client = story.client();
        let asked = async |query: &str| {
            let path = format!("/api/v1/calls?campaign=T&after_position={position}{query}");
            client.ask(Method::GET, &path, None).await
        };
        let ids = |page: &Value| -> Vec<String> {
            let items = page["items"].as_array().unwrap();
            items
                .iter()
                .map(|one| one["id"].as_str().unwrap().to_owned())
                .collect()
        };
        let call = |attempt| CallId::derive(&crate::testing::enrolment(), attempt).to_string();
        for (query, attempts) in [
            ("", vec![3, 2, 1]),
            ("&order=oldest", vec![1, 2, 3]),
            ("&outcome=success", vec![2]),
            ("&disposition=machine", vec![3]),
            ("&trunk=first", vec![3, 2, 1]),
            ("&trunk=fir", vec![]),
            ("&trunk=f_rst", vec![]),
            ("&trunk=FIRST", vec![]),
            ("&from=2999-01-01T00:00:00Z", vec![]),
            ("&to=2999-01-01T00:00:00Z&outcome=success", vec![2]),
            ("&talk_s_min=86400", vec![]),
        ] {
            let wanted: Vec<String> = attempts.into_iter().map(call).collect();
            assert_eq!(ids(&asked(query).await.unwrap()), wanted, "{query}");
        }
        let mut met = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = asked(&format!("&order=oldest&limit=1{cursor}")).await.unwrap();
            met.extend(ids(&page));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(met, [call(1), call(2), call(3)], "page by page");
        for wrong in [
            "&outcome=nothing",
            "&order=best",
            "&talk_s_min=-1",
            "&talk_s_max=86401",
            "&from=soon",
        ] {
            assert!(asked(wrong).await.is_err(), "{wrong}");
        }
    });
    story.end();
}
