//! A plain read comes to its endpoint by a way of its own, and is answered as by warp's filters: every route
//! is asked both ways, once with nothing behind its path and once with an empty query, which those read.

use super::doors::Server;
use crate::router::Router;
use crate::routes::{all, endpoints};
use crate::server::routed;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{Method, Request};
use serde_json::Value;

/// Names nothing that is there.
const NOTHING: &str = "00000000-0000-5000-8000-000000000001";

/// Status, media type and the code of a problem.
type Said = (u16, String, String);

async fn said(routes: &Router, path: &str) -> Said {
    let request = Request::get(path).body(Empty::<Bytes>::new()).unwrap();
    let reply = routed(routes, request).await;
    let status = reply.status().as_u16();
    let media_type = reply.headers().get("content-type");
    let media_type = media_type.map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let mut code = String::new();
    if media_type == "application/problem+json" {
        let bytes = reply.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        code = body["code"].as_str().unwrap().to_owned();
    }
    (status, media_type, code)
}

#[test]
fn each_read_is_answered_alike_by_both_ways() {
    let server = Server::begin();
    let routes = all(&server.running.ctx);
    server.runtime.block_on(async {
        let reads = endpoints()
            .into_iter()
            .filter(|endpoint| endpoint.method == Method::GET);
        let mut asked = 0;
        for endpoint in reads {
            let words = endpoint.path.split('/').map(|word| match word.starts_with('{') {
                true => NOTHING,
                false => word,
            });
            let path = words.collect::<Vec<_>>().join("/");
            let straight = said(&routes, &path).await;
            let by_filters = said(&routes, &format!("{path}?")).await;
            asked += 1;
            // Unknown ids are looked up: after some of them both ways answer 429.
            if [&straight, &by_filters]
                .iter()
                .any(|one| one.2 == "lookups-too-fast")
            {
                continue;
            }
            assert_eq!(straight, by_filters, "{path}");
        }
        assert!(asked > 100, "{asked}");
        for nobody_s in ["/api/v1/calls//proof", "/api/v1/campaigns/", "/api/v1/nothing"] {
            let found = said(&routes, nobody_s).await;
            assert_eq!(found, said(&routes, &format!("{nobody_s}?")).await, "{nobody_s}");
        }
    });
    server.end();
}
