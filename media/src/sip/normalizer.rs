//! The normalizer before rsip: turns one datagram into a head that rsip reads correctly, or says why it
//! cannot.
//!
//! rsip 0.4.0 rejects folded lines, does not know compact names, and accepts what must be refused (negative
//! or too large Content-Length, two Call-IDs, a CSeq of another method, control characters). The normalizer
//! bounds, unfolds, expands, splits comma-joined lists and checks; it never guesses.

use super::header_value::{Address, split_list};

/// Largest accepted datagram, in bytes: UDP carries at most 64 kB.
pub const DATAGRAM_BYTES_MAX: usize = 65_535;

/// Largest accepted head (start line and headers), in bytes; carriers stay below 4 kB.
pub const HEAD_BYTES_MAX: usize = 8_192;

/// Most headers of a message after lists are split; a message with more is refused. Forty Vias and
/// Record-Routes leave room for the rest.
pub const HEADERS_MAX: usize = 128;

/// Upper bound of a CSeq, exclusive (RFC 3261, 8.1.1.5: below 2^31).
const CSEQ_BELOW: u32 = 1 << 31;

/// Why a datagram is not accepted as a SIP message. The driver counts and drops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedMessage {
    #[error("only line ends: a keep-alive")]
    KeepAlive,
    #[error("too large")]
    TooLarge,
    #[error("the head does not end")]
    NoEnd,
    #[error("the head is not UTF-8")]
    NotUtf8,
    #[error("control character or bare line end")]
    Control,
    #[error("the start line makes no sense")]
    StartLine,
    #[error("not SIP/2.0")]
    Version,
    #[error("a header line makes no sense")]
    Header,
    #[error("too many headers")]
    TooManyHeaders,
    #[error("{0} appears more than once")]
    Duplicate(&'static str),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} cannot be read")]
    Unreadable(&'static str),
    #[error("the CSeq method is not the request's")]
    CSeqMethod,
    #[error("Content-Length is not a number or exceeds the datagram")]
    ContentLength,
    #[error("the parser refused it")]
    Parser,
}

/// The first line of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartLine {
    Request { method: String, uri: String },
    Response { code: u16, reason: String },
}

/// A normalized datagram: one header per entry, canonical names, no folds, and the body cut to its length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalizedDatagram {
    pub start: StartLine,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Compact names (RFC 3261, 7.3.3 and 20; RFC 3515, 3841, 3892, 4028, 6665) with the canonical spelling of
/// the names we look for.
const NAMES: &[(&str, &str)] = &[
    ("v", "Via"),
    ("f", "From"),
    ("t", "To"),
    ("i", "Call-ID"),
    ("m", "Contact"),
    ("l", "Content-Length"),
    ("c", "Content-Type"),
    ("e", "Content-Encoding"),
    ("s", "Subject"),
    ("k", "Supported"),
    ("o", "Event"),
    ("u", "Allow-Events"),
    ("r", "Refer-To"),
    ("b", "Referred-By"),
    ("x", "Session-Expires"),
    ("a", "Accept-Contact"),
    ("j", "Reject-Contact"),
    ("d", "Request-Disposition"),
    ("", "CSeq"),
    ("", "Max-Forwards"),
    ("", "Route"),
    ("", "Record-Route"),
    ("", "WWW-Authenticate"),
    ("", "Proxy-Authenticate"),
    ("", "Authorization"),
    ("", "Proxy-Authorization"),
    ("", "Reason"),
    ("", "Retry-After"),
    ("", "Min-SE"),
    ("", "Allow"),
    ("", "Require"),
    ("", "RSeq"),
    ("", "RAck"),
];

/// Headers that may occur only once; a second one makes the message malformed.
const SINGLE: &[&str] = &[
    "From",
    "To",
    "Call-ID",
    "CSeq",
    "Max-Forwards",
    "Content-Length",
    "Content-Type",
    "Session-Expires",
    "Min-SE",
];

/// Headers with lists that are split, so that each entry is a header of its own.
const LISTS: &[&str] = &["Via", "Route", "Record-Route", "Contact"];

