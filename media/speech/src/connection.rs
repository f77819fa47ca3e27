//! Addresses of engines, and the streams of those with a WebSocket; HTTP requests use `http_client`. An
//! address may demand TLS; its options then say which certificates are accepted.

use http_client::{AllowedAddresses, ClientOptions, HttpClient};
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tls::{TlsError, Trust};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// The longest time in which an engine takes no bytes of a request, in milliseconds; then its connection
/// ends. Answers during a call have to arrive sooner.
const UNREAD_MS: u64 = 10_000;

/// Which certificates of a speech engine are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CertificateTrust {
    /// One of the system's authorities.
    #[default]
    System,
    /// One in this PEM file; it may also contain a self-signed certificate.
    File(PathBuf),
    /// None: every certificate is accepted, for a rehearsal on one's own network.
    Any,
}

/// Returns the rule for certificates; without TLS none is accepted.
fn trust(tls: Option<&CertificateTrust>) -> Result<Trust, TlsError> {
    match tls {
        None => Ok(Trust::none()),
        Some(CertificateTrust::System) => Trust::of_system(),
        Some(CertificateTrust::File(file)) => Trust::of_file(file),
        Some(CertificateTrust::Any) => Ok(Trust::of_any_certificate()),
    }
}

/// Host and port of an engine.
struct EngineAddress {
    host: String,
    port: u16,
}

/// Written as in a URL.
impl fmt::Display for EngineAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The address of an engine that takes HTTP requests, with the client for them.
pub(crate) struct HttpAddress {
    address: EngineAddress,
    scheme: &'static str,
    client: HttpClient,
}

impl fmt::Display for HttpAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl HttpAddress {
    pub(crate) fn new(host: &str, port: u16, tls: Option<&CertificateTrust>) -> Result<Self, TlsError> {
        // A connection per request: engines close idle ones, and a request must not meet a closed one.
        let client = HttpClient::new(ClientOptions {
            idle_count_max: 0,
            unread_ms_max: Some(UNREAD_MS),
            ..ClientOptions::new(trust(tls)?, AllowedAddresses::Anywhere)
        })?;
        Ok(Self {
            address: EngineAddress {
                host: host.to_owned(),
                port,
            },
            scheme: if tls.is_some() { "https" } else { "http" },
            client,
        })
    }

    /// Returns the client for requests to this engine.
    pub(crate) const fn client(&self) -> &HttpClient {
        &self.client
    }

    /// Returns the URL of a path with query at this engine.
    pub(crate) fn url(&self, target: &str) -> String {
        format!("{}://{}{target}", self.scheme, self.address)
    }
}

/// The address of an engine with a WebSocket, and its TLS settings.
pub(crate) struct StreamAddress {
    address: EngineAddress,
    tls: Option<Arc<ClientConfig>>,
}

impl fmt::Display for StreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl StreamAddress {
    pub(crate) fn new(host: &str, port: u16, tls: Option<&CertificateTrust>) -> Result<Self, TlsError> {
        let config = |tls| trust(Some(tls))?.config(&[]);
        Ok(Self {
            address: EngineAddress {
                host: host.to_owned(),
                port,
            },
            tls: tls.map(config).transpose()?.map(Arc::new),
        })
    }
}

/// A stream to an engine, with TLS or without.
pub(crate) enum Connection {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Opens a TCP connection to an engine, with TLS if the address demands it. Has no timeout of its own: the
/// caller sets the limit.
#[expect(
    clippy::disallowed_methods,
    reason = "connections to speech engines are opened here and nowhere else"
)]
pub(crate) async fn connect(server: &StreamAddress) -> std::io::Result<Connection> {
    let stream = TcpStream::connect((server.address.host.as_str(), server.address.port)).await?;
    // 20 ms of audio must not wait for more.
    stream.set_nodelay(true)?;
    let Some(config) = &server.tls else {
        return Ok(Connection::Plain(stream));
    };
    let name = ServerName::try_from(server.address.host.clone()).map_err(std::io::Error::other)?;
    let stream = TlsConnector::from(Arc::clone(config))
        .connect(name, stream)
        .await?;
    Ok(Connection::Tls(Box::new(stream)))
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, buf),
        }
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
