//! G.711 A-law, by table: 13-bit uniform samples to 8 bits with every second bit inverted.
//!
//! ITU-T G.711 tables 1a and 1b; negative samples take the one's complement, as in ITU-T G.191
//! `alaw_compress`.

use std::array;
use std::sync::LazyLock;

/// The bits that are inverted in transmission (G.711, table 1a, note 2).
const INVERTED_BITS: u8 = 0x55;

/// The codes of all 11-bit magnitudes, without sign.
static MAGNITUDE_CODES: LazyLock<[u8; 2_048]> =
    LazyLock::new(|| array::from_fn(|magnitude| compress(u16::try_from(magnitude).unwrap_or(u16::MAX))));

/// The 16-bit sample of each transmitted byte.
static SAMPLES: LazyLock<[i16; 256]> =
    LazyLock::new(|| array::from_fn(|byte| expand(u8::try_from(byte).unwrap_or(u8::MAX))));

/// Returns the code of an 11-bit magnitude (the sample's upper bits): 3 bits of segment and 4 of mantissa.
fn compress(magnitude: u16) -> u8 {
    let mut segment = 0_u8;
    let mut mantissa = magnitude;
    if magnitude > 15 {
        segment = 1;
        while mantissa > 31 {
            mantissa >>= 1;
            segment += 1;
        }
        mantissa -= 16;
    }
    (segment << 4) | u8::try_from(mantissa).unwrap_or(15)
}

fn expand(byte: u8) -> i16 {
    let code = byte ^ INVERTED_BITS;
    let segment = (code >> 4) & 0x07;
    let middle = (i16::from(code & 0x0F) << 4) + 8;
    let magnitude = match segment {
        0 => middle,
        above => (middle + 0x100) << (above - 1),
    };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

/// Returns the byte that transmits a sample.
pub(super) fn encode_sample(sample: i16) -> u8 {
    let positive = if sample < 0 { !sample } else { sample };
    let magnitude = usize::try_from(positive >> 4).unwrap_or(0);
    let code = MAGNITUDE_CODES.get(magnitude).copied().unwrap_or(0x7F);
    let sign = if sample < 0 { 0 } else { 0x80 };
    (code | sign) ^ INVERTED_BITS
}

/// Returns the sample of a transmitted byte.
pub(super) fn decode_byte(byte: u8) -> i16 {
    SAMPLES.get(usize::from(byte)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decoder_gives_the_values_of_table_1a() {
        // (transmitted byte, value in G.711 units of 1/4096 full scale, times 8 for 16 bits)
        for (byte, value) in [
            (0xD5, 1),
            (0xD4, 3),
            (0xC5, 33),
            (0xF5, 66),
            (0xE5, 132),
            (0x95, 264),
            (0x85, 528),
            (0xB5, 1_056),
            (0xA5, 2_112),
            (0xAA, 4_032),
            (0x55, -1),
            (0x2A, -4_032),
        ] {
            assert_eq!(i32::from(decode_byte(byte)), value * 8, "{byte:#04x}");
        }
    }

    #[test]
    fn every_byte_comes_back_after_decoding_and_encoding() {
        for byte in 0..=255_u8 {
            assert_eq!(encode_sample(decode_byte(byte)), byte);
        }
    }

    #[test]
    fn a_decision_value_falls_into_the_upper_interval() {
        // Between 0xD5 (0 to 2) and 0xD4 (2 to 4) lies decision value 2, which is 16 at 16 bits.
        assert_eq!((encode_sample(15), encode_sample(16)), (0xD5, 0xD4));
        assert_eq!((encode_sample(-16), encode_sample(-17)), (0x55, 0x54));
        assert_eq!((encode_sample(i16::MAX), encode_sample(i16::MIN)), (0xAA, 0x2A));
    }

    #[test]
    fn the_digital_milliwatt_of_table_5_is_a_sine_at_its_level() {
        let wire = [0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4];
        let samples: Vec<i16> = wire.into_iter().map(decode_byte).collect();
        assert_eq!(
            samples,
            [-8_960, -20_992, -20_992, -8_960, 8_960, 20_992, 20_992, 8_960]
        );
        let back: Vec<u8> = samples.into_iter().map(encode_sample).collect();
        assert_eq!(back, wire);
    }
}
