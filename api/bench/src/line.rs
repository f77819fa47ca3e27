//! A single trunk for measurements: real sockets, no store, no entities.

use actors::Supervisor;
use domain::ports::clock::Clock;
use domain::ports::line::Line;
use domain::ports::tasks::Tasks;
use host::app::AppError;
use host::clock::{SystemClock, SystemIds};
use host::config::RTP_PORTS_DEFAULT;
use host::data_dir::RECORDINGS_DIR;
use media::advertised::AdvertisedAddresses;
use media::driver::{MediaConfig, MediaDriver, MediaPorts};
use media::lines::{SipTrunk, TrunkConfig};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Handle;

/// A trunk and the driver under it.
pub(crate) struct BenchLine {
    pub line: Arc<dyn Line>,
    driver: Arc<MediaDriver>,
    tasks: Arc<Supervisor>,
}

/// How punctual the audio was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaceFigures {
    pub(crate) skipped_frames: u64,
    pub(crate) lateness_us_p99: u64,
    pub(crate) lateness_us_max: u64,
}

impl BenchLine {
    pub(crate) async fn start(directory: &Path, carrier: SocketAddr, legs: u32) -> Result<Self, AppError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let tasks = Supervisor::new(Handle::current(), Arc::clone(&clock));
        let ids = SystemIds::checked().map_err(|error| AppError::Random(error.to_string()))?;
        let config = MediaConfig {
            sip: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            advertised: AdvertisedAddresses::default(),
            rtp_ports: (*RTP_PORTS_DEFAULT.start(), *RTP_PORTS_DEFAULT.end()),
            recordings: directory.join(RECORDINGS_DIR),
            hung_up: Arc::default(),
        };
        let surroundings = MediaPorts {
            clock,
            ids: Arc::new(ids),
            tasks: Arc::clone(&tasks) as Arc<dyn Tasks>,
        };
        let driver = MediaDriver::start(config, surroundings)?;
        let trunk = TrunkConfig {
            legs_max: legs,
            ..TrunkConfig::new("bench", &carrier.ip().to_string(), carrier.port())
        };
        let line = SipTrunk::start(trunk, &driver).await?;
        Ok(Self { line, driver, tasks })
    }

    pub(crate) fn pace(&self) -> PaceFigures {
        let statistics = self.driver.pace_statistics();
        PaceFigures {
            skipped_frames: statistics.skipped_frames,
            lateness_us_p99: statistics.lateness_us(99),
            lateness_us_max: statistics.lateness_us_max,
        }
    }

    pub(crate) async fn stop(self) {
        let tasks = self.tasks;
        drop((self.line, self.driver));
        tasks.stop().await;
    }
}
