//! The carrier's sockets, file and pace: one task moves its bytes and asks its exchange what is due.
//!
//! There is one SIP socket, and one media socket per call. Media sockets are read when their call's 20 ms are
//! over, so no task and no wake-up belongs to a single call. Call details are appended line by line, each
//! line in one write.

use crate::{
    CallDetails, CarrierCounts, CarrierProfile, CarrierUser, Exchange, ExchangeSettings, Input, LegNumber,
    Output, ProfileError,
};
use domain::ports::clock::Clock;
use domain::ports::tasks::{StopSignal, Tasks};
use domain::problem::Problem;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;

/// Longest UDP datagram, in bytes.
const DATAGRAM_BYTES_MAX: usize = 65_535;
/// Receive buffer of the SIP socket, in bytes: for a burst of some thousand requests.
const SIP_BUFFER_BYTES: usize = 1 << 20;
/// Receive buffer of a media socket, in bytes: more than a second of packets, small enough for thousands of
/// calls.
const MEDIA_BUFFER_BYTES: usize = 64 * 1_024;
/// Most SIP datagrams that are handled before deadlines are checked again.
const SIP_BURST_MAX: usize = 64;
/// Most media packets of one call that are read at once; further ones are read 20 ms later.
const MEDIA_BURST_MAX: usize = 32;
/// Longest sleep of the carrier's task while there is no call, in milliseconds.
const IDLE_MS: u64 = 1_000;

/// The settings with which a carrier is started.
#[derive(Debug, Clone)]
pub struct CarrierConfig {
    /// The SIP address; port 0 takes a free one. An unspecified address is refused: peers could not reach it.
    pub listen: SocketAddr,
    /// The seed that decides the persona behind each number.
    pub seed: u64,
    /// The file to which call details are appended; `None` for no file. Its earlier lines tell how often
    /// each number was called.
    pub cdr: Option<PathBuf>,
    pub profile: CarrierProfile,
    /// The user as which every INVITE must authenticate; `None` for no challenge.
    pub auth: Option<CarrierUser>,
}

/// The reason why a carrier could not be started.
#[derive(Debug, thiserror::Error)]
pub enum CarrierError {
    #[error("the profile is wrong: {0}")]
    Profile(#[from] ProfileError),
    #[error("peers cannot reach {0}; give the address of a network interface")]
    Address(SocketAddr),
    #[error("cannot listen on {address}: {error}")]
    Listen { address: SocketAddr, error: io::Error },
    #[error("cannot use {}: {error}", path.display())]
    Details { path: PathBuf, error: io::Error },
}

impl From<CarrierError> for Problem {
    fn from(error: CarrierError) -> Self {
        match error {
            CarrierError::Profile(_) | CarrierError::Address(_) => {
                Self::invalid("carrier-invalid", error.to_string())
            }
            CarrierError::Listen { .. } | CarrierError::Details { .. } => {
                Self::unavailable(error.to_string())
            }
        }
    }
}

/// Starts simulated carriers.
#[derive(Debug, Clone, Copy)]
pub struct Carrier;

/// The handle of a running carrier. If it is dropped, the carrier runs until the process stops.
#[derive(Clone)]
pub struct CarrierHandle {
    local_addr: SocketAddr,
    /// The carrier's counts, and the number of calls now.
    counts: watch::Receiver<(CarrierCounts, usize)>,
    stop: Arc<watch::Sender<bool>>,
    ended: watch::Receiver<bool>,
}

impl CarrierHandle {
    /// Returns the address on which the carrier receives SIP.
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }
    /// Returns what the carrier has counted so far.
    pub fn counts(&self) -> CarrierCounts {
        self.counts.borrow().0
    }
    /// Returns the number of calls now, ringing or answered.
    pub fn live_count(&self) -> usize {
        self.counts.borrow().1
    }
    /// Waits until there are exactly this many calls. Returns false if the carrier ends before.
    pub async fn has_live(&self, count: usize) -> bool {
        let mut counts = self.counts.clone();
        counts.wait_for(|(_, live)| *live == count).await.is_ok()
    }
    /// Ends all calls and the carrier. Returns when the last line of its file is written.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let mut ended = self.ended.clone();
        // An error means that the task is gone, which is the awaited state.
        drop(ended.wait_for(|ended| *ended).await);
    }
}

