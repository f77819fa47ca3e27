//! The customer aggregate, while its decider is written: its events and commands.

pub mod command;
pub mod event;

#[cfg(test)]
mod golden;
