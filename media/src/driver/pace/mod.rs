//! The pace: one thread that sends a frame for every leg each 20 ms, by absolute deadlines, and reads
//! packets.
//!
//! After a late wake-up it sends at most two missed frames at once; others are skipped and counted, because
//! audio in a burst is heard as noise. It never waits for disks or queues: recordings have a thread of their
//! own.

mod arrivals;
mod listener_feed;
mod request;
mod writer_queue;

pub(super) use request::Request;

use arrivals::drain;
use listener_feed::hand_out;

use crate::audio::audio_ring::HeardSender;
use crate::audio::frame::{FRAME_MS, SILENCE};
use crate::driver::leg_audio::LegAudio;
use crate::driver::leg_mailbox::LegMailbox;
use crate::driver::pace_statistics::PaceStatistics;
use crate::driver::recording_writer::{FramePair, LegNumber, RecordingRequest};
use crate::driver::reserved_recording::ReservedRecording;
use crate::driver::rtp_ports::RtpPorts;
use crate::driver::signaling::SignalingCommand;
use crate::driver::steady_time::SteadyTime;
use crate::rtp::packet::OutgoingStream;
use crate::sip::sdp::AudioStream;
use domain::call::KeyPath;
use domain::ports::line::{LegEvent, LegSummary};
use domain::ports::speech::Clip;
use std::collections::{BTreeMap, VecDeque};
use std::net::UdpSocket;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;

/// Most queued requests to the pace, which takes them all every 20 ms. Senders wait above that.
pub(super) const REQUESTS_MAX: usize = 4_096;
/// Frames given to the recording writer at once: a second, as often as the file's header is rewritten.
const BATCH_FRAMES: usize = 50;
/// Most frames of one leg that wait for the recording writer: five seconds. Above that the oldest are
/// dropped and counted; the recording has a gap of the same length.
const BACKLOG_FRAMES_MAX: usize = 250;
/// Most frames sent at once after a late wake-up; further ones are skipped.
const CATCH_UP_FRAMES: u32 = 2;
/// Longest RTP datagram read, in bytes.
const DATAGRAM_BYTES_MAX: usize = 2_048;

const FRAME: Duration = Duration::from_millis(FRAME_MS);

/// Whether the audio of a leg is given to the recording writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recording {
    None,
    Begun,
}

/// The state of one leg in the pace.
struct PacedLeg {
    call_id: String,
    /// `None` after its port was freed.
    socket: Option<UdpSocket>,
    /// The RTCP socket.
    control: Option<UdpSocket>,
    silence_ms: u64,
    mailbox: Arc<LegMailbox>,
    audio: Option<LegAudio>,
    recording: Recording,
    records_callee: bool,
    listener: Option<HeardSender>,
    frames: Vec<FramePair>,
    /// Number of frames dropped before those in `frames`; they become a gap in the recording.
    gap: usize,
    /// Frames since the answer, including skipped ones.
    frames_count: u64,
    lost_reported: bool,
}

/// What the pace thread works with: its clock, queues and shared state.
pub(super) struct AudioPacerContext {
    pub(super) time: SteadyTime,
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) writer: mpsc::Sender<RecordingRequest>,
    pub(super) orders: mpsc::Sender<SignalingCommand>,
    pub(super) ports: Arc<Mutex<RtpPorts>>,
    pub(super) statistics: Arc<Mutex<PaceStatistics>>,
}

/// The state of the pace thread.
pub(super) struct AudioPacer {
    grounds: AudioPacerContext,
    legs: BTreeMap<LegNumber, PacedLeg>,
    /// Requests to open and close recordings that the writer's full queue refused, in order.
    waiting: VecDeque<RecordingRequest>,
    stopping: bool,
}

impl AudioPacer {
    pub(super) const fn new(grounds: AudioPacerContext) -> Self {
        Self {
            grounds,
            legs: BTreeMap::new(),
            waiting: VecDeque::new(),
            stopping: false,
        }
    }

