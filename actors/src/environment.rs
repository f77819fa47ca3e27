//! The ports that every entity needs, and the shared health of one process: its log, its clock, its speech
//! engines.

use crate::clock_skew::ClockSkew;
use crate::engine_circuits::EngineCircuits;
use crate::latencies::Latencies;
use crate::log_damage::LogDamage;
use crate::traces::Traces;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::id_source::IdSource;
use domain::ports::tasks::Tasks;
use domain::ports::vault::Vault;
use std::sync::Arc;

/// The ports that every entity needs.
#[derive(Clone)]
pub struct Environment {
    pub store: Arc<dyn EventStore>,
    pub vault: Arc<dyn Vault>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub tasks: Arc<dyn Tasks>,
    /// Parts of the log that could not be read here; dialing stops at the first.
    pub damage: Arc<LogDamage>,
    /// The offset of the clock; while it is too large, no new call is dialed.
    pub skew: Arc<ClockSkew>,
    /// Speech engines that do not respond; campaigns that need one start no calls meanwhile.
    pub engines: Arc<EngineCircuits>,
    /// Durations of appends and of turns, for monitoring.
    pub latencies: Arc<Latencies>,
    /// Spans of sampled traces; off unless the server exports them.
    pub traces: Arc<Traces>,
    /// True if records are marked as made under a rehearsal clock.
    pub rehearsal: bool,
}
