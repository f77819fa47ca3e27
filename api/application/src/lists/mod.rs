//! Lists of customers on their way into a campaign: read row by row, enrolled, counted, shown while they
//! load.

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
