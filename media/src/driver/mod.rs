//! The media driver: it alone does I/O for SIP and RTP, with sockets, recording files and deadlines.
//!
//! One driver serves all trunks, with a task for signalling, a parsing task per SIP socket, a thread that
//! paces audio, and one that writes recordings. SIP and audio use steady time with a start from the Clock.

mod abandoned_legs;
mod hung_up_dialogs;
mod key_merger;
mod left_over_handle;
mod leg_audio;
mod leg_handle;
pub(crate) mod leg_mailbox;
mod options;
mod pace;
mod pace_statistics;
mod recording_reservation;
mod recording_writer;
mod reserved_recording;
mod response_ports;
mod rtp_ports;
mod signaling;
mod sip_sockets;
mod steady_time;
mod stun_query;
mod trunk_registration;

pub use hung_up_dialogs::HungUpDialogs;
pub(crate) use leg_handle::LegHandle;
pub use options::{OptionsAnswer, ask_options};
pub use pace_statistics::PaceStatistics;
pub use response_ports::ResponsePortRule;
pub use sip_sockets::SipCounts;
pub use stun_query::{StunError, ask_stun, local_address_towards};
pub(crate) use trunk_registration::TrunkRegistration;

use crate::advertised::AdvertisedAddresses;
use crate::error::MediaError;
use crate::rtp::packet::OutgoingStream;
use crate::sip::crash_cleanup::{LeftOverTrunk, LegTeardown};
use crate::sip::user_agent::{LegSettings, Uac};
use abandoned_legs::AbandonedLegs;
use domain::call::{EndCause, LegIdentity};
use domain::ids::CallId;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use domain::ports::line::{LegFacts, LineError, ProbeAnswer};
use domain::ports::tasks::Tasks;
use left_over_handle::LeftOverHandle;
use leg_mailbox::LegMailbox;
use pace::{AudioPacer, AudioPacerContext, Request};
use recording_writer::{RecordingRequest, write_recordings};
use reserved_recording::RecordingReservations;
use rtp_ports::RtpPorts;
use signaling::{
    DatagramSource, NewLeg, SignalingCommand, SignalingContext, SignalingTask, SocketEvent, TrunkSocket,
};
use sip_sockets::SipCounters;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use steady_time::SteadyTime;
use tokio::net::UdpSocket;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};

/// The settings of a media driver.
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// The local SIP address. A data directory keeps its port over restarts; port 0 takes a free one.
    pub sip: SocketAddr,
    /// The addresses to show to far ends where a NAT is in between.
    pub advertised: AdvertisedAddresses,
    /// First and last RTP port; only even ones are used, for RTCP each next one.
    pub rtp_ports: (u16, u16),
    /// The directory of the recordings `<call id>.wav`; created if absent, and closed to others (0700).
    pub recordings: PathBuf,
    /// Dialogs that earlier drivers of this process have hung up.
    pub hung_up: Arc<HungUpDialogs>,
}

/// The ports that a driver needs.
#[derive(Clone)]
pub struct MediaPorts {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub tasks: Arc<dyn Tasks>,
}

/// The sockets, signaling and audio of all trunks of one process.
pub struct MediaDriver {
    config: MediaConfig,
    local: SocketAddr,
    surroundings: MediaPorts,
    time: SteadyTime,
    orders: mpsc::Sender<SignalingCommand>,
    pace: mpsc::Sender<Request>,
    arrivals: mpsc::Sender<SocketEvent>,
    /// All sockets on the SIP port with their trunk's address; the first one is unconnected and has none.
    sockets: Mutex<Vec<(Option<SocketAddr>, Arc<UdpSocket>)>>,
    ports: Arc<Mutex<RtpPorts>>,
    /// The writer of recordings, which ends with the pace.
    recordings: mpsc::WeakSender<RecordingRequest>,
    places: RecordingReservations,
    counters: Arc<SipCounters>,
    abandoned: Arc<AbandonedLegs>,
    statistics: Arc<Mutex<PaceStatistics>>,
    ended: watch::Receiver<()>,
    next_leg: AtomicU64,
}

