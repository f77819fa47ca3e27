//! The listener of `--redirect-listen`: leads browsers from plain HTTP to the public URL, and serves the
//! challenges of an ACME client.
//!
//! A redirect goes to the public URL only, whatever the request says, and only for requests to its host: a
//! request for another host gets 421 (RFC 9110, 15.5.20). Only pages are redirected: a program that sends its
//! key in clear has to notice it (OWASP ASVS 5, V4.1.2). The listener has the limits of every other one, with
//! few connections.

use crate::connection_limits::{RouteList, SlotLimits};
use crate::proxies::Proxies;
use crate::router::Router;
use crate::server::{self, ListenerSettings};
use actors::Environment;
use domain::problem::Problem;
use host::acme_challenge::ChallengeDir;
use host::public_url::PublicUrl;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use warp::Filter;
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use warp::path::FullPath;
use warp::reply::Response;

/// URL path of the challenges of an ACME client (RFC 8555, 8.3).
const CHALLENGES: &str = "/.well-known/acme-challenge/";

/// URL path of the API, which is not redirected.
const API: &str = "/api/";

/// Longest path and query that is redirected, in bytes: four times what the console's longest URLs have.
const TARGET_BYTES_MAX: usize = 8 * 1_024;

/// The options of `serve` about plain HTTP beside a listener with TLS.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct RedirectArgs {
    /// Address on which plain HTTP redirects to --public-url, for example 0.0.0.0:80
    #[arg(long, value_name = "ADDR", requires = "public_url")]
    redirect_listen: Option<SocketAddr>,
    /// Directory of an ACME client (certbot --webroot -w DIR): its /.well-known/acme-challenge/ is served
    /// there
    #[arg(long, value_name = "DIR", requires = "redirect_listen")]
    acme_dir: Option<PathBuf>,
}

/// The bound listener of redirects.
pub struct RedirectListener {
    listener: TcpListener,
    target: RedirectTarget,
}

/// Where requests are redirected, and the challenges that are served instead.
#[derive(Debug, Clone)]
struct RedirectTarget {
    public_url: PublicUrl,
    challenges: Option<ChallengeDir>,
}

impl RedirectArgs {
    /// Binds the address of `--redirect-listen`; `None` without the option. Fails with `setting-invalid` if
    /// the public URL is not https or the challenges have no directory, and with `unavailable` if the address
    /// cannot be bound.
    pub async fn listen(&self, public_url: Option<&PublicUrl>) -> Result<Option<RedirectListener>, Problem> {
        let Some((wished, public_url)) = self.redirect_listen.zip(public_url) else {
            return Ok(None);
        };
        if !public_url.is_https() {
            return Err(Problem::invalid(
                "setting-invalid",
                "--redirect-listen redirects to https: give --public-url https://HOST",
            ));
        }
        let challenges = self.acme_dir.as_deref().map(ChallengeDir::new).transpose()?;
        let listener = server::bind(wished)
            .await
            .map_err(|error| Problem::unavailable(format!("cannot listen on {wished}: {error}")))?;
        Ok(Some(RedirectListener {
            listener,
            target: RedirectTarget {
                public_url: public_url.clone(),
                challenges,
            },
        }))
    }
}

