//! The client of one server or cluster, which is replaced after a failed connection, and the meaning of
//! its errors.

use super::KurrentOptions;
use crate::error::OpenError;
use domain::ids::StreamId;
use domain::ports::event_store::StoreError;
use eventstore::{Client, ClientSettings, Error};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use tokio::runtime::Handle;

/// gRPC status codes that are handled here (grpc/status.h). The client has no own error for them.
const CANCELLED: i32 = 1;
const INVALID_ARGUMENT: i32 = 3;
const RESOURCE_EXHAUSTED: i32 = 8;

/// The client's wait before each attempt to connect, the first included, in milliseconds. Its own default
/// is 500.
const DISCOVERY_MS: u64 = 50;

/// A connection to one server or cluster. The client ends its connection task permanently after a failed
/// attempt; a new client is made then.
pub(super) struct Link {
    settings: ClientSettings,
    /// The server's address without the login, for messages.
    shown: String,
    client: Mutex<Client>,
}

/// The meaning of a failed call.
#[derive(Debug)]
pub(super) enum CallFailure {
    /// The stream is not at the expected revision.
    WrongVersion,
    /// The stream does not exist.
    NoStream,
    /// An id is stored on another stream. Only our own endpoint reports this.
    StoredElsewhere,
    /// The connection or the server failed: the operation may or may not have been done.
    Unclear(String),
    /// The server refused the operation, and nothing was done.
    Refused(StoreError),
}

impl Link {
    /// Parses the URL and makes a client; nothing is sent yet. Also returns the namespace of the URL or the
    /// options. Errors contain no part of the URL with a password.
    pub(super) fn open(url: &str, options: &KurrentOptions) -> Result<(Self, String), OpenError> {
        let (mut url, namespace) = take_namespace(url);
        let shown = without_login(&url);
        if !url.to_ascii_lowercase().contains("discoveryinterval=") {
            let mark = if url.contains('?') { '&' } else { '?' };
            url.push_str(&format!("{mark}discoveryInterval={DISCOVERY_MS}"));
        }
        let refused = |why: &str| OpenError::Unavailable {
            file: PathBuf::from(&shown),
            why: why.to_owned(),
        };
        // The parser's message may repeat the URL, and with it a password.
        let settings: ClientSettings = match url.parse() {
            Ok(settings) => settings,
            Err(_) => {
                return Err(refused(
                    "the URL is not valid; an example is kurrent://host:2113?tls=false",
                ));
            }
        };
        let client = Client::with_runtime_handle(Handle::current(), settings.clone())
            .map_err(|error| refused(&error.to_string()))?;
        let link = Self {
            settings,
            shown: shown.clone(),
            client: Mutex::new(client),
        };
        Ok((link, namespace.unwrap_or_else(|| options.namespace.clone())))
    }

    pub(super) fn client(&self) -> Client {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the client by a new one. Calls of the old one continue. If no new one can be made, the old
    /// one stays.
    pub(super) fn renew(&self) {
        match Client::with_runtime_handle(Handle::current(), self.settings.clone()) {
            Ok(fresh) => *self.client.lock().unwrap_or_else(PoisonError::into_inner) = fresh,
            Err(error) => tracing::warn!(%error, "no new client can be made"),
        }
    }

    /// Classifies the error of a call. After an `Unclear` one, the client is replaced, because it may have
    /// ended its connection task.
    pub(super) fn met(&self, error: &Error) -> CallFailure {
        let met = sort(error);
        if matches!(met, CallFailure::Unclear(_)) {
            self.renew();
        }
        met
    }

    pub(super) fn unavailable(&self, why: &StoreError) -> OpenError {
        OpenError::Unavailable {
            file: PathBuf::from(&self.shown),
            why: why.to_string(),
        }
    }
}

impl CallFailure {
    /// Converts this to the error of a read.
    pub(super) fn of_read(self) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Unclear(why) => StoreError::Unavailable(why),
            Self::WrongVersion | Self::NoStream | Self::StoredElsewhere => {
                StoreError::Unavailable("the server answered a read as if it were an append".to_owned())
            }
        }
    }

    /// Converts this to the error of an append to `stream` that was not stored.
    pub(super) fn of_append(self, stream: &StreamId) -> StoreError {
        match self {
            Self::StoredElsewhere => StoreError::PartlyStored {
                stream: stream.clone(),
            },
            other => other.of_read(),
        }
    }
}

