//! Compares a carrier's bill or a switch's records with our calls (NEW-15, NEW-13): matched, missing and
//! disputed.
//!
//! Their file is read row by row and not kept in memory; our calls of the period are. A row is matched by its
//! SIP Call-ID if it has one, else by the callee's keyed hash and the nearest dial within the window.
//! Unreadable rows are listed by line, and all other rows count.

mod columns;
pub mod formats;
mod matching;
pub mod ours;
pub mod past;
mod reading;
mod summary;
mod values;

pub use columns::Columns;
pub use formats::Format;
pub use matching::{Matcher, Rules};
pub use ours::OurCalls;
pub use reading::{FileError, Reading};
pub use summary::{LISTED_MAX, Outcome, Sums};
