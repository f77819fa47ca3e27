//! Lists of customers on their way into a campaign: read row by row, enrolled, counted, shown while they
//! load.

mod assigning;
pub mod enroller;
pub mod load;
pub mod readable;
pub mod standing;
pub mod under_way;
pub mod withdrawing;
