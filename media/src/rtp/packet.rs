//! Parses an RTP packet from a slice and builds one into a slice, without allocation (RFC 3550, 5.1), over
//! `rtp-rs`.

use rtp_rs::{RtpPacketBuilder, RtpReader, Seq};

/// Bytes before the payload of a packet without CSRC list and extension (RFC 3550, 5.1).
pub const HEADER_BYTES: usize = 12;

/// Size of the largest packet we build, in bytes: header and 60 ms of G.711.
pub const PACKET_BYTES_MAX: usize = HEADER_BYTES + 480;

/// The reason why a datagram is not an RTP packet, or why a packet cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    #[error("not an RTP packet of version 2")]
    Malformed,
    #[error("the packet does not fit the buffer, or its payload type is above 127")]
    Unbuildable,
}

/// A packet as sent or received; the payload is borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    pub payload_type: u8,
    pub marker: bool,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Parses a datagram as an RTP packet; padding, CSRC list and extension are skipped.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, PacketError> {
        let Ok(reader) = RtpReader::new(datagram) else {
            return Err(PacketError::Malformed);
        };
        Ok(Self {
            payload_type: reader.payload_type(),
            marker: reader.mark(),
            sequence: reader.sequence_number().into(),
            timestamp: reader.timestamp(),
            ssrc: reader.ssrc(),
            payload: reader.payload(),
        })
    }

    /// Writes the packet into the buffer and returns its length in bytes. Fails if the buffer is too small.
    pub fn build_into(&self, buffer: &mut [u8]) -> Result<usize, PacketError> {
        RtpPacketBuilder::new()
            .payload_type(self.payload_type)
            .marked(self.marker)
            .sequence(Seq::from(self.sequence))
            .timestamp(self.timestamp)
            .ssrc(self.ssrc)
            .payload(self.payload)
            .build_into(buffer)
            .or(Err(PacketError::Unbuildable))
    }
}

/// The SSRC, sequence number and timestamp of one outgoing stream, shared by its audio and keypress
/// packets.
#[derive(Debug, Clone)]
pub struct OutgoingStream {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    begins_talkspurt: bool,
    sent_count: u64,
}

impl OutgoingStream {
    /// Makes a stream that begins with these numbers. They should be random (RFC 3550, 5.1).
    pub const fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        Self {
            ssrc,
            sequence,
            timestamp,
            begins_talkspurt: true,
            sent_count: 0,
        }
    }

    /// Returns the random id of this stream (SSRC, RFC 3550), which each of its packets has.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }
    /// Returns the timestamp of the next packet.
    pub const fn timestamp(&self) -> u32 {
        self.timestamp
    }
    /// Returns the number of packets made so far.
    pub const fn sent_count(&self) -> u64 {
        self.sent_count
    }

    /// Advances the timestamp by `samples` without a packet. The next audio packet gets the marker (RFC
    /// 3551, 4.1).
    pub fn skip(&mut self, samples: u32) {
        self.timestamp = self.timestamp.wrapping_add(samples);
        self.begins_talkspurt = true;
    }

    /// Writes the next audio packet into the buffer and returns its length in bytes. The timestamp advances
    /// by one unit per byte of G.711.
    pub fn audio_into(
        &mut self,
        payload_type: u8,
        payload: &[u8],
        buffer: &mut [u8],
    ) -> Result<usize, PacketError> {
        let length = Packet {
            payload_type,
            marker: self.begins_talkspurt,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
            payload,
        }
        .build_into(buffer)?;
        self.begins_talkspurt = false;
        self.advance(u32::try_from(payload.len()).unwrap_or(0));
        Ok(length)
    }

    /// Writes a keypress packet into the buffer and returns its length in bytes. The packet's timestamp is
    /// that of the press's beginning (RFC 4733, 2.5.1.2); the stream's advances by `samples`, the audio
    /// that the packet replaces.
    pub fn event_into(
        &mut self,
        event: &super::keypress::EventPacket,
        samples: u32,
        buffer: &mut [u8],
    ) -> Result<usize, PacketError> {
        let length = Packet {
            payload_type: event.payload_type,
            marker: event.marker,
            sequence: self.sequence,
            timestamp: event.timestamp,
            ssrc: self.ssrc,
            payload: &event.payload,
        }
        .build_into(buffer)?;
        self.begins_talkspurt = true;
        self.advance(samples);
        Ok(length)
    }

    fn advance(&mut self, samples: u32) {
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(samples);
        self.sent_count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_reads_back_as_it_was_built() {
        let payload = [0xD5_u8; 160];
        let packet = Packet {
            payload_type: 8,
            marker: true,
            sequence: 65_535,
            timestamp: 0xFFFF_FF60,
            ssrc: 0xDEAD_BEEF,
            payload: &payload,
        };
        let mut buffer = [0_u8; PACKET_BYTES_MAX];
        let length = packet.build_into(&mut buffer).unwrap();
        assert_eq!(length, 172);
        assert_eq!(Packet::parse(&buffer[..length]), Ok(packet));
    }

    #[test]
    fn a_packet_that_does_not_fit_is_refused() {
        let packet = Packet {
            payload_type: 8,
            marker: false,
            sequence: 0,
            timestamp: 0,
            ssrc: 1,
            payload: &[0; 160],
        };
        assert!(packet.build_into(&mut [0; 172]).is_ok());
        assert_eq!(packet.build_into(&mut [0; 171]), Err(PacketError::Unbuildable));
        let bad_type = Packet {
            payload_type: 128,
            ..packet
        };
        assert_eq!(bad_type.build_into(&mut [0; 172]), Err(PacketError::Unbuildable));
    }

    #[test]
    fn hostile_headers_are_refused_and_never_panic() {
        assert_eq!(Packet::parse(&[]), Err(PacketError::Malformed));
        assert_eq!(Packet::parse(&[0x80; 11]), Err(PacketError::Malformed));
        for first in 0..=255_u8 {
            for (last, length) in [
                (0_u8, 12_usize),
                (1, 13),
                (12, 16),
                (255, 40),
                (1, 72),
                (255, 76),
                (3, 172),
            ] {
                let mut datagram = vec![0xFF_u8; length];
                datagram[0] = first;
                datagram[length - 1] = last;
                let payload = Packet::parse(&datagram).map_or(0, |packet| packet.payload.len());
                assert!(payload <= length - HEADER_BYTES);
            }
        }
    }

    #[test]
    fn sequence_and_timestamp_run_on_and_wrap() {
        let mut stream = OutgoingStream::new(7, u16::MAX, u32::MAX - 159);
        let mut buffer = [0_u8; PACKET_BYTES_MAX];
        let length = stream.audio_into(8, &[0xD5; 160], &mut buffer).unwrap();
        let first = Packet::parse(&buffer[..length]).unwrap();
        assert!(first.marker);
        let length = stream.audio_into(8, &[0xD5; 160], &mut buffer).unwrap();
        let second = Packet::parse(&buffer[..length]).unwrap();
        assert_eq!((second.sequence, second.timestamp, second.marker), (0, 0, false));
        assert_eq!(stream.sent_count(), 2);
    }
}
