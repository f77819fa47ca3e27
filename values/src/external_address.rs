//! Addresses of external systems, and the tokens sent to them: URLs, mail addresses, mail servers, bearer
//! tokens.
//!
//! They are checked when they are entered, so that an invalid one is refused then and not at the first
//! delivery. No name is looked up; whether a host exists is found out later.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest URL, in bytes: the common limit of browsers and servers.
pub const URL_BYTES_MAX: usize = 2_000;

/// Longest bearer token, in bytes. Keys of gateways and CRM systems have up to 200.
pub const BEARER_BYTES_MAX: usize = 512;

/// Longest mail address, in bytes (RFC 5321, 4.5.3.1.3).
pub const MAIL_BYTES_MAX: usize = 254;

/// Longest local part of a mail address, in bytes (RFC 5321, 4.5.3.1.1).
const MAIL_USER_BYTES_MAX: usize = 64;

/// Longest host name, in bytes (RFC 1035, 2.3.4).
const HOST_BYTES_MAX: usize = 253;

/// Longest label of a host name, in bytes (RFC 1035, 2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// Why a URL, mail address, mail server, login or token is not valid, and how to correct it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    #[error("must begin with https://")]
    Scheme,
    #[error("has more than {URL_BYTES_MAX} bytes: shorten the URL")]
    LongUrl,
    #[error(
        "has a character that is not allowed in a URL: percent-encode blanks, control characters and \
         non-ASCII letters, and write the host in its xn-- form"
    )]
    UrlCharacter,
    #[error("has a % without two hexadecimal digits after it: write %25 for a percent sign")]
    Percent,
    #[error("must not contain a user and password: set a key as the bearer")]
    UserInUrl,
    #[error("must not have a fragment: the part after # is never sent to a server")]
    Fragment,
    #[error("has no host: write one, as in https://example.com/hooks")]
    NoHost,
    #[error(
        "has no valid host or port: write a name or an IP address, and a port from 1 to 65535 if required"
    )]
    Host,
    #[error("is not a mail address: write one such as wang@example.com")]
    Mail,
    #[error("a mail server must be HOST:PORT, such as mail.example.com:587")]
    MailServer,
    #[error("must be user:password of the mail server, without control characters")]
    MailLogin,
    #[error(
        "must be 1 to {BEARER_BYTES_MAX} printable ASCII characters without leading or trailing blanks, as \
         in an HTTP header"
    )]
    Bearer,
    #[error("must not contain control characters: copy the secret again without the line break")]
    Secret,
}

/// Checks the form of an http or https URL; no name is looked up. The caller decides whether plain http is
/// permitted.
pub fn check_url(text: &str) -> Result<(), AddressFault> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let rest = rest.ok_or(AddressFault::Scheme)?;
    if text.len() > URL_BYTES_MAX {
        return Err(AddressFault::LongUrl);
    }
    if !text.chars().all(is_url_character) {
        return Err(AddressFault::UrlCharacter);
    }
    if rest.contains('#') {
        return Err(AddressFault::Fragment);
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(AddressFault::UserInUrl);
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err(AddressFault::NoHost);
    }
    if !is_authority(authority) {
        return Err(AddressFault::Host);
    }
    // The part before the first percent sign has no escape.
    match rest.split('%').skip(1).all(begins_with_two_hex_digits) {
        true => Ok(()),
        false => Err(AddressFault::Percent),
    }
}

/// Checks the form of a mail address: one recipient, without a display name, at most 254 bytes.
pub fn check_mail(text: &str) -> Result<(), AddressFault> {
    let (user, host) = text.rsplit_once('@').ok_or(AddressFault::Mail)?;
    let is_dotted = !user.starts_with('.') && !user.ends_with('.') && !user.contains("..");
    let is_user = (1..=MAIL_USER_BYTES_MAX).contains(&user.len())
        && user.chars().all(is_mail_user_character)
        && is_dotted;
    match is_user && is_host_name(host) && text.len() <= MAIL_BYTES_MAX {
        true => Ok(()),
        false => Err(AddressFault::Mail),
    }
}

/// Reads `HOST:PORT` of a mail server; brackets around an IPv6 address are removed. Fails with `MailServer`
/// for another form.
pub fn mail_server(text: &str) -> Result<(String, u16), AddressFault> {
    let (host, port) = text.rsplit_once(':').ok_or(AddressFault::MailServer)?;
    if !is_host(host) || !is_port(port) {
        return Err(AddressFault::MailServer);
    }
    let port: u16 = port.parse().map_err(|_why| AddressFault::MailServer)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host.to_owned(), port))
}

