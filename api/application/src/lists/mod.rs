//! Contact lists: rows are read, enrolled in a campaign, counted, and shown while they are imported.

mod assignment;
pub mod enroller;
mod enrolment;
pub mod load;
mod number_claims;
pub mod readability_check;
pub mod report;
mod row_reader;
pub mod running_imports;
pub mod spelling;
pub mod status;
pub mod trial;
pub mod withdrawal;