/// Normalizes one datagram: expands compact names, unfolds lines, splits lists, cuts the body. Fails for a
/// datagram that is not a well-formed SIP message.
pub fn normalize_datagram(datagram: &[u8]) -> Result<NormalizedDatagram, MalformedMessage> {
    if datagram.len() > DATAGRAM_BYTES_MAX {
        return Err(MalformedMessage::TooLarge);
    }
    let (head, rest) = split_head(datagram)?;
    let mut lines = unfold(head)?.into_iter();
    let start = start_line(&lines.next().ok_or(MalformedMessage::StartLine)?)?;
    let mut headers = Vec::new();
    for line in lines {
        push_header(&line, &mut headers)?;
        if headers.len() > HEADERS_MAX {
            return Err(MalformedMessage::TooManyHeaders);
        }
    }
    check_single(&headers)?;
    check_mandatory(&start, &headers)?;
    check_cseq(&start, &headers)?;
    check_addresses(&headers)?;
    let body = cut_body(&headers, rest)?;
    Ok(NormalizedDatagram { start, headers, body })
}

/// Splits the datagram at the empty line into head and rest. Leading line ends are skipped (RFC 3261, 7.5).
fn split_head(datagram: &[u8]) -> Result<(&str, &[u8]), MalformedMessage> {
    let mut bytes = datagram;
    while let Some(after) = bytes.strip_prefix(b"\r\n") {
        bytes = after;
    }
    if bytes.is_empty() {
        return Err(MalformedMessage::KeepAlive);
    }
    let end = bytes
        .windows(4)
        .take(HEAD_BYTES_MAX.saturating_add(1))
        .position(|window| window == b"\r\n\r\n");
    let end = match end {
        Some(end) => end,
        None if bytes.len() > HEAD_BYTES_MAX => return Err(MalformedMessage::TooLarge),
        None => return Err(MalformedMessage::NoEnd),
    };
    let (head, rest) = bytes.split_at_checked(end).ok_or(MalformedMessage::NoEnd)?;
    if head.len() > HEAD_BYTES_MAX {
        return Err(MalformedMessage::TooLarge);
    }
    let Ok(head) = std::str::from_utf8(head) else {
        return Err(MalformedMessage::NotUtf8);
    };
    Ok((head, rest.get(4..).unwrap_or_default()))
}

/// Splits the head into lines and joins folded ones with one space (RFC 3261, 7.3.1). Fails for control
/// characters.
fn unfold(head: &str) -> Result<Vec<String>, MalformedMessage> {
    let mut lines: Vec<String> = Vec::new();
    for line in head.split("\r\n") {
        if line.chars().any(|c| c.is_control() && c != '\t') {
            return Err(MalformedMessage::Control);
        }
        if !line.starts_with([' ', '\t']) {
            lines.push(line.to_owned());
            continue;
        }
        // A folded line before or directly after the start line is not allowed.
        if lines.len() < 2 {
            return Err(MalformedMessage::StartLine);
        }
        let before = lines.last_mut().ok_or(MalformedMessage::StartLine)?;
        before.push(' ');
        before.push_str(line.trim_matches([' ', '\t']));
    }
    Ok(lines)
}

fn start_line(line: &str) -> Result<StartLine, MalformedMessage> {
    if let Some(rest) = line.strip_prefix("SIP/") {
        let rest = rest.strip_prefix("2.0 ").ok_or(MalformedMessage::Version)?;
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(MalformedMessage::StartLine);
        }
        let code: u16 = code.parse().unwrap_or(0);
        if !(100..700).contains(&code) {
            return Err(MalformedMessage::StartLine);
        }
        let reason = reason.trim().to_owned();
        return Ok(StartLine::Response { code, reason });
    }
    let mut words = line.split(' ');
    let (Some(method), Some(uri), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(MalformedMessage::StartLine);
    };
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(MalformedMessage::Version);
    }
    let uri_makes_sense = uri
        .split_once(':')
        .is_some_and(|(scheme, rest)| is_token(scheme) && !rest.is_empty() && !uri.contains(['<', '>', '"']));
    if !is_token(method) || !uri_makes_sense {
        return Err(MalformedMessage::StartLine);
    }
    Ok(StartLine::Request {
        method: method.to_owned(),
        uri: uri.to_owned(),
    })
}

/// Returns true for a token (RFC 3261, 25.1).
pub fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b))
}

