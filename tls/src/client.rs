//! TLS from the first byte, as a client: for protocols with a library that takes a secured stream, for
//! example SMTP on port 465.

use crate::error::TlsError;
use crate::trust::Trust;
use rustls::pki_types::ServerName;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The reasons why a stream could not be secured.
#[derive(Debug, thiserror::Error)]
pub enum SecureError {
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("{0} is not a valid host name for a certificate")]
    Name(String),
    #[error(transparent)]
    Handshake(#[from] io::Error),
}

/// Makes the TLS handshake with a server, as a client. The server's certificate must be valid for the host
/// `name` and be accepted by `trust`.
pub async fn secure<S>(stream: S, name: &str, trust: Trust) -> Result<TlsStream<S>, SecureError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let server = ServerName::try_from(name.to_owned()).map_err(|_why| SecureError::Name(name.to_owned()))?;
    let connector = TlsConnector::from(Arc::new(trust.config(&[])?));
    Ok(connector.connect(server, stream).await?)
}
