//! Whether what a client sends can be read on its way. A password is not accepted where it can.
//!
//! A browser drops the session cookie on plain HTTP from another machine, so the sign-in would fail after
//! the password went in clear. The pages refuse before anything is typed; this check is for everything else.

use crate::proxies::Proxies;
use domain::problem::{Problem, ProblemKind};
use host::config::is_loopback;
use std::net::SocketAddr;
use warp::http::HeaderMap;
use warp::http::header::{FORWARDED, HOST};

/// The header in which a proxy names the scheme of its client's request.
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// How a request came to this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestChannel {
    /// Over TLS, or without leaving a machine.
    Private,
    /// Over plain HTTP from another machine.
    Plain,
}

/// What the headers of a request say about the scheme at the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ForwardedScheme {
    Unnamed,
    Https,
    /// Plain HTTP, or several schemes.
    Other,
}

impl RequestChannel {
    /// Returns how a request from `peer` came. `secured`: the connection uses TLS.
    ///
    /// Behind a trusted proxy its word counts. Otherwise a connection of this machine is private, and so is
    /// one under a loopback name: the client then reaches this server through a tunnel or a port that is
    /// published on its own machine. A client that names itself so wrongly exposes its own password only.
    pub(crate) fn of(
        secured: ConnectionSecurity,
        peer: SocketAddr,
        proxies: &Proxies,
        headers: &HeaderMap,
    ) -> Self {
        if secured == ConnectionSecurity::Tls {
            return Self::Private;
        }
        let scheme = forwarded_scheme(headers);
        let is_forwarded = scheme != ForwardedScheme::Unnamed
            || headers.contains_key(FORWARDED)
            || headers.contains_key("x-forwarded-for");
        if proxies.are_at(peer.ip()) && is_forwarded {
            return match scheme {
                ForwardedScheme::Https => Self::Private,
                ForwardedScheme::Unnamed | ForwardedScheme::Other => Self::Plain,
            };
        }
        if scheme == ForwardedScheme::Other {
            return Self::Plain;
        }
        match peer.ip().to_canonical().is_loopback() || names_loopback(headers) {
            true => Self::Private,
            false => Self::Plain,
        }
    }
}

/// Whether a connection uses TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionSecurity {
    Tls,
    PlainText,
}

/// Whether the body of a request may cross a network in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodySecrecy {
    /// The operator decides: `serve` prints a notice where it listens without TLS.
    Usual,
    /// It has the password of a user who signs in: refused over plain HTTP from another machine.
    Password,
}

/// Returns the problem of a password over plain HTTP.
pub(crate) fn refuse_plain() -> Problem {
    Problem::new(
        ProblemKind::Forbidden,
        "password-over-http",
        "passwords are accepted only over https or on this machine: use ssh -L, a certificate (--tls-cert or \
         --tls-self-signed), or a trusted proxy that sends X-Forwarded-Proto: https",
    )
}

/// Returns the scheme that the headers name. Each value has to be https, because it is not known which proxy
/// wrote which.
fn forwarded_scheme(headers: &HeaderMap) -> ForwardedScheme {
    let mut schemes = Vec::new();
    for value in headers.get_all(FORWARDED_PROTO) {
        // A value that is no text names no scheme that counts.
        let value = value.to_str().unwrap_or("-");
        schemes.extend(value.split(',').map(str::trim));
    }
    for value in headers.get_all(FORWARDED) {
        let pairs = value.to_str().unwrap_or("proto=-").split([',', ';']);
        schemes.extend(pairs.filter_map(proto_of));
    }
    if schemes.is_empty() {
        return ForwardedScheme::Unnamed;
    }
    match schemes.iter().all(|scheme| scheme.eq_ignore_ascii_case("https")) {
        true => ForwardedScheme::Https,
        false => ForwardedScheme::Other,
    }
}

/// Returns the value of a `proto` pair of `Forwarded` (RFC 7239, 5.4), with or without quotes.
fn proto_of(pair: &str) -> Option<&str> {
    let (name, value) = pair.trim().split_once('=')?;
    name.eq_ignore_ascii_case("proto")
        .then(|| value.trim_matches('"'))
}

