//! Contact lists: rows are read, enrolled in a campaign, counted, and shown while they are imported.

mod assigning;
mod claiming;
pub mod enroller;
mod enrolling;
pub mod load;
pub mod readable;
mod reading;
pub mod report;
pub mod spelling;
pub mod standing;
pub mod trying;
pub mod under_way;
pub mod withdrawing;
