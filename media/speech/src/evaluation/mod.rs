//! How well the parts that hear and speak do: error rates of recognizers, how callees sound, speakers that
//! are told apart, and the kit by which people judge voices. What is measured on synthetic voices says so.

mod attested;
pub mod emotion;
mod figures;
pub mod hearing;
pub mod line;
pub mod opinions;
pub mod voices;

pub use attested::{
    ACCURACY_RATIO_FLOOR, ACCURACY_RATIO_TARGET, Attested, ByCondition, Compared, Condition, ErrorFigures,
    compared,
};
