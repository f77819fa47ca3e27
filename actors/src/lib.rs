//! Live entities and durable effects: hosts the deciders of `domain`, and runs the drivers between them.
//!
//! An entity is asked by id through a bounded mailbox. It loads its stream, decides, appends, and answers
//! only then. Drivers follow events and ask entities; they keep no truth and can be dropped at any moment.
//! Limits are named constants next to what they bound: mailbox slots, live entities, legs, dials.

mod answer;
#[cfg(test)]
mod arbiter_tests;
mod asked;
mod asker_task;
mod assist;
mod callers;
mod capacity;
mod clock_skew;
mod confirmation;
mod dial_right;
mod drivers;
mod encode;
mod engine_circuits;
mod entity;
mod entrance;
mod environment;
mod error;
mod hosting;
mod lifespan;
mod line_health;
mod line_load;
mod loading;
mod log_damage;
mod mailbox;
mod registry;
#[cfg(test)]
mod registry_tests;
#[cfg(test)]
mod shared_log_tests;
mod stops;
mod supervisor;
mod system;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod timers;
mod while_held;

pub use assist::Assist;
pub use callers::CallerUse;
pub use clock_skew::ClockSkew;
pub use dial_right::DialRight;
pub use drivers::{
    DriverPorts, Drivers, DriversHandle, Hearing, Progress, SummariesOf, SummaryPorts, SummaryWriter,
    TestCallOrder, TestCallRefusal, installation_now, start_forgetting, start_summarizing,
    unconfirmed_restore,
};
pub use encode::Encode;
pub use engine_circuits::{EngineCircuits, OpenCircuit};
pub use entity::{Answer, Asked, Loaded};
pub use environment::Environment;
pub use error::{AskError, StartError};
pub use hosting::{ARBITERS_MAX, Place};
pub use line_health::Carries;
pub use line_load::LineLoad;
pub use log_damage::{Damage, LogDamage};
pub use stops::{EngagedStop, engaged_by, engaged_now};
pub use supervisor::{STOP_WAIT_MS, Supervisor, run_on};
pub use system::{ActorSystem, Entities};