/// Returns true if the only `Host` is a name or address of loopback.
fn names_loopback(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let host = host.to_str().unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    is_loopback(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::header::HeaderName;

    /// The channel of a plain connection from `peer` with these headers; 10.0.0.0/24 is trusted.
    fn channel(peer: &str, headers: &[(&'static str, &'static str)]) -> RequestChannel {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 4_711);
        let proxies = Proxies::of(["10.0.0.0/24".parse().unwrap(), "127.0.0.9".parse().unwrap()]);
        RequestChannel::of(ConnectionSecurity::PlainText, peer, &proxies, &map)
    }

    #[test]
    fn tls_and_this_machine_are_private_and_another_machine_is_not() {
        let proxies = Proxies::default();
        let peer = "198.51.100.7:1".parse().unwrap();
        let tls = RequestChannel::of(ConnectionSecurity::Tls, peer, &proxies, &HeaderMap::new());
        assert_eq!(tls, RequestChannel::Private);
        for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(channel(peer, &[]), RequestChannel::Private, "{peer}");
        }
        for peer in ["198.51.100.7", "10.0.0.9", "192.168.1.2", "2001:db8::1"] {
            assert_eq!(
                channel(peer, &[("host", "10.0.0.5:8080")]),
                RequestChannel::Plain,
                "{peer}"
            );
            assert_eq!(channel(peer, &[]), RequestChannel::Plain, "{peer}");
        }
    }

    /// A port of a container that is published on loopback: the connection comes from the bridge.
    #[test]
    fn a_loopback_name_is_a_tunnel_or_a_published_port() {
        for host in [
            "127.0.0.1:8080",
            "localhost",
            "LOCALHOST:8080",
            "[::1]:8080",
            "[::1]",
        ] {
            let private = channel("172.17.0.1", &[("host", host)]);
            assert_eq!(private, RequestChannel::Private, "{host}");
        }
        for host in [
            "",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "localhost@evil.example",
        ] {
            assert_eq!(
                channel("172.17.0.1", &[("host", host)]),
                RequestChannel::Plain,
                "{host}"
            );
        }
        let twice = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(channel("172.17.0.1", &twice), RequestChannel::Plain);
    }

    #[test]
    fn a_trusted_proxy_has_to_say_https_and_no_other_is_believed() {
        for said in [
            &[("x-forwarded-proto", "https")][..],
            &[("x-forwarded-proto", "HTTPS")],
            &[("x-forwarded-proto", "https, https")],
            &[("forwarded", "for=198.51.100.7;proto=https")],
            &[("forwarded", "for=198.51.100.7; Proto=\"https\"")],
            &[
                ("forwarded", "for=198.51.100.7;proto=https"),
                ("x-forwarded-proto", "https"),
            ],
        ] {
            assert_eq!(channel("10.0.0.9", said), RequestChannel::Private, "{said:?}");
            assert_eq!(
                channel("10.0.1.9", said),
                RequestChannel::Plain,
                "not trusted: {said:?}"
            );
        }
        for said in [
            &[("x-forwarded-proto", "http")][..],
            &[("x-forwarded-proto", "")],
            &[("x-forwarded-proto", "https, http")],
            &[("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")],
            &[("x-forwarded-proto", "https"), ("forwarded", "proto=http")],
            &[("x-forwarded-for", "198.51.100.7")],
            // The client writes its own Host; behind a proxy it does not count.
            &[("x-forwarded-for", "198.51.100.7"), ("host", "localhost")],
            &[("forwarded", "for=198.51.100.7")],
        ] {
            assert_eq!(channel("10.0.0.9", said), RequestChannel::Plain, "{said:?}");
        }
    }

    #[test]
    fn a_proxy_on_this_machine_that_is_not_trusted_is_this_machine_unless_it_says_http() {
        let forwarded = [("x-forwarded-for", "198.51.100.7")];
        assert_eq!(channel("127.0.0.1", &forwarded), RequestChannel::Private);
        assert_eq!(
            channel("127.0.0.1", &[("x-forwarded-proto", "http")]),
            RequestChannel::Plain
        );
        // A trusted one on this machine has to say https; a direct connection from there is this machine.
        assert_eq!(channel("127.0.0.9", &forwarded), RequestChannel::Plain);
        assert_eq!(channel("127.0.0.9", &[]), RequestChannel::Private);
    }
}
