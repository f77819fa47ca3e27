//! The composition root: every choice of store, vault, views, lines and speech is made here and nowhere else.

use crate::clock::{RehearsalClock, SystemClock, SystemIds};
use crate::config::{Followed, RTP_PORTS_DEFAULT, SIP_PORT, TrunkSpec};
use crate::data_dir::{self, DataDirError, KEYS_DIR, Mode, PROMPTS_DIR, RECORDINGS_DIR};
use crate::running::ServeSettings;
use crate::store_spec::StoreSpec;
use actors::{ActorSystem, Environment, Place, Supervisor};
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, StoreError};
use domain::ports::id_source::IdSource;
use domain::ports::line::Line;
use domain::ports::recording::Recordings;
use domain::ports::speech::Synthesizer;
use domain::ports::tasks::Tasks;
use domain::ports::vault::{Vault, VaultError};
use domain::ports::worklist::Worklist;
use domain::time::Timestamp;
use media::audio::recording::WavRecordings;
use media::driver::{MediaConfig, MediaDriver, SipCounts, Surroundings};
use media::error::MediaError;
use media::lines::{SipTrunk, TrunkConfig};
use media::sip::authentication::Credentials;
use media::speech::espeak::EspeakSettings;
use media::speech::synthesizer_of_this_machine;
use projections::{Grounds, ProjectionError, Projections, SqlWorklist, SqliteReadDb};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use store::{
    DataLock, EVENTS_FILE, FileVault, Keyring, LockError, OpenError, SqliteEventStore, SqliteOptions,
};
use tokio::runtime::{Handle, Runtime};

/// Why a directory could not be opened or the process not started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Views(#[from] ProjectionError),
    #[error("the operating system gives no random bytes: {0}")]
    Random(String),
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error("trunk {trunk}: {why}")]
    Password { trunk: String, why: String },
    #[error("this build cannot open {0}")]
    NotBuilt(String),
}

/// Which directory, and how time runs in it.
#[derive(Debug, Clone)]
pub(crate) struct OpenSettings {
    pub(crate) data: PathBuf,
    /// Default: `DATA/keys`.
    pub(crate) keys: Option<PathBuf>,
    /// Set for a rehearsal: where its clock starts.
    pub(crate) rehearse_at: Option<Timestamp>,
}

/// A data directory opened for writing, with everything that stands on it but the lines.
pub(crate) struct Opened {
    pub(crate) directory: PathBuf,
    pub(crate) environment: Environment,
    pub(crate) store: Arc<SqliteEventStore>,
    vault: Arc<FileVault>,
    tasks: Arc<Supervisor>,
    lock: DataLock,
    /// Set once lines exist.
    media: OnceLock<Arc<MediaDriver>>,
}

/// Threads that end when their store or vault is closed, not on the stop signal.
const CLOSED_LAST: [&str; 3] = ["event store writer", "event store reader", "key keeper"];

/// How long everything else may take to end before the store is closed under it.
const CLOSE_WAIT_MS: u64 = 4_000;

/// How often that is looked at.
const CLOSE_STEP_MS: u64 = 10;

impl Opened {
    /// Locks and opens; blocks for as long as recovery takes. A start on a directory that does not fit
    /// (another mode, a missing key) leaves it as it was.
    pub(crate) fn open(settings: &OpenSettings) -> Result<Self, AppError> {
        let directory = settings.data.clone();
        let lock = DataLock::acquire(&directory)?;
        let mode = match settings.rehearse_at {
            Some(_) => Mode::Rehearsal,
            None => Mode::Real,
        };
        data_dir::hold_to_mode(&directory, mode)?;
        let has_store = directory.join(EVENTS_FILE).exists();
        let last = if has_store {
            last_recorded(&directory)?
        } else {
            None
        };
        let clock: Arc<dyn Clock> = match settings.rehearse_at {
            Some(asked) => Arc::new(RehearsalClock::starting_at(RehearsalClock::begin(asked, last))),
            None => Arc::new(SystemClock::default()),
        };
        let ids: Arc<dyn IdSource> =
            Arc::new(SystemIds::checked().map_err(|error| AppError::Random(error.to_string()))?);
        let tasks = Supervisor::new(Handle::current(), Arc::clone(&clock));
        let keyring = match last {
            Some(_) => Keyring::MustExist,
            None => Keyring::MayBeNew,
        };
        let keys = settings.keys.clone().unwrap_or_else(|| directory.join(KEYS_DIR));
        let vault = FileVault::open(&keys, Arc::clone(&ids), tasks.as_ref(), keyring)?;
        let store = SqliteEventStore::open(
            &directory,
            Arc::clone(&clock),
            tasks.as_ref(),
            &SqliteOptions::default(),
        )?;
        let (store, vault) = (Arc::new(store), Arc::new(vault));
        let environment = Environment {
            store: Arc::clone(&store) as Arc<dyn EventStore>,
            vault: Arc::clone(&vault) as Arc<dyn Vault>,
            clock,
            ids,
            tasks: Arc::clone(&tasks) as Arc<dyn Tasks>,
            rehearsal: mode == Mode::Rehearsal,
        };
        Ok(Self {
            directory,
            environment,
            store,
            vault,
            tasks,
            lock,
            media: OnceLock::new(),
        })
    }

