//! Authentication of a request: by the directory's own key, an API key of a user, or a session cookie.
//!
//! The directory's key is created at the first start as `DIR/token`, readable by its owner only, and works
//! only on this machine. What a caller may do is checked by the guard (`guard.rs`).

use crate::origin_check;
use crate::server::ClientAddress;
use application::access::{Caller, Credentials, KEY_PREFIX, RequestTrigger, csrf_token, identify};
use application::installation::Installation;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ports::id_source::IdSource;
use domain::problem::{Problem, ProblemKind};
use host::data_dir::TOKEN_FILE;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use subtle::ConstantTimeEq;
use warp::http::{HeaderMap, Method, header};

/// Random bytes of the directory's key: 256 bits cannot be guessed.
const TOKEN_BYTES: usize = 32;

/// Name of the session cookie. Its prefix binds it to this host, to the path `/` and to a secure connection
/// (RFC 6265bis, 4.1.3); browsers treat loopback as secure.
pub(crate) const SESSION_COOKIE: &str = "__Host-ledgerline";

/// Name of the cookie that holds the state of a sign-in in progress at an identity provider.
pub(crate) const ROUND_COOKIE: &str = "__Host-ledgerline-round";

/// Name of the header with the CSRF token, which only our own pages can read.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";

/// How requests are authenticated here.
#[derive(Clone)]
pub enum AuthenticationMode {
    /// A listener: the directory's token, and the port if it listens on a loopback address.
    Token {
        token: String,
        loopback_port: Option<u16>,
    },
    /// No listener: a command sends requests in its own process, on a directory that its user may open.
    Directory,
}

/// The header in which a page marks requests that it sends without a user's action. They do not extend the
/// session.
pub(crate) const UNATTENDED_HEADER: &str = "x-unattended";

/// Returns whether a user or the page itself sent the request. Browsers reopen streams by themselves and
/// cannot add our header, so streams count as automatic; a page in use sends other requests too.
fn asked(headers: &HeaderMap) -> RequestTrigger {
    let says = |name: &str, what: &str| {
        let said = headers.get(name).and_then(|said| said.to_str().ok());
        said.is_some_and(|said| said.to_ascii_lowercase().contains(what))
    };
    let is_stream = says("accept", "text/event-stream") || says("upgrade", "websocket");
    let unattended = headers.get(UNATTENDED_HEADER);
    match is_stream || unattended.is_some_and(|said| said.as_bytes() == b"true") {
        true => RequestTrigger::ByItself,
        false => RequestTrigger::ByPerson,
    }
}

impl AuthenticationMode {
    /// Returns the caller of this request: by the directory's key or an API key in `Authorization`, else by
    /// the session cookie. A command on its own directory needs neither. Fails with 401 if the credentials
    /// are missing or invalid.
    pub(crate) async fn identify(
        &self,
        installation: &Installation,
        method: &Method,
        headers: &HeaderMap,
        peer: Option<ClientAddress>,
    ) -> Result<Caller, Problem> {
        let Self::Token { token, .. } = self else {
            // A command with a session of its user acts as that user, also without a server.
            return match cookie(headers) {
                Some(session) => in_session(installation, method, headers, session).await,
                None => Ok(Caller::Directory { door: "directory" }),
            };
        };
        self.admit_page(method, headers)?;
        if let Some(given) = bearer(headers)? {
            let peer = if is_forwarded(headers) {
                Some(FORWARDED)
            } else {
                peer
            };
            return self.by_key(installation, token, given, peer).await;
        }
        let Some(session) = cookie(headers) else {
            return Err(needed());
        };
        in_session(installation, method, headers, session).await
    }

    /// Refuses requests from foreign pages. On a loopback listener this covers every request of a browser;
    /// elsewhere only requests that change something, including the sign-in.
    pub(crate) fn admit_page(&self, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        match self {
            Self::Token {
                loopback_port: Some(port),
                ..
            } => origin_check::admit(headers, *port),
            Self::Token { .. } => origin_check::admit_site(method, headers),
            Self::Directory => Ok(()),
        }
    }

    /// Returns the caller for a key without the `Bearer` scheme, as clients of other protocols send it: an
    /// API key, or the directory's key, which is accepted only from this machine.
    pub(crate) async fn by_key(
        &self,
        installation: &Installation,
        token: &str,
        given: &str,
        peer: Option<ClientAddress>,
    ) -> Result<Caller, Problem> {
        if given.starts_with(KEY_PREFIX) {
            return identify(installation, Credentials::Key(given)).await;
        }
        if !bool::from(given.as_bytes().ct_eq(token.as_bytes())) {
            return Err(needed());
        }
        // Requests without a connection exist only in tests of this crate.
        if peer.is_some_and(|peer| !peer.0.ip().to_canonical().is_loopback()) {
            return Err(Problem::new(
                ProblemKind::Unauthenticated,
                "token-of-another-machine",
                "the key in DIR/token is valid only on its own machine: create an API key with `ledgerline \
                 user key`",
            ));
        }
        Ok(Caller::Directory { door: "token" })
    }
}

/// The address used for a client behind a proxy; it is not known to be on this machine.
const FORWARDED: ClientAddress = ClientAddress(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0));

