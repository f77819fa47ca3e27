//! Saved reports and notes on charts: which figures somebody wants again, what they are now or were then, to
//! whom they are sent when, and what people noted beside them.
//!
//! A report is made for whoever reads it: nobody is shown, or sent, figures beyond a scope of that moment.
//! What leaves does so as any event that a webhook or a channel of alerts is told of.

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
