//! The rehearsal carrier within this process. It simulates the telephone network, on tasks and a wall clock
//! of its own.

use crate::clock::SystemClock;
use actors::Supervisor;
use carrier::driver::{CarrierConfig, CarrierError, CarrierHandle};
use carrier::{CarrierProfile, CarrierUser, PhraseAudio, phrases};
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::problem::Problem;
use speech::clips::read_clip;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Why a rehearsal carrier did not start.
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

/// The settings of a rehearsal carrier: address, seed, CDR file, call profile and sign-in.
#[derive(Debug, Clone)]
pub struct CarrierSettings {
    pub listen: SocketAddr,
    pub seed: u64,
    pub cdr: PathBuf,
    /// The call profile in YAML or JSON; without it the built-in mix.
    pub profile: Option<String>,
    /// The user and password that the carrier requires by a digest challenge.
    pub auth: Option<(String, String)>,
}

/// Reads the audio of the profile's phrases: for each phrase the WAV file of that name in the directory
/// `voices`. Fails if one is missing.
fn voices(profile: &CarrierProfile) -> Result<PhraseAudio, RehearsalError> {
    let bad = |why: String| RehearsalError::Profile(why);
    let phrases = phrases(&profile.conversations).map_err(|error| bad(error.to_string()))?;
    let Some(directory) = profile.voices.as_deref() else {
        return match phrases.first() {
            None => Ok(PhraseAudio::default()),
            Some(text) => Err(bad(format!(
                "conversations: `{text}` needs the directory `voices` with a WAV file of this name"
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
    Ok(PhraseAudio::new(spoken.collect::<Result<_, _>>()?))
}

/// A running rehearsal carrier, on tasks and a clock of its own.
pub struct Carrier {
    handle: CarrierHandle,
    tasks: Arc<Supervisor>,
}

impl Carrier {
    /// Starts a rehearsal carrier. Fails if its profile cannot be read, a recording of a phrase is missing,
    /// or the address cannot be bound.
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

    /// Returns the SIP address on which the carrier listens.
    pub const fn address(&self) -> SocketAddr {
        self.handle.local_addr()
    }

    /// Returns the number of calls that the carrier has now.
    pub fn live_count(&self) -> usize {
        self.handle.live_count()
    }

    /// Ends the carrier's calls and waits until their last CDR lines are written.
    pub async fn stop(&self) {
        self.handle.stop().await;
        self.tasks.stop().await;
    }
}
