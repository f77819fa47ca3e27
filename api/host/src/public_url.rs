//! The URL under which browsers reach this server (`--public-url`): of set-up links, redirects and returns
//! from an identity provider.

use domain::external_address::check_url;
use hyper::http::Uri;
use std::fmt;
use std::str::FromStr;

/// An http or https URL of a host, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Scheme, host and port, without a slash at the end.
    text: String,
    /// The host in lower case; an IPv6 address in brackets.
    host: String,
}

impl PublicUrl {
    /// Returns the URL without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the host in lower case; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn is_https(&self) -> bool {
        self.text.starts_with("https://")
    }

    /// Returns true if a request's `Host` names this host, at any port: a listener behind a port mapping
    /// does not know the port that clients use.
    pub fn is_host(&self, authority: &str) -> bool {
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if is_port(port) => host,
            Some(_) | None => authority,
        };
        host.eq_ignore_ascii_case(&self.host)
    }
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        check_url(text).map_err(|fault| format!("{text:?} {fault}"))?;
        let wrong = || format!("{text:?} must be a URL without a path (example: https://calls.example.com)");
        let url: Uri = text.parse().map_err(|_not_a_uri| wrong())?;
        let (scheme, authority) = url.scheme_str().zip(url.authority()).ok_or_else(wrong)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() {
            return Err(wrong());
        }
        let authority = authority.as_str().to_ascii_lowercase();
        let host = url.host().ok_or_else(wrong)?.to_ascii_lowercase();
        Ok(Self {
            text: format!("{scheme}://{authority}"),
            host,
        })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_has_a_host_and_no_path() {
        for (text, shown, host) in [
            (
                "https://Calls.example.com/",
                "https://calls.example.com",
                "calls.example.com",
            ),
            (
                "https://calls.example.com:8443",
                "https://calls.example.com:8443",
                "calls.example.com",
            ),
            ("http://192.0.2.1:8080", "http://192.0.2.1:8080", "192.0.2.1"),
            (
                "https://[2001:db8::1]:8443/",
                "https://[2001:db8::1]:8443",
                "[2001:db8::1]",
            ),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!((url.as_str(), url.host()), (shown, host));
        }
        for wrong in [
            "",
            "calls.example.com",
            "ftp://calls.example.com",
            "https://",
            "https://calls.example.com/console",
            "https://calls.example.com/?a=b",
            "https://calls.example.com#x",
            "https://user:secret@calls.example.com",
            "https://calls.example.com\r\nX: y",
            "https://example.com /",
        ] {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn only_its_own_host_counts_at_any_port() {
        let url: PublicUrl = "https://calls.example.com".parse().unwrap();
        for own in [
            "calls.example.com",
            "CALLS.example.com:80",
            "calls.example.com:65535",
        ] {
            assert!(url.is_host(own), "{own}");
        }
        for other in [
            "",
            "evil.example",
            "calls.example.com.evil.example",
            "evil.example:calls.example.com",
            "calls.example.com:",
            "calls.example.com:65536",
            "calls.example.com:80:80",
            "calls.example.com:+80",
            "user@calls.example.com",
            "calls.example.com@evil.example",
            "calls.example.com.",
            " calls.example.com",
        ] {
            assert!(!url.is_host(other), "{other}");
        }
        let six: PublicUrl = "https://[2001:db8::1]".parse().unwrap();
        assert!(six.is_host("[2001:DB8::1]:80") && six.is_host("[2001:db8::1]"));
        assert!(!six.is_host("2001:db8::1"));
    }
}