/// Checks the `user:password` login of a mail server: the user is not empty, no control characters.
pub fn check_mail_login(text: &str) -> Result<(), AddressFault> {
    let is_login = text.split_once(':').is_some_and(|(user, _)| !user.is_empty());
    match is_login && !text.contains(char::is_control) {
        true => Ok(()),
        false => Err(AddressFault::MailLogin),
    }
}

/// Checks a bearer token, which is sent as `Authorization: Bearer`: 1 to 512 printable ASCII characters
/// without blanks at the ends (RFC 9110, 5.5).
pub fn check_bearer(text: &str) -> Result<(), AddressFault> {
    let is_printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let is_bearer = is_printable && text.trim() == text;
    match is_bearer && (1..=BEARER_BYTES_MAX).contains(&text.len()) {
        true => Ok(()),
        false => Err(AddressFault::Bearer),
    }
}

/// Checks a webhook's signing secret, which is never sent: fails if it has control characters. Any length
/// is accepted.
pub fn check_secret(text: &str) -> Result<(), AddressFault> {
    match text.contains(char::is_control) {
        false => Ok(()),
        true => Err(AddressFault::Secret),
    }
}

/// Returns true for printable ASCII except the characters that RFC 3986 excludes.
const fn is_url_character(found: char) -> bool {
    matches!(found, '!'..='~') && !matches!(found, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
}

/// Returns true for characters of a mail address without quotes (RFC 5322, 3.2.3: atext and dots).
const fn is_mail_user_character(found: char) -> bool {
    found.is_ascii_alphanumeric()
        || matches!(
            found,
            '.' | '!'
                | '#'
                | '$'
                | '%'
                | '&'
                | '\''
                | '*'
                | '+'
                | '-'
                | '/'
                | '='
                | '?'
                | '^'
                | '_'
                | '`'
                | '{'
                | '|'
                | '}'
                | '~'
        )
}

fn begins_with_two_hex_digits(text: &str) -> bool {
    let mut bytes = text.bytes();
    let mut is_next_hex = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
    is_next_hex() && is_next_hex()
}

/// Returns true for a valid host (name, IPv4 or bracketed IPv6), with or without a port.
fn is_authority(text: &str) -> bool {
    if is_host(text) {
        return true;
    }
    text.rsplit_once(':')
        .is_some_and(|(host, port)| is_host(host) && is_port(port))
}

/// Returns true for a name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(text: &str) -> bool {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    bracketed.map_or_else(|| is_host_name(text), |inner| inner.parse::<Ipv6Addr>().is_ok())
}

/// Returns true for a host name or an IPv4 address. Underscores are accepted, because names within a
/// cluster have them.
fn is_host_name(text: &str) -> bool {
    if !text.is_empty() && text.chars().all(|found| found.is_ascii_digit() || found == '.') {
        return text.parse::<Ipv4Addr>().is_ok();
    }
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    name.len() <= HOST_BYTES_MAX && name.split('.').all(is_label)
}

