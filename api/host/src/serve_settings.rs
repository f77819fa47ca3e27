//! The settings with which a server starts, from its command line.

use crate::advertised_args::AdvertisedChoice;
use crate::config::TrunkSpec;
use crate::messaging_args::MessagingChoice;
use crate::open_settings::OpenSettings;
use crate::outbound::ntp::NtpServer;
use crate::outbound::tsa::TsaUrl;
use crate::outbound::witness::WitnessSpec;
use crate::public_url::PublicUrl;
use crate::read_db_spec::ReadDbSpec;
use crate::sign_in_args::SignInSettings;
use crate::speech_args::SpeechChoice;
use crate::tls_args::TlsChoice;
use crate::trace_args::TraceSettings;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// The settings with which a server starts.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// The database of the views. Default: in the data directory.
    pub read_db: Option<ReadDbSpec>,
    pub open: OpenSettings,
    /// The certificate and key for TLS on the server's ports. Without them they use plain text.
    pub tls: TlsChoice,
    /// The URL under which browsers reach this server. Default: the address of its listener.
    pub public_url: Option<PublicUrl>,
    /// How users sign in, besides passwords.
    pub sign_in: SignInSettings,
    /// The recognizer, synthesizer, assistant and encoder of calls.
    pub speech: SpeechChoice,
    /// How messages to customers are sent.
    pub messaging: MessagingChoice,
    pub trunks: Vec<TrunkSpec>,
    pub sip: Option<SocketAddr>,
    pub rtp_ports: Option<RangeInclusive<u16>>,
    /// The addresses that trunks are shown. Default: the local ones.
    pub advertised: AdvertisedChoice,
    /// How long live calls may continue after the driver lock was lost, in milliseconds.
    pub drain_ms: u64,
    /// The witnesses that cosign log checkpoints.
    pub witnesses: Vec<WitnessSpec>,
    /// The timestamping authority (RFC 3161) for log checkpoints.
    pub tsa: Option<TsaUrl>,
    /// The NTP server that this machine's clock is compared with, besides the database's clock.
    pub ntp: Option<NtpServer>,
    /// Where spans are exported; `None`: spans are off.
    pub traces: Option<TraceSettings>,
    /// A text that is spoken by a recording instead of the synthesizer (`trunk call --wav`).
    pub given: Option<RecordedClipFile>,
}

/// A text and the WAV file that is played for it.
#[derive(Debug, Clone)]
pub struct RecordedClipFile {
    pub text: String,
    pub file: PathBuf,
}