impl Carrier {
    /// Checks the settings, binds the SIP socket, opens the details file and starts the carrier's task.
    /// Must be called inside the tasks' runtime.
    pub fn start(
        config: CarrierConfig,
        clock: Arc<dyn Clock>,
        tasks: &dyn Tasks,
    ) -> Result<CarrierHandle, CarrierError> {
        config.profile.check()?;
        if config.listen.ip().is_unspecified() {
            return Err(CarrierError::Address(config.listen));
        }
        let listen = |error| CarrierError::Listen {
            address: config.listen,
            error,
        };
        let socket = bind(config.listen, SIP_BUFFER_BYTES).map_err(listen)?;
        let local_addr = socket.local_addr().map_err(listen)?;
        let sip = tokio::net::UdpSocket::from_std(socket).map_err(listen)?;
        let mut exchange = Exchange::new(ExchangeSettings {
            local: local_addr,
            seed: config.seed,
            profile: config.profile,
            user: config.auth,
        });
        let details = match config.cdr {
            Some(path) => {
                let opened = open_details(&path, &mut exchange);
                Some(opened.map_err(|error| CarrierError::Details { path, error })?)
            }
            None => None,
        };
        let (counts_sender, counts) = watch::channel((CarrierCounts::default(), 0));
        let (stop, stopping) = watch::channel(false);
        let (end, ended) = watch::channel(false);
        let driver = CarrierDriver {
            exchange,
            sip,
            media: BTreeMap::new(),
            local_addr,
            details,
            clock,
            counts: counts_sender,
        };
        let signal = tasks.stop_signal();
        let work = async move {
            driver.run(signal, stopping).await;
            end.send_replace(true);
        };
        tasks.spawn("carrier", Box::pin(work));
        Ok(CarrierHandle {
            local_addr,
            counts,
            stop: Arc::new(stop),
            ended,
        })
    }
}

/// Returns a non-blocking UDP socket on this address with a receive buffer of this size.
fn bind(address: SocketAddr, buffer_bytes: usize) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(buffer_bytes)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Opens the details file for appending. Its calls count as earlier attempts. An incomplete last line that
/// a crash left is cut off, because the next line would be appended to it.
fn open_details(path: &Path, exchange: &mut Exchange) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    let mut callees: BTreeMap<String, String> = BTreeMap::new();
    let mut reader = BufReader::new(&file);
    let (mut line, mut whole_bytes) = (Vec::new(), 0_u64);
    while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
        whole_bytes += line.len() as u64;
        if let Ok(details) = serde_json::from_slice::<CallDetails>(&line) {
            callees.insert(details.call_id, details.callee);
        }
        line.clear();
    }
    file.set_len(whole_bytes)?;
    let mut calls_of: BTreeMap<&str, u32> = BTreeMap::new();
    for callee in callees.values() {
        let calls = calls_of.entry(callee.trim_start_matches('+')).or_default();
        *calls = calls.saturating_add(1);
    }
    for (callee, calls) in calls_of {
        exchange.remember_calls(callee, calls);
    }
    Ok(file)
}

/// Waits until the carrier is stopped. If all handles are dropped, it never completes: the carrier then
/// runs until the process stops.
async fn wait_for_stop(stopping: &mut watch::Receiver<bool>) {
    if stopping.wait_for(|stopping| *stopping).await.is_err() {
        std::future::pending::<()>().await;
    }
}

struct CarrierDriver {
    exchange: Exchange,
    sip: tokio::net::UdpSocket,
    media: BTreeMap<LegNumber, UdpSocket>,
    local_addr: SocketAddr,
    details: Option<File>,
    clock: Arc<dyn Clock>,
    counts: watch::Sender<(CarrierCounts, usize)>,
}

impl CarrierDriver {
    async fn run(mut self, signal: Arc<dyn StopSignal>, mut stopping: watch::Receiver<bool>) {
        let mut buffer = vec![0_u8; DATAGRAM_BYTES_MAX];
        let clock = Arc::clone(&self.clock);
        loop {
            let idle = clock.now().plus_ms(IDLE_MS);
            let deadline = self.exchange.next_deadline().map_or(idle, |at| at.min(idle));
            let received = tokio::select! {
                biased;
                () = signal.stopping() => break,
                () = wait_for_stop(&mut stopping) => break,
                received = self.sip.recv_from(&mut buffer) => received.ok(),
                () = clock.wait_until(deadline) => None,
            };
            if let Some((length, from)) = received {
                self.take_sip(from, buffer.get(..length).unwrap_or(&[]));
                self.take_waiting_sip(&mut buffer);
            }
            self.on_time(&mut buffer);
            self.publish();
        }
        self.exchange.handle_input(clock.now(), Input::Stop);
        self.carry_out();
        self.publish();
    }

