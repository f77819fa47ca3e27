//! The ports every entity needs, and what one process knows of itself: its log, its clock, its engines.

use crate::clock_skew::ClockSkew;
use crate::engine_circuits::EngineCircuits;
use crate::log_damage::LogDamage;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::id_source::IdSource;
use domain::ports::tasks::Tasks;
use domain::ports::vault::Vault;
use std::sync::Arc;

/// The ports every entity needs.
#[derive(Clone)]
pub struct Environment {
    pub store: Arc<dyn EventStore>,
    pub vault: Arc<dyn Vault>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub tasks: Arc<dyn Tasks>,
    /// What of the log could not be read here; dialing stops at the first of it.
    pub damage: Arc<LogDamage>,
    /// How far the clock is off; nothing new is dialed while that is too far.
    pub skew: Arc<ClockSkew>,
    /// Which engines of speech do not answer; campaigns that need one start no calls meanwhile.
    pub engines: Arc<EngineCircuits>,
    /// Records are marked as made under a rehearsal clock.
    pub rehearsal: bool,
}
