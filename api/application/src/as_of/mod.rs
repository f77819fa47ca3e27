//! Questions about the past, on both time axes: what was known at a position or instant, and what was true
//! at an instant.
//!
//! Known (当时所知): the events up to a position, or recorded up to an instant. True (当时事实): of those, what had
//! happened by an instant according to the events' own `at`, with every correction applied to the event
//! that it corrects. An entity is replayed from its own stream. Figures are computed by the views
//! themselves from the events of their campaign, into temporary rows. Neither live views nor entities in
//! memory are used.

mod call;
mod entity;
mod moment;
pub mod replays;
pub(crate) mod slot_queue;

pub use call::{CallAtInstant, CorrectionResponse, corrections, describe_at};
pub use entity::{EntityReplay, entity_then, existed_then};
pub use moment::{AS_OF, Moment, PARAMETERS, PastMomentInfo, ResolvedMoment, VALID_AT};
pub(crate) use replays::PastRows;
pub use replays::ReplayInput;
