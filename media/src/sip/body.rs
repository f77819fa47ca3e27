//! Multipart bodies (RFC 2046, 5.1; RFC 5621): SIP-I trunks put ISUP next to the session description. The
//! first `application/sdp` is read, and other parts are ignored.

use super::header_value::parameter;

/// Most parts of a body that are read; further ones are ignored.
const PARTS_MAX: usize = 16;
/// Most levels of nested multipart bodies that are read.
const DEPTH_MAX: usize = 3;
/// Longest boundary, in bytes (RFC 2046, 5.1.1).
const BOUNDARY_BYTES_MAX: usize = 70;

/// Returns the session description in a body of this Content-Type: the body itself, or the first
/// `application/sdp` part. `None` if there is none.
pub(super) fn description<'a>(content_type: &str, body: &'a [u8]) -> Option<&'a [u8]> {
    within(content_type, body, DEPTH_MAX)
}

fn within<'a>(content_type: &str, body: &'a [u8], depth: usize) -> Option<&'a [u8]> {
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let media_type = media_type.trim().to_ascii_lowercase();
    if media_type == "application/sdp" {
        return (!body.is_empty()).then_some(body);
    }
    if !media_type.starts_with("multipart/") || depth == 0 {
        return None;
    }
    let boundary = parameter(parameters, "boundary")?;
    if !(1..=BOUNDARY_BYTES_MAX).contains(&boundary.len()) {
        return None;
    }
    let parts = parts(body, boundary);
    parts.into_iter().find_map(|part| {
        let (head, content) = split_head(part)?;
        within(type_of(head)?, content, depth - 1)
    })
}

/// Returns the parts of a multipart body, without the delimiter lines.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut begin: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let (line_at, next_at) = (at, at + line.len());
        at = next_at;
        let text = line.trim_ascii_end();
        let Some(rest) = text.strip_prefix(delimiter.as_bytes()) else {
            continue;
        };
        if !matches!(rest, b"" | b"--") {
            continue;
        }
        if let Some(part) = begin.and_then(|begin| body.get(begin..line_at)) {
            // The line end before a delimiter belongs to it (RFC 2046, 5.1.1).
            let part = part.strip_suffix(b"\n").unwrap_or(part);
            parts.push(part.strip_suffix(b"\r").unwrap_or(part));
        }
        if rest == b"--" || parts.len() >= PARTS_MAX {
            break;
        }
        begin = Some(next_at);
    }
    parts
}

/// Splits a part at its first empty line into headers and content. `None` without an empty line.
fn split_head(part: &[u8]) -> Option<(&str, &[u8])> {
    let mut at = 0;
    for line in part.split_inclusive(|byte| *byte == b'\n') {
        let next_at = at + line.len();
        if line.trim_ascii_end().is_empty() {
            let head = std::str::from_utf8(part.get(..at)?).ok()?;
            return Some((head, part.get(next_at..)?));
        }
        at = next_at;
    }
    None
}

/// Returns the value of the Content-Type header among a part's headers, also in its compact form `c`.
fn type_of(head: &str) -> Option<&str> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let name = name.trim();
        let is_type = name.eq_ignore_ascii_case("Content-Type") || name.eq_ignore_ascii_case("c");
        is_type.then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::description;

    const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nm=audio 9 RTP/AVP 8\r\n";

    fn read(content_type: &str, body: &str) -> Option<String> {
        let found = description(content_type, body.as_bytes())?;
        Some(String::from_utf8(found.to_vec()).unwrap())
    }

    #[test]
    fn the_description_is_found_among_the_parts_of_a_sip_i_body() {
        let isup = "Content-Type: application/isup;version=itu-t92+\r\nContent-Disposition: signal;handling=optional\r\n\r\n\x09\x01\r\n";
        let sdp = format!("content-type: application/sdp\r\nContent-Length: 9\r\n\r\n{SDP}\r\n");
        for (first, second) in [(sdp.as_str(), isup), (isup, sdp.as_str())] {
            let body = format!("preamble\r\n--ub\r\n{first}--ub\r\n{second}--ub--\r\nepilogue");
            for of in [
                "multipart/mixed;boundary=ub",
                "Multipart/Mixed ; boundary=\"ub\"; charset=x",
            ] {
                assert_eq!(read(of, &body).as_deref(), Some(SDP), "{of}");
            }
            assert_eq!(read("multipart/mixed;boundary=other", &body), None);
            assert_eq!(read("multipart/mixed", &body), None);
        }
    }

    #[test]
    fn parts_within_parts_and_bare_line_ends_are_read() {
        let inner = format!("--in\nc: application/sdp\n\n{SDP}\n--in--\n");
        let body = format!("--ub\nContent-Type: multipart/alternative; boundary=in\n\n{inner}--ub--\n");
        assert_eq!(read("multipart/mixed; boundary=ub", &body).as_deref(), Some(SDP));
    }

    #[test]
    fn what_has_no_description_has_none() {
        for (of, body) in [
            ("application/sdp", ""),
            ("application/isup", SDP),
            ("multipart/mixed;boundary=", "--\r\n"),
            (
                "multipart/mixed;boundary=ub",
                "--ub\r\nContent-Type: application/sdp\r\n\r\nv=0",
            ),
            (
                "multipart/mixed;boundary=ub",
                "--ubx\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--ub--",
            ),
        ] {
            assert_eq!(read(of, body), None, "{of}");
        }
        assert_eq!(read("application/sdp; charset=utf-8", SDP).as_deref(), Some(SDP));
        let deep = "multipart/mixed;boundary=a";
        let nested = "--a\r\nContent-Type: multipart/mixed;boundary=a\r\n\r\n".repeat(5_000);
        assert_eq!(read(deep, &nested), None);
    }
}
