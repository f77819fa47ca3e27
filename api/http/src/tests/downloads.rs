//! Tests of downloads: the server chooses the file's name, and no browser shows a file as a page.

use crate::testing::{TestServer, enrolment, recorded_call};
use domain::ids::CallId;
use http_body_util::BodyExt;

/// Downloads a file. Returns the status, `Content-Disposition` and the media type.
async fn taken(story: &TestServer, path: &str) -> (u16, String, String) {
    let response = story.open(path, &[]).await;
    let head = |name: &str| {
        let value = response.headers().get(name);
        value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(head("x-content-type-options"), "nosniff", "{path}");
    let heads = (
        response.status().as_u16(),
        head("content-disposition"),
        head("content-type"),
    );
    // Reads the whole body: an unread export keeps its slot.
    response.into_body().collect().await.unwrap();
    heads
}

#[test]
fn a_file_has_the_server_s_own_name_and_is_saved_and_never_shown() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        recorded_call(&story).await;
        let call = CallId::derive(&enrolment(), 1);
        for (path, name) in [
            (
                "/api/v1/exports/calls?format=csv".to_owned(),
                "calls.csv".to_owned(),
            ),
            (
                "/api/v1/exports/calls?format=jsonl".to_owned(),
                "calls.jsonl".to_owned(),
            ),
            (
                "/api/v1/exports/metrics?format=xlsx".to_owned(),
                "metrics.xlsx".to_owned(),
            ),
            (
                format!("/api/v1/calls/{call}/recording?reason=a%20complaint"),
                format!("{call}.wav"),
            ),
            (
                format!("/api/v1/calls/{call}/proof"),
                format!("call-{call}.proof"),
            ),
        ] {
            let (status, disposition, media_type) = taken(&story, &path).await;
            assert_eq!(
                (status, disposition),
                (200, format!("attachment; filename=\"{name}\"")),
                "{path}"
            );
            assert!(
                !media_type.contains("html") && !media_type.is_empty(),
                "{media_type}"
            );
        }
        // Text of the caller in the path or the query never becomes a file name.
        for wrong in [
            "/api/v1/exports/calls%22%3B%20filename%3D%22page.html?format=csv",
            "/api/v1/exports/calls%0D%0Aset-cookie%3A%20a%3Db?format=csv",
            "/api/v1/exports/..%2F..%2Fcalls?format=csv",
            "/api/v1/exports/calls?format=csv&filename=page.html",
            "/api/v1/exports/calls?format=html",
        ] {
            let (status, disposition, media_type) = taken(&story, wrong).await;
            assert!((400..500).contains(&status), "{wrong}: {status}");
            assert_eq!(
                (disposition.as_str(), media_type.as_str()),
                ("", "application/problem+json"),
                "{wrong}"
            );
        }
    });
    story.end();
}
