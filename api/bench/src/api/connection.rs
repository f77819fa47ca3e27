//! A minimal HTTP/1.1 client with one keep-alive connection. It uses little processor time, because the
//! benchmark measures the server.

use domain::problem::Problem;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The bytes read at once.
const READ_BYTES: usize = 64 * 1024;

/// The server's address, and the token that it requires.
#[derive(Debug, Clone)]
pub(super) struct ServerAccess {
    pub(super) address: SocketAddr,
    pub(super) bearer: String,
}

impl ServerAccess {
    /// Returns the bytes of a GET request; `tag` is that of a response that the client already has
    /// (`If-None-Match`).
    pub(super) fn get(&self, path: &str, tag: Option<&str>) -> Vec<u8> {
        let unless = tag
            .map(|tag| format!("If-None-Match: {tag}\r\n"))
            .unwrap_or_default();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{unless}\r\n",
            self.address, self.bearer
        );
        head.into_bytes()
    }

    /// Returns the bytes of a POST request with a JSON body.
    pub(super) fn post(&self, path: &str, body: &str) -> Vec<u8> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            self.bearer,
            body.len()
        );
        head.into_bytes()
    }
}

/// A response: the parts of it that a measurement uses.
#[derive(Debug, Clone, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// The `ETag` header.
    pub(super) tag: Option<String>,
    pub(super) body: Vec<u8>,
}

/// An open connection.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    #[expect(clippy::disallowed_methods, reason = "the client of a measurement")]
    pub(super) async fn open(address: SocketAddr) -> Result<Self, Problem> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(READ_BYTES),
        })
    }

    /// Sends a request and reads its complete response.
    pub(super) async fn ask(&mut self, request: &[u8]) -> Result<Reply, Problem> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head_bytes = loop {
            if let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let head = self.buffer.get(..head_bytes).unwrap_or_default();
        let head = String::from_utf8_lossy(head).into_owned();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        let length = header(&head, "content-length").and_then(|value| value.parse::<usize>().ok());
        let whole = head_bytes + length.unwrap_or(0);
        while self.buffer.len() < whole {
            self.more().await?;
        }
        Ok(Reply {
            status: status.unwrap_or(0),
            tag: header(&head, "etag").map(str::to_owned),
            body: self.buffer.get(head_bytes..whole).unwrap_or_default().to_vec(),
        })
    }

    async fn more(&mut self) -> Result<(), Problem> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(Problem::unavailable(
                "the server closed a connection that is measured",
            )),
            _ => Ok(()),
        }
    }
}

/// Returns a header's value in the head of a response, `None` if it is missing; the name is compared
/// without case.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    Some(value.trim())
}
