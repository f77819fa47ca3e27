//! The index of the log, which runs behind it: where the events of a stream, of an id, of a campaign and of a
//! customer stand.
//!
//! The log's file holds rows in order of positions and nothing else, so that a commit writes the pages of its
//! own rows only. What events are found by stands in `index.db`, which a thread of its own fills with
//! thousands of events at a time, in order of keys; what is not there yet stands in memory, in the `Tail`.
//! Both together are exact at every moment. The index is made of the log alone: it may be deleted at any
//! time, and is made again when the log is opened (decision 0037).

mod beside;
mod catch_up;
mod entry;
mod file;
mod indexer;
mod places;
mod sums;
mod table_sums;
mod tail;

pub(super) use beside::Beside;
pub use catch_up::IndexRemade;
pub(super) use catch_up::{catch_up_existing, entry, open_up_to_date};
pub(super) use entry::{By, Entry, Key};
pub use file::INDEX_FILE;
pub(super) use file::{attach, attached_reached, detach};
pub(super) use indexer::Feeder;
pub(super) use places::Places;
pub(super) use sums::Sums;
pub(super) use tail::{Place, Seen, Tail};

#[cfg(test)]
mod tests;
