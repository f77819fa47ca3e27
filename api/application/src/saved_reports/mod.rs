//! Saved reports and notes on charts: which figures a user wants regularly, their values now or at a past
//! moment, where and when they are sent, and what users noted beside them.
//!
//! A report is made for its reader: it never includes figures outside the reader's scope at that moment. It
//! is sent like any event that a webhook or an alert channel receives.

mod management;
mod notes;
mod owner_takeover;
mod report_delivery;
mod report_figures;
mod scheduler;

pub use management::{
    ReportChanged, SavedList, SavedReportFiguresResponse, SavedReportResponse, all_saved,
    load_readable_report, one_saved, remove_saved, save,
};
pub use notes::{NoteAdded, NoteList, add_note, notes};
pub use owner_takeover::take_over_saved;
pub use report_delivery::{ReportSent, send_now};
pub use scheduler::begin;
