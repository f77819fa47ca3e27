//! A fake encoder service that responds as a test says, and records the texts it was asked about.

use crate::program::fail;
use crate::watched_value::WatchedValue;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// A fake encoder on loopback. It runs until the process ends.
pub struct FakeEncoderServer {
    address: SocketAddr,
    asked: Arc<WatchedValue<Vec<String>>>,
}

impl FakeEncoderServer {
    /// Starts an encoder that responds to a text with the result of `answer`, JSON or not.
    #[expect(clippy::disallowed_methods, reason = "the story's own encoder, on loopback")]
    pub fn start(answer: fn(&str) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0");
        let listener = listener.unwrap_or_else(|error| fail(&format!("no encoder: {error}")));
        let address = listener.local_addr().expect("who listens has an address");
        let asked = Arc::new(WatchedValue::new(Vec::new()));
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(&stream, answer, &seen);
            }
        });
        Self { address, asked }
    }

    /// Returns the argument for `--encoder`.
    pub fn spec(&self) -> String {
        format!("encoder:http://{}/v1", self.address)
    }

    /// Returns the texts of all requests, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.look().clone()
    }
}

/// Handles one request of one connection.
fn serve(stream: &TcpStream, answer: fn(&str) -> String, asked: &WatchedValue<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).ok()? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body: Value = serde_json::from_slice(&body).ok()?;
    let text = body.get("text")?.as_str()?.to_owned();
    let body = answer(&text);
    asked.change(|asked| asked.push(text));
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    let mut stream = stream;
    stream.write_all(format!("{head}{body}").as_bytes()).ok()
}
