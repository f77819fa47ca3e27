//! How many calls to start now: enough that agents wait little, few enough that nobody who answers
//! finds none.
//!
//! Pure: counts, ages and an account in, a number out. It knows nothing of campaigns, calls or events, has no
//! clock and no source of randomness (a trial's seed is an argument), and imports nothing of this workspace.
//! What it must reach stands in `docs/pacing.md`; `trial` measures it on a floor of agents made from a seed.

pub mod answer_rate;
pub mod baselines;
pub mod bursts;
pub mod erlang;
pub mod floor;
pub mod pacer;
pub mod price;
pub mod times;
pub mod trial;

pub use floor::{Floor, Pacer, Told};
pub use pacer::Ledgerline;

/// The most that may be abandoned of a hundred live answers (16 CFR 310.4(b)(4)(i)).
pub const ABANDONED_PERCENT_MAX: u32 = 3;

/// Seconds between two decisions.
pub const TICK_S: f64 = 0.5;
