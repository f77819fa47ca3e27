//! Tests of the limit of exports: two run at once, a third is refused with `Retry-After` and is not on
//! record, and other routes still answer.

use crate::testing::TestServer;
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::header::RETRY_AFTER;

#[test]
fn a_third_export_is_busy_while_two_run_and_others_are_answered() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let calls = "/api/v1/exports/calls?format=csv";
        // The slots that two exports occupy while their clients read slowly.
        let places = || {
            story
                .running
                .installation
                .exports
                .place(story.running.installation.now())
                .ok()
        };
        let held = [places(), places()];
        assert!(held.iter().all(Option::is_some));
        let before = story.running.installation.store().head().await.unwrap();
        let refused = story.open(calls, &[]).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.headers().contains_key(RETRY_AFTER));
        let said = refused.into_body().collect().await.unwrap().to_bytes();
        assert!(
            String::from_utf8_lossy(&said).contains("exports-busy"),
            "{said:?}"
        );
        assert_eq!(
            story.running.installation.store().head().await,
            Ok(before),
            "it is on record"
        );
        for other in ["/api/v1/campaigns", "/api/v1/exports", "/api/v1/query/views"] {
            assert_eq!(story.open(other, &[]).await.status(), StatusCode::OK, "{other}");
        }
        drop(held);
        // Each export frees its slot when it ends.
        for _ in 0..5 {
            let whole = story.open(calls, &[]).await;
            assert_eq!(whole.status(), StatusCode::OK);
            let file = whole.into_body().collect().await.unwrap().to_bytes();
            assert!(String::from_utf8_lossy(&file).contains("disposition"), "{file:?}");
        }
    });
    story.end();
}
