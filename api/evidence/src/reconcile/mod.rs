//! Compares a carrier's bill or a switch's records with our calls (NEW-15, NEW-13): matched, missing and
//! disputed.
//!
//! Their file is read row by row and not kept in memory; our calls of the period are. A row is matched by its
//! SIP Call-ID if it has one, else by the callee's keyed hash and the nearest dial within the window.
//! Unreadable rows are listed by line, and all other rows count.

mod columns;
mod file_reader;
pub mod formats;
mod matching;
pub mod our_calls;
pub mod past_calls;
mod summary;
mod values;

pub use columns::Columns;
pub use file_reader::{CallFileOptions, FileError};
pub use formats::Format;
pub use matching::{Matcher, Rules};
pub use our_calls::OurCalls;
pub use summary::{LISTED_MAX, ReconciliationResult, Sums};
