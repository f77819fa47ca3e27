//! Live entities and durable effects: hosts the deciders of `domain`, and runs the drivers between them.
//!
//! An entity is asked by id through a bounded mailbox. It loads its stream, decides, appends, and answers
//! only then. Drivers follow events and ask entities; they keep no truth and can be dropped at any moment.
//! Limits are named constants next to what they bound: mailbox slots, live entities, legs, dials.

mod answer;
#[cfg(test)]
mod arbiter_tests;
mod call_assistant;
mod call_encoder;
mod callers;
mod capacity;
mod clock_skew;
mod command_decision;
mod confirmation;
mod decide_functions;
mod dial_right;
mod dial_right_guard;
mod drivers;
mod engine_circuits;
mod entity;
mod entity_core;
mod entity_requests;
mod entrance;
mod environment;
mod error;
mod hosting;
mod inline_execution;
mod latencies;
mod lifespan;
mod line_health;
mod line_load;
mod loading;
mod log_damage;
mod mailbox;
mod registry;
#[cfg(test)]
mod registry_tests;
mod request_budget;
#[cfg(test)]
mod shared_log_tests;
mod stops;
mod supervisor;
mod system;
mod system_of_realm;
mod system_with_decisions;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod timers;
mod traces;

pub use call_assistant::CallAssistant;
pub use call_encoder::CallEncoder;
pub use callers::CallerUse;
pub use clock_skew::ClockSkew;
pub use decide_functions::{DecideFunction, DecideFunctions};
pub use dial_right::DialRight;
pub use drivers::{
    CallsInProgress, DialHold, DriverPorts, DriverRealm, Drivers, DriversHandle, ListeningPorts,
    SummaryPorts, SummaryScope, SummaryWriter, TestCallOrder, TestCallRefusal, installation_now,
    start_erasures, start_summarizing, unconfirmed_restore,
};
pub use engine_circuits::{EngineCircuits, OpenCircuit};
pub use entity::{Answer, AskResult, EntityState};
pub use environment::Environment;
pub use error::{AskError, StartError};
pub use hosting::{ARBITERS_MAX, EntityRuntime};
pub use latencies::Latencies;
pub use line_health::LineAdmission;
pub use line_load::LineLoad;
pub use log_damage::{Damage, LogDamage};
pub use stops::{EngagedStop, engaged_by, engaged_now};
pub use supervisor::{STOP_WAIT_MS, Supervisor, run_on};
pub use system::{ActorSystem, Entities};
pub use traces::{
    FinishedSpan, OpenSpan, SPANS_QUEUED_MAX, SampleRatio, SpanAttribute, SpanCounts, SpanFacts, SpanKind,
    Traces,
};
