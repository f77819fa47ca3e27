//! The two G.711 codecs that every carrier supports, chosen by their static RTP payload type.
//!
//! Encoding and decoding are table lookups on 8 kHz, 16-bit, mono samples; one sample is one byte. The tables
//! follow ITU-T G.711 (11/88) as realized by the reference code of ITU-T G.191.

mod pcma;
mod pcmu;

/// An audio codec for RTP packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Codec {
    /// A-law: Europe, China, most of the world. Payload type 8 (RFC 3551, 6).
    Pcma,
    /// µ-law: North America, Japan. Payload type 0 (RFC 3551, 6).
    Pcmu,
}

impl Codec {
    /// All codecs in the order in which we offer them.
    pub const ALL: [Self; 2] = [Self::Pcma, Self::Pcmu];

    /// Returns the static RTP payload type (RFC 3551, table 4).
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcma => 8,
            Self::Pcmu => 0,
        }
    }

    /// Returns the encoding name in SDP `a=rtpmap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
        }
    }

    /// Returns the codec with a static payload type; `None` for any other.
    pub fn from_payload_type(payload_type: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.payload_type() == payload_type)
    }

    /// Encodes as many samples as `bytes` has room for and returns the number of bytes written.
    pub fn encode(self, samples: &[i16], bytes: &mut [u8]) -> usize {
        let encode_sample = match self {
            Self::Pcma => pcma::encode_sample,
            Self::Pcmu => pcmu::encode_sample,
        };
        for (byte, sample) in bytes.iter_mut().zip(samples) {
            *byte = encode_sample(*sample);
        }
        samples.len().min(bytes.len())
    }

    /// Decodes as many bytes as `samples` has room for and returns the number of samples written.
    pub fn decode(self, bytes: &[u8], samples: &mut [i16]) -> usize {
        let decode_byte = match self {
            Self::Pcma => pcma::decode_byte,
            Self::Pcmu => pcmu::decode_byte,
        };
        for (sample, byte) in samples.iter_mut().zip(bytes) {
            *sample = decode_byte(*byte);
        }
        samples.len().min(bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_static_payload_types_name_a_codec() {
        assert_eq!(Codec::from_payload_type(8), Some(Codec::Pcma));
        assert_eq!(Codec::from_payload_type(0), Some(Codec::Pcmu));
        assert_eq!(Codec::from_payload_type(9), None);
        assert_eq!(Codec::from_payload_type(101), None);
    }

    #[test]
    fn no_more_is_written_than_there_is_room_for() {
        for codec in Codec::ALL {
            let mut bytes = [0_u8; 3];
            assert_eq!(codec.encode(&[1_000; 5], &mut bytes), 3);
            let mut samples = [0_i16; 5];
            assert_eq!(codec.decode(&bytes, &mut samples), 3);
            assert_eq!(samples[3], 0);
        }
    }

    #[test]
    fn every_sample_comes_back_within_half_a_step_of_its_segment() {
        for codec in Codec::ALL {
            for sample in i16::MIN..=i16::MAX {
                let mut bytes = [0_u8; 1];
                codec.encode(&[sample], &mut bytes);
                let mut back = [0_i16; 1];
                codec.decode(&bytes, &mut back);
                let error = (i32::from(sample) - i32::from(back[0])).abs();
                // 4-bit mantissa: a step is at most 1/16 of the magnitude, or the smallest step.
                let half_step = (i32::from(sample).abs() / 32).max(8) + 8;
                assert!(
                    error <= half_step.max(644),
                    "{codec:?} {sample} came back as {back:?}"
                );
            }
        }
    }
}
