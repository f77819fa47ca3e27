//! The arguments `--tls-cert` and `--tls-key`: the certificate for TLS on a server's ports.

use std::path::PathBuf;
use tls::IdentityFiles;

/// The arguments for TLS: both or neither.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TlsArgs {
    /// The server's certificate, followed by the intermediate ones (PEM): HTTP and --kurrent-listen use TLS.
    /// Read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

impl TlsArgs {
    /// Returns the files of certificate and key; `None` means plain text.
    pub fn files(&self) -> Option<IdentityFiles> {
        let (certificate, key) = self.tls_cert.clone().zip(self.tls_key.clone())?;
        Some(IdentityFiles { certificate, key })
    }
}
