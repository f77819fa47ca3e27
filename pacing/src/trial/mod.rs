//! A simulation of agents and calls from a seed, which measures pacers: 30 eight-hour days from a cold start.

mod course;
mod day;
mod run;

pub use course::AnswerRateCourse;
pub use run::{DropLimitPeriod, Trial, TrialOutcome, budget, progressive_occupancy, run};
