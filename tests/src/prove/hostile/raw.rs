//! HTTP requests written by hand: from any loopback address, and with a connection that stays open for a
//! stream.

use crate::passing_time::HUNG_AFTER;
use crate::program::instant;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use tokio::net::TcpSocket;
use tokio::runtime::Builder;

/// The most bytes of a response's body that are read.
const BODY_BYTES_MAX: u64 = 1024 * 1024;

/// One request.
pub(super) struct Request<'a> {
    pub(super) method: &'static str,
    pub(super) path: &'a str,
    /// The `Authorization` header; empty: none.
    pub(super) bearer: &'a str,
    pub(super) media_type: &'static str,
    pub(super) body: &'a [u8],
}

impl<'a> Request<'a> {
    /// A `GET` with this `Authorization` header.
    pub(super) const fn get(path: &'a str, bearer: &'a str) -> Self {
        Self {
            method: "GET",
            path,
            bearer,
            media_type: "application/json",
            body: &[],
        }
    }

    /// A `POST` of JSON.
    pub(super) const fn post(path: &'a str, bearer: &'a str, body: &'a [u8]) -> Self {
        Self {
            method: "POST",
            path,
            bearer,
            media_type: "application/json",
            body,
        }
    }
}

/// A response. The connection stays open as long as this value lives.
pub(super) struct RawResponse {
    pub(super) status: u16,
    /// Header names, in lower case and sorted.
    pub(super) headers: Vec<String>,
    /// Null for a stream, and for a body that is not JSON.
    pub(super) body: Value,
    /// The milliseconds from the request to the whole response.
    pub(super) took_ms: u64,
    _stream: TcpStream,
}

impl RawResponse {
    /// Returns the problem code of a refusal.
    pub(super) fn code(&self) -> &str {
        let code = self.body.get("code").and_then(Value::as_str);
        code.unwrap_or_default()
    }
}

/// Sends one request from this loopback address. Reads the head of the response, and its body unless it is a
/// stream.
pub(super) fn send_from(host: Ipv4Addr, url: &str, request: &Request<'_>) -> Result<RawResponse, String> {
    let address: SocketAddr = url
        .trim_start_matches("http://")
        .parse()
        .map_err(|error| format!("{url}: {error}"))?;
    let began = instant();
    let answer = exchange(host, address, request).map_err(|error| {
        let Request { method, path, .. } = request;
        format!("{method} {path} from {host}: {error}")
    });
    answer.map(|answer| RawResponse {
        took_ms: u64::try_from((instant() - began).as_millis()).unwrap_or(u64::MAX),
        ..answer
    })
}

fn exchange(host: Ipv4Addr, address: SocketAddr, request: &Request<'_>) -> std::io::Result<RawResponse> {
    let mut stream = connect_from(host, address)?;
    stream.set_read_timeout(Some(HUNG_AFTER))?;
    let mut head = format!(
        "{} {} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n",
        request.method, request.path
    );
    if !request.bearer.is_empty() {
        head.push_str(&format!("authorization: {}\r\n", request.bearer));
    }
    if request.method == "POST" {
        let length = request.body.len();
        head.push_str(&format!(
            "content-type: {}\r\ncontent-length: {length}\r\n",
            request.media_type
        ));
    }
    head.push_str("\r\n");
    stream.write_all(&[head.as_bytes(), request.body].concat())?;
    read_answer(stream)
}

fn read_answer(stream: TcpStream) -> std::io::Result<RawResponse> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let (mut headers, mut is_stream) = (Vec::new(), false);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            let name = name.to_ascii_lowercase();
            is_stream |= name == "content-type" && value.trim().starts_with("text/event-stream");
            headers.push(name);
        }
    }
    headers.sort();
    let mut body = Vec::new();
    if !is_stream {
        reader.take(BODY_BYTES_MAX).read_to_end(&mut body)?;
    }
    Ok(RawResponse {
        status: status.unwrap_or_default(),
        headers,
        body: json_in(&body),
        took_ms: 0,
        _stream: stream,
    })
}

/// Returns the JSON object of a body, with or without the sizes of its chunks.
fn json_in(body: &[u8]) -> Value {
    let begin = body.iter().position(|byte| *byte == b'{');
    let end = body.iter().rposition(|byte| *byte == b'}');
    let object = begin.zip(end).and_then(|(begin, end)| body.get(begin..=end));
    let read = object.and_then(|object| serde_json::from_slice(object).ok());
    read.unwrap_or(Value::Null)
}

/// Connects from this loopback address: all of 127.0.0.0/8 is this machine.
fn connect_from(host: Ipv4Addr, address: SocketAddr) -> std::io::Result<TcpStream> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((host, 0)))?;
        socket.connect(address).await?.into_std()
    })?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_is_found_between_the_sizes_of_chunks() {
        assert_eq!(json_in(b"{\"a\":{}}"), json!({"a": {}}));
        assert_eq!(json_in(b"8\r\n{\"a\":{}}\r\n0\r\n\r\n"), json!({"a": {}}));
        assert_eq!(json_in(b"no object"), Value::Null);
        assert_eq!(json_in(b"} {"), Value::Null);
    }
}
