//! Anything at a time, on both axes: what was known at a position or instant, and what was true at an
//! instant.
//!
//! Known (当时所知) = the events up to a position, or recorded up to an instant. True (当时事实) = of those, what
//! had happened by an instant by the events' own `at`, with every correction read back to what it corrects.
//! One entity is folded from its own stream; figures are folded from the events of their campaign by the
//! views themselves, into rows that are thrown away. Nothing here asks a live view or an entity's memory.

mod call;
mod entity;
pub(crate) mod line;
mod moment;
pub mod past;

pub use call::{CorrectionShown, TrueThen, corrections, describe_at};
pub use entity::{EntityCourse, entity_then, existed_then};
pub use moment::{AS_OF, Known, Moment, PARAMETERS, Then, VALID_AT};
pub(crate) use past::Shown as PastRows;
pub use past::Wanted;
