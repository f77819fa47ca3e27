//! Tests of request boundaries (request smuggling): a head with an ambiguous length is refused, and the bytes
//! after it are not read as another request.

use super::tls_listener::reach;
use crate::testing::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A request that a proxy in front of the server could have taken for a body.
const HIDDEN: &str = "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// Sends `sent` on a new connection. Returns everything that the server answers.
async fn answered(story: &TestServer, sent: &str) -> String {
    let mut stream = reach(&story.url).await;
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    // The server may reset a connection that it closes with unread bytes.
    drop(stream.read_to_end(&mut said).await);
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn a_request_with_two_lengths_is_refused_and_nothing_behind_it_is_answered() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let length = HIDDEN.len();
        for head in [
            format!("Content-Length: 0\r\nContent-Length: {length}\r\n"),
            "Content-Length: +0\r\n".to_owned(),
            "Content-Length : 0\r\n".to_owned(),
            "Transfer-Encoding: identity\r\n".to_owned(),
            "Transfer-Encoding: chunked, gzip\r\n".to_owned(),
        ] {
            let sent = format!("POST /api/v1/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n{HIDDEN}");
            let said = answered(&story, &sent).await;
            assert!(said.starts_with("HTTP/1.1 400"), "{head:?}: {said}");
            assert_eq!(said.matches("HTTP/1.1").count(), 1, "{head:?}: {said}");
        }
    });
    story.end();
}
