//! The HTTP client for requests to other servers: over TLS if the URL is https, with the trust that the
//! caller gives.
//!
//! Used by commands that send requests to a server, and for external addresses.

use hyper::body::Body;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tls::{TlsError, Trust};

/// A client for `http://` and `https://` URLs.
pub type HttpsClient<B> = Client<HttpsConnector<HttpConnector>, B>;

/// Makes a client that accepts the certificates of servers which `trust` accepts.
pub fn client<B>(trust: Trust) -> Result<HttpsClient<B>, TlsError>
where
    B: Body<Data: Send> + Send,
{
    // The connector knows which protocols it supports.
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(trust.config(&[])?)
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}
