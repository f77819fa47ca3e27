//! What can be wrong with TLS: a file of ours, what a URL asks for, or the other side's certificate.

use domain::problem::{Kind, Problem};
use rustls::{CertificateError, Error, InvalidMessage};
use std::error::Error as AnyError;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that was named cannot serve.
    #[error("{}: {why}", file.display())]
    File { file: PathBuf, why: String },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Asked(String),
    /// The system's own authorities cannot be read.
    #[error("the system's certificate authorities cannot be read ({0}); name a file of your own")]
    NoAuthorities(String),
    /// The other side, or what is between.
    #[error("{0}")]
    Handshake(String),
}

impl TlsError {
    pub(crate) fn file(file: &Path, why: impl Into<String>) -> Self {
        Self::File {
            file: file.to_owned(),
            why: why.into(),
        }
    }

    /// Of a handshake with `host` that was not completed.
    pub(crate) fn of_handshake(host: &str, error: &io::Error) -> Self {
        let why = said(error).unwrap_or_else(|| format!("the handshake broke off ({error})"));
        Self::Handshake(format!("TLS with {host}: {why}"))
    }
}

impl From<TlsError> for Problem {
    fn from(error: TlsError) -> Self {
        let kind = match &error {
            TlsError::File { .. } | TlsError::Asked(_) => Kind::Invalid,
            TlsError::NoAuthorities(_) | TlsError::Handshake(_) => Kind::Unavailable,
        };
        Self::new(kind, "tls-refused", error.to_string())
    }
}

/// What TLS says in an error that a library wrapped, in words; `None` where none of it is TLS's.
pub fn said(error: &(dyn AnyError + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<Error>() {
            return Some(words(error));
        }
        if let Some(TlsError::Handshake(why)) = error.downcast_ref() {
            return Some(why.clone());
        }
        // An error of input and output hands out what is inside its cause, not the cause.
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside as &(dyn AnyError + 'static)),
            None => error.source(),
        };
    }
    None
}

pub(crate) fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(why) => of_certificate(why),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the other side does not speak TLS".to_owned()
        }
        other => other.to_string(),
    }
}

/// What is wrong with a certificate, so that whoever reads it knows which file to look at.
pub(crate) fn of_certificate(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => {
            "the other side's certificate is signed by no authority that is trusted here".to_owned()
        }
        CertificateError::BadSignature => {
            "the other side's certificate is not signed by the authority whose name it bears".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "the other side's certificate is for another host: {} was asked for, and it names {}",
            expected.to_str(),
            presented.join(", ")
        ),
        CertificateError::NotValidForName => "the other side's certificate is for another host".to_owned(),
        other => format!("the other side's certificate: {other}"),
    }
}
