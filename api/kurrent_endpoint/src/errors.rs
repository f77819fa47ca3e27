//! Errors as the statuses and `exception` trailers that KurrentDB's clients know.

use domain::ports::event_store::StoreError;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

/// Makes a gRPC status with the `exception` trailer by which clients choose their error class.
pub(crate) fn exception(code: Code, name: &'static str, message: impl Into<String>) -> Status {
    let mut metadata = MetadataMap::new();
    metadata.insert("exception", MetadataValue::from_static(name));
    Status::with_metadata(code, message, metadata)
}

/// Returns the error of an append on a read-only endpoint.
pub(crate) fn read_only() -> Status {
    exception(
        Code::PermissionDenied,
        "access-denied",
        "access denied: this endpoint is read-only (serve --kurrent-append opens it)",
    )
}

pub(crate) fn not_admitted() -> Status {
    exception(
        Code::Unauthenticated,
        "access-denied",
        "send a key, as bearer or as the password of any user: one of `ledgerline user key`, or on this machine \
         the content of DIR/token",
    )
}

/// Returns the error for a known key without this permission.
pub(crate) fn not_allowed(what: &str) -> Status {
    let why = format!("this key does not permit {what}");
    exception(Code::PermissionDenied, "access-denied", &why)
}

/// Returns the error for `what`, which this endpoint does not implement.
pub(crate) fn unimplemented(what: &str) -> Status {
    Status::unimplemented(format!("{what} is not served by this endpoint"))
}

pub(crate) fn stopping() -> Status {
    Status::unavailable(
        "the server is stopping, or this key is no longer valid; connect again and continue from the last position",
    )
}

/// Converts a store's error to a gRPC status, if the protocol has no message of its own for it.
pub(crate) fn of_store(error: &StoreError) -> Status {
    let why = error.to_string();
    match error {
        StoreError::WrongVersion { .. } => exception(Code::FailedPrecondition, "wrong-expected-version", why),
        StoreError::PartlyStored { .. } => Status::already_exists(why),
        StoreError::Invalid(_) => Status::invalid_argument(why),
        StoreError::Busy | StoreError::TooLong { .. } => Status::resource_exhausted(why),
        StoreError::Unavailable(_) => Status::unavailable(why),
        StoreError::Damaged(_) => Status::data_loss(why),
    }
}