    /// Entities on the shared runtime, one arbiter per processor.
    pub(crate) fn entities(&self, runtime: Arc<Runtime>) -> ActorSystem {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        ActorSystem::start(self.environment.clone(), Place::Arbiters { runtime, count })
    }

    /// Views following the log.
    pub(crate) async fn views(&self) -> Result<Arc<Projections>, AppError> {
        let tasks = self.environment.tasks.as_ref();
        let grounds = Grounds {
            store: Arc::clone(&self.environment.store),
            db: Arc::new(SqliteReadDb::open(&self.directory, tasks)?),
            clock: Arc::clone(&self.environment.clock),
        };
        Ok(Projections::start(grounds, tasks).await?)
    }

    /// What this machine can speak with.
    pub(crate) async fn synthesizer(&self) -> Arc<dyn Synthesizer> {
        let clock = Arc::clone(&self.environment.clock);
        synthesizer(Some(self.directory.join(PROMPTS_DIR)), clock).await
    }

    /// Recordings that are no longer being written.
    pub(crate) fn recordings(&self) -> Arc<dyn Recordings> {
        Arc::new(WavRecordings::new(self.directory.join(RECORDINGS_DIR)))
    }

    /// Lines in order of preference. The SIP port is kept over restarts, because stored events name it.
    pub(crate) async fn lines(&self, settings: &ServeSettings) -> Result<Vec<Arc<dyn Line>>, AppError> {
        if settings.trunks.is_empty() {
            return Ok(Vec::new());
        }
        let sip = settings
            .sip
            .or_else(|| data_dir::sip_address(&self.directory))
            .unwrap_or_else(|| first_sip_address(&settings.trunks));
        let rtp_ports = settings.rtp_ports.clone().unwrap_or(RTP_PORTS_DEFAULT);
        let legs_max = legs_within(&rtp_ports, settings.trunks.len());
        let config = MediaConfig {
            sip,
            advertised: None,
            rtp_ports: (*rtp_ports.start(), *rtp_ports.end()),
            recordings: self.directory.join(RECORDINGS_DIR),
        };
        let surroundings = Surroundings {
            clock: Arc::clone(&self.environment.clock),
            ids: Arc::clone(&self.environment.ids),
            tasks: Arc::clone(&self.environment.tasks),
        };
        let driver = MediaDriver::start(config, surroundings)?;
        data_dir::keep_sip_address(&self.directory, driver.local())?;
        let driver = Arc::clone(self.media.get_or_init(|| driver));
        let mut lines: Vec<Arc<dyn Line>> = Vec::with_capacity(settings.trunks.len());
        let last = settings.trunks.len() - 1;
        for (index, trunk) in settings.trunks.iter().enumerate() {
            let followed = if index == last {
                Followed::ByNone
            } else {
                Followed::ByAnother
            };
            let mut config = trunk_config(trunk, followed)?;
            if config.legs_max > legs_max {
                tracing::warn!(trunk = %config.name, legs_max, ?rtp_ports, "fewer legs: each needs an audio port");
                config.legs_max = legs_max;
            }
            lines.push(SipTrunk::start(config, &driver).await?);
        }
        Ok(lines)
    }

    /// What the SIP port has refused so far; `None` without lines.
    pub(crate) fn sip_counts(&self) -> Option<SipCounts> {
        self.media.get().map(|driver| driver.sip_counts())
    }

    /// Returns when only the threads that are closed last are alive, or after `CLOSE_WAIT_MS`.
    async fn others_ended(&self) {
        let clock = &self.environment.clock;
        let limit = clock.now().plus_ms(CLOSE_WAIT_MS);
        let busy = |tasks: &Supervisor| {
            let alive = tasks.alive();
            alive
                .iter()
                .any(|(name, count)| *count > 0 && !CLOSED_LAST.contains(name))
        };
        while busy(&self.tasks) && clock.now() < limit {
            clock.wait_until(clock.now().plus_ms(CLOSE_STEP_MS)).await;
        }
    }

    /// Stops what runs, in order; the directory is free when the last holder of this value drops it.
    pub(crate) async fn close(&self) {
        tokio::join!(self.tasks.stop(), async {
            self.others_ended().await;
            self.store.close().await;
            self.vault.close().await;
        });
        tracing::info!(directory = %self.lock.dir().display(), "closed");
    }
}

/// espeak-ng when it is installed, else the bundled clips.
pub(crate) async fn synthesizer(cache_dir: Option<PathBuf>, clock: Arc<dyn Clock>) -> Arc<dyn Synthesizer> {
    let settings = EspeakSettings {
        cache_dir,
        ..EspeakSettings::default()
    };
    synthesizer_of_this_machine(settings, clock).await
}

