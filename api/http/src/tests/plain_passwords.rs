//! Tests of passwords over plain HTTP: refused from another machine, accepted on this one and behind a
//! trusted proxy that says https.

use super::test_client::{PASSWORD, TestReply, add, send};
use crate::endpoint::BodyKind;
use crate::password_channel::BodySecrecy;
use crate::proxies::Proxies;
use crate::routes::endpoints;
use crate::testing::TestServer;
use http_body_util::BodyExt;
use hyper::Method;
use schemars::SchemaGenerator;
use serde_json::json;

const CLIENT: (&str, &str) = ("X-Forwarded-For", "198.51.100.7");

async fn sign_in(story: &TestServer, headers: &[(&str, &str)]) -> TestReply {
    let body = json!({ "name": "wang", "password": PASSWORD });
    send(story, Method::POST, "/api/v1/sign-in", headers, Some(body)).await
}

/// Every route without authentication that reads a password is among the refused ones.
#[test]
fn each_route_that_reads_a_password_is_marked() {
    let mut marked = Vec::new();
    for endpoint in endpoints() {
        let BodyKind::Json(schema) = endpoint.takes else {
            continue;
        };
        let mut generator = SchemaGenerator::default();
        let schema = schema(&mut generator);
        // The schema itself, or a reference to a definition.
        let schema = format!("{schema} {:?}", generator.definitions());
        let is_marked = endpoint.body_secrecy == BodySecrecy::Password;
        assert!(
            is_marked || !endpoint.open || !schema.contains("\"password\""),
            "{} reads a password",
            endpoint.path
        );
        if is_marked {
            marked.push(endpoint.path);
        }
    }
    marked.sort_unstable();
    let expected = [
        "/api/v1/password",
        "/api/v1/second-factor/confirm",
        "/api/v1/second-factor/offer",
        "/api/v1/set-up",
        "/api/v1/sign-in",
    ];
    assert_eq!(marked, expected);
}

/// The pages look at `isSecureContext` in their last script and empty their forms.
#[test]
fn each_page_with_a_password_field_has_no_form_on_an_insecure_connection() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for path in ["/set-up", "/password", "/second-factor", "/status"] {
            let reply = story.open_with(path, &[]).await;
            let page = reply.into_body().collect().await.unwrap().to_bytes();
            let page = String::from_utf8(page.to_vec()).unwrap();
            assert!(page.contains("type=\"password\""), "{path}");
            let guard = page.rfind("if (!window.isSecureContext)").unwrap();
            assert!(guard > page.rfind("</form>").unwrap(), "{path}: after the forms");
            assert!(page.ends_with("</script>\n</body>\n</html>\n"), "{path}");
            for way in ["ssh -L", "--tls-self-signed", "--trusted-proxy"] {
                assert!(page.contains(way), "{path}: {way}");
            }
        }
    });
    story.end();
}

#[test]
fn a_password_from_another_machine_needs_a_proxy_that_says_https() {
    let story = TestServer::begin_behind(Proxies::of(["127.0.0.1".parse().unwrap()]));
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        for plain in [&[CLIENT][..], &[CLIENT, ("X-Forwarded-Proto", "http")]] {
            let refused = sign_in(&story, plain).await;
            assert_eq!(
                (refused.status, refused.code()),
                (403, "password-over-http"),
                "{plain:?}"
            );
            assert!(refused.cookie.is_none());
        }
        for path in [
            "/api/v1/password",
            "/api/v1/set-up",
            "/api/v1/second-factor/offer",
        ] {
            let refused = send(&story, Method::POST, path, &[CLIENT], Some(json!({}))).await;
            assert_eq!(
                (refused.status, refused.code()),
                (403, "password-over-http"),
                "{path}"
            );
        }
        let secured = sign_in(&story, &[CLIENT, ("X-Forwarded-Proto", "https")]).await;
        assert_eq!(secured.status, 200, "{}", secured.body);
        assert_eq!(sign_in(&story, &[]).await.status, 200, "from this machine");
        // Everything else is served: a monitor and an API key have their own protection.
        let ready = send(&story, Method::GET, "/readyz", &[CLIENT], None).await;
        assert_eq!(ready.status, 200, "{}", ready.body);
        let ways = send(&story, Method::GET, "/api/v1/sign-in", &[CLIENT], None).await;
        assert_eq!(ways.status, 200, "{}", ways.body);
    });
    story.end();
}
