//! The start of a system with other decide functions than those of its deciders. The simulation plants bugs
//! this way (decision 0220).

use crate::decide_functions::DecideFunctions;
use crate::environment::Environment;
use crate::hosting::{EntityRuntime, Hosting};
use crate::system::ActorSystem;

impl ActorSystem {
    /// Starts as `start` does, with these decide functions. `clippy.toml` bans this outside the simulation.
    pub fn start_deciding(environment: Environment, place: EntityRuntime, decide: DecideFunctions) -> Self {
        let hosting = Hosting::start(place, &environment.tasks);
        Self::launch(&environment, &hosting, decide)
    }
}
