//! How much two utterances are alike: cepstral coefficients compared by dynamic time warping.

mod coefficients;
mod warping;

pub use coefficients::{COEFFICIENTS, Coefficients, coefficients_of};
pub use warping::distance;
