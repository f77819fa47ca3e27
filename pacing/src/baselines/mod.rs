//! Baseline pacers for comparison, each written from public descriptions, not from other products' code.

mod adaptive_pacer;
mod simple_pacers;

pub use adaptive_pacer::AdaptivePacer;
pub use simple_pacers::{ErlangPacer, FixedRatioPacer, NaivePacer, ProgressivePacer, SafeBurstPacer};
