//! Parses a datagram to a `SipMessage`: the front stage normalizes it, rsip reads the header section, and
//! checks of our own follow on what rsip read.
//!
//! The start line is read by the front stage alone: rsip knows a closed list of methods and cannot read an
//! IPv6 or `tel:` request URI, and a request it does not know must still be answered (405), not lost.

use super::message::{SipMessage, SipStartLine};
use super::normalizer::{MalformedMessage, StartLine, normalize_datagram};

/// Parses one datagram to a SIP message. Fails if it is malformed.
pub fn parse(datagram: &[u8]) -> Result<SipMessage, MalformedMessage> {
    let plain = normalize_datagram(datagram)?;
    let mut head = match &plain.start {
        StartLine::Request { .. } => "OPTIONS sip:127.0.0.1 SIP/2.0\r\n".to_owned(),
        StartLine::Response { code, .. } => format!("SIP/2.0 {code} -\r\n"),
    };
    for (name, value) in &plain.headers {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    let headers = read_headers(&head)?;
    if headers.len() != plain.headers.len() {
        return Err(MalformedMessage::Parser);
    }
    Ok(SipMessage {
        start: match plain.start {
            StartLine::Request { method, uri } => SipStartLine::Request { method, uri },
            StartLine::Response { code, reason } => SipStartLine::Response { code, reason },
        },
        headers,
        body: plain.body,
    })
}

fn read_headers(head: &str) -> Result<Vec<(String, String)>, MalformedMessage> {
    let parsed = match rsip::SipMessage::try_from(head.as_bytes()) {
        Ok(rsip::SipMessage::Request(request)) => request.headers,
        Ok(rsip::SipMessage::Response(response)) => response.headers,
        Err(_) => return Err(MalformedMessage::Parser),
    };
    parsed.into_iter().map(raw).collect()
}

/// Returns the canonical name and the raw value of a header that rsip has parsed. Fails if its text has no
/// name.
fn raw(header: rsip::Header) -> Result<(String, String), MalformedMessage> {
    if let rsip::Header::Other(name, value) = header {
        return Ok((name, value));
    }
    let text = header.to_string();
    match text.split_once(": ") {
        Some((name, value)) => Ok((
            super::normalizer::canonical_name(name).to_owned(),
            value.to_owned(),
        )),
        None => Err(MalformedMessage::Parser),
    }
}
