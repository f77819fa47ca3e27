//! The console: serves the pages and files of `web/dist` that are embedded in this program.
//!
//! It handles only paths without a route, so that no page hides a part of the API; a path that is neither
//! gets the usual problem. Every console URL returns the same page, which reads the URL to choose what it
//! shows. These files contain no personal data: a page requests its data from the API.

#[cfg(feature = "console")]
mod files;
mod reply;

use crate::router::Router;
use domain::ports::id_source::IdSource;
use std::sync::Arc;
use warp::Filter;
use warp::path::FullPath;
use warp::reject::not_found;
use warp::reply::Response;

/// Whether a server serves the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConsoleMode {
    #[default]
    Shown,
    /// `/` redirects to the plain status page instead.
    Away,
}

impl ConsoleMode {
    /// Returns whether a server shows the console: only if it is wanted and was built into this program.
    pub const fn of(is_wanted: bool) -> Self {
        if is_wanted && cfg!(feature = "console") {
            Self::Shown
        } else {
            Self::Away
        }
    }
}

/// Path of the plain status page.
const STATUS: &str = "/status";

/// The page for every console URL.
const INDEX: &str = "index.html";

/// URL path of the console's scripts and styles. A file's name changes with its content.
const ASSETS: &str = "/assets/";

/// First path segments of the console's pages. Other paths do not exist.
const PAGES: [&str; 23] = [
    "alerts",
    "approvals",
    "audit",
    "calls",
    "campaigns",
    "compliance",
    "customers",
    "events",
    "flows",
    "knowledge",
    "labels",
    "lines",
    "pdca",
    "projections",
    "reports",
    "samples",
    "settings",
    "sign-in",
    "subscribers",
    "users",
    "wall",
    "webhooks",
    "why-not",
];

/// A file of the console.
struct Asset {
    bytes: std::borrow::Cow<'static, [u8]>,
    /// True if it is compressed with gzip, which every browser reads.
    is_compressed: bool,
}

#[cfg(feature = "console")]
use files::file;

/// Returns `None` for every file: this program was built without the console.
#[cfg(not(feature = "console"))]
const fn file(_: &str) -> Option<Asset> {
    None
}

/// Adds the console to the routes of the API: for GET requests of paths that have no route.
pub(crate) fn add_console(routes: Router, console: ConsoleMode, ids: Arc<dyn IdSource>) -> Router {
    let pages = warp::get()
        .and(warp::path::full())
        .and(warp::header::optional::<String>("if-none-match"))
        .and_then(move |path: FullPath, known: Option<String>| {
            let answer = answer(console, path.as_str(), known.as_deref(), ids.as_ref());
            std::future::ready(answer.ok_or_else(not_found))
        });
    routes.otherwise(|otherwise| {
        let joined = pages.or(otherwise);
        joined.unify().map(|response: Response| response).boxed()
    })
}

fn answer(console: ConsoleMode, path: &str, known: Option<&str>, ids: &dyn IdSource) -> Option<Response> {
    if console == ConsoleMode::Away {
        return (path == "/").then(|| crate::reply::redirect_to(STATUS));
    }
    if let Some(name) = path.strip_prefix(ASSETS) {
        return is_name(name)
            .then(|| file(&format!("assets/{name}")))
            .flatten()
            .map(|asset| reply::asset(name, asset, known));
    }
    is_page(path)
        .then(|| file(INDEX))
        .flatten()
        .map(|page| reply::page(&page.bytes, ids))
}

fn is_page(path: &str) -> bool {
    let path = path.strip_prefix('/').unwrap_or(path);
    let first = path.split('/').next().unwrap_or("");
    path.is_empty() || PAGES.contains(&first)
}

/// True for a plain file name: ASCII letters, digits, `.`, `_` and `-`, without a folder and without a dot
/// at the start.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !name.starts_with('.') && !name.is_empty() && name.bytes().all(is_plain)
}

#[cfg(test)]
#[cfg(feature = "console")]
mod tests {
    use super::*;
    use host::clock::SystemIds;
    use http_body_util::BodyExt;
    use serde_json::Value;

    fn at(console: ConsoleMode, path: &str, known: Option<&str>) -> Option<Response> {
        answer(console, path, known, &SystemIds::checked().unwrap())
    }

