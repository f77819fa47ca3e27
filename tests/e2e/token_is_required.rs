//! A server on loopback responds to no request without its token, and to no page but its own; its output
//! contains no token.

use serde_json::{Value, json};
use tests::history::member;
use tests::passing_time::HUNG_AFTER;
use tests::program::run;
use tests::server::Server;
use tests::server_tokens;

/// Returns the status, media type and code of a guarded route's response to these headers.
fn answered(server: &Server, headers: &[(&str, &str)]) -> (u16, String, Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut request = agent.get(format!("{}/api/v1/campaigns", server.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut reply = request.call().expect("the server answers");
    let media_type = reply.headers().get("content-type").expect("a reply has a type");
    let media_type = media_type.to_str().expect("a type is ASCII").to_owned();
    let body = reply.body_mut().read_to_string().expect("a reply can be read");
    let body: Value = serde_json::from_str(&body).expect("a reply is JSON");
    (
        reply.status().as_u16(),
        media_type,
        member(&body, "/code").clone(),
    )
}

#[test]
fn loopback_asks_for_the_token_and_a_command_says_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Server::start(&data, "sip:127.0.0.1:9");
    let problem = "application/problem+json".to_owned();
    let refused = (401, problem.clone(), json!("token-needed"));
    assert_eq!(answered(&server, &[]), refused);
    assert_eq!(answered(&server, &[("authorization", "Bearer other")]), refused);
    let bearer = server.bearer();
    let token = ("authorization", bearer.as_str());
    assert_eq!(answered(&server, &[token]).0, 200);
    let foreign = answered(&server, &[token, ("origin", "http://evil.example")]);
    assert_eq!(foreign, (403, problem, json!("not-this-machine")));

    let without = run(&["campaign", "list", "--server", &server.url]);
    assert_eq!(without.status.code(), Some(3));
    let said = String::from_utf8_lossy(&without.stderr);
    assert!(
        said.contains("--token-file") && said.contains("--data DIR"),
        "{said}"
    );
    assert!(server.run(&["campaign", "list"]).status.success());
    let data_text = data.to_string_lossy();
    assert!(run(&["campaign", "list", "--data", &data_text]).status.success());

    server.program.signal("TERM");
    assert!(server.program.wait(HUNG_AFTER).is_some());
    let printed = server.program.seen().join("\n");
    let page = format!("{}/status#token=<content of ", server.url);
    assert!(printed.contains(&page), "{printed}");
    assert!(!printed.contains(&server_tokens::token(&data).unwrap()));
}
