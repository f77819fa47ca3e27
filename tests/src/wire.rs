//! One connection to a server, plain or over TLS, used byte by byte: for what an HTTP client hides.

use crate::passing_time::HUNG_AFTER;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use tls::Trust;

/// The most bytes of a response's head.
const HEAD_BYTES_MAX: usize = 64 * 1024;

trait ReadWrite: Read + Write + Send {}

impl<T: Read + Write + Send> ReadWrite for T {}

/// How a connection is encrypted.
#[derive(Debug, Clone)]
pub enum WireSecurity {
    Plain,
    /// TLS with this trust, and this name of the server.
    Secured(Trust, String),
}

/// An open connection.
pub struct Wire {
    stream: Box<dyn ReadWrite>,
    fingerprint: Option<String>,
}

impl Wire {
    /// Connects to `HOST:PORT` and completes the TLS handshake, if there is one. Returns an error text.
    #[expect(
        clippy::disallowed_methods,
        reason = "plays a client that a library would hide"
    )]
    pub fn open(address: &str, speech: &WireSecurity) -> Result<Self, String> {
        let mut tcp = TcpStream::connect(address).map_err(|error| error.to_string())?;
        tcp.set_read_timeout(Some(HUNG_AFTER))
            .map_err(|error| error.to_string())?;
        let WireSecurity::Secured(trust, host) = speech else {
            return Ok(Self {
                stream: Box::new(tcp),
                fingerprint: None,
            });
        };
        let config = trust.clone().config(&[]).map_err(|error| error.to_string())?;
        let name = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
        let mut client = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
        while client.is_handshaking() {
            client
                .complete_io(&mut tcp)
                .map_err(|error| tls::find_tls_error_text(&error).unwrap_or_else(|| error.to_string()))?;
        }
        let shown = client.peer_certificates().and_then(|all| all.first());
        let fingerprint = shown.map(|shown| tls::Fingerprint::of(shown).to_string());
        Ok(Self {
            stream: Box::new(StreamOwned::new(client, tcp)),
            fingerprint,
        })
    }

    /// Returns the SHA-256 of the server's certificate.
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    pub fn say(&mut self, bytes: &[u8]) -> Result<(), String> {
        let said = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
        said.map_err(|error| error.to_string())
    }

    /// Sends a GET request without a body. Returns the head of the response.
    pub fn ask(&mut self, target: &str, headers: &str) -> Result<String, String> {
        self.say(format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n").as_bytes())?;
        self.until("\r\n\r\n")
    }

    /// Reads until these characters have arrived.
    pub fn until(&mut self, words: &str) -> Result<String, String> {
        let mut read = Vec::new();
        while !read.ends_with(words.as_bytes()) {
            let mut byte = [0];
            match self.stream.read(&mut byte) {
                Ok(1..) if read.len() < HEAD_BYTES_MAX => read.extend(byte),
                Ok(_) => return Err(format!("it ended before {words:?}")),
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(String::from_utf8_lossy(&read).into_owned())
    }

    /// Reads to the end of the connection, in whatever way it ends. Fails if it stays open.
    pub fn rest(&mut self) -> Result<Vec<u8>, String> {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err("it stays open".to_owned())
            }
            Ok(_) | Err(_) => Ok(rest),
        }
    }
}
