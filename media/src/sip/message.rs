//! A SIP message as this crate holds it, with functions that read the meaning of its headers and one that
//! writes it to bytes.
//!
//! Header values stay raw and in order: a route set or a tag is sent back exactly as it came.

use super::header_value::{Address, parameter};
use super::normalizer::{canonical_name, read_cseq};

/// The start line of a message: the method and URI of a request, or the status and reason phrase of a
/// response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SipStartLine {
    Request { method: String, uri: String },
    Response { code: u16, reason: String },
}

/// A SIP request or response: start line, headers in order, body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipMessage {
    pub start: SipStartLine,
    /// Each header's canonical name and raw value, in order. The lists of Via, Route, Record-Route and
    /// Contact are split into one entry per value.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl SipMessage {
    /// Returns a request with this method and Request-URI, without headers and body.
    pub fn request(method: &str, uri: &str) -> Self {
        Self {
            start: SipStartLine::Request {
                method: method.to_owned(),
                uri: uri.to_owned(),
            },
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Returns a response to `request` with its Via, From, To, Call-ID and CSeq (RFC 3261, 8.2.6.2). `to_tag`
    /// is added to To if it has no tag yet.
    pub fn response(request: &Self, code: u16, reason: &str, to_tag: Option<&str>) -> Self {
        let mut headers = Vec::new();
        for (name, value) in &request.headers {
            match name.as_str() {
                "Via" | "From" | "Call-ID" | "CSeq" => headers.push((name.clone(), value.clone())),
                "To" => headers.push((name.clone(), with_tag(value, to_tag))),
                _ => {}
            }
        }
        Self {
            start: SipStartLine::Response {
                code,
                reason: reason.to_owned(),
            },
            headers,
            body: Vec::new(),
        }
    }

    /// Adds a header and returns the message, so that a message can be composed in one chain of calls. Line
    /// ends and control characters are dropped from the value: no text from outside can add a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.push(name, value);
        self
    }

    /// Appends a header under its canonical name, without the control characters of `value`.
    pub fn push(&mut self, name: &str, value: impl AsRef<str>) {
        let value: String = value.as_ref().chars().filter(|c| !c.is_control()).collect();
        self.headers.push((canonical_name(name).to_owned(), value));
    }

    /// Sets the body and adds a Content-Type for it. Content-Length is written by `to_bytes`.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: Vec<u8>) -> Self {
        self.push("Content-Type", content_type);
        self.body = body;
        self
    }

    /// Returns the method of a request, or the method in the CSeq of a response; empty if a response has no
    /// readable CSeq.
    pub fn method(&self) -> &str {
        match &self.start {
            SipStartLine::Request { method, .. } => method,
            SipStartLine::Response { .. } => self.cseq().map_or("", |(_, method)| method),
        }
    }
    /// Returns true for a request, false for a response.
    pub fn is_request(&self) -> bool {
        matches!(self.start, SipStartLine::Request { .. })
    }
    /// Returns the status code of a response; `None` for a request.
    pub fn code(&self) -> Option<u16> {
        match self.start {
            SipStartLine::Response { code, .. } => Some(code),
            SipStartLine::Request { .. } => None,
        }
    }
    /// Returns the Request-URI of a request, as it came; `None` for a response.
    pub fn uri(&self) -> Option<&str> {
        match &self.start {
            SipStartLine::Request { uri, .. } => Some(uri),
            SipStartLine::Response { .. } => None,
        }
    }

    /// Returns the value of the first header with this full name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        super::normalizer::find(&self.headers, name)
    }
    /// Returns the values of all headers with this full name, in any case and in order.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
    /// Returns the value of `Call-ID`; empty if the header is absent.
    pub fn call_id(&self) -> &str {
        self.header("Call-ID").unwrap_or_default()
    }
    /// Returns the number and the method of `CSeq`; `None` if the header is absent or malformed.
    pub fn cseq(&self) -> Option<(u32, &str)> {
        read_cseq(self.header("CSeq")?)
    }
    /// Returns the branch of the topmost Via, which names the transaction (RFC 3261, 17.1.3); `None` if it
    /// is absent or empty.
    pub fn branch(&self) -> Option<&str> {
        let (_, parameters) = self.header("Via")?.split_once(';')?;
        parameter(parameters, "branch").filter(|branch| !branch.is_empty())
    }
    /// Returns the tag of `From`; `None` if there is none.
    pub fn tag_of_from(&self) -> Option<&str> {
        Address::read(self.header("From")?)?.tag()
    }
    /// Returns the tag of `To`; `None` if there is none.
    pub fn tag_of_to(&self) -> Option<&str> {
        Address::read(self.header("To")?)?.tag()
    }
    /// Returns the URI of the first Contact, to which further requests of the dialog go.
    pub fn contact_uri(&self) -> Option<&str> {
        Some(Address::read(self.header("Contact")?)?.uri)
    }
    /// Returns all Record-Route values, from the top.
    pub fn record_routes(&self) -> Vec<String> {
        self.headers("Record-Route").map(str::to_owned).collect()
    }
    /// Returns the seconds of Retry-After; a comment or parameter after the number is ignored. `None`
    /// without a readable number.
    pub fn retry_after_s(&self) -> Option<u32> {
        let value = self.header("Retry-After")?;
        let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }
    /// Returns the media type of the body without parameters, in lower case; `None` without a Content-Type.
    pub fn content_type(&self) -> Option<String> {
        let value = self.header("Content-Type")?;
        Some(value.split(';').next()?.trim().to_ascii_lowercase())
    }
    /// Returns the SDP of the message: the body if it is SDP, or the first part of a multipart body that
    /// is; otherwise `None`.
    pub fn sdp(&self) -> Option<&[u8]> {
        super::body::description(self.header("Content-Type")?, &self.body)
    }

    /// Returns the message as it is sent, with a Content-Length that is counted from its body.
    pub fn to_bytes(&self) -> Vec<u8> {
        let start = match &self.start {
            SipStartLine::Request { method, uri } => format!("{method} {uri} SIP/2.0\r\n"),
            SipStartLine::Response { code, reason } => format!("SIP/2.0 {code} {reason}\r\n"),
        };
        let mut text = start;
        for (name, value) in &self.headers {
            if name != "Content-Length" {
                text.push_str(name);
                text.push_str(": ");
                text.push_str(value);
                text.push_str("\r\n");
            }
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

fn with_tag(to: &str, tag: Option<&str>) -> String {
    match tag {
        Some(tag) if Address::read(to).is_some_and(|to| to.tag().is_none()) => format!("{to};tag={tag}"),
        Some(_) | None => to.to_owned(),
    }
}

/// Returns the usual reason phrase of a status code (RFC 3261, 21), "Unspecified" for a code not listed.
pub const fn reason_phrase(code: u16) -> &'static str {
    match code {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        491 => "Request Pending",
        500 => "Server Internal Error",
        503 => "Service Unavailable",
        505 => "Version Not Supported",
        600 => "Busy Everywhere",
        603 => "Decline",
        _ => "Unspecified",
    }
}
