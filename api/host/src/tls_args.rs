//! `--tls-cert` and `--tls-key`: with which certificate a server's doors speak TLS.

use std::path::PathBuf;
use tls::IdentityFiles;

/// The options of a server that speaks TLS; both or neither.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TlsArgs {
    /// The server's certificate and those between it and its authority (PEM): HTTP and --kurrent-listen speak
    /// TLS. Read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

impl TlsArgs {
    /// Where certificate and key are; `None` is plain text.
    pub fn files(&self) -> Option<IdentityFiles> {
        let (certificate, key) = self.tls_cert.clone().zip(self.tls_key.clone())?;
        Some(IdentityFiles { certificate, key })
    }
}