/// The worklist over running views.
pub(crate) fn worklist(views: &Projections) -> Arc<dyn Worklist> {
    Arc::new(SqlWorklist::new(views))
}

/// Where SIP is taken at a directory's first start: a free loopback port for a rehearsal, the well-known port
/// for the world.
fn first_sip_address(trunks: &[TrunkSpec]) -> SocketAddr {
    if trunks.iter().all(TrunkSpec::is_loopback) {
        return SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    }
    SocketAddr::from((Ipv4Addr::UNSPECIFIED, SIP_PORT))
}

/// Legs a trunk may have out of its share of the audio ports (RFC 3550, 11: RTP takes even ones). A port that
/// cannot be had would look like a failure of the trunk.
fn legs_within(ports: &RangeInclusive<u16>, trunks_count: usize) -> u32 {
    let even_count = ports.clone().filter(|port| port % 2 == 0).count();
    let share = even_count.checked_div(trunks_count).unwrap_or(even_count);
    u32::try_from(share).unwrap_or(u32::MAX).max(1)
}

fn trunk_config(trunk: &TrunkSpec, followed: Followed) -> Result<TrunkConfig, AppError> {
    let password = match &trunk.password {
        None => None,
        Some(password) => Some(password.read().map_err(|why| AppError::Password {
            trunk: trunk.name.clone(),
            why,
        })?),
    };
    let credentials = trunk
        .user
        .clone()
        .zip(password)
        .map(|(user, password)| Credentials { user, password });
    Ok(TrunkConfig {
        name: trunk.name.clone(),
        host: trunk.host.trim_matches(['[', ']']).to_owned(),
        port: trunk.port,
        credentials,
        caller_numbers: trunk.from.clone(),
        legs_max: trunk.legs_max,
        dials_per_second: trunk.dials_per_second,
        ring_timeout_ms: trunk.ring_timeout_ms,
        first_response_ms: trunk.first_response_ms(followed),
        hold_off_ms: Some(trunk.hold_off_ms),
    })
}

/// A rehearsal's clock must not go below what is recorded, and it must exist before the store is opened.
fn last_recorded(directory: &Path) -> Result<Option<Timestamp>, AppError> {
    let opened = ReadOnly::open(directory)?;
    tokio::task::block_in_place(|| {
        Handle::current().block_on(async {
            let last = opened.store.last_recorded_at().await;
            opened.close().await;
            Ok(last?)
        })
    })
}

/// A directory opened for reading, beside the process that writes it or without one. Needs no key.
pub(crate) struct ReadOnly {
    pub(crate) store: Arc<dyn EventStore>,
    tasks: Arc<dyn Tasks>,
}

impl ReadOnly {
    /// Opens any log for reading.
    pub(crate) async fn of(spec: &StoreSpec) -> Result<Self, AppError> {
        match spec {
            StoreSpec::Sqlite(directory) => Self::open(directory),
            StoreSpec::Postgres(_) | StoreSpec::Kurrent(_) => Err(AppError::NotBuilt(spec.to_string())),
        }
    }

    pub(crate) fn open(directory: &Path) -> Result<Self, AppError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let tasks = Supervisor::new(Handle::current(), Arc::clone(&clock));
        let store = SqliteEventStore::open_read_only(directory, clock, tasks.as_ref())?;
        Ok(Self {
            store: Arc::new(store),
            tasks,
        })
    }

    /// The rows beside the log.
    pub(crate) fn rows(directory: &Path) -> Result<Arc<SqliteReadDb>, AppError> {
        Ok(Arc::new(SqliteReadDb::open_read_only(directory)?))
    }

    pub(crate) async fn close(self) {
        drop(self.store);
        self.tasks.stop().await;
    }
}

/// The rows of a directory that no server writes, for rebuilding them.
pub(crate) struct WritableRows {
    pub(crate) log: ReadOnly,
    rows: Arc<SqliteReadDb>,
    _lock: DataLock,
}

impl WritableRows {
    pub(crate) fn open(directory: &Path) -> Result<Self, AppError> {
        let lock = DataLock::acquire(directory)?;
        let log = ReadOnly::open(directory)?;
        let rows = Arc::new(SqliteReadDb::open(directory, log.tasks.as_ref())?);
        Ok(Self {
            log,
            rows,
            _lock: lock,
        })
    }

    pub(crate) fn rows(&self) -> Arc<SqliteReadDb> {
        Arc::clone(&self.rows)
    }

    pub(crate) async fn close(self) {
        drop(self.rows);
        self.log.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trunks_share_the_audio_ports_and_each_has_one() {
        for (ports, trunks_count, legs) in [
            (20_000..=20_199, 1, 100),
            (20_000..=20_199, 2, 50),
            (20_001..=20_003, 1, 1),
            (20_000..=20_001, 3, 1),
        ] {
            assert_eq!(legs_within(&ports, trunks_count), legs);
        }
    }
}
