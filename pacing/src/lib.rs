//! Pacing: how many calls to start now, so that agents wait little and almost every answer finds an agent.
//!
//! Pure: counts, ages and a budget are inputs, a number is the result. The crate knows no campaigns, calls or
//! events, has no clock and no randomness (a trial's seed is an argument), and uses no other crate of the
//! workspace. The requirements are in `docs/pacing.md`; `trial` measures them in a simulation with a seed.

pub mod answer_rate;
pub mod baselines;
pub mod bursts;
pub mod erlang;
pub mod floor;
pub mod pacer;
pub mod price;
pub mod times;
pub mod trial;

pub use floor::{FloorSnapshot, Pacer, TickEvents};
pub use pacer::PredictivePacer;

/// Largest percentage of live answers that may be abandoned (16 CFR 310.4(b)(4)(i)).
pub const ABANDONED_PERCENT_MAX: u32 = 3;

/// Seconds between two decisions of a pacer.
pub const TICK_S: f64 = 0.5;