fn sort(error: &Error) -> CallFailure {
    let why = error.to_string();
    match error {
        Error::WrongExpectedVersion { .. } => CallFailure::WrongVersion,
        Error::ResourceNotFound => CallFailure::NoStream,
        Error::ResourceAlreadyExists => CallFailure::StoredElsewhere,
        Error::AccessDenied => CallFailure::Refused(StoreError::Unavailable(
            "access denied: wrong login, or the server is read-only for us".to_owned(),
        )),
        Error::ResourceDeleted => {
            CallFailure::Refused(StoreError::Damaged("a stream was deleted".to_owned()))
        }
        Error::UnsupportedFeature => CallFailure::Refused(StoreError::Invalid(why)),
        Error::InternalParsingError(_) => CallFailure::Refused(StoreError::Damaged(why)),
        Error::Grpc { code, message } => match i32::from(*code) {
            INVALID_ARGUMENT => CallFailure::Refused(StoreError::Invalid(message.clone())),
            RESOURCE_EXHAUSTED => CallFailure::Refused(StoreError::Busy),
            CANCELLED => CallFailure::Unclear(why),
            _ => CallFailure::Refused(StoreError::Unavailable(why)),
        },
        Error::ServerError(_)
        | Error::NotLeaderException(_)
        | Error::ConnectionClosed
        | Error::GrpcConnectionError(_)
        | Error::InternalClientError
        | Error::DeadlineExceeded
        | Error::InitializationError(_)
        | Error::IllegalStateError(_) => CallFailure::Unclear(why),
    }
}

/// Removes `namespace=…` from the URL's parameters, which the client does not know. Returns the URL without
/// it, and the value.
fn take_namespace(url: &str) -> (String, Option<String>) {
    let Some((head, query)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let mut namespace = None;
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| match pair.split_once('=') {
            Some(("namespace", value)) => {
                namespace = Some(value.to_owned());
                false
            }
            _ => true,
        })
        .collect();
    let mark = if kept.is_empty() { "" } else { "?" };
    (format!("{head}{mark}{}", kept.join("&")), namespace)
}

fn without_login(url: &str) -> String {
    let head = url.split('?').next().unwrap_or("");
    match head.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.rsplit('@').next().unwrap_or("");
            format!("{scheme}://{host}")
        }
        None => "kurrent://".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_is_ours_and_the_login_is_nobodys() {
        let (url, namespace) = take_namespace("kurrent://u:p@h:1?tls=false&namespace=ll-&x=1");
        assert_eq!(
            (url.as_str(), namespace.as_deref()),
            ("kurrent://u:p@h:1?tls=false&x=1", Some("ll-"))
        );
        assert_eq!(take_namespace("kurrent://h?namespace=a").0, "kurrent://h");
        assert_eq!(without_login(&url), "kurrent://h:1");
        assert_eq!(without_login("kurrent://u:p@ss@h"), "kurrent://h");
    }

    #[tokio::test]
    async fn a_url_that_cannot_be_read_is_refused_without_its_password() {
        for bad in [
            "kurrent://u:s3cret@",
            "mysql://u:s3cret@h/x",
            "kurrent://u:s3cret@h:x",
        ] {
            let refused = Link::open(bad, &KurrentOptions::default()).err();
            let said = refused.map(|error| error.to_string()).unwrap_or_default();
            assert!(!said.is_empty() && !said.contains("s3cret"), "{bad}: {said}");
        }
    }
}
