//! Reads raw header values: lists, addresses and parameters, with quotes and angle brackets respected.
//!
//! rsip's typed forms fail on `[::1]` and `<tel:…>` and rewrite `transport=udp`. A route or contact must go
//! back to the far end unchanged, so values stay raw and are only inspected.

/// Splits a comma-separated list outside quotes and angle brackets; `None` if a quote or bracket stays
/// open.
pub fn split_list(value: &str) -> Option<Vec<&str>> {
    split_outside(value, ',')
}

fn split_outside(value: &str, separator: char) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let (mut quoted, mut escaped, mut angle) = (false, false, false);
    let mut begin = 0;
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted && angle => return None,
            '<' if !quoted => angle = true,
            '>' if !quoted && !angle => return None,
            '>' if !quoted => angle = false,
            _ if c == separator && !quoted && !angle => {
                parts.push(value.get(begin..at)?.trim());
                begin = at + c.len_utf8();
            }
            _ => {}
        }
    }
    if quoted || angle {
        return None;
    }
    parts.push(value.get(begin..)?.trim());
    Some(parts)
}

/// Returns the value of a `;`-separated parameter, without quotes; `Some("")` for a parameter without a
/// value.
pub fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    split_outside(parameters, ';')?.into_iter().find_map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"'))
    })
}

/// A name-addr or addr-spec (RFC 3261, 20.10): the unchanged URI, and the header's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    pub uri: &'a str,
    /// The text after the URI, without the first `;`.
    pub parameters: &'a str,
}

impl<'a> Address<'a> {
    /// Parses `"Name" <uri>;params`, `<uri>;params` or `uri;params`. Without brackets, parameters belong to
    /// the header, not to the URI. `None` for a list or an invalid URI.
    pub fn read(value: &'a str) -> Option<Self> {
        split_outside(value, ',').filter(|entries| entries.len() == 1)?;
        let (uri, rest) = match open_bracket(value) {
            Some(open) => value.get(open + 1..)?.split_once('>')?,
            None => match value.split_once(';') {
                Some((uri, _)) => (uri.trim(), value.get(uri.len()..)?),
                None => (value.trim(), ""),
            },
        };
        let (scheme, after) = uri.split_once(':')?;
        let makes_sense = super::normalizer::is_token(scheme)
            && !after.is_empty()
            && !uri.contains([' ', '\t', '<', '>', '"']);
        let rest = rest.trim();
        if !makes_sense || !(rest.is_empty() || rest.starts_with(';')) {
            return None;
        }
        Some(Self {
            uri,
            parameters: rest.strip_prefix(';').unwrap_or(""),
        })
    }

    /// Returns the `tag` parameter; `None` if it is absent or empty.
    pub fn tag(&self) -> Option<&'a str> {
        parameter(self.parameters, "tag").filter(|tag| !tag.is_empty())
    }
}

/// Returns the index of the first `<` outside quotes.
fn open_bracket(value: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Returns host and port of a SIP or SIPS URI as text; `None` for another scheme.
pub fn host_and_port(uri: &str) -> Option<(&str, Option<u16>)> {
    let (scheme, rest) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("sip") && !scheme.eq_ignore_ascii_case("sips") {
        return None;
    }
    let rest = rest.split(['?']).next()?;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = rest.split(';').next()?;
    split_port(host)
}

/// Splits `host:port`, `[v6]:port` or a host without port. `None` if the host is empty or the port is no
/// number.
pub fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, after.strip_prefix(':').filter(|port| !port.is_empty()))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.is_empty() {
        return None;
    }
    match port {
        None => Some((host, None)),
        Some(port) => Some((host, Some(port.parse().ok()?))),
    }
}

/// Returns the user part of a SIP URI: `sip:+8613800138000@host` gives `+8613800138000`. `None` without
/// one.
pub fn user(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once(':')?;
    let (user, _) = rest.split_once('@')?;
    let user = user.split([';', ':']).next()?;
    (!user.is_empty()).then_some(user)
}
