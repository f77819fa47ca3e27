//! Origin check: which web pages may send requests to a loopback listener. Only our own pages may.
//!
//! A browser also runs pages of other sites and of other programs on this machine. Two headers that no page
//! can set name the requesting page (`Origin`, RFC 6454; `Sec-Fetch-Site`, W3C Fetch Metadata), and `Host`
//! shows the name that the browser used (DNS rebinding). Programs send neither of the two and are not
//! affected. A header that cannot be read as one plain value is refused: twice or beyond ASCII never counts
//! as absent.

use domain::problem::{Problem, ProblemKind};
use host::config::is_loopback;
use warp::http::header::{HOST, HeaderName, ORIGIN, UPGRADE};
use warp::http::{HeaderMap, Method};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Schemes of a possible `Origin` of this listener, each with its default port. A listener uses only one of
/// the two, so at its port no page has the other.
const SCHEMES: [(&str, u16); 2] = [("http://", 80), ("https://", 443)];

/// Refuses requests to the loopback listener at `port` from another page, or under a host name that does
/// not belong to this machine.
pub(crate) fn admit(headers: &HeaderMap, port: u16) -> Result<(), Problem> {
    let (host, origin) = (single(headers, &HOST)?, single(headers, &ORIGIN)?);
    let site = single(headers, &SEC_FETCH_SITE)?;
    if !host.is_none_or(|host| is_loopback(host_of(host))) {
        return Err(refused(
            "the Host is no name of this machine; use http://127.0.0.1:PORT, or another --http",
        ));
    }
    let is_own_site = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    if !origin.is_none_or(|origin| is_own(origin, port)) || !is_own_site {
        return Err(refused(
            "a loopback listener answers no page but its own; other programs send no Origin, or use another --http",
        ));
    }
    Ok(())
}

/// Refuses requests of another site's page on any listener, except those that only show something: links come
/// from everywhere, and none of them changes anything or opens a socket with a user's cookie (RFC 6455,
/// 10.2).
pub(crate) fn admit_site(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let is_shown = *method == Method::GET && !headers.contains_key(UPGRADE);
    let site = single(headers, &SEC_FETCH_SITE)?;
    if is_shown || site.is_none_or(|site| matches!(site, "same-origin" | "none")) {
        return Ok(());
    }
    let detail = "the request comes from a page of another site: only the console's own pages may send commands and \
                  open sockets; programs send no Sec-Fetch-Site";
    Err(Problem::new(
        ProblemKind::Forbidden,
        "page-of-another-site",
        detail,
    ))
}

fn refused(detail: &str) -> Problem {
    Problem::new(ProblemKind::Forbidden, "not-this-machine", detail)
}

/// Returns the single value of a header in plain ASCII; several values, or others, are refused.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        (Some(_), _) => Err(refused(&format!(
            "the header {name} must be there once, in ASCII"
        ))),
    }
}

/// True if an origin is exactly the address of this listener.
fn is_own(origin: &str, port: u16) -> bool {
    let own = ["127.0.0.1", "[::1]", "localhost"];
    SCHEMES.into_iter().any(|(scheme, usual)| {
        let Some(authority) = origin.strip_prefix(scheme) else {
            return false;
        };
        own.into_iter().any(|host| {
            let rest = authority.strip_prefix(host);
            rest.is_some_and(|rest| rest == format!(":{port}") || (port == usual && rest.is_empty()))
        })
    })
}

/// Returns the host of `host[:port]`.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::HeaderValue;

    fn with(headers: &[(&'static str, &[u8])]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        admit(&map, 8080).is_ok()
    }

    #[test]
    fn a_page_of_another_site_may_link_here_and_neither_command_nor_open_a_socket() {
        let asked = |method: Method, headers: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_static(value));
            }
            admit_site(&method, &map).is_ok()
        };
        let (post, get) = (Method::POST, Method::GET);
        for site in ["cross-site", "same-site", "anything"] {
            assert!(!asked(post.clone(), &[("sec-fetch-site", site)]), "{site}");
            let socket = [("sec-fetch-site", site), ("upgrade", "websocket")];
            assert!(!asked(get.clone(), &socket), "{site}");
            assert!(asked(get.clone(), &[("sec-fetch-site", site)]), "{site}");
        }
        assert!(asked(post.clone(), &[]));
        assert!(asked(post.clone(), &[("sec-fetch-site", "same-origin")]));
        let twice = [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "same-origin"),
        ];
        assert!(!asked(post, &twice));
    }

    #[test]
    fn programs_are_served_under_every_name_of_this_machine() {
        assert!(with(&[]));
        let names = [
            "127.0.0.1:8080",
            "localhost:8080",
            "[::1]:8080",
            "[::1]",
            "127.0.0.2",
            "localhost:9090",
        ];
        for here in names {
            assert!(with(&[("host", here.as_bytes())]), "{here}");
        }
        let elsewhere = [
            "evil.example",
            "127.0.0.1.evil.example:8080",
            "192.0.2.1:80",
            "localhost:8080@evil.example",
            "",
        ];
        for elsewhere in elsewhere {
            assert!(!with(&[("host", elsewhere.as_bytes())]), "{elsewhere}");
        }
    }

    #[test]
    fn an_origin_is_our_own_to_the_letter() {
        for own in [
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://localhost:8080",
            "https://127.0.0.1:8080",
        ] {
            assert!(with(&[("origin", own.as_bytes())]), "{own}");
        }
        let others = [
            "http://localhost:3000",
            "http://localhost",
            "https://localhost",
            "https://localhost:3000",
            "http://127.0.0.2:8080",
            "http://localhost:8080.evil.example",
            "http://evil.example",
            "null",
            "",
        ];
        for other in others {
            assert!(!with(&[("origin", other.as_bytes())]), "{other}");
        }
    }

    #[test]
    fn what_is_doubled_or_beyond_ascii_does_not_count_as_absent() {
        assert!(!with(&[("origin", "http://例子.example".as_bytes())]));
        assert!(!with(&[("host", "例子.example".as_bytes())]));
        let own: &[u8] = b"http://localhost:8080";
        assert!(!with(&[("origin", own), ("origin", b"http://evil.example")]));
        assert!(!with(&[("host", b"localhost:8080"), ("host", b"evil.example")]));
        assert!(!with(&[
            ("sec-fetch-site", b"none"),
            ("sec-fetch-site", b"cross-site")
        ]));
    }

    #[test]
    fn a_request_that_a_browser_calls_foreign_is_refused_also_without_an_origin() {
        for (site, served) in [
            ("same-origin", true),
            ("none", true),
            ("same-site", false),
            ("cross-site", false),
            ("anything", false),
        ] {
            assert_eq!(with(&[("sec-fetch-site", site.as_bytes())]), served, "{site}");
        }
    }
}