impl RedirectListener {
    /// Returns the address that is bound.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Starts the listener's task.
pub(crate) fn serve(listener: RedirectListener, environment: &Environment) {
    let RedirectListener { listener, target } = listener;
    let settings = ListenerSettings {
        acceptor: None,
        routes: routes(target),
        list: RouteList::default(),
        proxies: Proxies::default(),
        limits: SlotLimits::few(),
    };
    let (tasks, clock) = (Arc::clone(&environment.tasks), Arc::clone(&environment.clock));
    let serving = server::serve(listener, settings, tasks, clock);
    environment.tasks.spawn_vital("http-redirect", Box::pin(serving));
}

fn routes(target: RedirectTarget) -> Router {
    let query = warp::query::raw().map(Some).or(warp::any().map(|| None)).unify();
    let answering = warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .map(
            move |method: Method, path: FullPath, query: Option<String>, headers: HeaderMap| {
                target.answer(&method, path.as_str(), query.as_deref(), &headers)
            },
        );
    Router::from(answering.boxed())
}

impl RedirectTarget {
    fn answer(&self, method: &Method, path: &str, query: Option<&str>, headers: &HeaderMap) -> Response {
        if let Some(token) = path.strip_prefix(CHALLENGES) {
            return self.challenge(method, token);
        }
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return plain_text(StatusCode::BAD_REQUEST, "the request must name one Host\n");
        };
        if !host.to_str().is_ok_and(|host| self.public_url.is_host(host)) {
            return plain_text(StatusCode::MISDIRECTED_REQUEST, "another host\n");
        }
        if !path.starts_with('/') {
            return plain_text(StatusCode::BAD_REQUEST, "the request has no path\n");
        }
        if path.starts_with(API) || !matches!(*method, Method::GET | Method::HEAD) {
            return plain_text(StatusCode::FORBIDDEN, "pages only: use https\n");
        }
        if path.len() + query.map_or(0, str::len) > TARGET_BYTES_MAX {
            return plain_text(StatusCode::URI_TOO_LONG, "the path is too long\n");
        }
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        // The host is fixed before the path, so a path of `//host` stays a path.
        let location = format!("{}{path}{query}", self.public_url);
        // A header value may hold other bytes than ASCII, a URL may not.
        let location = Some(location).filter(|location| location.is_ascii());
        match location.and_then(|location| HeaderValue::try_from(location).ok()) {
            Some(location) => {
                let mut response = plain_text(StatusCode::PERMANENT_REDIRECT, "");
                response.headers_mut().insert(header::LOCATION, location);
                response
            }
            None => plain_text(
                StatusCode::BAD_REQUEST,
                "the path is not ASCII: percent-encode it\n",
            ),
        }
    }

    /// Answers with the challenge of this token. Any host may be asked: a certificate can name several.
    fn challenge(&self, method: &Method, token: &str) -> Response {
        if *method != Method::GET {
            return plain_text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
        }
        let found = self.challenges.as_ref().and_then(|dir| dir.read(token));
        let Some(bytes) = found else {
            return plain_text(StatusCode::NOT_FOUND, "no challenge has this token\n");
        };
        let mut response = Response::new(bytes.into());
        let kind = HeaderValue::from_static("application/octet-stream");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

fn plain_text(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> RedirectTarget {
        RedirectTarget {
            public_url: "https://calls.example.com".parse().unwrap(),
            challenges: None,
        }
    }

    /// Status and `Location` of a GET of this path.
    fn answered(path: &str, query: Option<&str>, hosts: &[&str]) -> (u16, String) {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap());
        }
        let response = target().answer(&Method::GET, path, query, &headers);
        let location = response.headers().get(header::LOCATION);
        let location = location.map_or("", |value| value.to_str().unwrap());
        (response.status().as_u16(), location.to_owned())
    }

    const OWN: [&str; 1] = ["calls.example.com"];

    #[test]
    fn path_and_query_stay_and_the_host_is_the_public_one() {
        for (path, query, location) in [
            ("/", None, "https://calls.example.com/"),
            ("/set-up", None, "https://calls.example.com/set-up"),
            (
                "/a%20b",
                Some("x=1&y=%E4%BD%A0"),
                "https://calls.example.com/a%20b?x=1&y=%E4%BD%A0",
            ),
            (
                "//evil.example/x",
                None,
                "https://calls.example.com//evil.example/x",
            ),
            (
                "/\\evil.example",
                None,
                "https://calls.example.com/\\evil.example",
            ),
            ("/@evil.example", None, "https://calls.example.com/@evil.example"),
            (
                "/%0d%0aSet-Cookie:x",
                None,
                "https://calls.example.com/%0d%0aSet-Cookie:x",
            ),
            (
                "/",
                Some("https://evil.example"),
                "https://calls.example.com/?https://evil.example",
            ),
        ] {
            assert_eq!(answered(path, query, &OWN), (308, location.to_owned()));
        }
    }

