//! Requests of signalling and owners to the pace.

use crate::audio::audio_ring::HeardSender;
use crate::driver::leg_mailbox::LegMailbox;
use crate::driver::recording_writer::LegNumber;
use crate::driver::reserved_recording::ReservedRecording;
use crate::rtp::packet::OutgoingStream;
use crate::sip::sdp::AudioStream;
use domain::ports::speech::Clip;
use std::net::UdpSocket;
use std::sync::Arc;

/// A request to the pace thread. Requests of one leg are handled in order.
pub(in crate::driver) enum Request {
    /// Adds a dialed leg with its port.
    Add {
        leg: LegNumber,
        call_id: String,
        socket: UdpSocket,
        /// The RTCP socket, if that port was free.
        control: Option<UdpSocket>,
        mailbox: Arc<LegMailbox>,
        /// Longest time without a sign of life of a far end that says that it sends, in milliseconds; then
        /// the leg is lost.
        silence_ms: u64,
    },
    /// Starts the audio and the recording after the answer.
    Begin {
        leg: LegNumber,
        stream: AudioStream,
        out: OutgoingStream,
        recording: ReservedRecording,
    },
    Move {
        leg: LegNumber,
        stream: AudioStream,
    },
    /// Records a request of the far end within the dialog as a sign of life.
    NoteLife {
        leg: LegNumber,
    },
    Play {
        leg: LegNumber,
        play: u32,
        clip: Arc<Clip>,
    },
    StopPlaying {
        leg: LegNumber,
    },
    RecordCallee {
        leg: LegNumber,
    },
    /// Delivers received audio to this listener from now on.
    Listen {
        leg: LegNumber,
        listener: HeardSender,
    },
    /// Frees the port of a leg that was never answered. A leg kept for a late answer needs no port.
    FreePort {
        leg: LegNumber,
    },
    /// Ends a leg: frees the port, closes the recording, notifies the owner.
    End {
        leg: LegNumber,
    },
    /// Ends all legs; no more will come.
    Stop,
}
