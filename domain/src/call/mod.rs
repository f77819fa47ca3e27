//! The call aggregate, while its decider is written: its events and commands.

pub mod command;
pub mod event;

mod leg_identity;
pub use leg_identity::LegIdentity;