fn is_port(text: &str) -> bool {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number && text.parse::<u16>().is_ok_and(|port| port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_host_and_nothing_that_no_server_takes() {
        for good in [
            "https://example.com",
            "https://example.com/hooks?key=a%20b&x=1",
            "http://127.0.0.1:9/in",
            "http://[::1]:8080/in",
            "https://example.com?key=1",
        ] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        let long = format!("https://example.com/{}", "x".repeat(URL_BYTES_MAX));
        for (wrong, fault) in [
            ("", AddressFault::Scheme),
            ("nowhere", AddressFault::Scheme),
            ("ftp://example.com", AddressFault::Scheme),
            (long.as_str(), AddressFault::LongUrl),
            ("https://example.com/a b", AddressFault::UrlCharacter),
            ("https://example.com/\r\nHost: x", AddressFault::UrlCharacter),
            ("https://example.com/催收", AddressFault::UrlCharacter),
            ("https://例子.中国/", AddressFault::UrlCharacter),
            ("https://example.com/{id}", AddressFault::UrlCharacter),
            ("https://example.com/#x", AddressFault::Fragment),
            ("https://u:p@example.com/", AddressFault::UserInUrl),
            ("https://u@example.com", AddressFault::UserInUrl),
            ("https://", AddressFault::NoHost),
            ("https:///hooks", AddressFault::NoHost),
            ("https://:443/", AddressFault::NoHost),
            ("https://?x=1", AddressFault::NoHost),
            ("https://-a.example/", AddressFault::Host),
            ("https://example.com:0/", AddressFault::Host),
            ("https://example.com:65536/", AddressFault::Host),
            ("https://example.com:+1/", AddressFault::Host),
            ("https://example.com:/", AddressFault::Host),
            ("https://1.2.3.256/", AddressFault::Host),
            ("https://[::1/", AddressFault::Host),
            ("https://::1/", AddressFault::NoHost),
            ("https://example%2ecom/", AddressFault::Host),
            ("https://example.com/%", AddressFault::Percent),
            ("https://example.com/%zz", AddressFault::Percent),
            ("https://example.com/?a=%2", AddressFault::Percent),
        ] {
            assert_eq!(check_url(wrong), Err(fault), "{wrong}");
        }
    }

    #[test]
    fn a_host_is_a_name_of_labels_or_an_address() {
        for good in [
            "my_service.ns.svc:65535",
            "xn--fiq228c.example.",
            "a",
            "[::1]",
            "127.0.0.1:1",
        ] {
            assert_eq!(check_url(&format!("https://{good}/")), Ok(()), "{good}");
        }
        let label = "x".repeat(LABEL_BYTES_MAX + 1);
        let name = "x.".repeat(HOST_BYTES_MAX);
        for wrong in [
            "a..b",
            ".a",
            "a-.b",
            "a,b",
            "[1.2.3.4]",
            label.as_str(),
            name.as_str(),
        ] {
            let url = format!("https://{wrong}/");
            assert_eq!(check_url(&url), Err(AddressFault::Host), "{wrong}");
        }
    }

    #[test]
    fn a_mail_address_has_one_at_and_no_second_recipient() {
        for good in ["wang@example.com", "a.b+c@host", "o'neil@mail.example.com"] {
            assert_eq!(check_mail(good), Ok(()), "{good}");
        }
        let long_user = format!("{}@example.com", "a".repeat(MAIL_USER_BYTES_MAX + 1));
        for wrong in [
            "",
            "wang",
            "@host",
            "a@",
            "a@b@c",
            "a@b,c@d",
            "a@b;c@d",
            "Wang <a@b>",
            "\"wang\"@b",
            "a b@c",
            "a@b c",
            "a@b\r\nBcc: c@d",
            ".a@b",
            "a.@b",
            "a..b@c",
            "a@b..c",
            "a@-b",
            "王@example.com",
            long_user.as_str(),
        ] {
            assert_eq!(check_mail(wrong), Err(AddressFault::Mail), "{wrong}");
        }
    }

    #[test]
    fn a_mail_server_is_a_host_and_a_port() {
        assert_eq!(
            mail_server("mail.example.com:587"),
            Ok(("mail.example.com".to_owned(), 587))
        );
        assert_eq!(mail_server("[::1]:25"), Ok(("::1".to_owned(), 25)));
        for wrong in [
            "",
            "mail.example.com",
            ":25",
            "a:0",
            "a:x",
            "a:+25",
            "a b:25",
            "a\r\n:25",
            "u@a:25",
            "::1:25",
        ] {
            assert_eq!(mail_server(wrong), Err(AddressFault::MailServer), "{wrong}");
        }
        assert_eq!(check_mail_login("ops@example.com:a:b c"), Ok(()));
        for wrong in ["", "ops", ":secret", "ops:secret\n"] {
            assert_eq!(check_mail_login(wrong), Err(AddressFault::MailLogin), "{wrong:?}");
        }
    }

    #[test]
    fn a_bearer_is_a_header_value() {
        for good in ["x", "opens a door", "a-b._~+/=", &"x".repeat(BEARER_BYTES_MAX)] {
            assert_eq!(check_bearer(good), Ok(()), "{good}");
        }
        for wrong in [
            "",
            " x",
            "x ",
            "x\n",
            "x\r\nX-Other: y",
            "x\u{7f}",
            "密钥",
            "\u{2028}",
            &"x".repeat(BEARER_BYTES_MAX + 1),
        ] {
            assert_eq!(check_bearer(wrong), Err(AddressFault::Bearer), "{wrong:?}");
        }
        assert_eq!(check_secret("SEC abc"), Ok(()));
        assert_eq!(check_secret("SECabc\n"), Err(AddressFault::Secret));
    }
}
