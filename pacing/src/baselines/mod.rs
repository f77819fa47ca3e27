//! What others do, to be measured beside: each as public descriptions tell it, none is anybody's code.

mod adaptive;
mod simple;

pub use adaptive::Adaptive;
pub use simple::{ByErlang, FixedRatio, Naive, Progressive, SafeBurst};
