//! Causation: which event led to which, read from the records alone, and what may begin a story by itself.
//!
//! An edge is either `cause` (the record's own `causation`) or `enrolment`: a dial is allowed because a
//! campaign may dial now (its cause, the same for a whole batch) on behalf of one enrolment, which is the
//! import row's own effect. Without the second the way from an import row to its calls would end at the row.

mod beginning;
mod beginning_at_doors;
mod drawing;
mod graph;
mod unexplained;

pub use drawing::GraphShown;
pub use graph::Graph;
pub use unexplained::{Unexplained, unexplained};
