//! Saved reports and notes on charts: which figures a user wants regularly, their values now or at a past
//! moment, where and when they are sent, and what users noted beside them.
//!
//! A report is made for its reader: it never includes figures outside the reader's scope at that moment. It
//! is sent like any event that a webhook or an alert channel receives.

mod clerk;
mod making;
mod managing;
mod notes;
mod sending;
mod taking_over;

pub use clerk::begin;
pub use managing::{
    ReportChanged, ReportMade, SavedList, SavedShown, all_saved, one_saved, remove_saved, save, seen,
};
pub use notes::{NoteAdded, NoteList, add_note, notes};
pub use sending::{ReportSent, send_now};
pub use taking_over::take_over_saved;
