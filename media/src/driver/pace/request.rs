//! What signalling and owners ask of the pace.

use crate::audio::heard::HeardSender;
use crate::driver::leg_mailbox::LegMailbox;
use crate::driver::recording_writer::LegNumber;
use crate::driver::reserved::Reserved;
use crate::rtp::packet::OutgoingStream;
use crate::sip::sdp::AudioStream;
use domain::ports::speech::Clip;
use std::net::UdpSocket;
use std::sync::Arc;

/// One request; requests of one leg are taken in order.
pub(in crate::driver) enum Request {
    /// A leg was dialed; its port is ours.
    Add {
        leg: LegNumber,
        call_id: String,
        socket: UdpSocket,
        /// Where RTCP comes, where that port was free.
        control: Option<UdpSocket>,
        mailbox: Arc<LegMailbox>,
        /// Longest time without a sign of life of a far end that says that it sends.
        silence_ms: u64,
    },
    /// It was answered: sound flows, and the recording begins.
    Begin {
        leg: LegNumber,
        stream: AudioStream,
        out: OutgoingStream,
        recording: Reserved,
    },
    Move {
        leg: LegNumber,
        stream: AudioStream,
    },
    /// The far end asked something within the dialog.
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
    /// From now on what is heard goes to this listener too.
    Listen {
        leg: LegNumber,
        listener: HeardSender,
    },
    /// It was never answered, and will hear nothing: frees the port, which a leg kept for a late answer does
    /// not need.
    FreePort {
        leg: LegNumber,
    },
    /// It is over: frees the port, closes the recording, tells the owner.
    End {
        leg: LegNumber,
    },
    /// No more legs will come; those still here are closed.
    Stop,
}
