//! Lines: everything that can place a leg. A simulated one for rehearsing drivers, a SIP trunk for the network.

mod carrier_book;
mod simulated;

pub use carrier_book::{BookEntry, CarrierBook};
pub use simulated::{CalleeScript, SimulatedCallees, SimulatedLine};
