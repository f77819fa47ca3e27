//! Evaluates the parts that hear and speak: error rates of recognizers, the excitement read from callees'
//! voices, the distinction of speakers, and the kit with which people judge voices. Figures that were
//! measured on synthetic voices are marked.

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
