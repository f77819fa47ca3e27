//! The entities of the sandbox, beside those of the real realm (decision 0232).

use crate::decide_functions::DecideFunctions;
use crate::environment::Environment;
use crate::system::ActorSystem;

impl ActorSystem {
    /// Starts the entities of another realm of the same log, on the arbiters of this system. Users, API keys
    /// and settings stay those of this system: they are the same in both realms.
    pub fn in_realm(&self, environment: &Environment) -> Self {
        let own = Self::launch(
            environment,
            &self.campaigns.inner.hosting,
            DecideFunctions::default(),
        );
        Self {
            users: self.users.clone(),
            api_keys: self.api_keys.clone(),
            settings: self.settings.clone(),
            ..own
        }
    }
}
