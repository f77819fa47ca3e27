//! A simulation of agents and calls from a seed, which measures pacers: 30 eight-hour days from a cold start.

mod course;
mod day;
mod run;

pub use course::Course;
pub use run::{Ledger, Outcome, Trial, budget, progressive_occupancy, run};