impl MediaDriver {
    /// Binds the SIP port and starts the tasks and threads. Must be called inside the tasks' runtime.
    pub fn start(config: MediaConfig, surroundings: MediaPorts) -> Result<Arc<Self>, MediaError> {
        make_directory(&config)?;
        let listen = |error| MediaError::Listen {
            address: config.sip,
            error,
        };
        let (first, last) = config.rtp_ports;
        let ports = Arc::new(Mutex::new(RtpPorts::new(config.sip.ip(), first, last)?));
        let bound = sip_sockets::bind_kept(config.sip, surroundings.ids.as_ref());
        let general = Arc::new(bound.map_err(listen)?);
        let local = general.local_addr().map_err(listen)?;
        let (orders, orders_taken) = mpsc::channel(signaling::ORDERS_MAX);
        let (arrivals, arrivals_taken) = mpsc::channel(signaling::ARRIVALS_MAX);
        let (pace, requests) = mpsc::channel(pace::REQUESTS_MAX);
        let (writer, pieces) = mpsc::channel(recording_writer::PIECES_MAX);
        let (ending, ended) = watch::channel(());
        let counters = Arc::new(SipCounters::default());
        let abandoned = Arc::new(AbandonedLegs::default());
        let statistics = Arc::new(Mutex::new(PaceStatistics::default()));
        let time = SteadyTime::starting_at(surroundings.clock.now());
        let tasks = &surroundings.tasks;
        tasks.thread("recording-writer", Box::new(move || write_recordings(pieces)));
        let recordings = writer.downgrade();
        let pacing = AudioPacer::new(AudioPacerContext {
            time,
            requests,
            writer,
            orders: orders.clone(),
            ports: Arc::clone(&ports),
            statistics: Arc::clone(&statistics),
        });
        tasks.thread("media-pace", Box::new(move || pacing.run()));
        let signalling = SignalingTask::new(SignalingContext {
            time,
            orders: orders_taken,
            arrivals: arrivals_taken,
            pace: pace.clone(),
            general: Arc::clone(&general),
            counters: Arc::clone(&counters),
            abandoned: Arc::clone(&abandoned),
            hung_up: Arc::clone(&config.hung_up),
            ended: ending,
        });
        let signal = tasks.stop_signal();
        tasks.spawn_vital("sip-signalling", Box::pin(signalling.run(signal)));
        let driver = Self {
            config,
            local,
            surroundings,
            time,
            orders,
            pace,
            arrivals,
            sockets: Mutex::new(vec![(None, Arc::clone(&general))]),
            ports,
            recordings,
            places: RecordingReservations::default(),
            counters,
            abandoned,
            statistics,
            ended,
            next_leg: AtomicU64::new(1),
        };
        driver.listen(general, DatagramSource::Anyone);
        Ok(Arc::new(driver))
    }

    /// Returns the local SIP address; its port is to be kept over restarts.
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    pub fn sip_counts(&self) -> SipCounts {
        SipCounts {
            malformed: self.counters.malformed.load(Ordering::Relaxed),
            dropped: self.counters.dropped.load(Ordering::Relaxed),
            foreign: self.counters.foreign.load(Ordering::Relaxed),
        }
    }