    /// Runs the pace thread until the driver stops.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one pacing thread sleeps until its next absolute deadline"
    )]
    pub(super) fn run(mut self) {
        let mut deadline = Instant::now();
        loop {
            if self.legs.is_empty() && self.waiting.is_empty() {
                if self.stopping {
                    return;
                }
                let Some(request) = self.grounds.requests.blocking_recv() else {
                    return;
                };
                self.take(request);
                deadline = Instant::now();
            }
            let late = Instant::now().saturating_duration_since(deadline);
            self.note_lateness(late);
            if late > FRAME * CATCH_UP_FRAMES {
                let frames = u32::try_from(late.as_millis() / FRAME.as_millis()).unwrap_or(u32::MAX);
                self.skip_all(frames);
                deadline += FRAME * frames;
            }
            self.take_waiting();
            self.hand_over_waiting();
            self.tick_all();
            deadline += FRAME;
            std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
        }
    }

    /// Returns the driver's steady time in microseconds, which signaling uses for keypresses too.
    fn now_us(&self) -> i64 {
        self.grounds.time.now().micros()
    }

    fn note_lateness(&self, late: Duration) {
        let mut statistics = self
            .grounds
            .statistics
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        statistics.note(late);
    }

    fn skip_all(&mut self, frames: u32) {
        let mut legs = 0_u64;
        for leg in self.legs.values_mut() {
            if let Some(audio) = &mut leg.audio {
                audio.skip(frames);
                legs += 1;
                let skipped = usize::try_from(frames).unwrap_or(usize::MAX);
                let silence = skipped.min(BACKLOG_FRAMES_MAX);
                leg.gap += skipped - silence;
                leg.frames_count += u64::from(frames);
                leg.frames
                    .extend(std::iter::repeat_n((SILENCE, SILENCE), silence));
            }
        }
        let mut statistics = self
            .grounds
            .statistics
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        statistics.note_skipped(frames, legs);
    }

    fn take_waiting(&mut self) {
        loop {
            match self.grounds.requests.try_recv() {
                Ok(request) => self.take(request),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.take(Request::Stop);
                    return;
                }
            }
        }
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Add {
                leg,
                call_id,
                socket,
                control,
                mailbox,
                silence_ms,
            } => {
                let paced = PacedLeg {
                    call_id,
                    socket: Some(socket),
                    control,
                    silence_ms,
                    mailbox,
                    audio: None,
                    recording: Recording::None,
                    records_callee: false,
                    listener: None,
                    frames: Vec::new(),
                    gap: 0,
                    frames_count: 0,
                    lost_reported: false,
                };
                self.legs.insert(leg, paced);
            }
            Request::Begin {
                leg,
                stream,
                out,
                recording,
            } => self.begin(leg, stream, out, recording),
            Request::Move { leg, stream } => {
                let now_us = self.now_us();
                if let Some(audio) = self.legs.get_mut(&leg).and_then(|leg| leg.audio.as_mut()) {
                    audio.move_to(stream, now_us);
                }
            }
            Request::NoteLife { leg } => {
                let now_us = self.now_us();
                if let Some(audio) = self.legs.get_mut(&leg).and_then(|leg| leg.audio.as_mut()) {
                    audio.note_life(now_us);
                }
            }
            Request::Play { leg, play, clip } => self.play(leg, play, clip),
            Request::StopPlaying { leg } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.stop_playing();
                }
            }
            Request::Listen { leg, listener } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.listener = Some(listener);
                }
            }
            Request::RecordCallee { leg } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.records_callee = true;
                }
            }
            Request::FreePort { leg } => self.free_port(leg),
            Request::End { leg } => self.end(leg),
            Request::Stop => {
                self.stopping = true;
                let all: Vec<LegNumber> = self.legs.keys().copied().collect();
                all.into_iter().for_each(|leg| self.end(leg));
            }
        }
    }

    fn begin(
        &mut self,
        number: LegNumber,
        stream: AudioStream,
        out: OutgoingStream,
        reserved: ReservedRecording,
    ) {
        let now_us = self.now_us();
        let Some(leg) = self.legs.get_mut(&number) else {
            return;
        };
        // Packets from before the answer are not part of the conversation.
        let mut buffer = [0_u8; DATAGRAM_BYTES_MAX];
        while leg
            .socket
            .as_ref()
            .is_some_and(|socket| socket.recv_from(&mut buffer).is_ok())
        {}
        leg.audio = Some(LegAudio::new(stream, out, now_us, leg.silence_ms));
        leg.recording = Recording::Begun;
        let mailbox = Arc::clone(&leg.mailbox);
        self.hand_over(RecordingRequest::Open {
            leg: number,
            reserved,
            mailbox,
        });
    }

    fn play(&mut self, number: LegNumber, play: u32, clip: Arc<Clip>) {
        let Some(leg) = self.legs.get_mut(&number) else {
            return;
        };
        if let Some(audio) = &mut leg.audio
            && !audio.play(play, clip)
        {
            tracing::warn!(leg = number, "too many clips wait; one was dropped");
        }
    }

    fn end(&mut self, number: LegNumber) {
        let Some(mut leg) = self.legs.remove(&number) else {
            return;
        };
        let mut summary = LegSummary::default();
        if let Some(audio) = &leg.audio {
            let report = audio.report();
            summary.rtp_sent_count = audio.sent_count();
            summary.rtp_received_count = report.received_count;
            summary.rtp_lost_count = report.lost_count;
            let mut statistics = self
                .grounds
                .statistics
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            statistics.foreign_packets += audio.foreign_count();
        }
        self.release(leg.socket.take());
        if leg.recording == Recording::Begun && !leg.frames.is_empty() {
            self.hand_over(RecordingRequest::Frames {
                leg: number,
                gap: leg.gap,
                frames: std::mem::take(&mut leg.frames),
            });
        }
        self.hand_over(RecordingRequest::Close {
            leg: number,
            summary,
            mailbox: leg.mailbox,
        });
    }

    fn free_port(&mut self, number: LegNumber) {
        let Some(leg) = self.legs.get_mut(&number) else {
            return;
        };
        leg.control = None;
        let socket = leg.socket.take();
        self.release(socket);
    }

    fn release(&self, socket: Option<UdpSocket>) {
        let Some(Ok(address)) = socket.as_ref().map(UdpSocket::local_addr) else {
            return;
        };
        drop(socket);
        let mut ports = self.grounds.ports.lock().unwrap_or_else(PoisonError::into_inner);
        ports.release(address.port(), self.grounds.time.now());
    }

    fn tick_all(&mut self) {
        let now_us = self.now_us();
        let mut full: Vec<RecordingRequest> = Vec::new();
        for (number, leg) in &mut self.legs {
            drain(leg, now_us);
            let Some(audio) = &mut leg.audio else {
                continue;
            };
            let tick = audio.tick(now_us, &mut |packet, to| {
                if let Some(socket) = &leg.socket {
                    // A packet that cannot be sent is lost like any packet; the next one follows in 20 ms.
                    drop(socket.send_to(packet, to));
                }
            });
            if let Some(sign) = tick.key {
                leg.mailbox.push_key(KeyPath::InBand, sign, now_us);
            }
            leg.frames_count += 1;
            if let Some(play) = tick.played {
                let recorded_ms = leg.frames_count * FRAME_MS;
                leg.mailbox.push(LegEvent::Played { play, recorded_ms });
            }
            let from_ms = (leg.frames_count - 1) * FRAME_MS;
            hand_out(&mut leg.listener, from_ms, &tick.callee);
            let callee = if leg.records_callee { tick.callee } else { SILENCE };
            leg.frames.push((tick.robot, callee));
            if leg.frames.len() >= BATCH_FRAMES {
                full.push(RecordingRequest::Frames {
                    leg: *number,
                    gap: std::mem::take(&mut leg.gap),
                    frames: std::mem::replace(&mut leg.frames, Vec::with_capacity(BATCH_FRAMES)),
                });
            }
            if audio.is_lost(now_us) && !leg.lost_reported {
                let lost = SignalingCommand::MediaLost(leg.call_id.clone());
                leg.lost_reported = self.grounds.orders.try_send(lost).is_ok();
            }
        }
        for piece in full {
            self.hand_over_frames(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        AudioPacer, AudioPacerContext, BACKLOG_FRAMES_MAX, BATCH_FRAMES, RecordingRequest, Request, drain,
    };
    use crate::codec::Codec;
    use crate::driver::leg_mailbox::LegMailbox;
    use crate::driver::pace_statistics::PaceStatistics;
    use crate::driver::reserved_recording::ReservedRecording;
    use crate::driver::rtp_ports::RtpPorts;
    use crate::driver::signaling::SignalingCommand;
    use crate::driver::steady_time::SteadyTime;
    use crate::rtp::latch::LatchRule;
    use crate::rtp::packet::OutgoingStream;
    use crate::sip::sdp::{AudioStream, Direction};
    use domain::ports::line::LegEvent;
    use domain::time::Timestamp;
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::{Arc, Mutex};
    use tokio::sync::mpsc;

    struct Scene {
        _dir: tempfile::TempDir,
        pace: AudioPacer,
        mailbox: Arc<LegMailbox>,
        _orders: mpsc::Receiver<SignalingCommand>,
    }

    fn stream(direction: Direction) -> AudioStream {
        AudioStream {
            address: "127.0.0.1:9".parse().unwrap(),
            codec: Codec::Pcma,
            payload_type: 8,
            keypress_payload_type: None,
            other_keypress_type: None,
            direction,
            ptime_ms: 20,
            maxptime_ms: None,
            allowed: Vec::new(),
            media_lines: Vec::new(),
            latch: LatchRule::default(),
        }
    }

    /// One answered leg with its recording going to `writer`.
    fn scene(writer: mpsc::Sender<RecordingRequest>, first: u16, last: u16) -> Scene {
        let (orders, taken) = mpsc::channel(4);
        let dir = tempfile::tempdir().unwrap();
        let mut ports = RtpPorts::new(IpAddr::V4(Ipv4Addr::LOCALHOST), first, last).unwrap();
        let socket = ports.bind(Timestamp::EPOCH).unwrap();
        let mut pace = AudioPacer::new(AudioPacerContext {
            time: SteadyTime::starting_at(Timestamp::EPOCH),
            requests: mpsc::channel(1).1,
            writer,
            orders,
            ports: Arc::new(Mutex::new(ports)),
            statistics: Arc::new(Mutex::new(PaceStatistics::default())),
        });
        let mailbox = Arc::new(LegMailbox::new());
        pace.take(Request::Add {
            leg: 1,
            call_id: "one".to_owned(),
            socket,
            control: None,
            mailbox: Arc::clone(&mailbox),
            silence_ms: 20_000,
        });
        pace.take(Request::Begin {
            leg: 1,
            stream: stream(Direction::Inactive),
            out: OutgoingStream::new(1, 1, 1),
            recording: ReservedRecording::take(&dir.path().join("call.wav"), 1).unwrap(),
        });
        Scene {
            _dir: dir,
            pace,
            mailbox,
            _orders: taken,
        }
    }

    #[test]
    fn a_stalled_disk_costs_five_seconds_of_memory_and_then_sound() {
        let (writer, mut pieces) = mpsc::channel(1);
        let mut scene = scene(writer, 22_500, 22_520);
        for _ in 0..BACKLOG_FRAMES_MAX + 350 {
            scene.pace.tick_all();
        }
        assert_eq!(scene.pace.legs[&1].frames.len(), BACKLOG_FRAMES_MAX);
        let dropped = scene
            .pace
            .grounds
            .statistics
            .lock()
            .unwrap()
            .dropped_recording_frames;
        assert_eq!(dropped, 350);
        scene.pace.end(1);
        let mut kinds = Vec::new();
        let mut gaps = 0;
        while let Ok(piece) = pieces.try_recv() {
            kinds.push(match piece {
                RecordingRequest::Open { .. } | RecordingRequest::Reserve { .. } => 0,
                RecordingRequest::Frames { gap, frames, .. } => {
                    gaps += gap;
                    frames.len()
                }
                RecordingRequest::Close { .. } => usize::MAX,
            });
            scene.pace.hand_over_waiting();
        }
        assert_eq!(
            kinds,
            [0, BACKLOG_FRAMES_MAX, usize::MAX],
            "in order, and nothing else"
        );
        assert_eq!(gaps, 350, "the recording's time goes on over what was dropped");
    }

    #[test]
    fn what_comes_to_the_port_behind_a_legs_keeps_a_muted_call() {
        let (writer, _pieces) = mpsc::channel(8);
        let mut scene = scene(writer, 22_560, 22_580);
        let mut ports = RtpPorts::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 22_580, 22_599).unwrap();
        let far_end = ports.bind(Timestamp::EPOCH).unwrap();
        let port = far_end.local_addr().unwrap().port();
        let control = ports.bind_control(port).unwrap();
        let here = control.local_addr().unwrap();
        assert_eq!(here.port(), port + 1);
        let leg = scene.pace.legs.get_mut(&1).unwrap();
        leg.control = Some(control);
        leg.audio
            .as_mut()
            .unwrap()
            .move_to(stream(Direction::SendRecv), 0);
        far_end.send_to(&[0x80, 201, 0, 1, 0, 0, 0, 9], here).unwrap();
        drain(leg, 19_000_000);
        let audio = leg.audio.as_ref().unwrap();
        assert_eq!(
            (audio.is_lost(38_999_999), audio.is_lost(39_000_000)),
            (false, true)
        );
    }

    #[test]
    fn frames_are_handed_over_by_the_second() {
        let (writer, mut pieces) = mpsc::channel(8);
        let mut scene = scene(writer, 22_520, 22_540);
        for _ in 0..BATCH_FRAMES {
            assert!(!matches!(pieces.try_recv(), Ok(RecordingRequest::Frames { .. })));
            scene.pace.tick_all();
        }
        let is_batch = |request| match request {
            RecordingRequest::Frames { frames, .. } => frames.len() == BATCH_FRAMES,
            _ => false,
        };
        assert!(pieces.try_recv().is_ok_and(is_batch));
    }

    #[tokio::test]
    async fn a_leg_closes_although_the_recording_writer_is_gone() {
        let (writer, pieces) = mpsc::channel(8);
        let mut scene = scene(writer, 22_540, 22_560);
        drop(pieces);
        scene.pace.tick_all();
        scene.pace.end(1);
        assert!(
            matches!(scene.mailbox.next().await, LegEvent::Closed(summary) if summary.recording.is_none())
        );
    }
}
