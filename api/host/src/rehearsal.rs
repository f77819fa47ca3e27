//! The rehearsal carrier of this process: the outside world, on tasks and a wall clock of its own.

use crate::clock::SystemClock;
use actors::Supervisor;
use carrier::driver::{CarrierConfig, CarrierError, CarrierHandle};
use carrier::{CarrierProfile, CarrierUser};
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::problem::Problem;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Why a carrier did not start.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    #[error(transparent)]
    Carrier(#[from] CarrierError),
    #[error("the carrier's profile cannot be read: {0}")]
    Profile(String),
}

impl From<RehearsalError> for Problem {
    fn from(error: RehearsalError) -> Self {
        Self::unavailable(error.to_string())
    }
}

/// How a carrier is asked for.
#[derive(Debug, Clone)]
pub struct CarrierSettings {
    pub listen: SocketAddr,
    pub seed: u64,
    pub cdr: PathBuf,
    /// YAML or JSON; the built-in mix when absent.
    pub profile: Option<String>,
    /// User and password of the digest challenge.
    pub auth: Option<(String, String)>,
}

/// A carrier of this process, on tasks and a clock of its own: it is the outside world.
pub struct Carrier {
    handle: CarrierHandle,
    tasks: Arc<Supervisor>,
}

impl Carrier {
    pub fn start(settings: CarrierSettings) -> Result<Self, RehearsalError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let tasks = Supervisor::new(Handle::current(), Arc::clone(&clock));
        let profile = match &settings.profile {
            Some(text) => {
                serde_yaml_ng::from_str(text).map_err(|error| RehearsalError::Profile(error.to_string()))?
            }
            None => CarrierProfile::default(),
        };
        let config = CarrierConfig {
            listen: settings.listen,
            seed: settings.seed,
            cdr: Some(settings.cdr),
            profile,
            auth: settings
                .auth
                .map(|(user, password)| CarrierUser { user, password }),
        };
        let handle = carrier::Carrier::start(config, clock, tasks.as_ref())?;
        Ok(Self { handle, tasks })
    }

    pub const fn address(&self) -> SocketAddr {
        self.handle.local_addr()
    }

    pub fn live_count(&self) -> usize {
        self.handle.live_count()
    }

    /// Ends its calls and writes its last lines.
    pub async fn stop(&self) {
        self.handle.stop().await;
        self.tasks.stop().await;
    }
}
