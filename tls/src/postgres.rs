//! TLS for PostgreSQL clients: reads `sslmode`, `sslrootcert`, `sslcert` and `sslkey` from a URL, as
//! libpq does.
//!
//! There is no fallback: TLS is used if and only if the URL requests it. Modes that may end in plain text
//! because the server has no TLS (`prefer` and `allow`) are refused.

use crate::client_identity::ClientIdentity;
use crate::error::TlsError;
use crate::identity::IdentityFiles;
use crate::trust::Trust;
use percent_encoding::percent_decode_str;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The value of `sslrootcert` for the authorities of this system.
const OF_SYSTEM: &str = "system";

/// The protocol's name for TLS that begins without a request to the server (PostgreSQL 17).
const PROTOCOL: &[u8] = b"postgresql";

/// The result of reading the TLS parameters of a URL.
pub struct TlsUrl {
    /// The URL for the client, which knows only `disable` and `require`.
    pub url: String,
    pub connector: Connector,
}

/// Reads and removes the TLS parameters of a `postgres://` URL. Fails for a mode that may end in plain text
/// (`prefer`, `allow`) or is unknown. Errors contain no part of the URL except the mode.
pub fn read(url: &str) -> Result<TlsUrl, TlsError> {
    // A password before the host may contain a question mark.
    let host_at = url.find('@').unwrap_or_default();
    let query_at = url.get(host_at..).and_then(|rest| rest.find('?'));
    let (head, query) = match query_at {
        Some(at) => (url.get(..host_at + at), url.get(host_at + at + 1..)),
        None => (Some(url), None),
    };
    let (mut mode, mut file, mut kept) = (None, None, Vec::new());
    let (mut certificate, mut key) = (None, None);
    let mut is_direct = false;
    for pair in query.into_iter().flat_map(|query| query.split('&')) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(decoded(value)?),
            Some(("sslrootcert", value)) => file = Some(decoded(value)?),
            Some(("sslcert", value)) => certificate = Some(decoded(value)?),
            Some(("sslkey", value)) => key = Some(decoded(value)?),
            _ => {
                is_direct |= pair == "sslnegotiation=direct";
                kept.push(pair);
            }
        }
    }
    let trust = trust_of(mode.as_deref(), file.as_deref())?;
    let own = own_of(certificate, key)?;
    if own.is_some() && trust.is_none() {
        return Err(TlsError::Asked(
            "sslcert and sslkey are used only with TLS: add sslmode=verify-full".to_owned(),
        ));
    }
    let asked = if trust.is_some() {
        "sslmode=require"
    } else {
        "sslmode=disable"
    };
    kept.push(asked);
    let protocols: &[&[u8]] = if is_direct { &[PROTOCOL] } else { &[] };
    let config = trust
        .map(|trust| trust.config_showing(protocols, own))
        .transpose()?;
    Ok(TlsUrl {
        url: format!("{}?{}", head.unwrap_or_default(), kept.join("&")),
        connector: Connector(config.map(Arc::new)),
    })
}

fn decoded(value: &str) -> Result<String, TlsError> {
    let text = percent_decode_str(value).decode_utf8();
    text.map(String::from)
        .map_err(|_shown| TlsError::Asked("the TLS parameters of the URL are not valid UTF-8".to_owned()))
}

/// Loads the client's certificate and key; `None` if neither is named. Fails if only one of the two files
/// is named.
fn own_of(certificate: Option<String>, key: Option<String>) -> Result<Option<Arc<ClientIdentity>>, TlsError> {
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            let files = IdentityFiles {
                certificate: certificate.into(),
                key: key.into(),
            };
            ClientIdentity::load(files).map(Some)
        }
        (Some(_), None) | (None, Some(_)) => Err(TlsError::Asked(
            "sslcert and sslkey must be given together".to_owned(),
        )),
    }
}

/// Returns the rule for the server's certificate, as libpq does: `require` without a file accepts any,
/// `verify-ca` does not compare the host name. `None` means plain text (`disable` or no mode).
fn trust_of(mode: Option<&str>, file: Option<&str>) -> Result<Option<Trust>, TlsError> {
    let of_file = |file: Option<&str>| match file {
        Some(OF_SYSTEM) | None => Trust::of_system(),
        Some(file) => Trust::of_file(Path::new(file)),
    };
    match (mode, file) {
        (None, Some(_)) => Err(TlsError::Asked(
            "sslrootcert also needs sslmode=verify-full or verify-ca".to_owned(),
        )),
        (Some("disable") | None, _) => Ok(None),
        (Some("require"), None) => Ok(Some(Trust::of_any_certificate())),
        // As in libpq: if a file is named, the server is verified against it.
        (Some("require" | "verify-ca"), file) => of_file(file).map(|trust| Some(trust.of_any_name())),
        (Some("verify-full"), file) => of_file(file).map(Some),
        (Some(mode @ ("prefer" | "allow")), _) => Err(TlsError::Asked(format!(
            "sslmode={mode} may silently fall back to plain text: use disable, require, verify-ca or verify-full"
        ))),
        (Some(_), _) => Err(TlsError::Asked(
            "sslmode must be disable, require, verify-ca or verify-full".to_owned(),
        )),
    }
}

/// Starts TLS on the streams of a PostgreSQL client, or leaves them in plain text, as its URL requests.
#[derive(Clone)]
pub struct Connector(Option<Arc<ClientConfig>>);

/// A connector for one host.
pub struct HostConnector {
    config: Option<Arc<ClientConfig>>,
    host: String,
}

/// A client's stream with TLS.
pub struct ClientTlsStream<S>(Box<TlsStream<S>>);

impl<S> MakeTlsConnect<S> for Connector
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = ClientTlsStream<S>;
    type TlsConnect = HostConnector;
    type Error = TlsError;

    fn make_tls_connect(&mut self, domain: &str) -> Result<HostConnector, TlsError> {
        Ok(HostConnector {
            config: self.0.clone(),
            host: domain.to_owned(),
        })
    }
}

impl<S> TlsConnect<S> for HostConnector
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = ClientTlsStream<S>;
    type Error = TlsError;
    type Future = Pin<Box<dyn Future<Output = Result<ClientTlsStream<S>, TlsError>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let Some(config) = self.config else {
                return Err(TlsError::Asked("TLS was not requested".to_owned()));
            };
            let name = ServerName::try_from(self.host.clone()).map_err(|_shown| {
                TlsError::Asked("the host is not a valid name for a certificate".to_owned())
            })?;
            let secured = TlsConnector::from(config).connect(name, stream).await;
            let secured = secured.map_err(|error| TlsError::of_handshake(&self.host, &error))?;
            Ok(ClientTlsStream(Box::new(secured)))
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> tokio_postgres::tls::TlsStream for ClientTlsStream<S> {
    /// Channel binding is not offered: SCRAM works without it, as with every client that does not verify it
    /// (decision 0071).
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for ClientTlsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(self.0.as_mut()).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ClientTlsStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.0.as_mut()).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.0.as_mut()).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.0.as_mut()).poll_shutdown(context)
    }
}
