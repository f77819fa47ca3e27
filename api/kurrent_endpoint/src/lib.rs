//! Serves our log over the KurrentDB gRPC protocol, so that any KurrentDB client can read and follow
//! our events.
//!
//! Implemented are ServerFeatures, Streams.Read (streams and `$all`, both directions, filters,
//! subscriptions), and Gossip with one node; Streams.Append and BatchAppend only if `Options::append` is set.
//! Everything else is answered `unimplemented`. Our versions, from 1, are shown as revisions, from 0; commit
//! and prepare position are our position. An event's data is the record, byte for byte; `recorded_at` and the
//! ids for KurrentDB's tools are in its custom metadata.
//!
//! A slow reader holds at most one page: events are read from the store when the connection has room
//! for them.

#![expect(
    clippy::result_large_err,
    reason = "tonic's Status is the error of every service, and a boxed one would be unboxed at each call"
)]

mod admission;
mod all_stream;
mod appends;
mod batch_append;
#[cfg(test)]
mod beyond_head_tests;
mod connections;
mod discovery;
mod errors;
mod filter;
#[expect(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::clone_on_ref_ptr,
    clippy::enum_variant_names,
    clippy::excessive_nesting,
    clippy::large_enum_variant,
    clippy::too_many_lines,
    unused_qualifications,
    reason = "generated code is as its tool writes it"
)]
pub mod generated;
mod paging;
mod positions;
mod request;
mod server;
mod service;
mod stream;
mod subscriptions;
mod wire;

pub use admission::{Admission, CallerPermissions, OpenAdmission};
pub use positions::Positions;
pub use server::{Endpoint, Options, ServeError};