    fn publish(&self) {
        let counts = (self.exchange.counts(), self.exchange.live_count());
        self.counts.send_replace(counts);
    }

    fn take_sip(&mut self, from: SocketAddr, datagram: &[u8]) {
        let now = self.clock.now();
        self.exchange.handle_input(now, Input::Sip { from, datagram });
        self.carry_out();
    }

    fn take_waiting_sip(&mut self, buffer: &mut [u8]) {
        for _ in 0..SIP_BURST_MAX {
            let Ok((length, from)) = self.sip.try_recv_from(buffer) else {
                return;
            };
            self.take_sip(from, buffer.get(..length).unwrap_or(&[]));
        }
    }

    fn on_time(&mut self, buffer: &mut [u8]) {
        let now = self.clock.now();
        for leg in self.exchange.due(now) {
            self.take_media(leg, buffer);
        }
        self.exchange.handle_input(now, Input::Time);
        self.carry_out();
    }

    fn take_media(&mut self, leg: LegNumber, buffer: &mut [u8]) {
        let now = self.clock.now();
        for _ in 0..MEDIA_BURST_MAX {
            let Some(socket) = self.media.get(&leg) else {
                return;
            };
            let Ok((length, _)) = socket.recv_from(buffer) else {
                return;
            };
            let datagram = buffer.get(..length).unwrap_or(&[]);
            self.exchange.handle_input(now, Input::Media { leg, datagram });
        }
    }

    /// Carries out the outputs of the exchange: sends packets, opens and closes media sockets, writes
    /// details. A datagram that cannot be sent now is lost, as on any network.
    fn carry_out(&mut self) {
        while let Some(output) = self.exchange.poll_output() {
            match output {
                Output::Send { to, bytes } => drop(self.sip.try_send_to(&bytes, to)),
                Output::SendMedia { leg, to, packet } => {
                    if let Some(socket) = self.media.get(&leg) {
                        drop(socket.send_to(&packet, to));
                    }
                }
                Output::OpenMedia { leg } => self.open_media(leg),
                Output::CloseMedia { leg } => drop(self.media.remove(&leg)),
                Output::Details(details) => self.write(&details),
            }
        }
    }

    fn open_media(&mut self, leg: LegNumber) {
        let any_port = SocketAddr::new(self.local_addr.ip(), 0);
        let opened = bind(any_port, MEDIA_BUFFER_BYTES).and_then(|socket| Ok((socket.local_addr()?, socket)));
        let address = match opened {
            Ok((address, socket)) => {
                self.media.insert(leg, socket);
                Some(address)
            }
            Err(error) => {
                tracing::warn!(leg, %error, "no media socket could be opened");
                None
            }
        };
        let now = self.clock.now();
        self.exchange
            .handle_input(now, Input::MediaOpened { leg, address });
    }

