//! The rehearsal carrier of this process: the outside world, on tasks and a wall clock of its own.

use crate::clock::SystemClock;
use actors::Supervisor;
use carrier::driver::{CarrierConfig, CarrierError, CarrierHandle};
use carrier::{CarrierProfile, CarrierUser, Voices, phrases};
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::problem::Problem;
use speech::clips::read_clip;
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

/// The sounds of a profile's phrases, from the files that are named for them.
fn voices(profile: &CarrierProfile) -> Result<Voices, RehearsalError> {
    let bad = |why: String| RehearsalError::Profile(why);
    let phrases = phrases(&profile.conversations).map_err(|error| bad(error.to_string()))?;
    let Some(directory) = profile.voices.as_deref() else {
        return match phrases.first() {
            None => Ok(Voices::default()),
            Some(text) => Err(bad(format!(
                "conversations: `{text}` needs the directory `voices`, with a WAV file named for it"
            ))),
        };
    };
    let spoken = phrases.into_iter().map(|text| {
        let file = directory.join(format!("{text}.wav"));
        let read = std::fs::read(&file).map_err(|error| error.to_string());
        let clip = read.and_then(|bytes| read_clip(&bytes).map_err(|error| error.to_string()));
        clip.map(|clip| (text, clip.samples))
            .map_err(|why| bad(format!("{}: {why}", file.display())))
    });
    Ok(Voices::new(spoken.collect::<Result<_, _>>()?))
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
        let mut profile = match &settings.profile {
            Some(text) => {
                domain::yaml::from_str(text).map_err(|error| RehearsalError::Profile(error.to_string()))?
            }
            None => CarrierProfile::default(),
        };
        profile.clips = voices(&profile)?;
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