/// True if a proxy forwards the request for another client (RFC 7239, and the older header).
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key("forwarded") || headers.contains_key("x-forwarded-for")
}

fn needed() -> Problem {
    Problem::new(
        ProblemKind::Unauthenticated,
        "token-needed",
        "sign in, or send a key as `Authorization: Bearer KEY`: one of `ledgerline user key`, or on this machine \
         the content of DIR/token",
    )
}

/// Returns the bearer token of the request (RFC 6750, 2.1); `None` without the header. Fails for another
/// scheme.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let value = value.to_str().unwrap_or_default();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        Some(_) | None => Err(needed()),
    }
}

/// True if the request has at least one session cookie.
pub(crate) fn names_session(headers: &HeaderMap) -> bool {
    let sent = headers.get_all(header::COOKIE).iter();
    let mut texts = sent.filter_map(|value| value.to_str().ok());
    texts.any(|text| {
        text.split(';')
            .any(|pair| pair.trim().starts_with("__Host-ledgerline="))
    })
}

/// Returns the value of the session cookie; `None` if it is missing or sent more than once.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, SESSION_COOKIE)
}

/// Returns the value of the cookie `wanted`; `None` if it is missing or sent more than once.
pub(crate) fn cookie_named<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    let sent = headers.get_all(header::COOKIE).iter();
    let pairs = sent
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    let mut values = pairs.filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == wanted).then_some(value)
    });
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// Returns the caller of a session. Requests other than GET must also have the session's CSRF token.
async fn in_session(
    installation: &Installation,
    method: &Method,
    headers: &HeaderMap,
    session: &str,
) -> Result<Caller, Problem> {
    let caller = identify(installation, Credentials::Session(session, asked(headers))).await?;
    if method != Method::GET {
        hold_to_page(headers, session)?;
    }
    Ok(caller)
}

/// Checks the CSRF token of a command from a browser: only our own pages can read it (OWASP ASVS 5, V3.5).
pub(crate) fn hold_to_page(headers: &HeaderMap, session: &str) -> Result<(), Problem> {
    let said = headers
        .get(CSRF_HEADER)
        .map_or(&b""[..], |value| value.as_bytes());
    if bool::from(said.ct_eq(csrf_token(session).as_bytes())) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::Forbidden,
        "csrf-token-needed",
        "a command in a session needs the header X-CSRF-Token with the csrf_token of the sign-in",
    ))
}

/// Reads the directory's token, or creates it.
pub fn token(directory: &Path, ids: &dyn IdSource) -> io::Result<String> {
    let path = directory.join(TOKEN_FILE);
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut bytes = [0_u8; TOKEN_BYTES];
    ids.random(&mut bytes);
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)?;
    writeln!(file, "{token}")?;
    file.sync_all()?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::clock::SystemIds;
    use std::os::unix::fs::PermissionsExt;

    fn with(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_bearer_token_is_read_and_nothing_else_is_taken_for_one() {
        assert_eq!(bearer(&with("authorization", &["bearer  s "])), Ok(Some("s")));
        assert_eq!(bearer(&HeaderMap::new()), Ok(None));
        for other in ["", "Bearer", "Basic s"] {
            assert!(bearer(&with("authorization", &[other])).is_err(), "{other}");
        }
    }

    #[test]
    fn the_session_s_cookie_counts_where_it_is_there_once() {
        assert_eq!(
            cookie(&with("cookie", &["a=1; __Host-ledgerline=x.y; b=2"])),
            Some("x.y")
        );
        assert_eq!(cookie(&with("cookie", &["ledgerline=x.y"])), None);
        let twice = with("cookie", &["__Host-ledgerline=x.y", "__Host-ledgerline=z"]);
        assert_eq!(cookie(&twice), None, "which of them is meant?");
    }

    #[test]
    fn a_page_that_has_not_read_ours_commands_nothing() {
        let right = csrf_token("wang.secret");
        assert!(hold_to_page(&with(CSRF_HEADER, &[&right]), "wang.secret").is_ok());
        assert!(hold_to_page(&with(CSRF_HEADER, &[&right]), "li.secret").is_err());
        assert!(hold_to_page(&HeaderMap::new(), "wang.secret").is_err());
    }

    #[test]
    fn only_a_page_that_says_so_asks_by_itself() {
        assert_eq!(asked(&HeaderMap::new()), RequestTrigger::ByPerson);
        assert_eq!(
            asked(&with(UNATTENDED_HEADER, &["true"])),
            RequestTrigger::ByItself
        );
        assert_eq!(
            asked(&with("accept", &["text/event-stream"])),
            RequestTrigger::ByItself
        );
        assert_eq!(asked(&with("upgrade", &["WebSocket"])), RequestTrigger::ByItself);
        assert_eq!(
            asked(&with("accept", &["application/json"])),
            RequestTrigger::ByPerson
        );
        assert_eq!(asked(&with(UNATTENDED_HEADER, &["no"])), RequestTrigger::ByPerson);
    }

    #[test]
    fn the_token_is_made_once_and_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let ids = SystemIds::checked().unwrap();
        let first = token(directory.path(), &ids).unwrap();
        assert_eq!(token(directory.path(), &ids).unwrap(), first);
        assert!(first.len() >= 43);
        let mode = fs::metadata(directory.path().join(TOKEN_FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