    fn write(&mut self, details: &CallDetails) {
        let Some(file) = &mut self.details else { return };
        if let Err(error) = file.write_all(&details.to_line()) {
            tracing::error!(%error, "call details not written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CalleeBehavior, SpanMs};
    use media::rtp::packet::{OutgoingStream, Packet};
    use media::sip::message::SipMessage;
    use media::sip::parse::parse;
    use media::sip::sdp;
    use media::testing::{SuiteClock, SuiteTasks};

    /// A dialing side made by hand: one SIP and one media socket.
    struct Caller {
        carrier: CarrierHandle,
        sip: tokio::net::UdpSocket,
        media: tokio::net::UdpSocket,
    }

    fn socket() -> tokio::net::UdpSocket {
        let socket = bind("127.0.0.1:0".parse().unwrap(), MEDIA_BUFFER_BYTES).unwrap();
        tokio::net::UdpSocket::from_std(socket).unwrap()
    }

    fn started(manner: CalleeBehavior, cdr: &Path) -> CarrierHandle {
        let quick = SpanMs { min: 1, max: 5 };
        let profile = CarrierProfile {
            post_dial_delay_ms: quick,
            ring_ms: quick,
            ..CarrierProfile::only(manner)
        };
        let config = CarrierConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            seed: 7,
            cdr: Some(cdr.to_owned()),
            profile,
            auth: None,
        };
        Carrier::start(config, Arc::new(SuiteClock), &SuiteTasks::default()).unwrap()
    }

    impl Caller {
        fn new(carrier: CarrierHandle) -> Self {
            Self {
                carrier,
                sip: socket(),
                media: socket(),
            }
        }

        fn request(&self, method: &str, call_id: &str, to: &str) -> SipMessage {
            let local = self.sip.local_addr().unwrap();
            let number = if method == "BYE" { 2 } else { 1 };
            SipMessage::request(
                method,
                &format!("sip:+8613800138000@{}", self.carrier.local_addr()),
            )
            .with(
                "Via",
                format!("SIP/2.0/UDP {local};branch=z9hG4bK{call_id}{method}"),
            )
            .with("Max-Forwards", "70")
            .with("From", "<sip:+15550100@127.0.0.1>;tag=f")
            .with("To", to)
            .with("Call-ID", call_id)
            .with("CSeq", format!("{number} {method}"))
            .with("Contact", format!("<sip:x@{local}>"))
        }

        async fn send(&self, message: &SipMessage) {
            self.sip
                .send_to(&message.to_bytes(), self.carrier.local_addr())
                .await
                .unwrap();
        }

        async fn invite(&self, call_id: &str) {
            let offer = sdp::offer(self.media.local_addr().unwrap(), 1);
            let invite = self.request("INVITE", call_id, "<sip:+8613800138000@127.0.0.1>");
            self.send(&invite.with_body("application/sdp", offer)).await;
        }

        /// Returns the next response above 199 to a call; repeated ones of other calls are skipped.
        async fn final_response(&self, call_id: &str) -> SipMessage {
            let mut buffer = [0; 4_096];
            loop {
                let length = self.sip.recv(&mut buffer).await.unwrap();
                let message = parse(&buffer[..length]).unwrap();
                if message.code() >= Some(200) && message.call_id() == call_id {
                    return message;
                }
            }
        }
    }

    fn lines(cdr: &Path) -> Vec<CallDetails> {
        let text = std::fs::read_to_string(cdr).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[tokio::test]
    async fn a_busy_number_is_refused_over_real_sockets_and_written_down_twice() {
        let dir = tempfile::tempdir().unwrap();
        let cdr = dir.path().join("cdr.jsonl");
        let caller = Caller::new(started(CalleeBehavior::Busy, &cdr));
        caller.invite("busy").await;
        let busy = caller.final_response("busy").await;
        assert_eq!(busy.code(), Some(486));
        caller
            .send(&caller.request("ACK", "busy", busy.header("To").unwrap()))
            .await;
        caller.carrier.stop().await;
        let lines = lines(&cdr);
        assert_eq!((lines.len(), lines[0].code, lines[1].code), (2, None, Some(486)));
        assert_eq!(
            (lines[1].invites, lines[1].callee.as_str()),
            (1, "+8613800138000")
        );
    }

    #[tokio::test]
    async fn audio_flows_both_ways_between_real_sockets_until_bye() {
        let dir = tempfile::tempdir().unwrap();
        let cdr = dir.path().join("cdr.jsonl");
        let caller = Caller::new(started(CalleeBehavior::SaysNothing, &cdr));
        caller.invite("talk").await;
        let answered = caller.final_response("talk").await;
        let to = answered.header("To").unwrap().to_owned();
        caller.send(&caller.request("ACK", "talk", &to)).await;
        let remote = sdp::read(answered.sdp().unwrap()).unwrap().address;
        let mut stream = OutgoingStream::new(1, 1, 1);
        let mut buffer = [0; 1_024];
        for _ in 0..10 {
            let length = stream.audio_into(8, &[0xD5; 160], &mut buffer).unwrap();
            caller.media.send_to(&buffer[..length], remote).await.unwrap();
            let length = caller.media.recv(&mut buffer).await.unwrap();
            assert_eq!(Packet::parse(&buffer[..length]).unwrap().payload.len(), 160);
        }
        assert_eq!(caller.carrier.live_count(), 1);
        caller.send(&caller.request("BYE", "talk", &to)).await;
        assert_eq!(caller.final_response("talk").await.code(), Some(200));
        caller.carrier.stop().await;
        let last = lines(&cdr).pop().unwrap();
        assert!(last.rtp_sent >= 10 && last.rtp_received >= 9, "{last:?}");
        assert!(last.ended_at.unwrap() >= last.answered_at.unwrap());
    }

    #[tokio::test]
    async fn many_calls_at_once_are_paced_by_one_task() {
        let dir = tempfile::tempdir().unwrap();
        let cdr = dir.path().join("cdr.jsonl");
        let caller = Caller::new(started(CalleeBehavior::SaysNothing, &cdr));
        for number in 0..100 {
            let call_id = format!("many-{number}");
            caller.invite(&call_id).await;
            let answered = caller.final_response(&call_id).await;
            caller
                .send(&caller.request("ACK", &call_id, answered.header("To").unwrap()))
                .await;
        }
        assert_eq!(caller.carrier.live_count(), 100);
        let mut buffer = [0; 1_024];
        for _ in 0..5_000 {
            caller.media.recv(&mut buffer).await.unwrap();
        }
        caller.carrier.stop().await;
        let ended = lines(&cdr).into_iter().filter(|line| line.ended_at.is_some());
        assert_eq!(ended.filter(|line| line.rtp_sent > 0).count(), 100);
    }

    #[tokio::test]
    async fn a_carrier_started_again_knows_earlier_calls_and_cuts_a_torn_line() {
        let dir = tempfile::tempdir().unwrap();
        let cdr = dir.path().join("cdr.jsonl");
        let caller = Caller::new(started(CalleeBehavior::Busy, &cdr));
        caller.invite("one").await;
        caller.final_response("one").await;
        caller.carrier.stop().await;
        let whole = std::fs::read(&cdr).unwrap();
        std::fs::write(&cdr, [&whole[..], b"{\"call_id\":\"to"].concat()).unwrap();
        let mut exchange = Exchange::new(ExchangeSettings {
            local: "127.0.0.1:5060".parse().unwrap(),
            seed: 7,
            profile: CarrierProfile::default(),
            user: None,
        });
        drop(open_details(&cdr, &mut exchange).unwrap());
        assert_eq!(exchange.calls_of("+8613800138000"), 1);
        assert_eq!(std::fs::read(&cdr).unwrap(), whole);
        drop(open_details(&cdr, &mut exchange).unwrap());
        assert_eq!(std::fs::read(&cdr).unwrap(), whole, "a whole file is left alone");
    }

    #[tokio::test]
    async fn a_carrier_with_a_dropped_handle_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let mut caller = Caller::new(started(CalleeBehavior::Busy, &dir.path().join("cdr.jsonl")));
        caller.carrier.stop = Arc::new(watch::channel(false).0);
        for call_id in ["one", "two"] {
            tokio::task::yield_now().await;
            caller.invite(call_id).await;
            assert_eq!(caller.final_response(call_id).await.code(), Some(486));
        }
    }

    #[tokio::test]
    async fn what_cannot_be_reached_or_makes_no_sense_is_refused_at_start() {
        let config = |listen: &str, profile: CarrierProfile| CarrierConfig {
            listen: listen.parse().unwrap(),
            seed: 1,
            cdr: None,
            profile,
            auth: None,
        };
        let start = |config| Carrier::start(config, Arc::new(SuiteClock), &SuiteTasks::default()).err();
        let unspecified = start(config("0.0.0.0:0", CarrierProfile::default()));
        assert!(matches!(unspecified, Some(CarrierError::Address(_))));
        let invalid = CarrierProfile {
            early_media_percent: 101,
            ..CarrierProfile::default()
        };
        assert!(matches!(
            start(config("127.0.0.1:0", invalid)),
            Some(CarrierError::Profile(_))
        ));
        let first = Carrier::start(
            config("127.0.0.1:0", CarrierProfile::default()),
            Arc::new(SuiteClock),
            &SuiteTasks::default(),
        );
        let taken = first.unwrap().local_addr().to_string();
        let second = start(config(&taken, CarrierProfile::default()));
        assert!(matches!(second, Some(CarrierError::Listen { .. })));
    }
}
