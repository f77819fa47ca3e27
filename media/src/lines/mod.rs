//! Lines: everything that can place a leg. A simulated one for rehearsing drivers, a SIP trunk for the network.

mod simulated;

pub use simulated::{BookEntry, CalleeScript, CarrierBook, SimulatedCallees, SimulatedLine};