    #[test]
    fn another_host_is_misdirected_and_none_or_two_are_no_request() {
        for host in [
            "evil.example",
            "",
            "calls.example.com.evil.example",
            "a@calls.example.com",
            "127.0.0.1",
        ] {
            assert_eq!(answered("/", None, &[host]), (421, String::new()), "{host}");
        }
        assert_eq!(answered("/", None, &["例子.example"]).0, 421);
        assert_eq!(answered("/", None, &["Calls.Example.com:80"]).0, 308);
        assert_eq!(answered("/", None, &[]).0, 400);
        assert_eq!(
            answered("/", None, &["calls.example.com", "calls.example.com"]).0,
            400
        );
    }

    #[test]
    fn requests_of_programs_are_refused_so_that_they_notice() {
        assert_eq!(answered("/api/v1/campaigns", None, &OWN), (403, String::new()));
        let mut headers = HeaderMap::new();
        headers.append(header::HOST, HeaderValue::from_static("calls.example.com"));
        for method in [Method::POST, Method::PUT, Method::OPTIONS, Method::CONNECT] {
            let response = target().answer(&method, "/", None, &headers);
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{method}");
        }
        let response = target().answer(&Method::HEAD, "/", None, &headers);
        assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT);
    }

    #[test]
    fn a_path_that_is_no_path_or_too_long_is_refused() {
        for path in ["*", ""] {
            assert_eq!(answered(path, None, &OWN).0, 400, "{path}");
        }
        assert_eq!(answered("/密", None, &OWN).0, 400);
        let longest = format!("/{}", "a".repeat(TARGET_BYTES_MAX - 1));
        assert_eq!(answered(&longest, None, &OWN).0, 308);
        assert_eq!(answered(&longest, Some("b"), &OWN).0, 414);
    }

    #[test]
    fn a_challenge_is_served_to_any_host_and_only_to_get() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join(".well-known/acme-challenge");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(inner.join("token"), "token.thumbprint").unwrap();
        let target = RedirectTarget {
            challenges: Some(ChallengeDir::new(folder.path()).unwrap()),
            ..target()
        };
        let asked = |method: Method, path: &str| {
            let response = target.answer(&method, path, None, &HeaderMap::new());
            response.status().as_u16()
        };
        assert_eq!(asked(Method::GET, "/.well-known/acme-challenge/token"), 200);
        assert_eq!(asked(Method::POST, "/.well-known/acme-challenge/token"), 405);
        for absent in ["", "none", "../../secret", "%2e%2e/x", "token/", "/etc/passwd"] {
            assert_eq!(
                asked(Method::GET, &format!("/.well-known/acme-challenge/{absent}")),
                404,
                "{absent}"
            );
        }
    }

    #[tokio::test]
    async fn it_needs_an_https_public_url_and_a_directory() {
        let args = |acme_dir: Option<&str>| RedirectArgs {
            redirect_listen: Some("127.0.0.1:0".parse().unwrap()),
            acme_dir: acme_dir.map(PathBuf::from),
        };
        let refused = async |args: RedirectArgs, url: &str| {
            let url = url.parse().unwrap();
            args.listen(Some(&url)).await.err().map(|problem| problem.code)
        };
        let plain = refused(args(None), "http://calls.example.com").await;
        assert_eq!(plain, Some("setting-invalid"));
        let absent = refused(args(Some("/no/such/directory")), "https://calls.example.com").await;
        assert_eq!(absent, Some("setting-invalid"));
        assert_eq!(refused(args(None), "https://calls.example.com").await, None);
        assert!(RedirectArgs::default().listen(None).await.unwrap().is_none());
    }
}
