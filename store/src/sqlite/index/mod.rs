//! The index of the log, which is written after the log: the positions of the events of a stream, an id, a
//! campaign and a customer.
//!
//! The log's file has rows in order of positions and nothing else, so a commit writes only the pages of its
//! own rows. `index.db` has the lookup keys; a separate thread adds thousands of events at a time, in key
//! order. Entries not yet in the file are in memory, in the `Tail`. Both together are exact at every moment.
//! The index is derived from the log alone: it may be deleted at any time, and is built again when the log is
//! opened (decision 0037).

mod catch_up;
mod entry;
mod file;
mod index_lookup;
mod indexer;
mod reader_index;
mod sums;
mod table_sums;
mod tail;

pub use catch_up::IndexRemade;
pub(super) use catch_up::{catch_up_existing, entry, open_up_to_date};
pub(super) use entry::{Entry, Key, LookupProperty};
pub use file::INDEX_FILE;
pub(super) use file::{attach, attached_reached, detach};
pub(super) use index_lookup::IndexLookup;
pub(super) use indexer::Feeder;
pub(super) use reader_index::ReaderIndex;
pub(super) use sums::IndexSums;
pub(super) use tail::{IndexedEvent, Tail, TailEntries};

#[cfg(test)]
mod tests;
