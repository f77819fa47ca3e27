//! Errors of TLS: a file, the options of a URL, or the other side's certificate.

use domain::problem::{Problem, ProblemKind};
use rustls::{CertificateError, Error, InvalidMessage};
use std::error::Error as AnyError;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A named file cannot be used.
    #[error("{}: {why}", file.display())]
    File { file: PathBuf, why: String },
    /// The requested options are not valid.
    #[error("{0}")]
    Asked(String),
    /// The system's certificate authorities cannot be read.
    #[error("the system's certificate authorities cannot be read ({0}); name a file of your own")]
    NoAuthorities(String),
    /// The handshake failed because of the other side, or of something in between.
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

    /// Makes the error of a failed handshake with `host`.
    pub(crate) fn of_handshake(host: &str, error: &io::Error) -> Self {
        let why = find_tls_error_text(error).unwrap_or_else(|| format!("the handshake broke off ({error})"));
        Self::Handshake(format!("TLS with {host}: {why}"))
    }
}

impl From<TlsError> for Problem {
    fn from(error: TlsError) -> Self {
        let kind = match &error {
            TlsError::File { .. } | TlsError::Asked(_) => ProblemKind::Invalid,
            TlsError::NoAuthorities(_) | TlsError::Handshake(_) => ProblemKind::Unavailable,
        };
        Self::new(kind, "tls-refused", error.to_string())
    }
}

/// Returns the text of a TLS error that a library wrapped; `None` if the error is not one of TLS.
pub fn find_tls_error_text(error: &(dyn AnyError + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<Error>() {
            return Some(words(error));
        }
        if let Some(TlsError::Handshake(why)) = error.downcast_ref() {
            return Some(why.clone());
        }
        // An `io::Error` returns its inner error by `get_ref`, not as its source.
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

/// Describes in words what is wrong with the other side's certificate, for the text of an error.
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
