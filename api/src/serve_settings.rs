//! What a server is started with, as its command line said it.

use crate::config::TrunkSpec;
use crate::open_settings::OpenSettings;
use crate::outbound::ntp::NtpServer;
use crate::outbound::tsa::TsaUrl;
use crate::outbound::witness::WitnessSpec;
use crate::read_db_spec::ReadDbSpec;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Everything a server is started with.
#[derive(Debug, Clone)]
pub(crate) struct ServeSettings {
    /// Default: in the data directory.
    pub(crate) read_db: Option<ReadDbSpec>,
    pub(crate) open: OpenSettings,
    pub(crate) trunks: Vec<TrunkSpec>,
    pub(crate) sip: Option<SocketAddr>,
    pub(crate) rtp_ports: Option<RangeInclusive<u16>>,
    /// How long live calls may go on after the driver lock was lost.
    pub(crate) drain_ms: u64,
    /// Who is asked to cosign checkpoints.
    pub(crate) witnesses: Vec<WitnessSpec>,
    /// Who stamps checkpoints with a time.
    pub(crate) tsa: Option<TsaUrl>,
    /// The clock that ours is compared with, besides the database's.
    pub(crate) ntp: Option<NtpServer>,
    /// One text that is spoken by a recording instead of by the synthesizer (`trunk call --wav`).
    pub(crate) given: Option<GivenSound>,
}

/// A text and the WAV file that speaks it.
#[derive(Debug, Clone)]
pub(crate) struct GivenSound {
    pub(crate) text: String,
    pub(crate) file: PathBuf,
}
