//! The arguments `--tls-cert`, `--tls-key` and `--tls-self-signed`: the certificate for TLS on a server's
//! ports.

use crate::public_url::PublicUrl;
use std::net::SocketAddr;
use std::path::PathBuf;
use tls::IdentityFiles;

/// The arguments for TLS: the two files, or a certificate that this server makes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TlsArgs {
    /// The server's certificate, followed by the intermediate ones (PEM): HTTP and --kurrent-listen use TLS.
    /// Read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Use TLS with a certificate that this server makes in DIR/tls and renews. Browsers warn until it is
    /// installed on them
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"])]
    pub tls_self_signed: bool,
}

/// Where the certificate of a server comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TlsChoice {
    /// No certificate: plain text.
    #[default]
    Plain,
    Files(IdentityFiles),
    /// A certificate that the server makes for these hosts.
    SelfSigned {
        hosts: Vec<String>,
    },
}

impl TlsArgs {
    /// Returns the source of the certificate for a server that listens on `http`.
    pub fn choice(&self, http: SocketAddr, public_url: Option<&PublicUrl>) -> TlsChoice {
        if self.tls_self_signed {
            return TlsChoice::SelfSigned {
                hosts: own_hosts(http, public_url),
            };
        }
        match self.tls_cert.clone().zip(self.tls_key.clone()) {
            Some((certificate, key)) => TlsChoice::Files(IdentityFiles { certificate, key }),
            None => TlsChoice::Plain,
        }
    }
}

/// Returns the hosts by which clients may reach this server: that of the public URL, the address it listens
/// on, and the names of this machine on itself.
fn own_hosts(http: SocketAddr, public_url: Option<&PublicUrl>) -> Vec<String> {
    let public = public_url.map(|url| url.host().trim_matches(['[', ']']).to_owned());
    let listen = Some(http.ip()).filter(|ip| !ip.is_unspecified());
    let mut hosts: Vec<String> = public
        .into_iter()
        .chain(listen.map(|ip| ip.to_string()))
        .chain(["localhost", "127.0.0.1", "::1"].map(str::to_owned))
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    hosts.retain(|host| seen.insert(host.clone()));
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_self_signed_certificate_names_the_public_url_first_and_each_host_once() {
        let args = TlsArgs {
            tls_self_signed: true,
            ..TlsArgs::default()
        };
        let hosts = |http: &str, url: Option<&str>| {
            let url: Option<PublicUrl> = url.map(|url| url.parse().unwrap());
            match args.choice(http.parse().unwrap(), url.as_ref()) {
                TlsChoice::SelfSigned { hosts } => hosts.join(" "),
                TlsChoice::Plain | TlsChoice::Files(_) => panic!("not self-signed"),
            }
        };
        assert_eq!(
            hosts("0.0.0.0:8443", Some("https://[2001:db8::1]:8443")),
            "2001:db8::1 localhost 127.0.0.1 ::1"
        );
        assert_eq!(hosts("127.0.0.1:8080", None), "127.0.0.1 localhost ::1");
        assert_eq!(
            hosts("192.0.2.1:8443", Some("https://calls.example.com")),
            "calls.example.com 192.0.2.1 localhost 127.0.0.1 ::1"
        );
        assert_eq!(
            TlsArgs::default().choice("127.0.0.1:1".parse().unwrap(), None),
            TlsChoice::Plain
        );
    }
}