    pub fn pace_statistics(&self) -> PaceStatistics {
        self.statistics
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn listen(&self, socket: Arc<UdpSocket>, origin: DatagramSource) {
        let receiving = sip_sockets::receive(
            socket,
            origin,
            self.arrivals.clone(),
            Arc::clone(&self.counters),
            self.ended.clone(),
        );
        let tasks = &self.surroundings.tasks;
        tasks.spawn_vital("sip-receive", Box::pin(receiving));
    }

    /// Registers a trunk. Two trunks at one address share a socket.
    pub(crate) async fn add_trunk(
        &self,
        name: &str,
        remote: SocketAddr,
        replies: ResponsePortRule,
    ) -> Result<TrunkRegistration, MediaError> {
        let unreachable = |error| MediaError::Unreachable {
            trunk: name.to_owned(),
            error,
        };
        let (socket, is_new) = self.connected(remote).map_err(unreachable)?;
        let seen = socket.local_addr().map_err(unreachable)?;
        let (reply, number) = oneshot::channel();
        let trunk = TrunkSocket {
            remote,
            socket: Arc::clone(&socket),
            replies,
        };
        let gone = || unreachable(std::io::Error::other("the media driver has stopped"));
        let asked = self.orders.send(SignalingCommand::AddTrunk(trunk, reply)).await;
        asked.map_err(|_gone| gone())?;
        let number = number.await.map_err(|_gone| gone())?;
        if is_new {
            self.listen(socket, DatagramSource::Trunk(number));
        }
        let local = SocketAddr::new(seen.ip(), self.local.port());
        let advertised = self.config.advertised;
        Ok(TrunkRegistration {
            number,
            remote,
            local: advertised.sip_for(local, remote.ip()),
            media: advertised.rtp_for(seen.ip(), remote.ip()),
        })
    }

    /// Returns the socket connected to a trunk's address, and true if it was made now. Calls take turns:
    /// the SIP port is shared by all its sockets while one is added.
    fn connected(&self, remote: SocketAddr) -> std::io::Result<(Arc<UdpSocket>, bool)> {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = sockets.iter().find(|(held, _)| *held == Some(remote)) {
            return Ok((Arc::clone(known), false));
        }
        let held: Vec<Arc<UdpSocket>> = sockets.iter().map(|(_, socket)| Arc::clone(socket)).collect();
        let socket = Arc::new(sip_sockets::connect(self.local, remote, &held)?);
        sockets.push((Some(remote), Arc::clone(&socket)));
        Ok((socket, true))
    }

    /// Dials a leg: reserves its recording, binds its RTP port and hands its INVITE to signaling. Fails if
    /// a local resource is missing or it is too late to dial. `slot` is held until the leg has ended.
    pub(crate) async fn dial(
        &self,
        place: &TrunkRegistration,
        mut settings: LegSettings,
        call: CallId,
        leg: u8,
        identity: LegIdentity,
        slot: OwnedSemaphorePermit,
    ) -> Result<LegHandle, LineError> {
        let recording = self.place_of(call, leg).await?;
        let now = self.time.now();
        let leaves_by = self
            .time
            .of_wall(settings.leaves_by, self.surroundings.clock.now());
        let leaves_by = leaves_by.ok_or(LineError::TooLate(settings.leaves_by))?;
        settings.leaves_by = leaves_by;
        let unavailable = |error: std::io::Error| LineError::Unavailable(error.to_string());
        let (socket, control) = {
            let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
            let socket = ports
                .bind(now)
                .map_err(|error| match rtp_ports::classify_bind_error(&error) {
                    Some(lack) => LineError::Lacks(lack),
                    None => unavailable(error),
                })?;
            let port = socket.local_addr().map_err(unavailable)?.port();
            let control = ports.bind_control(port);
            (socket, control)
        };
        let port = socket.local_addr().map_err(unavailable)?.port();
        settings.media = SocketAddr::new(place.media, port);
        let silence_ms = settings.silence_ms;
        let uac = Uac::dial(settings, identity, self.draw_seed(), now);
        let number = self.next_leg.fetch_add(1, Ordering::Relaxed);
        let handle = LegHandle {
            mailbox: Arc::new(LegMailbox::new()),
            call_id: uac.call_id(),
            number,
            orders: self.orders.clone(),
            pace: self.pace.clone(),
            abandoned: Arc::clone(&self.abandoned),
        };
        let add = Request::Add {
            leg: number,
            call_id: handle.call_id.clone(),
            socket,
            control,
            mailbox: Arc::clone(&handle.mailbox),
            silence_ms,
        };
        let stopped = || LineError::Unavailable("the media driver has stopped".to_owned());
        self.pace.send(add).await.map_err(|_gone| stopped())?;
        let new = NewLeg {
            uac,
            number,
            trunk: place.number,
            leaves_by,
            mailbox: Arc::clone(&handle.mailbox),
            out: self.draw_stream(),
            recording,
            slot,
        };
        let order = SignalingCommand::Dial(Box::new(new));
        self.orders.send(order).await.map_err(|_gone| stopped())?;
        Ok(handle)
    }

    /// Returns which local resource is missing to dial another leg now; `None` if none is.
    pub(crate) fn lack(&self) -> Option<EndCause> {
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        ports.lack(self.time.now())
    }

    /// Sends one OPTIONS to a trunk and returns whether it is alive.
    pub(crate) async fn probe(&self, place: &TrunkRegistration) -> ProbeAnswer {
        let MediaPorts { clock, ids, .. } = &self.surroundings;
        options::probe(place.remote, place.local.ip(), clock.as_ref(), ids.as_ref()).await
    }

    /// Ends a leg that a crash left, by CANCEL or BYE. The handle reports how it ends.
    pub(crate) async fn end_left_over(
        &self,
        place: &TrunkRegistration,
        facts: &LegFacts,
        trunk: LeftOverTrunk<'_>,
    ) -> Result<LeftOverHandle, LineError> {
        let left_over = LegTeardown::end(facts, trunk, self.draw_seed(), self.time.now());
        let (sender, reports) = mpsc::channel(left_over_handle::REPORTS_MAX);
        let order = SignalingCommand::EndLeftOver {
            left_over: Box::new(left_over),
            trunk: place.number,
            reports: sender,
        };
        let stopped = || LineError::Unavailable("the media driver has stopped".to_owned());
        self.orders.send(order).await.map_err(|_gone| stopped())?;
        Ok(LeftOverHandle::of(reports))
    }

    fn draw_seed(&self) -> [u8; 16] {
        let mut seed = [0_u8; 16];
        self.surroundings.ids.random(&mut seed);
        seed
    }

    /// Returns a new outgoing stream with random SSRC, sequence number and timestamp (RFC 3550, 5.1).
    fn draw_stream(&self) -> OutgoingStream {
        let (mut ssrc, mut sequence, mut timestamp) = ([0_u8; 4], [0_u8; 2], [0_u8; 4]);
        self.surroundings.ids.random(&mut ssrc);
        self.surroundings.ids.random(&mut sequence);
        self.surroundings.ids.random(&mut timestamp);
        OutgoingStream::new(
            u32::from_be_bytes(ssrc),
            u16::from_be_bytes(sequence),
            u32::from_be_bytes(timestamp),
        )
    }
}

fn make_directory(config: &MediaConfig) -> Result<(), MediaError> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    let owner_only = std::fs::Permissions::from_mode(0o700);
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.recordings)
        .and_then(|()| std::fs::set_permissions(&config.recordings, owner_only))
        .and_then(|()| reserved_recording::remove_left_over(&config.recordings))
        .map_err(|error| MediaError::Recordings {
            path: config.recordings.display().to_string(),
            error,
        })
}
