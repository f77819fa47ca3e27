//! Causation: which event led to which, read from the records alone, and which kinds may begin a chain of
//! causes.
//!
//! An edge is `cause` (the record's own `causation`), `enrolment` or `delivery`. A dial has two reasons: the
//! campaign may dial now (its cause, the same for a whole batch), and one enrolment asks for it, which is an
//! effect of the import row. Without `enrolment` the path from an import row to its calls would end at the
//! row. A delivery is stored together with others and names the event sent to the webhook in its data.
//! Without `delivery` the path to the receivers would end at the outcome.

mod administration_origins;
mod causation_check;
mod cause_origins;
mod graph;
mod graph_formats;
mod nearby_events;
mod read_origins;
mod receiver_origins;

pub use causation_check::{CausationCheck, check_causation};
pub use graph::Graph;
pub use graph_formats::CausationGraphResponse;
