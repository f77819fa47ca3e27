//! Baseline pacers for comparison, each written from public descriptions, not from other products' code.

mod adaptive;
mod simple;

pub use adaptive::Adaptive;
pub use simple::{ByErlang, FixedRatio, Naive, Progressive, SafeBurst};
