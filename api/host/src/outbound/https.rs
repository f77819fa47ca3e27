//! HTTP as we speak it to others: over TLS where the address says so, believing whom the caller names.
//!
//! For commands that ask a server, and for whatever else will call addresses of the world.

use hyper::body::Body;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tls::{TlsError, Trust};

/// A client of `http://` and `https://` addresses.
pub type HttpsClient<B> = Client<HttpsConnector<HttpConnector>, B>;

/// One that believes servers as `trust` says.
pub fn client<B>(trust: Trust) -> Result<HttpsClient<B>, TlsError>
where
    B: Body<Data: Send> + Send,
{
    // The connector itself says which protocols it speaks.
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(trust.config(&[])?)
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}
