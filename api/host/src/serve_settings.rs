//! What a server is started with, as its command line said it.

use crate::config::TrunkSpec;
use crate::messaging_args::MessagingChoice;
use crate::open_settings::OpenSettings;
use crate::outbound::ntp::NtpServer;
use crate::outbound::tsa::TsaUrl;
use crate::outbound::witness::WitnessSpec;
use crate::read_db_spec::ReadDbSpec;
use crate::sign_in_args::SignInSettings;
use crate::speech_args::SpeechChoice;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use tls::IdentityFiles;

/// Everything a server is started with.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// Default: in the data directory.
    pub read_db: Option<ReadDbSpec>,
    pub open: OpenSettings,
    /// With which certificate its doors speak TLS; without one they speak plain text.
    pub tls: Option<IdentityFiles>,
    /// How people sign in, beside their passwords.
    pub sign_in: SignInSettings,
    /// What calls hear and speak with.
    pub speech: SpeechChoice,
    /// What carries messages to persons.
    pub messaging: MessagingChoice,
    pub trunks: Vec<TrunkSpec>,
    pub sip: Option<SocketAddr>,
    pub rtp_ports: Option<RangeInclusive<u16>>,
    /// How long live calls may go on after the driver lock was lost.
    pub drain_ms: u64,
    /// Who is asked to cosign checkpoints.
    pub witnesses: Vec<WitnessSpec>,
    /// Who stamps checkpoints with a time.
    pub tsa: Option<TsaUrl>,
    /// The clock that ours is compared with, besides the database's.
    pub ntp: Option<NtpServer>,
    /// One text that is spoken by a recording instead of by the synthesizer (`trunk call --wav`).
    pub given: Option<GivenSound>,
}

/// A text and the WAV file that speaks it.
#[derive(Debug, Clone)]
pub struct GivenSound {
    pub text: String,
    pub file: PathBuf,
}