/// Returns the canonical spelling of a header's name: compact names expanded, known names in their usual
/// case, others unchanged.
pub fn canonical_name(name: &str) -> &str {
    NAMES
        .iter()
        .find(|(compact, full)| {
            full.eq_ignore_ascii_case(name) || (!compact.is_empty() && compact.eq_ignore_ascii_case(name))
        })
        .map_or(name, |(_, full)| full)
}

fn push_header(line: &str, headers: &mut Vec<(String, String)>) -> Result<(), MalformedMessage> {
    let (name, value) = line.split_once(':').ok_or(MalformedMessage::Header)?;
    let name = name.trim_end_matches([' ', '\t']);
    if !is_token(name) {
        return Err(MalformedMessage::Header);
    }
    let name = canonical_name(name);
    let value = value.trim_matches([' ', '\t']);
    if !LISTS.contains(&name) {
        headers.push((name.to_owned(), value.to_owned()));
        return Ok(());
    }
    for entry in split_list(value).ok_or(MalformedMessage::Header)? {
        headers.push((name.to_owned(), entry.to_owned()));
    }
    Ok(())
}

/// Returns the value of the first header with this canonical name, in any case.
pub fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

fn check_single(headers: &[(String, String)]) -> Result<(), MalformedMessage> {
    for single in SINGLE {
        if headers.iter().filter(|(name, _)| name == single).count() > 1 {
            return Err(MalformedMessage::Duplicate(single));
        }
    }
    Ok(())
}

/// Returns an error if a mandatory header is missing (RFC 3261, 8.1.1). A response needs no Max-Forwards.
fn check_mandatory(start: &StartLine, headers: &[(String, String)]) -> Result<(), MalformedMessage> {
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        if find(headers, name).is_none_or(str::is_empty) {
            return Err(MalformedMessage::Missing(name));
        }
    }
    if let StartLine::Request { .. } = start {
        let value = find(headers, "Max-Forwards").ok_or(MalformedMessage::Missing("Max-Forwards"))?;
        if value.parse::<u8>().is_err() {
            return Err(MalformedMessage::Unreadable("Max-Forwards"));
        }
    }
    Ok(())
}

/// Parses a CSeq value into number and method; `None` if it is not valid.
pub fn read_cseq(value: &str) -> Option<(u32, &str)> {
    let (number, method) = value.split_once([' ', '\t'])?;
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u32 = number.parse().ok()?;
    let method = method.trim_matches([' ', '\t']);
    (number < CSEQ_BELOW && is_token(method)).then_some((number, method))
}

fn check_cseq(start: &StartLine, headers: &[(String, String)]) -> Result<(), MalformedMessage> {
    let value = find(headers, "CSeq").unwrap_or_default();
    let (_, cseq_method) = read_cseq(value).ok_or(MalformedMessage::Unreadable("CSeq"))?;
    match start {
        StartLine::Request { method, .. } if method != cseq_method => Err(MalformedMessage::CSeqMethod),
        StartLine::Request { .. } | StartLine::Response { .. } => Ok(()),
    }
}

fn check_addresses(headers: &[(String, String)]) -> Result<(), MalformedMessage> {
    for (name, value) in headers {
        let checked = match name.as_str() {
            "From" => "From",
            "To" => "To",
            "Record-Route" => "Record-Route",
            "Route" => "Route",
            "Contact" if value != "*" => "Contact",
            _ => continue,
        };
        if Address::read(value).is_none() {
            return Err(MalformedMessage::Unreadable(checked));
        }
    }
    Ok(())
}

/// Returns the body: as long as Content-Length says (RFC 3261, 18.3), without that header the rest of the
/// datagram. Fails if the datagram is shorter.
fn cut_body(headers: &[(String, String)], rest: &[u8]) -> Result<Vec<u8>, MalformedMessage> {
    let Some(length) = find(headers, "Content-Length") else {
        return Ok(rest.to_vec());
    };
    if length.is_empty() || !length.bytes().all(|b| b.is_ascii_digit()) {
        return Err(MalformedMessage::ContentLength);
    }
    let Ok(length) = length.parse::<usize>() else {
        return Err(MalformedMessage::ContentLength);
    };
    rest.get(..length)
        .map(<[u8]>::to_vec)
        .ok_or(MalformedMessage::ContentLength)
}