    fn header(response: &Response, name: &str) -> String {
        let value = response.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    }

    async fn text(response: Response) -> String {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn every_address_of_the_console_is_its_page_with_a_nonce_of_its_own() {
        let mut nonces = std::collections::BTreeSet::new();
        for path in [
            "/",
            "/campaigns",
            "/campaigns/DEMO",
            "/calls/1",
            "/reports/x",
            "/pdca",
        ] {
            let response = at(ConsoleMode::Shown, path, None).unwrap();
            let policy = header(&response, "content-security-policy");
            assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"));
            let nonce = policy
                .split("'nonce-")
                .nth(1)
                .unwrap()
                .split('\'')
                .next()
                .unwrap();
            let page = text(response).await;
            assert!(page.contains(&format!("nonce=\"{nonce}\"")), "{page}");
            assert!(!page.contains(reply::NONCE_PLACE));
            nonces.insert(nonce.to_owned());
        }
        assert_eq!(nonces.len(), 6, "none is used twice");
    }

    #[tokio::test]
    async fn files_are_kept_by_their_names_and_what_is_missing_is_no_page() {
        let page = text(at(ConsoleMode::Shown, "/", None).unwrap()).await;
        let script = page.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
        let whole = at(ConsoleMode::Shown, script, None).unwrap();
        assert_eq!(whole.status(), 200);
        assert_eq!(header(&whole, "content-type"), "text/javascript; charset=utf-8");
        assert_eq!(header(&whole, "content-encoding"), "gzip");
        assert!(header(&whole, "cache-control").contains("immutable"));
        let known = header(&whole, "etag");
        let again = at(ConsoleMode::Shown, script, Some(&known)).unwrap();
        assert_eq!(again.status(), 304);
        assert!(text(again).await.is_empty());
        for other in [
            "/assets/none.js",
            "/assets/../index.html",
            "/assets/%2e%2e/index.html",
            "/assets/",
            "/campaign",
            "/api/v1/none",
            "/SOURCE_HASH",
        ] {
            assert!(at(ConsoleMode::Shown, other, None).is_none(), "{other}");
        }
    }

    /// Collects what the contract has and the description lacks, or has differently. The description may have
    /// more.
    fn differences(at: &str, known: &Value, present: &Value, found: &mut Vec<String>) {
        match (known, present) {
            // Texts for people, and optional parts.
            _ if ["/description", "/summary", "/example"]
                .iter()
                .any(|end| at.ends_with(end)) => {}
            _ if at.ends_with("/examples") || at.ends_with("/enum") => {}
            (Value::Object(known), Value::Object(present)) => {
                for (name, value) in known {
                    let at = format!("{at}/{name}");
                    match present.get(name) {
                        Some(present) => differences(&at, value, present, found),
                        None => found.push(format!("{at} is not there")),
                    }
                }
            }
            (Value::Array(known), Value::Array(present)) => {
                let lacking = known
                    .iter()
                    .filter(|one| one.is_string() && !present.contains(one));
                found.extend(lacking.map(|one| format!("{at} lacks {one}")));
            }
            (known, present) if known != present => found.push(format!("{at} is {present}, and was {known}")),
            _ => {}
        }
    }

    #[test]
    fn what_the_console_knows_of_the_api_is_so() {
        let contract = include_str!("../../../../web/src/api/contract.json");
        let known: Value = serde_json::from_str(contract).unwrap();
        let present = crate::openapi::document(&crate::routes::endpoints());
        let mut found = Vec::new();
        differences("/paths", &known["paths"], &present["paths"], &mut found);
        differences(
            "/schemas",
            &known["components"]["schemas"],
            &present["components"]["schemas"],
            &mut found,
        );
        assert!(!known["paths"].as_object().unwrap().is_empty());
        assert!(found.is_empty(), "make console OPENAPI=FILE: {found:#?}");
    }

    #[test]
    fn without_the_console_the_status_page_is_shown() {
        let response = at(ConsoleMode::Away, "/", None).unwrap();
        assert_eq!(
            (response.status().as_u16(), header(&response, "location").as_str()),
            (303, STATUS)
        );
        assert!(at(ConsoleMode::Away, "/campaigns", None).is_none());
    }
}
