//! Lines: everything that can place a leg. One is simulated; the SIP trunk uses the network.

#[cfg(test)]
mod advertised_addresses;
mod callee_script;
mod carrier_book;
#[cfg(test)]
mod contract;
mod dialed_number;
#[cfg(test)]
mod left_over_contract;
mod sandbox_line;
mod simulated_line;
mod simulated_voice;
mod sip_trunk;
#[cfg(test)]
mod suite_legs;
#[cfg(test)]
mod tests;
mod trunk_addresses;
#[cfg(test)]
mod unknown_senders;

pub use crate::sip::trunk_profile::{IdentityHeader, PrivateContact, ProxyAddress, TrunkProfile};
pub use callee_script::{CalleeScript, SimulatedCallees, SimulatedInvite};
pub use carrier_book::{BookEntry, CarrierBook};
pub use dialed_number::NumberForm;
pub use sandbox_line::{SANDBOX_LINE, SandboxLine};
pub use simulated_line::SimulatedLine;
pub use simulated_voice::SpokenClip;
pub use sip_trunk::{
    DIALS_PER_SECOND, FIRST_RESPONSE_BEFORE_ANOTHER_MS, FIRST_RESPONSE_MS, HOLD_OFF_LOOPBACK_MS, HOLD_OFF_MS,
    LEGS_MAX, ProbeMode, RING_TIMEOUT_MS, SILENCE_MS, SipTrunk, TrunkConfig,
};
pub use trunk_addresses::TrunkAddresses;
