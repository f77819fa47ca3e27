//! Causation: which event led to which, read from the records alone, and what may begin a story by itself.
//!
//! An edge is `cause` (the record's own `causation`), `enrolment` or `delivery`. A dial is allowed because a
//! campaign may dial now (its cause, the same for a whole batch) on behalf of one enrolment, which is the
//! import row's own effect: without the second the way from an import row to its calls would end at the row.
//! A delivery, stored with others at once, names the event that a webhook was told of in its data: without
//! the third the way to whoever was told would end at the outcome.

mod beginning;
mod beginning_at_doors;
mod beginning_at_receivers;
mod beginning_by_reading;
mod drawing;
mod graph;
mod near;
mod unexplained;

pub use drawing::GraphShown;
pub use graph::Graph;
pub use unexplained::{Unexplained, unexplained};
