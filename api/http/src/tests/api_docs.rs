//! Tests of the page `/docs` as a browser loads it: every file that it needs comes from this server.

use crate::testing::TestServer;
use http_body_util::BodyExt;
use std::collections::BTreeSet;

#[test]
fn the_page_asks_nothing_of_any_other_host() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let response = story.open_with("/docs", &[]).await;
        assert_eq!(response.status(), 200);
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        for said in policy.split(';').map(str::trim) {
            let (_, from) = said.split_once(' ').unwrap();
            for source in from.split(' ') {
                assert!(["'none'", "'self'", "data:"].contains(&source), "{said}");
            }
        }
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        let page = response.into_body().collect().await.unwrap().to_bytes();
        let page = String::from_utf8(page.to_vec()).unwrap();
        let fetched: BTreeSet<&str> = page
            .split(&['"', '\''][..])
            .filter(|text| text.starts_with('/') || text.contains("://"))
            .collect();
        assert!(fetched.len() > 3, "{page}");
        for path in fetched {
            let response = story.open_with(path, &[]).await;
            assert_eq!(response.status(), 200, "{path}");
            let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
            assert_eq!(
                response.headers()["x-content-type-options"],
                "nosniff",
                "{path}: {kind}"
            );
        }
    });
    story.end();
}
